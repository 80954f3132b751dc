/* Classes of bytes in text that comes from files. */
#ifndef IC_TEXT_H
#define IC_TEXT_H

#include <stdbool.h>

/* Whether an ASCII byte is a control character. */
static inline bool ic_is_control(unsigned char c) {
    return c < 0x20 || c == 0x7f;
}

#endif
