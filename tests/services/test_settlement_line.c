/* Lines of a settlement: worked examples, refunds in every split and order, every refusal, and the
 * limits. test_settlement_line_oracle.c has random lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/settlement/amounts.h"
#include "services/settlement/compute.h"
#include "tests/support/random.h"
#include "tests/support/slowly.h"

static struct settle_rules rules;
static struct settle_error error;

static int setup(void **state) {
    (void)state;
    settle_rules_default(&rules);
    settle_error_clear(&error);
    return 0;
}

static struct settle_line new_line(enum settle_kind kind, int64_t list_won, int32_t rate_bp) {
    return (struct settle_line){
        .order_id = "20261128000001",
        .product_name = "사과 5kg",
        .seller_id = "42",
        .category = "fruit",
        .kind = kind,
        .quantity = settle_kind_sign(kind),
        .unit_price_won = llabs(list_won),
        .rate_bp = rate_bp,
        .amounts.list_won = list_won,
    };
}

/* The line computed, which must work. */
static struct settle_amounts computed(struct settle_amounts *remaining, struct settle_line line) {
    const enum svc_status status = settle_line_compute(&rules, remaining, &line, &error);
    if (status != SVC_OK) {
        fail_msg("%s", error.detail);
    }
    return line.amounts;
}

/* ---------------------------------------------------------------------- worked examples */

/* The examples of the README. */
static void test_the_examples_of_the_readme(void **state) {
    (void)state;
    struct settle_amounts remaining = {0};
    struct settle_line line = new_line(SETTLE_SALE, 30000, 550);
    line.amounts.seller_coupon_won = 2000;
    line.amounts.platform_coupon_won = 3000;
    line.amounts.platform_points_won = 1000;
    const struct settle_amounts a = computed(&remaining, line);
    assert_true(a.gross_won == 28000 && a.paid_won == 24000 && a.commission_won == 1540);
    assert_true(a.supply_won == 1400 && a.vat_won == 140 && a.net_won == 26460);

    line = new_line(SETTLE_REFUND, 0, 550);
    assert_int_equal(settle_refund_amounts(&remaining, &remaining, 8000, &line.amounts, &error),
                     SVC_OK);
    const struct settle_amounts b = computed(&remaining, line);
    assert_true(b.list_won == -10001 && b.seller_coupon_won == -667);
    assert_true(b.platform_coupon_won == -1000 && b.platform_points_won == -334);
    assert_true(b.gross_won == -9334 && b.commission_won == -513 && b.vat_won == -47);
    assert_true(b.net_won == -8821 && b.supply_won == -466 && b.paid_won == -8000);

    line = new_line(SETTLE_REFUND, 0, 550);
    line.amounts = settle_cancel_amounts(&remaining);
    const struct settle_amounts c = computed(&remaining, line);
    assert_true(c.list_won == -19999 && c.gross_won == -18666 && c.paid_won == -16000);
    assert_true(c.commission_won == -1027 && c.supply_won == -934 && c.vat_won == -93);
    assert_true(c.net_won == -17639);
    assert_true(a.commission_won + b.commission_won + c.commission_won == 0);
    assert_true(a.vat_won + b.vat_won + c.vat_won == 0 && a.net_won + b.net_won + c.net_won == 0);
    const struct settle_amounts none = {0};
    assert_memory_equal(&remaining, &none, sizeof(none));
}

static void test_vat_on_top_is_deducted_as_well(void **state) {
    (void)state;
    struct settle_amounts remaining = {0};
    rules.rates_include_vat = false;
    const struct settle_amounts a = computed(&remaining, new_line(SETTLE_SALE, 10100, 500));
    assert_true(a.supply_won == 505 && a.vat_won == 50 && a.commission_won == 555);
    assert_true(a.net_won == 9545);
}

static void test_each_rounding_of_half_a_won(void **state) {
    (void)state;
    static const int64_t expected[SETTLE_ROUNDINGS][2] = {[SETTLE_ROUND_HALF_UP] = {1, 2},
                                                          [SETTLE_ROUND_HALF_EVEN] = {0, 2},
                                                          [SETTLE_ROUND_DOWN] = {0, 1}};
    for (size_t i = 0; i < SETTLE_ROUNDINGS; i++) {
        struct settle_amounts first = {0}, second = {0};
        rules.fee_rounding = (enum settle_rounding)i;
        assert_int_equal(computed(&first, new_line(SETTLE_SALE, 10, 500)).commission_won,
                         expected[i][0]); /* 0.5 won */
        assert_int_equal(computed(&second, new_line(SETTLE_SALE, 30, 500)).commission_won,
                         expected[i][1]); /* 1.5 won */
    }
}

