/* Why a body is refused: a stable code for metrics and logs, the field by its name, and a sentence.
 * None of them holds anything of the body but names that this module has. They are for the log: the
 * sender gets a constant body with webhook_http_status. */
#ifndef WEBHOOK_ERROR_H
#define WEBHOOK_ERROR_H

#include "services/base/status.h"

/* X(name, HTTP status, sentence). The names are stable: metrics have them as dimensions. */
#define WEBHOOK_REASON_LIST(X)                                                                     \
    X(NONE, 200, "the body is valid")                                                              \
    X(BAD_JSON, 400, "the body is not one JSON object")                                            \
    X(TOO_LARGE, 413, "the body, or the number of its values, is over its limit")                  \
    X(WRONG_TYPE, 400, "the body is of another type than its path")                                \
    X(UNKNOWN_EVENT, 400, "no event of this sender has this name")                                 \
    X(MISSING_FIELD, 400, "a required field is missing or empty")                                  \
    X(BAD_FIELD, 400, "a field's value is not of its type or outside its range")                   \
    X(UNKNOWN_STATUS, 400, "the status is none of those listed")                                   \
    X(INCONSISTENT, 400, "fields of the body contradict each other")                               \
    X(NO_MEMORY, 500, "the system has no memory left")                                             \
    X(INTERNAL, 500, "a bug; please report it")

enum webhook_reason {
#define WEBHOOK_REASON_ENUM(name, http_status, sentence) WEBHOOK_REASON_##name,
    WEBHOOK_REASON_LIST(WEBHOOK_REASON_ENUM)
#undef WEBHOOK_REASON_ENUM
};

const char *webhook_reason_name(enum webhook_reason reason);    /* "BAD_JSON" */
const char *webhook_reason_message(enum webhook_reason reason); /* the sentence */
int webhook_http_status(enum webhook_reason reason);

struct webhook_error {
    enum svc_status status;
    enum webhook_reason reason;
    char field[48];   /* "amount", "cancels[3].cancelAmount"; "": no field */
    char detail[200]; /* a sentence, with the field */
};

void webhook_error_clear(struct webhook_error *error); /* NULL is allowed */

/* Fills `error` (NULL is allowed) and returns the status that goes with the reason: MALFORMED for
 * what no second attempt mends, else TOO_LARGE, NO_MEMORY, INTERNAL. The detail is "FIELD " and
 * what `format` makes; field "": the latter alone. */
enum svc_status webhook_refuse(struct webhook_error *error, enum webhook_reason reason,
                               const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
