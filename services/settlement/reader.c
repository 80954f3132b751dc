/* The lines of a seller and period: see reader.h. */
#include "services/settlement/reader.h"

#include <stdio.h>
#include <string.h>

#include "services/base/text.h"
#include "services/db/literal.h"
#include "services/db/transaction.h"
#include "services/settlement/compute.h"
#include "services/settlement/error.h"
#include "services/settlement/orders.h"
#include "services/settlement/rows.h"
#include "services/settlement/seller.h"

/* Ids of refunded orders that one statement gives: each of them reads all that the seller has in
 * the period, so that small portions would take a time that grows with its square. */
#define PORTION       5000
#define PORTION_BYTES ((size_t)PORTION * (SETTLE_MAX_ORDER_ID_BYTES + 1))

struct reading {
    struct db *db;
    const struct settle_read *read;
    struct settle_read_counts *counts;
    struct svc_error *error;
    struct settle_seller_rates rates;
    struct svc_buf sql;
    enum svc_status status; /* of a row */
    char last_order[SETTLE_MAX_ORDER_ID_BYTES + 1], last_item[SETTLE_MAX_ORDER_ID_BYTES + 1];
    struct settle_order_page page;
    struct svc_buf ids; /* a portion of refunded orders, each with its NUL */
    size_t id_count;
    char last_id[SETTLE_MAX_ORDER_ID_BYTES + 1]; /* of the portion; "": none yet */
};

/* ---------------------------------------------------------------------- what was sold */

static void look_up_rate(const struct reading *reading, struct settle_row *row) {
    if (!row->has_rate || row->line.kind == SETTLE_SHIPPING) {
        row->line.rate_bp = settle_rate_of(reading->read->rules, &reading->rates.rates, &row->line);
    }
}

static bool is_in_period(const struct settle_period *period, int64_t time_ms) {
    return time_ms >= period->from_ms && time_ms < period->to_ms;
}

static enum svc_status give(struct reading *reading, const struct settle_line *line,
                            struct svc_error *error) {
    reading->counts->lines++;
    return reading->read->take(reading->read->user, line, error);
}

/* Counts the order; its rows come together, so that an item that a view gives twice is found. */
static enum svc_status note_sale(struct reading *reading, const struct settle_row *row) {
    const bool is_new = strcmp(reading->last_order, row->line.order_id) != 0;
    if (!is_new && strcmp(reading->last_item, row->item_id) == 0) {
        return svc_fail(reading->error, SVC_MALFORMED, "order %.64s, item %.40s: it is sold twice",
                        row->line.order_id, row->item_id);
    }
    if (!svc_copy_text(reading->last_order, sizeof(reading->last_order), row->line.order_id) ||
        !svc_copy_text(reading->last_item, sizeof(reading->last_item), row->item_id)) {
        return svc_fail(reading->error, SVC_TOO_LARGE,
                        "order %.64s, item %.40s: its id is too long", row->line.order_id,
                        row->item_id);
    }
    reading->counts->orders += is_new && row->line.kind == SETTLE_SALE;
    return SVC_OK;
}

static enum svc_status take_sale(struct reading *reading, const struct db_value *values) {
    struct settle_row row;
    enum svc_status status = settle_row_read(values, &row, reading->error);
    /* One that the database's collation takes for this seller's. */
    if (status != SVC_OK || strcmp(row.line.seller_id, reading->read->seller_id) != 0) {
        return status;
    }
    struct settle_amounts remaining = {0};
    struct settle_error why = {0};
    look_up_rate(reading, &row);
    if (settle_line_compute(reading->read->rules, &remaining, &row.line, &why) != SVC_OK) {
        return settle_fail_line(reading->error, row.line.order_id, row.item_id, &why);
    }
    status = note_sale(reading, &row);
    if (status != SVC_OK) {
        return status;
    }
    return give(reading, &row.line, reading->error);
}

static bool on_sale(void *user, const struct db_value *values) {
    struct reading *reading = user;
    reading->status = take_sale(reading, values);
    return reading->status == SVC_OK;
}

