/* Settlement arithmetic against 128-bit arithmetic: division with each rounding, fees, VAT, and a
 * sale with its refunds, whose lines must sum to the fee of what is kept. Then amounts and rates as
 * the database prints and stores them: the first line of the input, and digits made of its end, are
 * read as decimal digits one by one have it; doubles as 64 bits of mantissa have it. */
#include <math.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "services/settlement/amounts.h"
#include "services/settlement/compute.h"

/* round(dividend / divisor), from the definition: the nearest multiple, halves by the rule. */
static int64_t divide(__int128 dividend, __int128 divisor, enum settle_rounding rounding) {
    const __int128 size = dividend < 0 ? -dividend : dividend;
    __int128 low = size / divisor;
    const __int128 below = size - low * divisor, above = divisor - below;
    if (rounding != SETTLE_ROUND_DOWN &&
        (above < below || (above == below && (rounding == SETTLE_ROUND_HALF_UP || (low & 1)))))
        low++;
    return (int64_t)(dividend < 0 ? -low : low);
}

static int64_t take_won(struct fuzz_input *input) {
    const uint64_t bits = fuzz_take_u64(input);
    return (int64_t)(bits % (fuzz_take_bool(input) ? 1000 : (uint64_t)SETTLE_MAX_LINE_WON + 1));
}

static void check_divisions(struct fuzz_input *input) {
    const enum settle_rounding rounding =
        (enum settle_rounding)fuzz_take_range(input, 0, SETTLE_ROUNDINGS - 1);
    const int64_t dividend =
        (int64_t)(fuzz_take_u64(input) >> 1) * (fuzz_take_bool(input) ? 1 : -1);
    const int64_t divisor = fuzz_take_range(input, 1, 1000000000);
    FUZZ_CHECK(settle_divide(dividend, divisor, rounding) == divide(dividend, divisor, rounding),
               "%lld / %lld", (long long)dividend, (long long)divisor);
    const int64_t won = take_won(input) * (fuzz_take_bool(input) ? 1 : -1);
    const int32_t rate_bp = (int32_t)fuzz_take_range(input, 0, SETTLE_MAX_RATE_BP);
    FUZZ_CHECK(settle_fee(won, rate_bp, rounding) ==
                   divide((__int128)won * rate_bp, 10000, rounding),
               "the fee of %lld", (long long)won);
    FUZZ_CHECK(settle_vat(won, true, rounding) == divide(won, 11, rounding) &&
                   settle_vat(won, false, rounding) == divide(won, 10, rounding),
               "the VAT of %lld", (long long)won);
}

static int64_t fee_of(const struct settle_rules *rules, const struct settle_amounts *kept,
                      int32_t rate_bp) {
    const __int128 gross =
        (__int128)kept->list_won - kept->seller_coupon_won - kept->seller_points_won;
    const __int128 paid = gross - kept->platform_coupon_won - kept->platform_points_won;
    const __int128 basis = rules->basis == SETTLE_ON_LIST   ? kept->list_won
                           : rules->basis == SETTLE_ON_PAID ? paid
                                                            : gross;
    const int64_t fee = divide(basis * rate_bp, 10000, rules->fee_rounding);
    return rules->rates_include_vat ? fee : fee + divide(fee, 10, rules->vat_rounding);
}

