/* The reconciliation check: see check.h. */
#include "services/settlement/check.h"

#include <stdio.h>
#include <string.h>

#include "services/base/text.h"
#include "services/db/transaction.h"
#include "services/settlement/compute.h"
#include "services/settlement/error.h"
#include "services/settlement/money.h"
#include "services/settlement/orders.h"
#include "services/settlement/rows.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the payment records say of an order. */
struct recorded {
    int64_t settled_at_ms, paid_won, refunded_won;
    bool has_lines;
    bool is_broken; /* not whole won */
};

struct checking {
    struct db *db;
    const struct settle_rules *rules;
    const struct settle_period *period;
    settle_difference_fn *take;
    void *user;
    struct settle_check_counts *counts;
    struct svc_error *error;
    struct svc_buf sql;
    struct settle_order_page page, previous;
    struct recorded recorded[SETTLE_ORDER_PAGE];
    size_t page_bytes, page_rows;
    bool page_is_full; /* there are more */
    enum svc_status status;
    int64_t paid_won, refunded_won; /* of the order being replayed */
};

/* ---------------------------------------------------------------------- comparing */

static enum svc_status give(struct checking *checking, const char *order_id,
                            const struct recorded *recorded, const char *failure) {
    const struct settle_difference difference = {
        .order_id = order_id,
        .settled_at_ms = recorded->settled_at_ms,
        .paid_won = recorded->paid_won,
        .settled_paid_won = checking->paid_won,
        .refunded_won = recorded->refunded_won,
        .settled_refunded_won = checking->refunded_won,
        .failure = failure,
    };
    checking->counts->differences++;
    return checking->take(checking->user, &difference, checking->error);
}

static struct recorded *find(struct checking *checking, const char *order_id) {
    for (size_t i = 0; i < checking->page.count; i++) {
        if (strcmp(checking->page.ids[i], order_id) == 0) {
            checking->recorded[i].has_lines = true;
            return &checking->recorded[i];
        }
    }
    return NULL; /* orders.c gives only those of the page */
}

static enum svc_status compare(struct checking *checking, const char *order_id,
                               const struct recorded *recorded, const char *failure) {
    checking->counts->settled_paid_won += checking->paid_won;
    checking->counts->settled_refunded_won += checking->refunded_won;
    if (recorded->is_broken && failure[0] == '\0') {
        failure = "the recorded amounts are not whole won";
    }
    return failure[0] == '\0' && checking->paid_won == recorded->paid_won &&
                   checking->refunded_won == recorded->refunded_won
               ? SVC_OK
               : give(checking, order_id, recorded, failure);
}

static enum svc_status on_line(void *user, const struct settle_line *line,
                               struct svc_error *error) {
    struct checking *checking = user;
    (void)error;
    if (settle_kind_sign(line->kind) > 0) {
        checking->paid_won += line->amounts.paid_won;
    } else if (line->settled_at_ms < checking->period->to_ms) {
        checking->refunded_won -= line->amounts.paid_won;
    }
    return SVC_OK;
}

static enum svc_status on_refused(void *user, const char *order_id, const char *why,
                                  struct svc_error *error) {
    struct checking *checking = user;
    (void)error;
    checking->paid_won = checking->refunded_won = 0;
    return compare(checking, order_id, find(checking, order_id), why);
}

static enum svc_status on_order(void *user, const char *order_id, struct settle_row *rows,
                                size_t count, struct svc_error *error) {
    struct checking *checking = user;
    const struct settle_replay replay = {checking->rules, order_id, NULL, on_line, checking};
    struct svc_error why = {0};
    checking->paid_won = checking->refunded_won = 0;
    const enum svc_status status = settle_replay_order(&replay, rows, count, &why);
    if (status == SVC_NO_MEMORY) {
        return svc_fail(error, status, "%s", why.detail);
    }
    if (status != SVC_OK) {
        checking->paid_won = checking->refunded_won = 0;
    }
    return compare(checking, order_id, find(checking, order_id),
                   status == SVC_OK ? "" : why.detail);
}

/* ---------------------------------------------------------------------- pages */

static enum svc_status take_record(struct checking *checking, const struct db_value *row) {
    struct settle_order_page *page = &checking->page;
    const size_t bytes = row[0].size_bytes;
    if (bytes == 0 || bytes > SETTLE_MAX_ORDER_ID_BYTES || strlen(row[0].bytes) != bytes) {
        return svc_fail(checking->error, SVC_MALFORMED,
                        "the id of an order is empty, too long, or holds a NUL");
    }
    struct recorded *recorded = &checking->recorded[page->count];
    memcpy(page->ids[page->count], row[0].bytes, bytes + 1);
    *recorded = (struct recorded){
        .settled_at_ms = row[1].integer / 1000,
    };
    struct settle_error why;
    recorded->is_broken =
        (row[2].type != DB_NULL &&
         settle_won_from_text(row[2].bytes, "paid_won", &recorded->paid_won, &why) != SVC_OK) ||
        (row[3].type != DB_NULL && settle_won_from_text(row[3].bytes, "refunded_won",
                                                        &recorded->refunded_won, &why) != SVC_OK);
    page->count++;
    checking->page_bytes += bytes + 8;
    checking->counts->orders++;
    checking->counts->paid_won += recorded->paid_won;
    checking->counts->refunded_won += recorded->refunded_won;
    return SVC_OK;
}