/* "FROM settlement_lines WHERE" with the seller, the period and this condition. */
static bool put_condition(struct reading *reading, const char *condition) {
    const struct settle_period *period = reading->read->period;
    const char *seller_id = reading->read->seller_id;
    struct svc_buf *sql = &reading->sql;
    return svc_buf_append_text(sql, " FROM settlement_lines WHERE seller_id = ") &&
           db_literal_text(sql, seller_id, strlen(seller_id)) &&
           svc_buf_append_text(sql, " AND settled_at >= ") &&
           db_literal_time(sql, period->from_ms * 1000) &&
           svc_buf_append_text(sql, " AND settled_at < ") &&
           db_literal_time(sql, period->to_ms * 1000) && svc_buf_append_text(sql, " AND ") &&
           svc_buf_append_text(sql, condition);
}

static enum svc_status run(struct reading *reading, const struct db_column *columns,
                           size_t column_count, db_row_fn *row) {
    const struct db_statement statement = {svc_buf_text(&reading->sql), columns, column_count};
    const struct db_query query = {.statement = &statement, .row = row, .user = reading};
    struct db_error db_error;
    reading->status = SVC_OK;
    const enum svc_status status = db_run(reading->db, &query, NULL, &db_error);
    return status != SVC_OK ? settle_fail_db(reading->error, &db_error) : reading->status;
}

static enum svc_status no_memory(struct svc_error *error) {
    return svc_fail(error, SVC_NO_MEMORY, "%s", svc_status_message(SVC_NO_MEMORY));
}

static enum svc_status read_sales(struct reading *reading) {
    svc_buf_reset(&reading->sql);
    /* A kind that does not exist is refused, not left out. The items of an order have one time; the
     * shipping fee is last. */
    if (!svc_buf_append_text(&reading->sql, "SELECT " SETTLE_ROW_COLUMNS) ||
        !put_condition(reading, "COALESCE(kind, '') NOT IN ('refund', 'cancel')") ||
        !svc_buf_append_text(
            &reading->sql,
            " ORDER BY settled_at, order_id, " SETTLE_SELECT_ID_BYTES(
                "order_id") ", kind, CHAR_LENGTH(item_id), " SETTLE_SELECT_ID_BYTES("item_id"))) {
        return no_memory(reading->error);
    }
    return run(reading, settle_row_columns, SETTLE_ROW_COLUMN_COUNT, on_sale);
}

/* ---------------------------------------------------------------------- what was taken back */

static bool on_order_id(void *user, const struct db_value *values) {
    struct reading *reading = user;
    const size_t bytes = values[0].size_bytes;
    if (bytes == 0 || bytes > SETTLE_MAX_ORDER_ID_BYTES || strlen(values[0].bytes) != bytes) {
        reading->status = svc_fail(reading->error, SVC_MALFORMED,
                                   "the id of an order is empty, too long, or holds a NUL");
        return false;
    }
    if (!svc_buf_append(&reading->ids, values[0].bytes, bytes + 1)) {
        reading->status = no_memory(reading->error);
        return false;
    }
    memcpy(reading->last_id, values[0].bytes, bytes + 1);
    reading->id_count++;
    return true;
}

/* The next ids behind the last one, in the order of the column's collation and then of their bytes,
 * so that of two ids that the collation takes for one none is left out. */
static enum svc_status read_ids(struct reading *reading) {
    static const struct db_column columns[] = {{.type = DB_TEXT, .max_bytes = 1024}};
    static const char by_id[] = " GROUP BY order_id, " SETTLE_SELECT_ID_BYTES(
        "order_id") " ORDER BY order_id, " SETTLE_SELECT_ID_BYTES("order_id");
    struct svc_buf *sql = &reading->sql;
    const char *last = reading->last_id;
    char limit[32];
    svc_buf_reset(sql);
    svc_buf_reset(&reading->ids);
    reading->id_count = 0;
    snprintf(limit, sizeof(limit), " LIMIT %d", PORTION);
    bool fits = svc_buf_append_text(sql, "SELECT CONVERT(order_id USING utf8mb4)") &&
                put_condition(reading, "kind IN ('refund', 'cancel')");
    if (last[0] != '\0') {
        fits = fits && svc_buf_append_text(sql, " AND order_id >= ") &&
               db_literal_text(sql, last, strlen(last)) &&
               svc_buf_append_text(sql, " AND (order_id > ") &&
               db_literal_text(sql, last, strlen(last)) &&
               svc_buf_append_text(sql, " OR " SETTLE_SELECT_ID_BYTES("order_id") " > CAST(") &&
               db_literal_text(sql, last, strlen(last)) && svc_buf_append_text(sql, " AS BINARY))");
    }
    if (!fits || !svc_buf_append_text(sql, by_id) || !svc_buf_append_text(sql, limit)) {
        return no_memory(reading->error);
    }
    return run(reading, columns, 1, on_order_id);
}

