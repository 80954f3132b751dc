/* Numbers as text: see number.h. */
#include <stddef.h>

#include "services/aws/number.h"

/* Moves past digits; false if there are none. Counts the significant ones: from the first that is
 * not 0 on. */
static bool skip_digits(const char **text, int *significant) {
    const char *start = *text;
    for (; **text >= '0' && **text <= '9'; (*text)++) {
        if (**text != '0' || *significant > 0) {
            (*significant)++;
        }
    }
    return *text > start;
}

bool awsc_is_number(const char *text) {
    int significant = 0, exponent = 0;
    if (text == NULL) {
        return false;
    }
    text += *text == '-';
    if (!skip_digits(&text, &significant)) {
        return false;
    }
    if (*text == '.') {
        text++;
        if (!skip_digits(&text, &significant)) {
            return false;
        }
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        const char *start = text;
        if (!skip_digits(&text, &exponent) || text - start > 3) {
            return false;
        }
    }
    return *text == '\0' && significant <= AWSC_MAX_NUMBER_DIGITS;
}
