/* Rounding, fees, VAT, reading of numbers, rules: against 128-bit arithmetic and by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/settlement/rules.h"
#include "tests/support/random.h"
#include "tests/support/slowly.h"

typedef __int128 wide;

/* Whether `quotient` is the rounded one, by the distance to the exact value alone. */
static bool is_rounded(int64_t dividend, int64_t divisor, int64_t quotient,
                       enum settle_rounding rounding) {
    const wide difference = (wide)quotient * divisor - dividend; /* times the divisor */
    const wide distance = difference < 0 ? -difference : difference;
    const bool away = dividend < 0 ? difference < 0 : difference > 0;
    if (rounding == SETTLE_ROUND_DOWN) {
        return distance < divisor && !away;
    }
    if (2 * distance == divisor) {
        return rounding == SETTLE_ROUND_HALF_UP ? away : quotient % 2 == 0;
    }
    return 2 * distance < divisor;
}

static void check_divide(int64_t dividend, int64_t divisor) {
    for (size_t i = 0; i < SETTLE_ROUNDINGS; i++) {
        const enum settle_rounding rounding = (enum settle_rounding)i;
        const int64_t quotient = settle_divide(dividend, divisor, rounding);
        if (!is_rounded(dividend, divisor, quotient, rounding)) {
            fail_msg("%lld / %lld, %s: %lld", (long long)dividend, (long long)divisor,
                     settle_rounding_name(rounding), (long long)quotient);
        }
        assert_true(settle_divide(-dividend, divisor, rounding) == -quotient);
    }
}

static void test_every_small_quotient(void **state) {
    (void)state;
    const int64_t most = test_part(300, 5);
    for (int64_t divisor = 1; divisor <= 25; divisor++) {
        for (int64_t dividend = 0; dividend <= most; dividend++) {
            check_divide(dividend, divisor);
        }
    }
}

static void test_random_and_largest_quotients(void **state) {
    (void)state;
    static const int64_t divisors[] = {1, 2, 10, 11, 10000, 999999999, 1000000000};
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof(divisors) / sizeof(divisors[0]); i++) {
        check_divide(INT64_MAX, divisors[i]);
        check_divide(INT64_MAX - divisors[i] / 2, divisors[i]);
        for (int run = test_part(20000, 50); run > 0; run--) {
            const int64_t dividend = (int64_t)(random_next(&seed) >> (1 + run % 60));
            check_divide(dividend, divisors[i]);
            /* A half, exactly, where the divisor is even. */
            check_divide(dividend / divisors[i] / 2 * divisors[i] + divisors[i] / 2, divisors[i]);
        }
    }
}

static void test_roundings_by_hand(void **state) {
    (void)state;
    static const struct {
        int64_t dividend, expected[SETTLE_ROUNDINGS];
    } cases[] = {{0, {0, 0, 0}},   {4, {0, 0, 0}},      {5, {1, 0, 0}},      {6, {1, 1, 0}},
                 {15, {2, 2, 1}},  {25, {3, 2, 2}},     {26, {3, 3, 2}},     {10, {1, 1, 1}},
                 {-5, {-1, 0, 0}}, {-15, {-2, -2, -1}}, {-25, {-3, -2, -2}}, {-26, {-3, -3, -2}}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t j = 0; j < SETTLE_ROUNDINGS; j++) {
            assert_int_equal(settle_divide(cases[i].dividend, 10, (enum settle_rounding)j),
                             cases[i].expected[j]);
        }
    }
}

static void test_fees_and_vat_at_their_limits(void **state) {
    (void)state;
    assert_true(settle_fee(SETTLE_MAX_LINE_WON, SETTLE_MAX_RATE_BP, SETTLE_ROUND_HALF_UP) ==
                SETTLE_MAX_LINE_WON);
    assert_true(settle_fee(-SETTLE_MAX_LINE_WON, SETTLE_MAX_RATE_BP, SETTLE_ROUND_HALF_EVEN) ==
                -SETTLE_MAX_LINE_WON);
    assert_int_equal(settle_fee(10000, 525, SETTLE_ROUND_DOWN), 525);
    assert_int_equal(settle_fee(SETTLE_MAX_LINE_WON, 0, SETTLE_ROUND_HALF_UP), 0);
    assert_int_equal(settle_fee(9999, 1, SETTLE_ROUND_DOWN), 0);
    assert_int_equal(settle_fee(9999, 1, SETTLE_ROUND_HALF_UP), 1);
    assert_true(settle_vat(SETTLE_MAX_LINE_WON, true, SETTLE_ROUND_DOWN) == INT64_C(90909090909));
    assert_true(settle_vat(SETTLE_MAX_LINE_WON, false, SETTLE_ROUND_DOWN) == INT64_C(100000000000));
    assert_int_equal(settle_vat(1100, true, SETTLE_ROUND_HALF_UP), 100);
    assert_int_equal(settle_vat(1105, true, SETTLE_ROUND_HALF_UP), 100); /* 100.45 */
    assert_int_equal(settle_vat(1106, true, SETTLE_ROUND_HALF_UP), 101); /* 100.55 */
    assert_int_equal(settle_vat(1106, true, SETTLE_ROUND_DOWN), 100);
    assert_int_equal(settle_vat(1005, false, SETTLE_ROUND_HALF_EVEN), 100);
    assert_int_equal(settle_vat(1005, false, SETTLE_ROUND_HALF_UP), 101);
}

