/* A stand-in for settle_read_lines (reader.h): gives the lines that a test has set, computed as the
 * reader computes them. Included by one file of a program. */
#ifndef TESTS_SERVICES_SETTLEMENT_STAND_IN_H
#define TESTS_SERVICES_SETTLEMENT_STAND_IN_H

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "services/settlement/compute.h"
#include "services/settlement/reader.h"
#include "services/settlement/report.h"

#define STAND_IN_FIRST_MS INT64_C(1788188400000) /* 2026-09-01 00:00 in Seoul */
#define STAND_IN_DAY_MS   INT64_C(86400000)

/* What settle_read_lines gives: `count` sales, each of its own order, over 30 days of September
 * 2026; then the whole of the first `refunds` taken back. */
static struct {
    int64_t count, refunds;
    int64_t price_won;
    const char *product;
    enum svc_status status; /* returned after all lines; OK: none is */
    int64_t settled_at_ms;  /* of every line; 0: over the days */
} stand_in;

static inline void stand_in_reset(int64_t count) {
    memset(&stand_in, 0, sizeof(stand_in));
    stand_in.count = count;
    stand_in.price_won = 10000;
    stand_in.product = "완도 전복 1kg (10~12미)";
}

static enum svc_status stand_in_give(const struct settle_read *read, int64_t i, bool is_refund,
                                     struct settle_amounts *remaining, struct svc_error *error) {
    char order_id[32];
    struct settle_error refusal;
    const struct settle_amounts sold = {.list_won = stand_in.price_won + i % 7,
                                        .seller_coupon_won = i % 3,
                                        .platform_points_won = i % 5};
    struct settle_line line = {
        .order_id = order_id,
        .product_name = stand_in.product,
        .seller_id = read->seller_id,
        .category = "food",
        .kind = is_refund ? SETTLE_REFUND : SETTLE_SALE,
        .tax = (enum settle_tax)(i % SETTLE_TAXES),
        .payment = (enum settle_payment)(i % SETTLE_PAYMENTS),
        .ordered_at_ms = STAND_IN_FIRST_MS - STAND_IN_DAY_MS,
        .settled_at_ms = stand_in.settled_at_ms != 0 ? stand_in.settled_at_ms
                                                     : STAND_IN_FIRST_MS + i % 30 * STAND_IN_DAY_MS,
        .quantity = is_refund ? -1 : 1,
        .unit_price_won = stand_in.price_won,
        .rate_bp = 550,
        .amounts = is_refund ? settle_cancel_amounts(remaining) : sold,
    };
    snprintf(order_id, sizeof(order_id), "ORD-%08d", (int)i);
    const enum svc_status status = settle_line_compute(read->rules, remaining, &line, &refusal);
    return status == SVC_OK ? read->take(read->user, &line, error)
                            : svc_fail(error, status, "%s", refusal.detail);
}

enum svc_status settle_read_lines(struct db *db, const struct settle_read *read,
                                  struct settle_read_counts *counts, struct svc_error *error) {
    enum svc_status status = SVC_OK;
    (void)db;
    *counts = (struct settle_read_counts){0};
    for (int64_t i = 0; i < stand_in.count + stand_in.refunds && status == SVC_OK; i++) {
        const bool is_refund = i >= stand_in.count;
        const int64_t item = is_refund ? i - stand_in.count : i;
        struct settle_amounts remaining = {0};
        if (is_refund) { /* what remained of the sale */
            remaining = (struct settle_amounts){.list_won = stand_in.price_won + item % 7,
                                                .seller_coupon_won = item % 3,
                                                .platform_points_won = item % 5};
        }
        status = stand_in_give(read, item, is_refund, &remaining, error);
        counts->lines += status == SVC_OK;
        counts->orders += status == SVC_OK && !is_refund;
    }
    return status == SVC_OK && stand_in.status != SVC_OK
               ? svc_fail(error, stand_in.status, "as requested")
               : status;
}

/* ---------------------------------------------------------------------- arguments */

static inline struct settle_seller stand_in_seller(void) {
    struct settle_seller seller = {.id = "42",
                                   .name = "이바다",
                                   .business_name = "바다상회",
                                   .email = "sea@example.com",
                                   .business_number = "123-45-67890",
                                   .language = EMAIL_KO};
    return seller;
}

static inline struct settle_period stand_in_period(const char *name) {
    struct settle_period period;
    const enum svc_status status = settle_period_parse(name, INT64_MAX, &period, NULL);
    assert(status == SVC_OK);
    (void)status;
    return period;
}

static struct settle_rules stand_in_rules;

static inline struct settle_report_options stand_in_options(void) {
    static char text[SETTLE_RULES_TEXT_BYTES];
    settle_rules_default(&stand_in_rules);
    snprintf(text, sizeof(text), "1 half-up down included gross 500 0");
    struct settle_report_options options = {.rules = &stand_in_rules,
                                            .rules_text = text,
                                            .moment = SETTLE_AT_CONFIRMATION,
                                            .platform_name = "OpenMarket",
                                            .platform_business_number = "987-65-43210",
                                            .has_payout = true,
                                            .has_payout_day = true,
                                            .payout_day = 20736,
                                            .payout_state = "scheduled"};
    return options;
}

#endif
