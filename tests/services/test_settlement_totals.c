/* Sums: partitions, control totals, limits; payouts and debts carried. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "services/settlement/amounts.h"
#include "services/settlement/compute.h"
#include "services/settlement/totals.h"
#include "tests/support/random.h"
#include "tests/support/slowly.h"

static struct settle_error error;

static struct settle_line line_of(enum settle_kind kind, enum settle_tax tax,
                                  enum settle_payment payment, int64_t list_won,
                                  int64_t platform_coupon_won) {
    struct settle_rules rules;
    struct settle_line line = {.order_id = "",
                               .product_name = "",
                               .seller_id = "",
                               .category = "",
                               .kind = kind,
                               .tax = tax,
                               .payment = payment,
                               .quantity = settle_kind_sign(kind) * 3,
                               .rate_bp = 1080};
    struct settle_amounts remaining = {0};
    line.amounts.list_won = list_won;
    line.amounts.platform_coupon_won = platform_coupon_won;
    if (list_won < 0) {
        remaining.list_won = -list_won;
        remaining.platform_coupon_won = -platform_coupon_won;
    }
    settle_rules_default(&rules);
    assert_int_equal(settle_line_compute(&rules, &remaining, &line, &error), SVC_OK);
    return line;
}

static struct settle_line random_line(uint64_t *seed) {
    const enum settle_kind kind = (enum settle_kind)random_between(seed, 0, SETTLE_KINDS - 1);
    const int64_t sign = settle_kind_sign(kind);
    const uint32_t list_won = random_between(seed, 0, 1000000);
    return line_of(kind, (enum settle_tax)random_between(seed, 0, SETTLE_TAXES - 1),
                   (enum settle_payment)random_between(seed, 0, SETTLE_PAYMENTS - 1),
                   sign * list_won, sign * random_between(seed, 0, list_won));
}

static void add(struct settle_totals *totals, const struct settle_line *line) {
    assert_int_equal(settle_totals_add(totals, line, &error), SVC_OK);
}

/* Days sum to the month, sellers to the run: any partition of the lines gives the same totals. */
static void test_any_partition_of_the_lines_sums_to_the_same(void **state) {
    (void)state;
    enum { PARTS = 7 };
    uint64_t seed = 31;
    for (int run = test_part(50, 25); run > 0; run--) {
        struct settle_totals all = {0}, merged = {0}, parts[PARTS];
        memset(parts, 0, sizeof(parts));
        for (int i = 0; i < 500; i++) {
            const struct settle_line line = random_line(&seed);
            add(&all, &line);
            add(&parts[random_between(&seed, 0, PARTS - 1)], &line);
        }
        for (size_t i = 0; i < PARTS; i++) {
            settle_totals_assert(&parts[i]);
            assert_int_equal(settle_totals_merge(&merged, &parts[i], &error), SVC_OK);
        }
        assert_memory_equal(&all, &merged, sizeof(all));
        assert_int_equal(settle_totals_check(&all, &error), SVC_OK);
        assert_int_equal(settle_totals_compare(&all, &merged, &error), SVC_OK);
        assert_int_equal(all.all.lines, 500);
    }
}

static void test_the_vat_return(void **state) {
    (void)state;
    struct settle_totals totals = {0};
    const struct settle_line lines[] = {
        line_of(SETTLE_SALE, SETTLE_TAXABLE, SETTLE_PAID_BY_CARD, 10000, 3000),
        line_of(SETTLE_SALE, SETTLE_TAX_EXEMPT, SETTLE_PAID_WITH_CASH_RECEIPT, 500, 0),
        line_of(SETTLE_REFUND, SETTLE_TAXABLE, SETTLE_PAID_BY_CARD, -1000, -300),
        line_of(SETTLE_SHIPPING, SETTLE_TAXABLE, SETTLE_PAID_OTHERWISE, 2500, 500),
    };
    for (size_t i = 0; i < 4; i++) {
        add(&totals, &lines[i]);
    }
    assert_int_equal(totals.sales_won[SETTLE_TAXABLE][SETTLE_PAID_BY_CARD], 7000 - 700);
    assert_int_equal(totals.sales_won[SETTLE_TAXABLE][SETTLE_PAID_OTHERWISE], 3000 - 300 + 2500);
    assert_int_equal(totals.sales_won[SETTLE_TAXABLE][SETTLE_PAID_WITH_CASH_RECEIPT], 0);
    assert_int_equal(totals.sales_won[SETTLE_TAX_EXEMPT][SETTLE_PAID_WITH_CASH_RECEIPT], 500);
    assert_int_equal(totals.all.amounts.gross_won, 10000 + 500 - 1000 + 2500);
    assert_int_equal(totals.by_kind[SETTLE_REFUND].amounts.list_won, -1000);
    assert_int_equal(totals.all.quantity, 3 + 3 - 3 + 3);
}