/* ---------------------------------------------------------------------- refunds */

static void random_rules(uint64_t *seed) {
    rules.fee_rounding = (enum settle_rounding)random_between(seed, 0, SETTLE_ROUNDINGS - 1);
    rules.vat_rounding = (enum settle_rounding)random_between(seed, 0, SETTLE_ROUNDINGS - 1);
    rules.basis = (enum settle_basis)random_between(seed, 0, SETTLE_BASES - 1);
    rules.rates_include_vat = random_between(seed, 0, 1) != 0;
}

/* A sale with discounts, all of them computed. */
static struct settle_amounts random_sale(uint64_t *seed, int32_t rate_bp,
                                         struct settle_amounts *remaining) {
    struct settle_line line = new_line(SETTLE_SALE, random_between(seed, 1, 500000), rate_bp);
    uint32_t rest = (uint32_t)line.amounts.list_won;
    for (size_t i = 1; i < SETTLE_GIVEN_AMOUNTS; i++) {
        const uint32_t part = random_between(seed, 0, rest / 3);
        *settle_amount(&line.amounts, i) = part;
        rest -= part;
    }
    *remaining = (struct settle_amounts){0};
    return computed(remaining, line);
}

static void assert_cancels(const struct settle_amounts *sale,
                           const struct settle_amounts *refunds) {
    for (size_t i = 0; i < SETTLE_AMOUNTS; i++) {
        assert_true(settle_amount_of(sale, i) + settle_amount_of(refunds, i) == 0);
    }
}

/* The money split anyhow, the pieces in any order: the sums are the sale's, no piece has the other
 * sign, and the order changes no sum. */
static void test_refunds_of_any_split_and_order_sum_to_the_sale(void **state) {
    (void)state;
    uint64_t seed = 11;
    for (int run = test_part(3000, 30); run > 0; run--) {
        struct settle_amounts remaining, left, refunds = {0};
        const int32_t rate_bp = (int32_t)random_between(&seed, 0, SETTLE_MAX_RATE_BP);
        random_rules(&seed);
        const struct settle_amounts sale = random_sale(&seed, rate_bp, &remaining);
        const struct settle_amounts original = remaining;
        while ((left = remaining).paid_won > 0) {
            const uint32_t most = (uint32_t)(left.paid_won > 3 ? left.paid_won / 2 : left.paid_won);
            struct settle_line line = new_line(SETTLE_REFUND, 0, rate_bp);
            assert_int_equal(settle_refund_amounts(&original, &left, random_between(&seed, 1, most),
                                                   &line.amounts, &error),
                             SVC_OK);
            const struct settle_amounts one = computed(&remaining, line);
            for (size_t i = 0; i < SETTLE_AMOUNTS - 1; i++) { /* net may rise: fee of the list */
                assert_true(settle_amount_of(&one, i) <= 0);
            }
            settle_amounts_add(&refunds, &one);
        }
        assert_cancels(&sale, &refunds);
    }
}

/* Shuffles the pieces of one sale: goods of known amounts, taken back in two orders. */
static void test_the_order_of_refunds_changes_no_sum(void **state) {
    (void)state;
    enum { PIECES = 6 };
    uint64_t seed = 12;
    for (int run = test_part(2000, 30); run > 0; run--) {
        int64_t pieces[PIECES], total = 0;
        const int32_t rate_bp = (int32_t)random_between(&seed, 1, 2000);
        random_rules(&seed);
        for (size_t i = 0; i < PIECES; i++) {
            total += pieces[i] = random_between(&seed, 1, 30000);
        }
        struct settle_amounts first = {0}, kept = {0};
        const struct settle_amounts sale = computed(&first, new_line(SETTLE_SALE, total, rate_bp));
        const struct settle_amounts start = first;
        for (int order = 0; order < 4; order++) {
            struct settle_amounts remaining = start, sum = sale;
            for (size_t i = PIECES - 1; i > 0; i--) {
                const size_t other = random_between(&seed, 0, (uint32_t)i);
                const int64_t kept_piece = pieces[i];
                pieces[i] = pieces[other];
                pieces[other] = kept_piece;
            }
            for (size_t i = 0; i < PIECES; i++) {
                const struct settle_amounts one =
                    computed(&remaining, new_line(SETTLE_REFUND, -pieces[i], rate_bp));
                settle_amounts_add(&sum, &one);
                assert_memory_equal(&sum, &remaining, sizeof(sum)); /* after each of them */
            }
            assert_memory_equal(&remaining, &kept, sizeof(kept));
        }
    }
}

