/* Won, basis points and rounding: the only divisions of the settlement. Integers; the doubles of
 * platforms that store amounts so are read without error or refused. Pure, nothing is allocated. */
#ifndef SETTLE_MONEY_H
#define SETTLE_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#include "services/settlement/error.h"
#include "services/settlement/limits.h"

/* X(name, text, sentence). All are symmetric: round(-x) = -round(x). */
#define SETTLE_ROUNDING_LIST(X)                                                                    \
    X(HALF_UP, "half-up", "to the nearest won, halves away from zero")                             \
    X(HALF_EVEN, "half-even", "to the nearest won, halves to the even one")                        \
    X(DOWN, "down", "towards zero")

enum settle_rounding {
#define SETTLE_ROUNDING_ENUM(name, text, sentence) SETTLE_ROUND_##name,
    SETTLE_ROUNDING_LIST(SETTLE_ROUNDING_ENUM)
#undef SETTLE_ROUNDING_ENUM
        SETTLE_ROUNDINGS
};

/* "half-up"; "?" for none of them. */
const char *settle_rounding_name(enum settle_rounding rounding);
/* Exact, lower case. false: `text` (NULL is allowed) is none of them. */
bool settle_rounding_parse(const char *text, enum settle_rounding *rounding);

/* round(dividend / divisor). Any dividend but INT64_MIN; divisor 1 to 1,000,000,000. */
int64_t settle_divide(int64_t dividend, int64_t divisor, enum settle_rounding rounding);

/* round(amount * rate / 10000) in won. amount_won: +-SETTLE_MAX_LINE_WON; rate_bp: 0 to
 * SETTLE_MAX_RATE_BP. The product is at most 1e16, the result at most the amount. */
int64_t settle_fee(int64_t amount_won, int32_t rate_bp, enum settle_rounding rounding);

/* The 10 % VAT of a fee in won: round(fee / 11) if the fee includes it, else round(fee / 10).
 * fee_won: +-SETTLE_MAX_LINE_WON. */
int64_t settle_vat(int64_t fee_won, bool included, enum settle_rounding rounding);

/* Reads an amount stored as a floating-point number. MALFORMED: NOT_WHOLE (also NaN); BAD_FIELD:
 * beyond +-SETTLE_MAX_LINE_WON (also infinite). *won is unchanged then. */
enum svc_status settle_won_from_double(double amount, const char *field, int64_t *won,
                                       struct settle_error *error);

/* Reads an amount as DECIMAL prints it: "-30000" and "-30000.00" are -30000. An optional '-',
 * digits, and a point between digits; no blank; at most 40 characters besides the sign. MALFORMED:
 * NOT_WHOLE for "0.5", BAD_FIELD for other text, NULL, and beyond +-SETTLE_MAX_LINE_WON. */
enum svc_status settle_won_from_text(const char *amount, const char *field, int64_t *won,
                                     struct settle_error *error);

/* Reads a rate in percent, as DECIMAL(5,2) prints it, in basis points: "5" and "5.00" are 500,
 * "5.25" is 525. Digits, and a point between digits; no sign, no blank; 1 to 40 characters.
 * MALFORMED: NOT_WHOLE for "5.255", BAD_FIELD for other text, NULL, and more than 100. */
enum svc_status settle_rate_from_text(const char *percent, int32_t *rate_bp,
                                      struct settle_error *error);

/* The same for a floating-point number: the nearest basis point, if the number is within 1e-6 of
 * it. MALFORMED: NOT_WHOLE (also NaN), BAD_FIELD below 0 or over 100. */
enum svc_status settle_rate_from_double(double percent, int32_t *rate_bp,
                                        struct settle_error *error);

#endif
