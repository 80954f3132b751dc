/* Sums and their control: see totals.h. */
#include "services/settlement/totals.h"

#include <assert.h>

#include "services/settlement/amounts.h"
#include "services/settlement/compute.h"

enum { CELLS = (int)SETTLE_TAXES * (int)SETTLE_PAYMENTS };

/* The sums of nine cells and of five kinds stay below INT64_MAX. */
_Static_assert(SETTLE_MAX_SUM_WON <= INT64_MAX / CELLS, "a sum of all cells fits");
_Static_assert(SETTLE_MAX_SUM_WON <= INT64_MAX / SETTLE_KINDS, "a sum of all kinds fits");

#define MAX_SUM_QUANTITY (SETTLE_MAX_LINES * SETTLE_MAX_QUANTITY)

static bool within(int64_t value, int64_t limit) {
    return value >= -limit && value <= limit;
}

static enum svc_status too_large(struct settle_error *error, const char *field) {
    return settle_refuse(error, SETTLE_REASON_TOO_LARGE, field, "is over the limit of a sum");
}

static enum svc_status check_range(const struct settle_sum *sum, struct settle_error *error) {
    const size_t beyond = settle_amounts_beyond(&sum->amounts, SETTLE_MAX_SUM_WON);
    if (beyond < SETTLE_AMOUNTS) {
        return too_large(error, settle_amount_name(beyond));
    }
    if (sum->lines < 0 || sum->lines > SETTLE_MAX_LINES) {
        return too_large(error, "lines");
    }
    return within(sum->quantity, MAX_SUM_QUANTITY) ? SVC_OK : too_large(error, "quantity");
}

static enum svc_status check_ranges(const struct settle_totals *totals,
                                    struct settle_error *error) {
    enum svc_status status = check_range(&totals->all, error);
    for (size_t i = 0; status == SVC_OK && i < SETTLE_KINDS; i++) {
        status = check_range(&totals->by_kind[i], error);
    }
    for (size_t i = 0; status == SVC_OK && i < CELLS; i++) {
        const int64_t cell = totals->sales_won[i / SETTLE_PAYMENTS][i % SETTLE_PAYMENTS];
        status = within(cell, SETTLE_MAX_SUM_WON) ? SVC_OK : too_large(error, "sales_won");
    }
    return status;
}

/* Both in range, so that no sum overflows. */
static void add_sum(struct settle_sum *to, const struct settle_sum *added) {
    to->lines += added->lines;
    to->quantity += added->quantity;
    settle_amounts_add(&to->amounts, &added->amounts);
}

enum svc_status settle_totals_add(struct settle_totals *totals, const struct settle_line *line,
                                  struct settle_error *error) {
    enum svc_status status = settle_line_check(line, error);
    if (status != SVC_OK) {
        return status;
    }
    if (!within(line->quantity, SETTLE_MAX_QUANTITY)) {
        return settle_refuse(error, SETTLE_REASON_BAD_FIELD, "quantity", "is outside its range");
    }
    const struct settle_sum one = {1, line->quantity, line->amounts};
    struct settle_totals sum = *totals;
    add_sum(&sum.all, &one);
    add_sum(&sum.by_kind[line->kind], &one);
    sum.sales_won[line->tax][line->payment] += line->amounts.paid_won;
    sum.sales_won[line->tax][SETTLE_PAID_OTHERWISE] +=
        line->amounts.gross_won - line->amounts.paid_won;
    status = check_ranges(&sum, error);
    if (status == SVC_OK) {
        *totals = sum;
    }
    return status;
}

enum svc_status settle_totals_merge(struct settle_totals *to, const struct settle_totals *from,
                                    struct settle_error *error) {
    struct settle_totals sum = *to;
    enum svc_status status = settle_totals_check(to, error);
    status = status != SVC_OK ? status : settle_totals_check(from, error);
    if (status != SVC_OK) {
        return status;
    }
    add_sum(&sum.all, &from->all);
    for (size_t i = 0; i < SETTLE_KINDS; i++) {
        add_sum(&sum.by_kind[i], &from->by_kind[i]);
    }
    for (size_t i = 0; i < CELLS; i++) {
        sum.sales_won[i / SETTLE_PAYMENTS][i % SETTLE_PAYMENTS] +=
            from->sales_won[i / SETTLE_PAYMENTS][i % SETTLE_PAYMENTS];
    }
    status = check_ranges(&sum, error);
    if (status == SVC_OK) {
        *to = sum;
    }
    return status;
}