static void check_item(struct fuzz_input *input) {
    struct settle_rules rules;
    settle_rules_default(&rules);
    rules.fee_rounding = (enum settle_rounding)fuzz_take_range(input, 0, SETTLE_ROUNDINGS - 1);
    rules.vat_rounding = (enum settle_rounding)fuzz_take_range(input, 0, SETTLE_ROUNDINGS - 1);
    rules.basis = (enum settle_basis)fuzz_take_range(input, 0, SETTLE_BASES - 1);
    rules.rates_include_vat = fuzz_take_bool(input);
    struct settle_line line = {
        .order_id = "1", .product_name = "", .seller_id = "1", .category = "", .quantity = 1};
    line.rate_bp = (int32_t)fuzz_take_range(input, 0, SETTLE_MAX_RATE_BP);
    struct settle_amounts remaining = {0}, sum = {0};
    for (int i = 0; i < 6 && input->size_bytes; i++) {
        struct settle_line next = line;
        next.kind = i == 0 ? SETTLE_SALE : SETTLE_REFUND;
        next.quantity = i == 0 ? 1 : 0;
        for (size_t k = 0; k < SETTLE_GIVEN_AMOUNTS; k++) {
            const int64_t won = take_won(input) >> (k ? 2 : 0);
            *settle_amount(&next.amounts, k) =
                i == 0 ? won : -(won % (settle_amount_of(&remaining, k) + 1));
        }
        struct settle_error error = {0};
        const enum svc_status status = settle_line_compute(&rules, &remaining, &next, &error);
        FUZZ_CHECK(status == SVC_OK || status == SVC_MALFORMED, "status %d", (int)status);
        if (status != SVC_OK)
            continue;
        settle_amounts_add(&sum, &next.amounts);
        FUZZ_CHECK(sum.commission_won == fee_of(&rules, &remaining, line.rate_bp),
                   "the lines sum to a fee of %lld", (long long)sum.commission_won);
        FUZZ_CHECK(sum.gross_won == sum.commission_won + sum.net_won &&
                       sum.commission_won == sum.supply_won + sum.vat_won,
                   "unbalanced");
        for (size_t k = 0; k < SETTLE_AMOUNTS; k++)
            FUZZ_CHECK(settle_amount_of(&sum, k) == settle_amount_of(&remaining, k), "%s",
                       settle_amount_name(k));
    }
}

/* ---------------------------------------------------------------------- texts and doubles */

/* An unsigned decimal in units of 10^-scale: NONE, BAD_FIELD or NOT_WHOLE, and the units. */
static enum settle_reason expect_decimal(const char *text, size_t scale, int64_t limit,
                                         int64_t *units) {
    static const char digits[] = "0123456789";
    const size_t size = strlen(text), wholes = strspn(text, digits);
    const char *fraction = text[wholes] == '.' ? text + wholes + 1 : text + wholes;
    const size_t fractions = strspn(fraction, digits);
    __int128 number = 0;
    *units = 0;
    if (wholes == 0 || fraction[fractions] || size > 40 || (text[wholes] == '.' && fractions == 0))
        return SETTLE_REASON_BAD_FIELD;
    /* At most 40 digits: capped far above any limit, before it overflows. */
    for (size_t i = 0; i < wholes + scale && number < (__int128)1 << 100; i++) {
        const char digit = i < wholes               ? text[i]
                           : i - wholes < fractions ? fraction[i - wholes]
                                                    : '0';
        number = number * 10 + (digit - '0');
    }
    if (number > limit)
        return SETTLE_REASON_BAD_FIELD;
    *units = (int64_t)number;
    return fractions > scale && strspn(fraction + scale, "0") < fractions - scale
               ? SETTLE_REASON_NOT_WHOLE
               : SETTLE_REASON_NONE;
}

/* Units that stay 7 if it is refused. */
static void check_read(const char *what, enum svc_status status, const struct settle_error *error,
                       int64_t units, enum settle_reason reason, int64_t expected) {
    FUZZ_CHECK((status == SVC_OK) == (reason == SETTLE_REASON_NONE) && error->status == status &&
                   error->reason == reason,
               "%s: %s, not %s", what, settle_reason_name(error->reason),
               settle_reason_name(reason));
    FUZZ_CHECK(units == (status == SVC_OK ? expected : 7), "%s is %lld, not %lld", what,
               (long long)units, (long long)expected);
}

