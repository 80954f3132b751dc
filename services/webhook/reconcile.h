/* Reconciliation: what Toss lists for a time against what the webhooks have stored, payments by
 * order and refunds by order and transaction. It changes nothing: the differences go to the log, to
 * a JSON object, and as numbers to the caller. */
#ifndef WEBHOOK_RECONCILE_H
#define WEBHOOK_RECONCILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/clock.h"
#include "services/base/log.h"
#include "services/db/db.h"
#include "services/webhook/toss_client.h"

/* Transactions of a run: 160 bytes each. More is TOO_LARGE: a shorter time, or several runs. */
#define WEBHOOK_MAX_RECONCILED ((size_t)100000)
/* Differences that are listed and logged; the numbers count all. */
#define WEBHOOK_MAX_DIFFERENCES 1000
/* Both sides are read this much beyond the time, so that what the two clocks put on different
 * sides of its ends is no difference. */
#define WEBHOOK_RECONCILE_MARGIN_MS 600000
#define WEBHOOK_MAX_REPORT_BYTES    ((size_t)1024 * 1024)

enum webhook_difference {
    WEBHOOK_MISSING_HERE,    /* Toss has it, the webhooks have not stored it */
    WEBHOOK_MISSING_AT_TOSS, /* stored by a webhook of Toss, and Toss does not list it */
    WEBHOOK_DIFFERENT_AMOUNTS,
    WEBHOOK_DIFFERENCES
};
const char *webhook_difference_name(enum webhook_difference difference); /* "missing_here" */

struct webhook_reconciled {
    uint64_t payments, refunds; /* listed by Toss within the time */
    uint64_t other_currencies;  /* transactions that are not in won: not compared */
    uint64_t differences[WEBHOOK_DIFFERENCES];
};

struct webhook_reconciliation {
    struct webhook_toss_client *toss;
    const char *secret_key;
    struct db *db;
    const struct svc_clock *clock;
    const struct svc_log *log; /* a line at WARN for each difference, one at INFO at the end */
    int64_t from_ms, to_ms;    /* since 1970: from the first on, before the second */
    int64_t deadline_ms;       /* of db too: the caller sets it there */
};

/* The day in KST that ended last, `delay_ms` before now_ms or earlier (a time for late webhooks):
 * its ends, and "2026-01-02" of it. */
#define WEBHOOK_DAY_BYTES sizeof("2026-01-02")
void webhook_reconcile_day(int64_t now_ms, int64_t delay_ms, int64_t *from_ms, int64_t *to_ms,
                           char date[WEBHOOK_DAY_BYTES]);

/* Runs it. `report`, empty, gets the JSON for reconciliation/DATE.json. Errors by `error`: those of
 * webhook_toss_transactions and db_run; the numbers count only after OK. */
enum svc_status webhook_reconcile(const struct webhook_reconciliation *options,
                                  struct webhook_reconciled *result, struct svc_buf *report,
                                  struct svc_error *error);

/* A page of Toss's list that the twin posted: looks each transaction up. What is stored and Toss
 * does not list is not found so. options: db, log. Errors: MALFORMED, TOO_LARGE (the page),
 * NO_MEMORY, those of db_run. */
enum svc_status webhook_reconcile_page(const struct webhook_reconciliation *options,
                                       const void *page, size_t page_bytes,
                                       struct webhook_reconciled *result, struct svc_error *error);

#endif