/* A later period knows of an item only what was given: sale and earlier refunds. */
static void test_a_refund_in_a_later_period_needs_the_given_amounts_only(void **state) {
    (void)state;
    struct settle_amounts same = {0}, later = {0}, sum;
    sum = computed(&same, new_line(SETTLE_SALE, 33333, 777));
    const struct settle_amounts first = computed(&same, new_line(SETTLE_REFUND, -11111, 777));
    settle_amounts_add(&sum, &first);
    later.list_won = 33333 - 11111;
    later.commission_won = later.net_won = later.gross_won = INT64_MIN; /* not read */
    const struct settle_amounts at_once = computed(&same, new_line(SETTLE_CANCEL, -22222, 777));
    const struct settle_amounts apart = computed(&later, new_line(SETTLE_CANCEL, -22222, 777));
    assert_memory_equal(&at_once, &apart, sizeof(apart));
    assert_memory_equal(&same, &later, sizeof(same));
    assert_cancels(&sum, &apart);
}

static void test_money_refunds_that_are_refused(void **state) {
    (void)state;
    const struct settle_amounts sold = {.list_won = 1000, .seller_coupon_won = 100};
    struct settle_amounts refund = {.list_won = 7}, before = sold, bad = sold;
#define REFUSED(original, remaining, won, why)                                                     \
    do {                                                                                           \
        assert_int_equal(settle_refund_amounts(original, remaining, won, &refund, &error),         \
                         SVC_MALFORMED);                                                           \
        assert_int_equal(error.reason, SETTLE_REASON_##why);                                       \
        assert_int_equal(refund.list_won, 7);                                                      \
    } while (0)
    REFUSED(&sold, &sold, 0, BAD_FIELD);
    REFUSED(&sold, &sold, -1, BAD_FIELD);
    REFUSED(&sold, &sold, INT64_MIN, BAD_FIELD);
    REFUSED(&sold, &sold, 901, REFUND_TOO_LARGE);
    REFUSED(&sold, &sold, INT64_MAX, REFUND_TOO_LARGE);
    before.list_won = 1001; /* more than was sold */
    REFUSED(&sold, &before, 1, BAD_FIELD);
    before.list_won = 1000;
    before.seller_coupon_won = 99; /* more paid than was */
    REFUSED(&sold, &before, 1, BAD_FIELD);
    before.list_won = 50; /* less than its discounts */
    REFUSED(&sold, &before, 1, DISCOUNT_TOO_LARGE);
    bad.list_won = SETTLE_MAX_LINE_WON + 1;
    REFUSED(&bad, &sold, 1, BAD_FIELD);
    bad.list_won = -1;
    REFUSED(&bad, &sold, 1, BAD_FIELD);
    const struct settle_amounts free_of_charge = {.list_won = 5, .platform_coupon_won = 5};
    REFUSED(&free_of_charge, &free_of_charge, 1, REFUND_TOO_LARGE);
#undef REFUSED
}

/* A refund with a discount of its own took back more of it than its share. */
static void test_a_discount_taken_back_early_is_not_given_again(void **state) {
    (void)state;
    const struct settle_amounts sold = {.list_won = 1000, .platform_coupon_won = 400};
    const struct settle_amounts before = {.list_won = 700, .platform_coupon_won = 100};
    struct settle_amounts refund;
    assert_int_equal(settle_refund_amounts(&sold, &before, 100, &refund, &error), SVC_OK);
    assert_int_equal(refund.platform_coupon_won, 0);
    assert_int_equal(refund.list_won, -100);
}

/* ---------------------------------------------------------------------- refusals and limits */

static void test_every_field_out_of_range_is_refused_and_nothing_changes(void **state) {
    (void)state;
    static const struct {
        size_t offset;
        const char *field;
        int64_t bad[4];
    } cases[] = {
#define OF(field) offsetof(struct settle_line, field)
        {OF(quantity), "quantity", {-1, SETTLE_MAX_QUANTITY + 1, INT64_MIN, INT64_MAX}},
        {OF(unit_price_won), "unit_price_won", {-1, SETTLE_MAX_LINE_WON + 1, INT64_MIN, INT64_MAX}},
        {OF(amounts.list_won), "list_won", {-1, SETTLE_MAX_LINE_WON + 1, INT64_MIN, INT64_MAX}},
        {OF(amounts.seller_coupon_won),
         "seller_coupon_won",
         {-1, SETTLE_MAX_LINE_WON + 1, INT64_MIN, INT64_MAX}},
        {OF(amounts.seller_points_won),
         "seller_points_won",
         {-1, SETTLE_MAX_LINE_WON + 1, INT64_MIN, INT64_MAX}},
        {OF(amounts.platform_coupon_won),
         "platform_coupon_won",
         {-1, SETTLE_MAX_LINE_WON + 1, INT64_MIN, INT64_MAX}},
        {OF(amounts.platform_points_won),
         "platform_points_won",
         {-1, SETTLE_MAX_LINE_WON + 1, INT64_MIN, INT64_MAX}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t j = 0; j < 4; j++) {
            struct settle_line line = new_line(SETTLE_SALE, 1000, 500);
            struct settle_amounts remaining = {0}, zero = {0};
            memcpy((char *)&line + cases[i].offset, &cases[i].bad[j], sizeof(int64_t));
            const struct settle_line kept = line;
            assert_int_equal(settle_line_compute(&rules, &remaining, &line, &error), SVC_MALFORMED);
            assert_int_equal(error.reason, SETTLE_REASON_BAD_FIELD);
            assert_string_equal(error.field, cases[i].field);
            assert_memory_equal(&line, &kept, sizeof(line));
            assert_memory_equal(&remaining, &zero, sizeof(zero));
        }
    }
}

static void test_a_refund_has_negative_amounts(void **state) {
    (void)state;
    for (size_t i = 0; i < SETTLE_GIVEN_AMOUNTS; i++) {
        const int64_t bad[] = {1, -SETTLE_MAX_LINE_WON - 1, INT64_MIN};
        for (size_t j = 0; j < 3; j++) {
            struct settle_amounts remaining = {.list_won = 1000};
            struct settle_line line = new_line(SETTLE_REFUND, -10, 500);
            *settle_amount(&line.amounts, i) = bad[j];
            assert_int_equal(settle_line_compute(&rules, &remaining, &line, &error), SVC_MALFORMED);
            assert_string_equal(error.field, settle_amount_name(i));
            assert_int_equal(error.reason, SETTLE_REASON_BAD_FIELD);
        }
    }
    struct settle_amounts remaining = {.list_won = 1000};
    struct settle_line line = new_line(SETTLE_REFUND, -10, 500);
    line.quantity = 1;
    assert_int_equal(settle_line_compute(&rules, &remaining, &line, &error), SVC_MALFORMED);
    assert_string_equal(error.field, "quantity");
    line.quantity = -SETTLE_MAX_QUANTITY - INT64_C(1);
    assert_int_equal(settle_line_compute(&rules, &remaining, &line, &error), SVC_MALFORMED);
    line.quantity = 0; /* money only */
    assert_int_equal(settle_line_compute(&rules, &remaining, &line, &error), SVC_OK);
}

static void refused(struct settle_line line, struct settle_amounts remaining,
                    enum settle_reason reason, const char *field) {
    const struct settle_amounts before = remaining;
    assert_int_equal(settle_line_compute(&rules, &remaining, &line, &error), SVC_MALFORMED);
    assert_int_equal(error.reason, reason);
    assert_string_equal(error.field, field);
    assert_memory_equal(&remaining, &before, sizeof(before));
    assert_int_equal(settle_line_compute(&rules, &remaining, &line, NULL), SVC_MALFORMED);
}

static void test_enums_and_rates_out_of_range_are_refused(void **state) {
    (void)state;
    const struct settle_amounts none = {0};
    struct settle_line line = new_line(SETTLE_SALE, 1000, 500);
    for (int i = 0; i < 2; i++) {
        struct settle_line one = line;
        one.kind = i == 0 ? SETTLE_KINDS : (enum settle_kind) - 1;
        refused(one, none, SETTLE_REASON_BAD_FIELD, "kind");
        one = line;
        one.tax = i == 0 ? SETTLE_TAXES : (enum settle_tax) - 1;
        refused(one, none, SETTLE_REASON_BAD_FIELD, "tax");
        one = line;
        one.payment = i == 0 ? SETTLE_PAYMENTS : (enum settle_payment) - 1;
        refused(one, none, SETTLE_REASON_BAD_FIELD, "payment");
    }
    line.rate_bp = SETTLE_MAX_RATE_BP + 1;
    refused(line, none, SETTLE_REASON_BAD_FIELD, "rate_bp");
    line.rate_bp = -1;
    refused(line, none, SETTLE_REASON_BAD_FIELD, "rate_bp");
}

static void test_lines_that_contradict_their_item_are_refused(void **state) {
    (void)state;
    const struct settle_amounts none = {0};
    struct settle_line line = new_line(SETTLE_SALE, 1000, 500);
    line.amounts.seller_coupon_won = 1001;
    refused(line, none, SETTLE_REASON_DISCOUNT_TOO_LARGE, "");
    assert_string_equal(error.detail, "discounts of 1001 won would be on 1000 won");
    line.amounts.seller_coupon_won = 600;
    line.amounts.platform_points_won = 401; /* gross is positive, paid is not */
    refused(line, none, SETTLE_REASON_DISCOUNT_TOO_LARGE, "");

    const struct settle_amounts sold = {
        .list_won = 1000, .seller_coupon_won = 300, .platform_coupon_won = 200};
    refused(new_line(SETTLE_SALE, 1, 500), sold, SETTLE_REASON_SOLD_TWICE, "list_won");
    refused(new_line(SETTLE_SHIPPING, 1, 500), sold, SETTLE_REASON_SOLD_TWICE, "list_won");
    refused(new_line(SETTLE_REFUND, -1001, 500), sold, SETTLE_REASON_REFUND_TOO_LARGE, "list_won");
    refused(new_line(SETTLE_CANCEL, -1, 500), none, SETTLE_REASON_REFUND_TOO_LARGE, "list_won");
    refused(new_line(SETTLE_SHIPPING_REFUND, -1, 500), none, SETTLE_REASON_REFUND_TOO_LARGE,
            "list_won");
    /* The goods go back, their discounts stay. */
    refused(new_line(SETTLE_REFUND, -1000, 500), sold, SETTLE_REASON_DISCOUNT_TOO_LARGE, "");
    line = new_line(SETTLE_REFUND, -100, 500);
    line.amounts.platform_coupon_won = -201;
    refused(line, sold, SETTLE_REASON_REFUND_TOO_LARGE, "platform_coupon_won");
    /* More discount goes back than goods: the seller, or the buyer, would gain by it. */
    line.amounts.platform_coupon_won = 0;
    line.amounts.seller_coupon_won = -101;
    refused(line, sold, SETTLE_REASON_BAD_FIELD, "gross_won");
    line.amounts.seller_coupon_won = -50;
    line.amounts.platform_coupon_won = -51;
    refused(line, sold, SETTLE_REASON_BAD_FIELD, "paid_won");
    /* What is said to remain is hostile as well. */
    struct settle_amounts bad = sold;
    bad.platform_points_won = -1;
    refused(line, bad, SETTLE_REASON_BAD_FIELD, "platform_points_won");
    bad.platform_points_won = INT64_MAX;
    refused(line, bad, SETTLE_REASON_BAD_FIELD, "platform_points_won");
    bad.platform_points_won = 501;
    refused(line, bad, SETTLE_REASON_DISCOUNT_TOO_LARGE, "");
}

static void test_a_line_of_nothing(void **state) {
    (void)state;
    for (size_t i = 0; i < SETTLE_KINDS; i++) {
        struct settle_amounts remaining = {0};
        struct settle_line line = new_line((enum settle_kind)i, 0, 500);
        const struct settle_amounts none = {0};
        line.quantity = 0;
        const struct settle_amounts a = computed(&remaining, line);
        assert_memory_equal(&a, &none, sizeof(none));
    }
}

static void test_the_largest_line(void **state) {
    (void)state;
    struct settle_amounts remaining = {0};
    struct settle_line line = new_line(SETTLE_SALE, SETTLE_MAX_LINE_WON, SETTLE_MAX_RATE_BP);
    line.quantity = SETTLE_MAX_QUANTITY;
    rules.rates_include_vat = false;
    const struct settle_amounts a = computed(&remaining, line);
    assert_true(a.commission_won == SETTLE_MAX_LINE_WON / 10 * 11);
    assert_true(a.net_won == -SETTLE_MAX_LINE_WON / 10);
    line = new_line(SETTLE_CANCEL, -SETTLE_MAX_LINE_WON, SETTLE_MAX_RATE_BP);
    const struct settle_amounts b = computed(&remaining, line);
    assert_cancels(&a, &b);
    /* The largest products of a refund of money: 1e12 * 1e12. */
    const struct settle_amounts sold = {.list_won = SETTLE_MAX_LINE_WON, .seller_points_won = 1};
    struct settle_amounts refund;
    assert_int_equal(settle_refund_amounts(&sold, &sold, 1, &refund, &error), SVC_OK);
    assert_true(refund.list_won == -2 && refund.seller_points_won == -1);
    const struct settle_amounts half = {.list_won = SETTLE_MAX_LINE_WON,
                                        .platform_coupon_won = SETTLE_MAX_LINE_WON / 2};
    assert_int_equal(settle_refund_amounts(&half, &half, 2, &refund, &error), SVC_OK);
    assert_true(refund.list_won == -4 && refund.platform_coupon_won == -2);
}

static void test_a_line_that_does_not_balance_is_found(void **state) {
    (void)state;
    struct settle_amounts remaining = {0};
    struct settle_line line = new_line(SETTLE_SALE, 12345, 500);
    line.amounts.platform_coupon_won = 45;
    assert_int_equal(settle_line_compute(&rules, &remaining, &line, &error), SVC_OK);
    for (size_t i = 0; i < SETTLE_AMOUNTS; i++) {
        struct settle_line bad = line;
        *settle_amount(&bad.amounts, i) += 1;
        assert_int_equal(settle_line_check(&bad, &error), SVC_INTERNAL);
        assert_int_equal(error.reason, SETTLE_REASON_UNBALANCED);
        *settle_amount(&bad.amounts, i) = INT64_MIN;
        assert_int_equal(settle_line_check(&bad, &error), SVC_MALFORMED);
        assert_string_equal(error.field, settle_amount_name(i));
        *settle_amount(&bad.amounts, i) = INT64_MAX;
        assert_int_equal(settle_line_check(&bad, NULL), SVC_MALFORMED);
    }
    assert_int_equal(settle_line_check(&line, &error), SVC_OK);
    line.kind = SETTLE_KINDS;
    assert_int_equal(settle_line_check(&line, &error), SVC_MALFORMED);
}

static void test_names(void **state) {
    (void)state;
    assert_string_equal(settle_kind_name(SETTLE_SHIPPING_REFUND), "SHIPPING_REFUND");
    assert_string_equal(settle_kind_name(SETTLE_KINDS), "?");
    assert_int_equal(settle_kind_sign(SETTLE_CANCEL), -1);
    assert_int_equal(settle_kind_sign(SETTLE_SHIPPING), 1);
    assert_int_equal(settle_kind_sign((enum settle_kind) - 1), 0);
    assert_string_equal(settle_tax_name(SETTLE_TAX_UNKNOWN), "UNKNOWN");
    assert_string_equal(settle_tax_name(SETTLE_TAX_EXEMPT), "EXEMPT");
    assert_string_equal(settle_tax_name(SETTLE_TAXES), "?");
    assert_string_equal(settle_payment_name(SETTLE_PAID_WITH_CASH_RECEIPT), "CASH_RECEIPT");
    assert_string_equal(settle_payment_name(SETTLE_PAYMENTS), "?");
    assert_string_equal(settle_reason_name(SETTLE_REASON_SOLD_TWICE), "SOLD_TWICE");
    assert_string_equal(settle_reason_message(SETTLE_REASON_UNBALANCED),
                        "the control totals differ");
    assert_string_equal(settle_reason_name((enum settle_reason)99), "UNBALANCED");
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup(function, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_the_examples_of_the_readme),
        TEST(test_vat_on_top_is_deducted_as_well),
        TEST(test_each_rounding_of_half_a_won),
        TEST(test_refunds_of_any_split_and_order_sum_to_the_sale),
        TEST(test_the_order_of_refunds_changes_no_sum),
        TEST(test_a_refund_in_a_later_period_needs_the_given_amounts_only),
        TEST(test_money_refunds_that_are_refused),
        TEST(test_a_discount_taken_back_early_is_not_given_again),
        TEST(test_every_field_out_of_range_is_refused_and_nothing_changes),
        TEST(test_a_refund_has_negative_amounts),
        TEST(test_enums_and_rates_out_of_range_are_refused),
        TEST(test_lines_that_contradict_their_item_are_refused),
        TEST(test_a_line_of_nothing),
        TEST(test_the_largest_line),
        TEST(test_a_line_that_does_not_balance_is_found),
        TEST(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
