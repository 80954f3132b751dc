/* Figures as JSON: see figures.h. */
#include "services/settlement/figures.h"

#include <string.h>

#include "services/base/text.h"
#include "services/settlement/amounts.h"

static bool add_int(int64_t *to, int64_t added) {
    const int64_t sum = *to + added; /* both within +-SETTLE_MAX_SUM_WON */
    if (sum > SETTLE_MAX_SUM_WON || sum < -SETTLE_MAX_SUM_WON) {
        return false;
    }
    *to = sum;
    return true;
}

static bool add_version(struct settle_version *to, const struct settle_version *from) {
    bool is_added = add_int(&to->order_count, from->order_count) &&
                    add_int(&to->all.lines, from->all.lines) &&
                    add_int(&to->all.quantity, from->all.quantity) &&
                    add_int(&to->refund_gross_won, from->refund_gross_won);
    for (size_t i = 0; i < SETTLE_AMOUNTS && is_added; i++) {
        is_added =
            add_int(settle_amount(&to->all.amounts, i), settle_amount_of(&from->all.amounts, i));
    }
    if (is_added && from->has_payout) {
        to->has_payout = true;
        is_added = add_int(&to->payout.carried_in_won, from->payout.carried_in_won) &&
                   add_int(&to->payout.payable_won, from->payout.payable_won) &&
                   add_int(&to->payout.carried_out_won, from->payout.carried_out_won);
    }
    return is_added;
}

bool settle_run_totals_add(struct settle_run_totals *totals,
                           const struct settle_run_seller *seller) {
    struct settle_version sum = totals->sum;
    /* A seller that failed keeps the figures of an earlier version, if there is one. */
    if (seller->newest->version > 0 && !add_version(&sum, seller->newest)) {
        return false;
    }
    totals->sum = sum;
    totals->sellers++;
    totals->done += strcmp(seller->state, "done") == 0;
    totals->failed += strcmp(seller->state, "failed") == 0;
    if (strcmp(seller->state, "open") == 0) {
        if (totals->open < SETTLE_NAMED_OPEN) {
            (void)svc_copy_text(totals->open_ids[totals->open], sizeof(totals->open_ids[0]),
                                seller->seller_id);
        }
        totals->open++;
    }
    return true;
}

void settle_figures_put(struct svc_json_writer *writer, const struct settle_version *version) {
    const struct settle_amounts *amounts = &version->all.amounts;
    svc_json_add_int(writer, "orders", version->order_count);
    svc_json_add_int(writer, "lines", version->all.lines);
    svc_json_add_int(writer, "quantity", version->all.quantity);
    svc_json_add_int(writer, "listWon", amounts->list_won);
    svc_json_add_int(writer, "sellerCouponWon", amounts->seller_coupon_won);
    svc_json_add_int(writer, "sellerPointsWon", amounts->seller_points_won);
    svc_json_add_int(writer, "platformCouponWon", amounts->platform_coupon_won);
    svc_json_add_int(writer, "platformPointsWon", amounts->platform_points_won);
    svc_json_add_int(writer, "grossWon", amounts->gross_won);
    svc_json_add_int(writer, "paidWon", amounts->paid_won);
    svc_json_add_int(writer, "commissionWon", amounts->commission_won);
    svc_json_add_int(writer, "supplyWon", amounts->supply_won);
    svc_json_add_int(writer, "vatWon", amounts->vat_won);
    svc_json_add_int(writer, "netWon", amounts->net_won);
    svc_json_add_int(writer, "refundGrossWon", version->refund_gross_won);
    if (version->has_payout) {
        svc_json_add_int(writer, "carriedInWon", version->payout.carried_in_won);
        svc_json_add_int(writer, "payableWon", version->payout.payable_won);
        svc_json_add_int(writer, "carriedOutWon", version->payout.carried_out_won);
    }
}

static void add_day(struct svc_json_writer *writer, const char *name, int32_t day) {
    char text[SETTLE_DAY_BYTES];
    settle_day_write(day, text);
    svc_json_add_text(writer, name, text);
}

void settle_figures_put_period(struct svc_json_writer *writer, const struct settle_period *period) {
    char name[SETTLE_PERIOD_NAME_BYTES];
    settle_period_name(period, name);
    svc_json_add_text(writer, "reportType", settle_period_type_name(period->type));
    svc_json_add_text(writer, "period", name);
    add_day(writer, "firstDay", period->first_day);
    add_day(writer, "lastDay", period->last_day);
}
