/* Settlement arithmetic against 128-bit arithmetic: division with each rounding, fees, VAT, and a
 * sale with its refunds, whose lines must sum to the fee of what is kept. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    check_divisions(&input);
    check_item(&input);
    return 0;
}