static void check_text(const char *text) {
    struct settle_error won_error = {0}, rate_error = {0};
    int64_t won = 7, expected = 0;
    int32_t rate_bp = 7;
    const bool is_negative = *text == '-';
    enum settle_reason reason =
        expect_decimal(text + is_negative, 0, SETTLE_MAX_LINE_WON, &expected);
    enum svc_status status = settle_won_from_text(text, "list_won", &won, &won_error);
    check_read(text, status, &won_error, won, reason, is_negative ? -expected : expected);
    reason = expect_decimal(text, 2, SETTLE_MAX_RATE_BP, &expected);
    status = settle_rate_from_text(text, &rate_bp, &rate_error);
    check_read(text, status, &rate_error, rate_bp, reason, expected);
    enum settle_rounding rounding = SETTLE_ROUNDINGS;
    const bool is_rounding =
        !strcmp(text, "half-up") || !strcmp(text, "half-even") || !strcmp(text, "down");
    FUZZ_CHECK(settle_rounding_parse(text, &rounding) == is_rounding &&
                   (!is_rounding || !strcmp(settle_rounding_name(rounding), text)),
               "the rounding %s", text);
}

static void check_double(double number) {
    struct settle_error won_error = {0}, rate_error = {0};
    const long double exact = number, hundredfold = exact * 100, nearest = roundl(hundredfold);
    const long double apart = fabsl(exact - nearest / 100);
    char text[64];
    int64_t won = 7;
    int32_t rate_bp = 7;
    snprintf(text, sizeof(text), "%.17g", number);
    enum settle_reason reason = isnan(number)                        ? SETTLE_REASON_NOT_WHOLE
                                : fabs(number) > SETTLE_MAX_LINE_WON ? SETTLE_REASON_BAD_FIELD
                                : truncl(exact) != exact             ? SETTLE_REASON_NOT_WHOLE
                                                                     : SETTLE_REASON_NONE;
    enum svc_status status = settle_won_from_double(number, "list_won", &won, &won_error);
    check_read(text, status, &won_error, won, reason,
               reason == SETTLE_REASON_NONE ? llrint(number) : 0);
    /* Not at the border of what counts as near, which a double cannot tell. */
    if (fabsl(apart - 1e-6L) < 1e-12L)
        return;
    reason = isnan(number)                     ? SETTLE_REASON_NOT_WHOLE
             : !(number >= 0 && number <= 100) ? SETTLE_REASON_BAD_FIELD
             : apart > 1e-6L                   ? SETTLE_REASON_NOT_WHOLE
                                               : SETTLE_REASON_NONE;
    status = settle_rate_from_double(number, &rate_bp, &rate_error);
    check_read(text, status, &rate_error, rate_bp, reason,
               reason == SETTLE_REASON_NONE ? (int64_t)nearest : 0);
}

/* Digits around the limits, with a point and zeros or other digits behind it. */
static void check_made(struct fuzz_input *input) {
    static const int64_t around[] = {0, 100, 10000, SETTLE_MAX_LINE_WON, INT64_MAX - 16};
    char text[128];
    const uint8_t choice = fuzz_take_u8(input), zeros = fuzz_take_u8(input) % 24;
    const int64_t whole = around[choice % 5] + fuzz_take_range(input, 0, 4) - 2;
    const unsigned fraction = fuzz_take_range(input, 0, 255);
    const unsigned long long size = (unsigned long long)(whole < 0 ? 0 : whole);
    if (choice & 8)
        snprintf(text, sizeof(text), "%s%0*llu", choice & 16 ? "-" : "", zeros, size);
    else
        snprintf(text, sizeof(text), "%s%llu.%02u%0*u", choice & 16 ? "-" : "", size,
                 fraction % 100, zeros, choice & 32 ? fraction & 1 : 0);
    check_text(text);
    check_double(atof(text));
    check_double(nextafter(atof(text), choice & 64 ? 1e300 : -1e300));
    check_double(fuzz_take_range(input, 0, 10001) / 100.0 + (choice & 128 ? 1e-5 : 1e-9));
    check_double(fuzz_take_double(input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    check_divisions(&input);
    check_item(&input);
    input = (struct fuzz_input){data, size_bytes};
    check_made(&input);
    char *text = fuzz_take_line(&input, '\n', NULL);
    check_text(text);
    free(text);
    return 0;
}