/* ---------------------------------------------------------------------- control */

/* Every 64-bit number of the totals, off by one. */
static void test_one_won_anywhere_is_found(void **state) {
    (void)state;
    uint64_t seed = 32;
    struct settle_totals good = {0};
    for (int i = 0; i < 200; i++) {
        const struct settle_line line = random_line(&seed);
        add(&good, &line);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(int64_t); i++) {
        for (int64_t by = -1; by <= 1; by += 2) {
            struct settle_totals bad = good, to = good;
            int64_t value;
            memcpy(&value, (char *)&bad + i * sizeof(value), sizeof(value));
            value += by;
            memcpy((char *)&bad + i * sizeof(value), &value, sizeof(value));
            settle_error_clear(&error);
            assert_int_equal(settle_totals_check(&bad, &error), SVC_INTERNAL);
            assert_int_equal(error.reason, SETTLE_REASON_UNBALANCED);
            assert_true(error.detail[0] != '\0');
            assert_int_equal(settle_totals_compare(&good, &bad, &error), SVC_INTERNAL);
            assert_int_equal(settle_totals_compare(&bad, &good, NULL), SVC_INTERNAL);
            /* Nothing unbalanced gets into a sum. */
            assert_int_equal(settle_totals_merge(&to, &bad, &error), SVC_INTERNAL);
            assert_memory_equal(&to, &good, sizeof(to));
            to = bad;
            assert_int_equal(settle_totals_merge(&to, &good, &error), SVC_INTERNAL);
            assert_memory_equal(&to, &bad, sizeof(to));
        }
    }
}

/* Balanced in itself, but not the sum of its kinds. */
static void test_kinds_that_do_not_sum_to_all_are_found(void **state) {
    (void)state;
    struct settle_totals totals = {0};
    const struct settle_line line =
        line_of(SETTLE_SALE, SETTLE_TAXABLE, SETTLE_PAID_BY_CARD, 10000, 0);
    add(&totals, &line);
    totals.by_kind[SETTLE_CANCEL] = totals.by_kind[SETTLE_SALE];
    assert_int_equal(settle_totals_check(&totals, &error), SVC_INTERNAL);
    assert_string_equal(error.field, "lines");
    totals.by_kind[SETTLE_CANCEL].lines = 0;
    totals.by_kind[SETTLE_CANCEL].quantity = 0;
    assert_int_equal(settle_totals_check(&totals, &error), SVC_INTERNAL);
    assert_string_equal(error.detail, "list_won is 10000 and 20000");
}

static void test_hostile_numbers_overflow_nothing(void **state) {
    (void)state;
    static const int64_t values[] = {INT64_MIN, INT64_MAX, SETTLE_MAX_SUM_WON + 1,
                                     -SETTLE_MAX_SUM_WON - 1};
    for (size_t i = 0; i < sizeof(struct settle_totals) / sizeof(int64_t); i++) {
        for (size_t j = 0; j < 4; j++) {
            struct settle_totals bad = {0}, to = {0}, zero = {0};
            memcpy((char *)&bad + i * sizeof(int64_t), &values[j], sizeof(int64_t));
            assert_int_equal(settle_totals_check(&bad, &error), SVC_TOO_LARGE);
            assert_int_equal(error.reason, SETTLE_REASON_TOO_LARGE);
            assert_int_equal(settle_totals_merge(&to, &bad, NULL), SVC_TOO_LARGE);
            assert_memory_equal(&to, &zero, sizeof(to));
        }
    }
}

