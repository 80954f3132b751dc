/* Random lines against Python's decimal: tests/settlement/lines.py prints them with their amounts.
 * TEST_SEED gives others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "services/settlement/amounts.h"
#include "services/settlement/compute.h"
#include "services/settlement/totals.h"
#include "tests/services/support.h"
#include "tests/support/slowly.h"

static struct settle_error error;

struct oracle {
    struct settle_rules rules;
    int32_t rate_bp;
    struct settle_amounts original, remaining;
    struct settle_totals totals;
    size_t lines, money_refunds, checked_sums;
};

/* Reads `count` numbers; *text moves behind them. */
static void read_numbers(char **text, int64_t *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char *end;
        numbers[i] = strtoll(*text, &end, 10);
        assert_true(end != *text);
        *text = end;
    }
}

static void read_item(struct oracle *oracle, const char *row) {
    char fee[16], vat[16], basis[16];
    int included, rate_bp;
    assert_int_equal(sscanf(row, "I %15s %15s %d %15s %d", fee, vat, &included, basis, &rate_bp),
                     5);
    settle_rules_default(&oracle->rules);
    assert_true(settle_rounding_parse(fee, &oracle->rules.fee_rounding));
    assert_true(settle_rounding_parse(vat, &oracle->rules.vat_rounding));
    assert_true(settle_basis_parse(basis, &oracle->rules.basis));
    oracle->rules.rates_include_vat = included != 0;
    oracle->rate_bp = rate_bp;
    oracle->remaining = (struct settle_amounts){0};
}

static void read_line(struct oracle *oracle, char *row) {
    char *text = row + 1;
    int64_t head[4], expected[SETTLE_AMOUNTS], money;
    read_numbers(&text, head, 4);
    read_numbers(&text, expected, SETTLE_AMOUNTS);
    struct settle_line line = {.kind = (enum settle_kind)head[0],
                               .tax = (enum settle_tax)head[1],
                               .payment = (enum settle_payment)head[2],
                               .quantity = head[3],
                               .rate_bp = oracle->rate_bp};
    if (*row == 'M') { /* the given amounts are found from the money */
        read_numbers(&text, &money, 1);
        assert_int_equal(settle_refund_amounts(&oracle->original, &oracle->remaining, money,
                                               &line.amounts, &error),
                         SVC_OK);
        oracle->money_refunds++;
    } else {
        for (size_t i = 0; i < SETTLE_GIVEN_AMOUNTS; i++) {
            *settle_amount(&line.amounts, i) = expected[i];
        }
    }
    if (settle_line_compute(&oracle->rules, &oracle->remaining, &line, &error) != SVC_OK) {
        fail_msg("%s: %s", row, error.detail);
    }
    for (size_t i = 0; i < SETTLE_AMOUNTS; i++) {
        if (settle_amount_of(&line.amounts, i) != expected[i]) {
            fail_msg("%s: %s is %lld", row, settle_amount_name(i),
                     (long long)settle_amount_of(&line.amounts, i));
        }
    }
    if (settle_kind_sign(line.kind) > 0) {
        oracle->original = oracle->remaining;
    }
    assert_int_equal(settle_totals_add(&oracle->totals, &line, &error), SVC_OK);
    oracle->lines++;
}

static void check_sum(const struct settle_sum *sum, char *text) {
    int64_t expected[2 + SETTLE_AMOUNTS];
    read_numbers(&text, expected, 2 + SETTLE_AMOUNTS);
    assert_true(sum->lines == expected[0] && sum->quantity == expected[1]);
    for (size_t i = 0; i < SETTLE_AMOUNTS; i++) {
        assert_true(settle_amount_of(&sum->amounts, i) == expected[2 + i]);
    }
}

static void read_row(struct oracle *oracle, char *row) {
    char *text = row + 1;
    int64_t cell[3];
    switch (*row) {
    case 'I':
        read_item(oracle, row);
        return;
    case 'G':
    case 'M':
        read_line(oracle, row);
        return;
    case 'T':
        check_sum(&oracle->totals.all, text);
        break;
    case 'K':
        read_numbers(&text, cell, 1);
        check_sum(&oracle->totals.by_kind[cell[0]], text);
        break;
    case 'V':
        read_numbers(&text, cell, 3);
        assert_true(oracle->totals.sales_won[cell[0]][cell[1]] == cell[2]);
        break;
    default:
        fail_msg("%s", row);
    }
    oracle->checked_sums++;
}

static void test_100000_lines_are_those_of_python(void **state) {
    (void)state;
    struct oracle oracle = {0};
    char command[256], row[1024];
    const int lines = test_part(100000, 50);
    const char *seed = getenv("TEST_SEED");
    snprintf(command, sizeof(command), "%s tests/settlement/lines.py %d %d", test_python(),
             seed != NULL ? atoi(seed) : 20261128, lines);
    FILE *from = popen(command, "r");
    assert_non_null(from);
    while (fgets(row, sizeof(row), from) != NULL) {
        read_row(&oracle, row);
    }
    assert_int_equal(pclose(from), 0);
    assert_true(oracle.lines >= (size_t)lines);
    assert_true(oracle.money_refunds >= (size_t)lines / 20);
    assert_int_equal(oracle.checked_sums, 1 + SETTLE_KINDS + SETTLE_TAXES * SETTLE_PAYMENTS);
    assert_int_equal(settle_totals_check(&oracle.totals, &error), SVC_OK);
    settle_totals_assert(&oracle.totals);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_100000_lines_are_those_of_python),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
