/* The amounts of one line. The commission of a line is the change of the commission of what remains
 * of its item, so that a sale and any split of its refunds sum to the commission of what is kept,
 * to the won, in whatever periods they are settled. The order of the refunds changes no sum, but a
 * won may move between two of them: a reader sorts an item's lines by time and then by id, so that
 * every run gives the same lines. Pure, nothing is allocated.
 *
 *   basis(r)      = r.gross, r.list or r.paid               (rules.basis)
 *   fee(r)        = round(basis(r) * rate_bp / 10000)       (rules.fee_rounding)
 *   VAT included:   vat(r) = round(fee(r) / 11)             (rules.vat_rounding)
 *                   supply(r) = fee(r) - vat(r),  commission(r) = fee(r)
 *   VAT excluded:   vat(r) = round(fee(r) / 10)
 *                   supply(r) = fee(r),           commission(r) = fee(r) + vat(r)
 *
 *   of a line:      x(line) = x(remaining after it) - x(remaining before it), for each amount x
 *   always:         gross = commission + net
 */
#ifndef SETTLE_COMPUTE_H
#define SETTLE_COMPUTE_H

#include "services/settlement/line.h"
#include "services/settlement/rules.h"

/* Fills the computed amounts of `line` from its given ones.
 *
 * in       line: all fields but the computed amounts; rate_bp from settle_rate_of. The rate of a
 *          refund is that of its order: with another one the sums no longer match.
 *          rules: checked (settle_rules_check), the same for all lines of an item.
 * in, out  remaining: of the line's item, before it and then after it. Zeros before a sale or a
 *          shipping fee. Only its given amounts are read (each 0 to SETTLE_MAX_LINE_WON), so that a
 *          refund in a later period takes sale + earlier refunds; all are written.
 *
 * MALFORMED, and `line` and `remaining` unchanged:
 *   BAD_FIELD           an enum, rate, quantity, price or amount is outside its range, or an amount
 *                       (also gross and paid) has not the sign of the kind
 *   SOLD_TWICE          a sale or shipping fee of which something remains already
 *   DISCOUNT_TOO_LARGE  gross or paid of what remains would be negative
 *   REFUND_TOO_LARGE    more is taken back than remains
 * INTERNAL, UNBALANCED: a bug; asserted as well where assertions are on. */
enum svc_status settle_line_compute(const struct settle_rules *rules,
                                    struct settle_amounts *remaining, struct settle_line *line,
                                    struct settle_error *error);

/* Control of a computed line, also in release builds: the enums and the rate are in range, no
 * amount is beyond 1.1 * SETTLE_MAX_LINE_WON, gross = commission + net, and the other sums of
 * line.h. MALFORMED: BAD_FIELD; INTERNAL: UNBALANCED. */
enum svc_status settle_line_check(const struct settle_line *line, struct settle_error *error);

/* Fills the given amounts of a refund (each at most 0; the computed ones are 0) of which only the
 * money returned to the buyer is recorded. Each discount is taken back in proportion:
 *   discount(after) = floor(discount(original) * paid(after) / paid(original))
 * so that refunds up to the last won take back every discount exactly, however they are split.
 *
 * original: the sale's given amounts; remaining: of them, before this refund; both non-negative, as
 * settle_line_compute leaves them. refund_won: 1 to what the buyer paid of `remaining`.
 * MALFORMED: REFUND_TOO_LARGE; BAD_FIELD: refund_won is below 1, `remaining` is not a part of
 * `original`, or one of them is out of range. */
enum svc_status settle_refund_amounts(const struct settle_amounts *original,
                                      const struct settle_amounts *remaining, int64_t refund_won,
                                      struct settle_amounts *refund, struct settle_error *error);

/* The given amounts of a line that takes back all that remains; the computed ones are 0. */
struct settle_amounts settle_cancel_amounts(const struct settle_amounts *remaining);

/* 1 or -1: the sign of a kind's amounts. "SALE", "TAXABLE", "CARD": stable names for machines; "?"
 * for none. */
int settle_kind_sign(enum settle_kind kind);
const char *settle_kind_name(enum settle_kind kind);
const char *settle_tax_name(enum settle_tax tax);
const char *settle_payment_name(enum settle_payment payment);

#endif