/* Fills the page with the ids from *offset of the portion on. */
static void fill_page(struct reading *reading, size_t *offset) {
    struct settle_order_page *page = &reading->page;
    size_t page_bytes = 0;
    page->count = 0;
    while (page->count < SETTLE_ORDER_PAGE && *offset < reading->ids.size_bytes) {
        const char *id = (const char *)reading->ids.bytes + *offset;
        const size_t id_bytes = strlen(id) + 1;
        page_bytes += id_bytes + 8;
        if (page_bytes > SETTLE_PAGE_ID_BYTES) {
            return;
        }
        memcpy(page->ids[page->count++], id, id_bytes);
        *offset += id_bytes;
    }
}

static enum svc_status on_line(void *user, const struct settle_line *line,
                               struct svc_error *error) {
    struct reading *reading = user;
    const bool is_back = settle_kind_sign(line->kind) < 0;
    return is_back && is_in_period(reading->read->period, line->settled_at_ms)
               ? give(reading, line, error)
               : SVC_OK;
}

static enum svc_status on_order(void *user, const char *order_id, struct settle_row *rows,
                                size_t count, struct svc_error *error) {
    struct reading *reading = user;
    const struct settle_replay replay = {reading->read->rules, order_id, reading->read->seller_id,
                                         on_line, reading};
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].line.seller_id, reading->read->seller_id) == 0) {
            look_up_rate(reading, &rows[i]);
        }
    }
    return settle_replay_order(&replay, rows, count, error);
}

static enum svc_status read_taken_back(struct reading *reading) {
    enum svc_status status = SVC_OK;
    do {
        size_t offset = 0;
        status = read_ids(reading);
        while (status == SVC_OK && offset < reading->ids.size_bytes) {
            fill_page(reading, &offset);
            status = settle_orders_read(reading->db, &reading->page, reading->read->period->to_ms,
                                        &reading->sql, on_order, NULL, reading, reading->error);
        }
    } while (status == SVC_OK && reading->id_count == PORTION);
    return status;
}

/* ---------------------------------------------------------------------- */

static enum svc_status read_all(struct reading *reading) {
    enum svc_status status = settle_seller_rates_read(reading->db, reading->read->seller_id,
                                                      &reading->rates, reading->error);
    if (status == SVC_OK) {
        status = read_sales(reading);
    }
    return status == SVC_OK ? read_taken_back(reading) : status;
}

enum svc_status settle_read_lines(struct db *db, const struct settle_read *read,
                                  struct settle_read_counts *counts, struct svc_error *error) {
    static const struct db_transaction_options options = {
        .isolation = DB_REPEATABLE_READ, .is_read_only = true, .is_snapshot = true};
    struct reading reading = {.db = db, .read = read, .counts = counts, .error = error};
    struct db_error db_error;
    *counts = (struct settle_read_counts){0};
    if (!settle_seller_id_valid(read->seller_id)) {
        return svc_fail(error, SVC_INVALID_ARGUMENT, "a seller's id is not valid");
    }
    if (db_begin(db, &options, &db_error) != SVC_OK) {
        return settle_fail_db(error, &db_error);
    }
    svc_buf_init(&reading.sql, DB_MAX_SQL_BYTES);
    svc_buf_init(&reading.ids, PORTION_BYTES);
    enum svc_status status = read_all(&reading);
    svc_buf_clear(&reading.sql);
    svc_buf_clear(&reading.ids);
    settle_seller_rates_clear(&reading.rates);
    if (status != SVC_OK) {
        db_rollback(db);
    } else if (db_commit(db, &db_error) != SVC_OK) {
        status = settle_fail_db(error, &db_error);
    }
    return status;
}