/* A page begins at the last id of the one before, so that none is left out that the collation takes
 * for it; those given already come again. */
static bool is_repeated(const struct checking *checking, const char *order_id) {
    for (size_t i = 0; i < checking->previous.count; i++) {
        if (strcmp(checking->previous.ids[i], order_id) == 0) {
            return true;
        }
    }
    return false;
}

static bool on_record(void *user, const struct db_value *row) {
    struct checking *checking = user;
    checking->page_rows++;
    if (is_repeated(checking, row[0].bytes)) {
        return true;
    }
    if (checking->page.count == SETTLE_ORDER_PAGE ||
        checking->page_bytes + row[0].size_bytes + 8 > SETTLE_PAGE_ID_BYTES) {
        checking->page_is_full = true;
        return false;
    }
    checking->status = take_record(checking, row);
    return checking->status == SVC_OK;
}

static enum svc_status read_page(struct checking *checking) {
    static const struct db_column columns[] = {
        {.type = DB_TEXT, .max_bytes = 1024},
        {.type = DB_TIME},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 256},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 256},
    };
#define SELECT_RECORDS                                                                             \
    "SELECT CONVERT(order_id USING utf8mb4), settled_at, " SETTLE_SELECT_AMOUNT(                   \
        "paid_won") ", " SETTLE_SELECT_AMOUNT("refunded_won") " FROM settlement_payments WHERE "   \
                                                              "settled_at >= ? AND settled_at < ?"
#define NEXT_PAGE " ORDER BY order_id LIMIT 101"
    static const struct db_statement first = {SELECT_RECORDS NEXT_PAGE, columns, COUNT(columns)};
    static const struct db_statement next = {SELECT_RECORDS " AND order_id >= ?" NEXT_PAGE, columns,
                                             COUNT(columns)};
    enum { MAX_ROWS = 101 };
    _Static_assert(2 * SETTLE_ORDER_PAGE < MAX_ROWS, "a page, the one before, and a row more");
    const bool is_first = checking->page.count == 0;
    checking->previous = checking->page;
    const char *last = is_first ? "" : checking->previous.ids[checking->previous.count - 1];
    const struct db_value values[] = {db_time(checking->period->from_ms * 1000),
                                      db_time(checking->period->to_ms * 1000), db_text(last)};
    const struct db_query query = {is_first ? &first : &next, values, is_first ? 2 : 3, on_record,
                                   checking};
    struct db_error db_error;
    checking->page.count = checking->page_bytes = checking->page_rows = 0;
    checking->page_is_full = false;
    checking->status = SVC_OK;
    if (db_run(checking->db, &query, NULL, &db_error) != SVC_OK) {
        return settle_fail_db(checking->error, &db_error);
    }
    checking->page_is_full = checking->page_is_full || checking->page_rows == MAX_ROWS;
    return checking->status == SVC_OK && checking->page_is_full && checking->page.count == 0
               ? svc_fail(checking->error, SVC_MALFORMED,
                          "the payments of order %.64s are recorded too often", last)
               : checking->status;
}

/* Orders of which there are records and no lines. */
static enum svc_status check_missing(struct checking *checking) {
    enum svc_status status = SVC_OK;
    for (size_t i = 0; status == SVC_OK && i < checking->page.count; i++) {
        if (!checking->recorded[i].has_lines) {
            checking->paid_won = checking->refunded_won = 0;
            status = compare(checking, checking->page.ids[i], &checking->recorded[i], "");
        }
    }
    return status;
}

static enum svc_status check_all(struct checking *checking) {
    enum svc_status status = SVC_OK;
    do {
        status = read_page(checking);
        if (status == SVC_OK) {
            status =
                settle_orders_read(checking->db, &checking->page, checking->period->to_ms,
                                   &checking->sql, on_order, on_refused, checking, checking->error);
        }
        if (status == SVC_OK) {
            status = check_missing(checking);
        }
    } while (status == SVC_OK && checking->page_is_full);
    return status;
}

enum svc_status settle_check_payments(struct db *db, const struct settle_rules *rules,
                                      const struct settle_period *period,
                                      settle_difference_fn *take, void *user,
                                      struct settle_check_counts *counts, struct svc_error *error) {
    static const struct db_transaction_options options = {
        .isolation = DB_REPEATABLE_READ, .is_read_only = true, .is_snapshot = true};
    struct checking checking = {.db = db,
                                .rules = rules,
                                .period = period,
                                .take = take,
                                .user = user,
                                .counts = counts,
                                .error = error};
    struct db_error db_error;
    *counts = (struct settle_check_counts){0};
    if (db_begin(db, &options, &db_error) != SVC_OK) {
        return settle_fail_db(error, &db_error);
    }
    svc_buf_init(&checking.sql, DB_MAX_SQL_BYTES);
    const enum svc_status status = check_all(&checking);
    svc_buf_clear(&checking.sql);
    db_rollback(db);
    return status;
}