/* ---------------------------------------------------------------------- control */

static enum svc_status differ(struct settle_error *error, const char *field, int64_t a, int64_t b) {
    return settle_refuse(error, SETTLE_REASON_UNBALANCED, field, "is %lld and %lld", (long long)a,
                         (long long)b);
}

static enum svc_status compare_sums(const struct settle_sum *a, const struct settle_sum *b,
                                    struct settle_error *error) {
    if (a->lines != b->lines) {
        return differ(error, "lines", a->lines, b->lines);
    }
    if (a->quantity != b->quantity) {
        return differ(error, "quantity", a->quantity, b->quantity);
    }
    for (size_t i = 0; i < SETTLE_AMOUNTS; i++) {
        const int64_t first = settle_amount_of(&a->amounts, i);
        const int64_t second = settle_amount_of(&b->amounts, i);
        if (first != second) {
            return differ(error, settle_amount_name(i), first, second);
        }
    }
    return SVC_OK;
}

static enum svc_status check_balance(const struct settle_sum *sum, struct settle_error *error) {
    return settle_amounts_balance(&sum->amounts)
               ? SVC_OK
               : settle_refuse(error, SETTLE_REASON_UNBALANCED, "",
                               "gross %lld is not commission %lld + net %lld, or its parts differ",
                               (long long)sum->amounts.gross_won,
                               (long long)sum->amounts.commission_won,
                               (long long)sum->amounts.net_won);
}

enum svc_status settle_totals_check(const struct settle_totals *totals,
                                    struct settle_error *error) {
    struct settle_sum of_kinds = {0};
    int64_t of_cells = 0;
    enum svc_status status = check_ranges(totals, error);
    status = status != SVC_OK ? status : check_balance(&totals->all, error);
    for (size_t i = 0; status == SVC_OK && i < SETTLE_KINDS; i++) {
        add_sum(&of_kinds, &totals->by_kind[i]);
        status = check_balance(&totals->by_kind[i], error);
    }
    status = status != SVC_OK ? status : compare_sums(&totals->all, &of_kinds, error);
    if (status != SVC_OK) {
        return status;
    }
    for (size_t i = 0; i < CELLS; i++) {
        of_cells += totals->sales_won[i / SETTLE_PAYMENTS][i % SETTLE_PAYMENTS];
    }
    return of_cells == totals->all.amounts.gross_won
               ? SVC_OK
               : differ(error, "sales_won", of_cells, totals->all.amounts.gross_won);
}

void settle_totals_assert(const struct settle_totals *totals) {
    assert(settle_totals_check(totals, NULL) == SVC_OK);
    (void)totals;
}

enum svc_status settle_totals_compare(const struct settle_totals *a, const struct settle_totals *b,
                                      struct settle_error *error) {
    enum svc_status status = compare_sums(&a->all, &b->all, error);
    for (size_t i = 0; status == SVC_OK && i < SETTLE_KINDS; i++) {
        status = compare_sums(&a->by_kind[i], &b->by_kind[i], error);
    }
    for (size_t i = 0; status == SVC_OK && i < CELLS; i++) {
        const int64_t first = a->sales_won[i / SETTLE_PAYMENTS][i % SETTLE_PAYMENTS];
        const int64_t second = b->sales_won[i / SETTLE_PAYMENTS][i % SETTLE_PAYMENTS];
        status = first == second ? SVC_OK : differ(error, "sales_won", first, second);
    }
    return status;
}

/* ---------------------------------------------------------------------- payout */

enum svc_status settle_payout_compute(int64_t carried_in_won, int64_t net_won,
                                      struct settle_payout *payout, struct settle_error *error) {
    if (carried_in_won > 0 || carried_in_won < -SETTLE_MAX_SUM_WON) {
        return settle_refuse(error, SETTLE_REASON_BAD_FIELD, "carried_in_won",
                             "is positive or outside its range");
    }
    if (!within(net_won, SETTLE_MAX_SUM_WON)) {
        return settle_refuse(error, SETTLE_REASON_BAD_FIELD, "net_won", "is outside its range");
    }
    const int64_t balance = carried_in_won + net_won;
    if (balance < -SETTLE_MAX_SUM_WON) {
        return too_large(error, "carried_out_won");
    }
    *payout = (struct settle_payout){
        .carried_in_won = carried_in_won,
        .net_won = net_won,
        .payable_won = balance > 0 ? balance : 0,
        .carried_out_won = balance < 0 ? balance : 0,
    };
    return SVC_OK;
}
