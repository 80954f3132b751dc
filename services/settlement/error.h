/* Why the settlement's arithmetic refuses a line, a table or a sum: a stable code for metrics and
 * logs, the field by its name, and a sentence. Holds numbers, but no text of a row. */
#ifndef SETTLE_ERROR_H
#define SETTLE_ERROR_H

#include "services/base/status.h"

/* X(name, status, sentence). The names are stable: metrics have them as dimensions. */
#define SETTLE_REASON_LIST(X)                                                                      \
    X(NONE, SVC_OK, "the figures are valid")                                                       \
    X(BAD_FIELD, SVC_MALFORMED, "a field is none of its values or outside its range")              \
    X(NOT_WHOLE, SVC_MALFORMED, "an amount is not whole won, or a rate not whole basis points")    \
    X(DISCOUNT_TOO_LARGE, SVC_MALFORMED, "the discounts exceed the amount they apply to")          \
    X(REFUND_TOO_LARGE, SVC_MALFORMED, "more is taken back than remains of the item")              \
    X(SOLD_TWICE, SVC_MALFORMED, "an item is sold that is already sold")                           \
    X(BAD_RATES, SVC_MALFORMED, "the table of rates is not sorted, or its periods overlap")        \
    X(BAD_RULES, SVC_CONFIGURATION, "a rule is none of its values or outside its range")           \
    X(TOO_LARGE, SVC_TOO_LARGE, "a sum, or the number of lines or rates, is over its limit")       \
    X(UNBALANCED, SVC_INTERNAL, "the control totals differ")

enum settle_reason {
#define SETTLE_REASON_ENUM(name, status, sentence) SETTLE_REASON_##name,
    SETTLE_REASON_LIST(SETTLE_REASON_ENUM)
#undef SETTLE_REASON_ENUM
};

const char *settle_reason_name(enum settle_reason reason);    /* "BAD_FIELD" */
const char *settle_reason_message(enum settle_reason reason); /* the sentence */

struct settle_error {
    enum svc_status status;
    enum settle_reason reason;
    char field[32];   /* "list_won", "rate_bp"; "": no field */
    char detail[200]; /* a sentence, with the field */
};

void settle_error_clear(struct settle_error *error); /* NULL is allowed */

/* Fills `error` (NULL is allowed) and returns the status that goes with the reason. The detail is
 * "FIELD " and what `format` makes; field "": the latter alone. */
enum svc_status settle_refuse(struct settle_error *error, enum settle_reason reason,
                              const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