/* What settle_totals_assert does to a program: 0 it goes on, else the signal. */
static int signal_of_assertion(const struct settle_totals *totals) {
    fflush(NULL);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        if (freopen("/dev/null", "w", stderr) != NULL) {
            settle_totals_assert(totals);
        }
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void test_the_assertion_holds_and_fails(void **state) {
    (void)state;
    struct settle_totals totals = {0};
    assert_int_equal(signal_of_assertion(&totals), 0);
    totals.all.amounts.net_won = 1;
#ifdef NDEBUG
    assert_int_equal(signal_of_assertion(&totals), 0);
#else
    assert_int_equal(signal_of_assertion(&totals), SIGABRT);
#endif
}

/* ---------------------------------------------------------------------- limits */

static void test_a_line_that_is_not_computed_is_not_added(void **state) {
    (void)state;
    struct settle_totals totals = {0}, zero = {0};
    struct settle_line line = line_of(SETTLE_SALE, SETTLE_TAXABLE, SETTLE_PAID_BY_CARD, 10, 0);
    line.amounts.net_won++;
    assert_int_equal(settle_totals_add(&totals, &line, &error), SVC_INTERNAL);
    line.amounts.net_won--;
    line.quantity = SETTLE_MAX_QUANTITY + INT64_C(1);
    assert_int_equal(settle_totals_add(&totals, &line, &error), SVC_MALFORMED);
    assert_string_equal(error.field, "quantity");
    line.quantity = INT64_MIN;
    assert_int_equal(settle_totals_add(&totals, &line, &error), SVC_MALFORMED);
    line.quantity = 1;
    line.payment = SETTLE_PAYMENTS;
    assert_int_equal(settle_totals_add(&totals, &line, &error), SVC_MALFORMED);
    assert_memory_equal(&totals, &zero, sizeof(zero));
}

/* Totals of `lines` times one line, built by doubling. */
static struct settle_totals times(const struct settle_line *line, int64_t lines) {
    struct settle_totals result = {0}, power = {0};
    add(&power, line);
    for (int64_t left = lines; left > 0; left /= 2) {
        if (left % 2 != 0) {
            assert_int_equal(settle_totals_merge(&result, &power, &error), SVC_OK);
        }
        if (left > 1) {
            assert_int_equal(settle_totals_merge(&power, &power, &error), SVC_OK);
        }
    }
    return result;
}

static void test_sums_at_their_limits(void **state) {
    (void)state;
    const struct settle_line largest =
        line_of(SETTLE_SALE, SETTLE_TAXABLE, SETTLE_PAID_BY_CARD, SETTLE_MAX_LINE_WON, 0);
    struct settle_totals totals = times(&largest, SETTLE_MAX_SUM_WON / SETTLE_MAX_LINE_WON);
    assert_true(totals.all.amounts.gross_won == SETTLE_MAX_SUM_WON);
    assert_int_equal(settle_totals_check(&totals, &error), SVC_OK);
    const struct settle_totals full = totals;
    const struct settle_line won = line_of(SETTLE_SALE, SETTLE_TAXABLE, SETTLE_PAID_BY_CARD, 1, 0);
    assert_int_equal(settle_totals_add(&totals, &won, &error), SVC_TOO_LARGE);
    assert_string_equal(error.field, "list_won");
    assert_int_equal(settle_totals_add(&totals, &largest, &error), SVC_TOO_LARGE);
    assert_int_equal(settle_totals_merge(&totals, &full, &error), SVC_TOO_LARGE);
    assert_memory_equal(&totals, &full, sizeof(full));
    /* Refunds bring `all` down, but not their kind's sum of sales. */
    const struct settle_line back =
        line_of(SETTLE_REFUND, SETTLE_TAXABLE, SETTLE_PAID_BY_CARD, -SETTLE_MAX_LINE_WON, 0);
    add(&totals, &back);
    assert_int_equal(settle_totals_add(&totals, &won, &error), SVC_TOO_LARGE);
    const struct settle_totals refunds = times(&back, SETTLE_MAX_SUM_WON / SETTLE_MAX_LINE_WON);
    assert_true(refunds.all.amounts.gross_won == -SETTLE_MAX_SUM_WON);
    struct settle_totals none = full;
    assert_int_equal(settle_totals_merge(&none, &refunds, &error), SVC_OK);
    assert_true(none.all.amounts.gross_won == 0 && none.all.amounts.net_won == 0);
    /* A cell of the VAT return may be over the limit where `all` and the kinds are not. */
    struct settle_totals cell = {0};
    cell.sales_won[0][0] = SETTLE_MAX_SUM_WON + 1;
    assert_int_equal(settle_totals_check(&cell, &error), SVC_TOO_LARGE);
    assert_string_equal(error.field, "sales_won");
}

static void test_the_number_of_lines_is_bounded(void **state) {
    (void)state;
    const struct settle_line one = line_of(SETTLE_SALE, SETTLE_TAXABLE, SETTLE_PAID_BY_CARD, 1, 0);
    struct settle_line most = one;
    most.quantity = SETTLE_MAX_QUANTITY;
    struct settle_totals totals = times(&most, SETTLE_MAX_LINES);
    assert_true(totals.all.lines == SETTLE_MAX_LINES);
    assert_true(totals.all.quantity == SETTLE_MAX_LINES * SETTLE_MAX_QUANTITY);
    const struct settle_totals full = totals;
    assert_int_equal(settle_totals_add(&totals, &one, &error), SVC_TOO_LARGE);
    assert_string_equal(error.field, "lines");
    assert_memory_equal(&totals, &full, sizeof(full));
}

/* ---------------------------------------------------------------------- payouts */

static void test_payouts_by_hand(void **state) {
    (void)state;
    static const struct {
        int64_t in, net, payable, out;
    } cases[] = {{0, 100, 100, 0},
                 {0, -100, 0, -100},
                 {-100, 250, 150, 0},
                 {-100, 60, 0, -40},
                 {-100, 100, 0, 0},
                 {-100, -1, 0, -101},
                 {0, 0, 0, 0},
                 {-SETTLE_MAX_SUM_WON, SETTLE_MAX_SUM_WON, 0, 0},
                 {0, SETTLE_MAX_SUM_WON, SETTLE_MAX_SUM_WON, 0},
                 {0, -SETTLE_MAX_SUM_WON, 0, -SETTLE_MAX_SUM_WON}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct settle_payout payout;
        assert_int_equal(settle_payout_compute(cases[i].in, cases[i].net, &payout, &error), SVC_OK);
        assert_true(payout.payable_won == cases[i].payable);
        assert_true(payout.carried_out_won == cases[i].out);
        assert_true(payout.carried_in_won == cases[i].in && payout.net_won == cases[i].net);
    }
}

/* Over any number of cycles: what is paid, and the debt that is left, are the sum of the nets. */
static void test_payouts_of_many_cycles_sum_to_the_nets(void **state) {
    (void)state;
    uint64_t seed = 41;
    for (int run = test_part(500, 10); run > 0; run--) {
        int64_t carried = 0, nets = 0, paid = 0;
        for (int cycle = 0; cycle < 24; cycle++) {
            struct settle_payout payout;
            const int64_t net = (int64_t)random_between(&seed, 0, 2000000) - 1000000;
            assert_int_equal(settle_payout_compute(carried, net, &payout, &error), SVC_OK);
            assert_true(payout.payable_won >= 0 && payout.carried_out_won <= 0);
            assert_true(payout.payable_won == 0 || payout.carried_out_won == 0);
            carried = payout.carried_out_won;
            nets += net;
            paid += payout.payable_won;
            assert_true(paid + carried == nets);
        }
    }
}

static void test_payouts_that_are_refused(void **state) {
    (void)state;
    static const struct {
        int64_t in, net;
        enum svc_status status;
        const char *field;
    } cases[] = {
        {1, 0, SVC_MALFORMED, "carried_in_won"},
        {INT64_MAX, 0, SVC_MALFORMED, "carried_in_won"},
        {-SETTLE_MAX_SUM_WON - 1, 0, SVC_MALFORMED, "carried_in_won"},
        {INT64_MIN, INT64_MIN, SVC_MALFORMED, "carried_in_won"},
        {0, SETTLE_MAX_SUM_WON + 1, SVC_MALFORMED, "net_won"},
        {0, INT64_MIN, SVC_MALFORMED, "net_won"},
        {-1, -SETTLE_MAX_SUM_WON, SVC_TOO_LARGE, "carried_out_won"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct settle_payout payout = {.net_won = 7};
        assert_int_equal(settle_payout_compute(cases[i].in, cases[i].net, &payout, &error),
                         cases[i].status);
        assert_string_equal(error.field, cases[i].field);
        assert_int_equal(payout.net_won, 7);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_partition_of_the_lines_sums_to_the_same),
        cmocka_unit_test(test_the_vat_return),
        cmocka_unit_test(test_one_won_anywhere_is_found),
        cmocka_unit_test(test_kinds_that_do_not_sum_to_all_are_found),
        cmocka_unit_test(test_hostile_numbers_overflow_nothing),
        cmocka_unit_test(test_the_assertion_holds_and_fails),
        cmocka_unit_test(test_a_line_that_is_not_computed_is_not_added),
        cmocka_unit_test(test_sums_at_their_limits),
        cmocka_unit_test(test_the_number_of_lines_is_bounded),
        cmocka_unit_test(test_payouts_by_hand),
        cmocka_unit_test(test_payouts_of_many_cycles_sum_to_the_nets),
        cmocka_unit_test(test_payouts_that_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