static void test_names_of_rules(void **state) {
    (void)state;
    enum settle_rounding rounding = SETTLE_ROUND_DOWN;
    enum settle_basis basis = SETTLE_ON_PAID;
    assert_true(settle_rounding_parse("half-even", &rounding));
    assert_int_equal(rounding, SETTLE_ROUND_HALF_EVEN);
    assert_false(settle_rounding_parse("HALF-UP", &rounding));
    assert_false(settle_rounding_parse("half-up ", &rounding));
    assert_false(settle_rounding_parse("", &rounding));
    assert_false(settle_rounding_parse(NULL, &rounding));
    assert_int_equal(rounding, SETTLE_ROUND_HALF_EVEN);
    assert_true(settle_basis_parse("list", &basis));
    assert_int_equal(basis, SETTLE_ON_LIST);
    assert_false(settle_basis_parse("net", &basis));
    assert_false(settle_basis_parse(NULL, &basis));
    assert_string_equal(settle_basis_name(SETTLE_ON_PAID), "paid");
    assert_string_equal(settle_basis_name(SETTLE_BASES), "?");
    assert_string_equal(settle_rounding_name(SETTLE_ROUND_DOWN), "down");
    assert_string_equal(settle_rounding_name((enum settle_rounding) - 1), "?");
}

static void test_rules_out_of_range(void **state) {
    (void)state;
    struct settle_rules good, bad;
    struct settle_error error;
    settle_rules_default(&good);
    assert_int_equal(settle_rules_check(&good, &error), SVC_OK);
    assert_int_equal(good.fee_rounding, SETTLE_ROUND_HALF_UP);
    assert_int_equal(good.vat_rounding, SETTLE_ROUND_DOWN);
    assert_true(good.rates_include_vat && good.basis == SETTLE_ON_GROSS);
    assert_true(good.default_rate_bp == 500 && good.shipping_rate_bp == 0);
    good.default_rate_bp = SETTLE_MAX_RATE_BP;
    good.shipping_rate_bp = SETTLE_MAX_RATE_BP;
    assert_int_equal(settle_rules_check(&good, &error), SVC_OK);
    good.default_rate_bp = 0;
    assert_int_equal(settle_rules_check(&good, &error), SVC_OK);
#define BAD(name, value)                                                                           \
    do {                                                                                           \
        bad = good;                                                                                \
        bad.name = (value);                                                                        \
        assert_int_equal(settle_rules_check(&bad, &error), SVC_CONFIGURATION);                     \
        assert_string_equal(error.field, #name);                                                   \
        assert_int_equal(error.reason, SETTLE_REASON_BAD_RULES);                                   \
    } while (0)
    BAD(fee_rounding, SETTLE_ROUNDINGS);
    BAD(vat_rounding, (enum settle_rounding) - 1);
    BAD(basis, SETTLE_BASES);
    BAD(default_rate_bp, -1);
    BAD(default_rate_bp, SETTLE_MAX_RATE_BP + 1);
    BAD(shipping_rate_bp, INT32_MIN);
    BAD(shipping_rate_bp, INT32_MAX);
#undef BAD
}

/* ---------------------------------------------------------------------- floating point, text */

static void check_won(double amount, enum svc_status status, enum settle_reason reason) {
    struct settle_error error = {0};
    int64_t won = 77;
    assert_int_equal(settle_won_from_double(amount, "amount", &won, &error), status);
    assert_int_equal(error.reason, reason);
    assert_int_equal(settle_won_from_double(amount, "amount", &won, NULL), status);
    assert_true(status == SVC_OK ? (double)won == amount : won == 77);
}

static void test_floating_point_amounts_are_read_exactly_or_refused(void **state) {
    (void)state;
    const double limit = (double)SETTLE_MAX_LINE_WON;
    const double good[] = {0.0, -0.0, 1, -1, 5000.0, 33333333333.0, limit, -limit, 1e11 + 1};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        check_won(good[i], SVC_OK, SETTLE_REASON_NONE);
    }
    const double broken[] = {0.5, 0.1, -0.1, 4999.9999999, 5e-324, limit - 0.5, limit - 0x1p-13,
                             NAN, -NAN};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        check_won(broken[i], SVC_MALFORMED, SETTLE_REASON_NOT_WHOLE);
    }
    const double beyond[] = {limit + 1, -limit - 1, limit + 0x1p-13, 1e300, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        check_won(beyond[i], SVC_MALFORMED, SETTLE_REASON_BAD_FIELD);
    }
}

