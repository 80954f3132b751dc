/* A message attribute of SQS or SNS: what a sender put beside a message. */
#ifndef LEV_ATTRIBUTE_H
#define LEV_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>

struct lev_attribute {
    const char *type; /* "String", "Number", "Binary", with a label of the sender's: "Number.won" */
    const char *value;  /* borrowed from the document; of a binary one its base64 */
    size_t value_bytes; /* may hold U+0000 */
    bool is_binary;     /* decode with svc_base64_decode */
};

#endif
