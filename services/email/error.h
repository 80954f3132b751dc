/* Why a message is refused: a stable code for queues, metrics and people, the field by its path,
 * and a sentence. None of them holds anything of the message but names that the schema has. */
#ifndef EMAIL_ERROR_H
#define EMAIL_ERROR_H

#include "services/base/status.h"

/* X(name, sentence). The names are stable: dead letters carry them. */
#define EMAIL_REASON_LIST(X)                                                                       \
    X(NONE, "the message is good")                                                                 \
    X(BAD_JSON, "the body is not one JSON object")                                                 \
    X(TOO_LARGE, "the body is larger than its limit")                                              \
    X(UNKNOWN_TEMPLATE, "no template has this name")                                               \
    X(MISSING_FIELD, "a required field is missing or empty")                                       \
    X(BAD_FIELD, "a field's value is not what the schema asks for")                                \
    X(BAD_ADDRESS, "the recipient is not exactly one address")                                     \
    X(BAD_SENDER, "the function's settings lack what the mail must say about its sender")          \
    X(OUTPUT_TOO_LARGE, "the rendered mail is larger than its limit")                              \
    X(NO_MEMORY, "the system has no memory left")                                                  \
    X(INTERNAL, "a bug; please report it")

enum email_reason {
#define EMAIL_REASON_ENUM(name, sentence) EMAIL_REASON_##name,
    EMAIL_REASON_LIST(EMAIL_REASON_ENUM)
#undef EMAIL_REASON_ENUM
};

const char *email_reason_name(enum email_reason reason);    /* "BAD_JSON" */
const char *email_reason_message(enum email_reason reason); /* the sentence */

struct email_error {
    enum svc_status status;
    enum email_reason reason;
    char field[64];   /* "toEmail", "data.items[3].price"; "": no field */
    char detail[256]; /* a sentence, with the field */
};

void email_error_clear(struct email_error *error); /* NULL is allowed */

/* Fills `error` (NULL is allowed) and returns the status that goes with the reason: MALFORMED for
 * what no second attempt mends, else CONFIGURATION, TOO_LARGE, NO_MEMORY, INTERNAL. The detail is
 * "FIELD " and what `format` makes; field "": the latter alone. */
enum svc_status email_refuse(struct email_error *error, enum email_reason reason, const char *field,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same for a failed buffer: NO_MEMORY, OUTPUT_TOO_LARGE or INTERNAL. */
enum svc_status email_refuse_output(struct email_error *error, enum svc_status status,
                                    const char *what);

#endif