static void check_won_text(const char *text, int64_t expected, enum settle_reason reason) {
    struct settle_error error = {0};
    int64_t won = 77;
    const enum svc_status status = settle_won_from_text(text, "list_won", &won, &error);
    if (won != expected || error.reason != reason ||
        status != (reason == SETTLE_REASON_NONE ? SVC_OK : SVC_MALFORMED)) {
        fail_msg("%s: %lld, %s", text != NULL ? text : "NULL", (long long)won,
                 settle_reason_name(error.reason));
    }
}

static void test_decimal_amounts(void **state) {
    (void)state;
    check_won_text("0", 0, SETTLE_REASON_NONE);
    check_won_text("-0.00", 0, SETTLE_REASON_NONE);
    check_won_text("30000.00", 30000, SETTLE_REASON_NONE);
    check_won_text("-30000", -30000, SETTLE_REASON_NONE);
    check_won_text("1000000000000.0000", SETTLE_MAX_LINE_WON, SETTLE_REASON_NONE);
    check_won_text("-1000000000000", -SETTLE_MAX_LINE_WON, SETTLE_REASON_NONE);
    check_won_text("1000000000001", 77, SETTLE_REASON_BAD_FIELD);
    check_won_text("-1000000000001", 77, SETTLE_REASON_BAD_FIELD);
    check_won_text("10000000000000", 77, SETTLE_REASON_BAD_FIELD);
    check_won_text("18446744073709551617", 77, SETTLE_REASON_BAD_FIELD); /* 2^64 + 1 */
    check_won_text("9999999999999999999999999999999999999999", 77, SETTLE_REASON_BAD_FIELD);
    check_won_text("0.5", 77, SETTLE_REASON_NOT_WHOLE);
    check_won_text("-1.0000000001", 77, SETTLE_REASON_NOT_WHOLE);
    check_won_text("1.10", 77, SETTLE_REASON_NOT_WHOLE);
    static const char *const bad[] = {"",   "-",   "--1",   "+1",    " 1",  "1 ",  "1.",   "-.5",
                                      ".5", "1e3", "1,000", "1.0.0", "nan", "inf", "0x10", "1-"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        check_won_text(bad[i], 77, SETTLE_REASON_BAD_FIELD);
    }
    check_won_text(NULL, 77, SETTLE_REASON_BAD_FIELD);
}

static void check_rate(const char *text, int expected, enum settle_reason reason) {
    struct settle_error error = {0};
    int32_t rate_bp = -7;
    const enum svc_status status = settle_rate_from_text(text, &rate_bp, &error);
    if (rate_bp != expected || error.reason != reason ||
        status != (reason == SETTLE_REASON_NONE ? SVC_OK : SVC_MALFORMED)) {
        fail_msg("%s: %d, %s", text != NULL ? text : "NULL", (int)rate_bp,
                 settle_reason_name(error.reason));
    }
}

static void test_rates_in_percent(void **state) {
    (void)state;
    check_rate("5", 500, SETTLE_REASON_NONE);
    check_rate("5.0", 500, SETTLE_REASON_NONE);
    check_rate("5.00", 500, SETTLE_REASON_NONE);
    check_rate("5.25", 525, SETTLE_REASON_NONE);
    check_rate("05.2", 520, SETTLE_REASON_NONE);
    check_rate("0", 0, SETTLE_REASON_NONE);
    check_rate("0.01", 1, SETTLE_REASON_NONE);
    check_rate("100", 10000, SETTLE_REASON_NONE);
    check_rate("100.00", 10000, SETTLE_REASON_NONE);
    check_rate("5.2500000000", 525, SETTLE_REASON_NONE);
    check_rate("0000000000000000000000000000000000000005", 500, SETTLE_REASON_NONE);
    check_rate("00000000000000000000000000000000000000005", -7, SETTLE_REASON_BAD_FIELD);
    check_rate("5.255", -7, SETTLE_REASON_NOT_WHOLE);
    check_rate("5.2501", -7, SETTLE_REASON_NOT_WHOLE);
    check_rate("5.2510", -7, SETTLE_REASON_NOT_WHOLE);
    check_rate("100.01", -7, SETTLE_REASON_BAD_FIELD);
    check_rate("101", -7, SETTLE_REASON_BAD_FIELD);
    check_rate("10001", -7, SETTLE_REASON_BAD_FIELD);
    check_rate("9999999999999999999999999999999999999999", -7, SETTLE_REASON_BAD_FIELD);
    check_rate("4294967296", -7, SETTLE_REASON_BAD_FIELD);
    static const char *const bad[] = {"",    ".",   ".5",   "5.", "-1",    "+1",
                                      " 5",  "5 ",  "5,25", "5%", "5.2.5", "5..2",
                                      "1e2", "nan", "0x5",  "٥",  "5.2 5"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        check_rate(bad[i], -7, SETTLE_REASON_BAD_FIELD);
    }
    check_rate(NULL, -7, SETTLE_REASON_BAD_FIELD);
}

/* Each of the 10,001 rates, as a platform's DECIMAL(5,2) or DOUBLE column holds it. */
static void test_every_rate_survives_text_and_floating_point(void **state) {
    (void)state;
    for (int bp = 0; bp <= SETTLE_MAX_RATE_BP; bp++) {
        char text[16];
        int32_t read = -1;
        snprintf(text, sizeof(text), "%d.%02d", bp / 100, bp % 100);
        check_rate(text, bp, SETTLE_REASON_NONE);
        assert_int_equal(settle_rate_from_double(bp / 100.0, &read, NULL), SVC_OK);
        assert_int_equal(read, bp);
        assert_int_equal(settle_rate_from_double(bp * 0.01, &read, NULL), SVC_OK);
        assert_int_equal(read, bp);
    }
}

static void test_floating_point_rates_that_are_refused(void **state) {
    (void)state;
    static const struct {
        double percent;
        enum settle_reason reason;
    } cases[] = {{5.255, SETTLE_REASON_NOT_WHOLE},       {5.2500011, SETTLE_REASON_NOT_WHOLE},
                 {5.2499989, SETTLE_REASON_NOT_WHOLE},   {0.004, SETTLE_REASON_NOT_WHOLE},
                 {NAN, SETTLE_REASON_NOT_WHOLE},         {-0.01, SETTLE_REASON_BAD_FIELD},
                 {100.0000001, SETTLE_REASON_BAD_FIELD}, {INFINITY, SETTLE_REASON_BAD_FIELD},
                 {1e300, SETTLE_REASON_BAD_FIELD}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct settle_error error = {0};
        int32_t rate_bp = -7;
        assert_int_equal(settle_rate_from_double(cases[i].percent, &rate_bp, &error),
                         SVC_MALFORMED);
        assert_int_equal(error.reason, cases[i].reason);
        assert_int_equal(rate_bp, -7);
    }
}

static void test_an_error_names_the_field_in_its_sentence(void **state) {
    (void)state;
    struct settle_error error;
    int64_t won;
    assert_int_equal(settle_won_from_double(0.5, "list_won", &won, &error), SVC_MALFORMED);
    assert_string_equal(error.detail, "list_won is 0.5, not whole won");
    assert_string_equal(error.field, "list_won");
    assert_int_equal(error.status, SVC_MALFORMED);
    settle_error_clear(&error);
    settle_error_clear(NULL);
    assert_true(error.status == SVC_OK && error.detail[0] == '\0');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_small_quotient),
        cmocka_unit_test(test_random_and_largest_quotients),
        cmocka_unit_test(test_roundings_by_hand),
        cmocka_unit_test(test_fees_and_vat_at_their_limits),
        cmocka_unit_test(test_names_of_rules),
        cmocka_unit_test(test_rules_out_of_range),
        cmocka_unit_test(test_floating_point_amounts_are_read_exactly_or_refused),
        cmocka_unit_test(test_decimal_amounts),
        cmocka_unit_test(test_rates_in_percent),
        cmocka_unit_test(test_every_rate_survives_text_and_floating_point),
        cmocka_unit_test(test_floating_point_rates_that_are_refused),
        cmocka_unit_test(test_an_error_names_the_field_in_its_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
