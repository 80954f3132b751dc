/* Orders read whole: see orders.h. */
#include "services/settlement/orders.h"

#include <stdlib.h>
#include <string.h>

#include "services/base/text.h"
#include "services/db/literal.h"
#include "services/settlement/limits.h"
#include "services/settlement/rows.h"

enum svc_status settle_fail_db(struct svc_error *error, const struct db_error *db_error) {
    char line[DB_ERROR_TEXT_BYTES];
    return svc_fail(error, db_error->status, "the database: %s", db_error_text(db_error, line));
}

struct reading {
    const struct settle_order_page *page;
    settle_order_fn *take;
    settle_refused_fn *refused;
    void *user;
    struct svc_error *error;
    enum svc_status status;
    char order_id[SETTLE_MAX_ORDER_ID_BYTES + 1]; /* of the rows; "": none yet */
    struct settle_row *rows;
    size_t count, capacity;
    struct svc_error why; /* not OK: the order is refused */
};

static void forget_rows(struct reading *reading) {
    for (size_t i = 0; i < reading->count; i++) {
        free((char *)reading->rows[i].line.order_id);
    }
    reading->count = 0;
}

/* The texts of a row, in one block that begins with the order's id. */
static bool copy_texts(struct settle_row *row) {
    const char **texts[] = {&row->line.order_id, &row->line.seller_id, &row->line.product_name,
                            &row->line.category, &row->item_id,        &row->event_id};
    size_t bytes = 0;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        bytes += strlen(*texts[i]) + 1;
    }
    char *block = malloc(bytes);
    if (block == NULL) {
        return false;
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const size_t text_bytes = strlen(*texts[i]) + 1;
        memcpy(block, *texts[i], text_bytes);
        *texts[i] = block;
        block += text_bytes;
    }
    return true;
}

static enum svc_status no_memory(struct svc_error *error) {
    return svc_fail(error, SVC_NO_MEMORY, "%s", svc_status_message(SVC_NO_MEMORY));
}

/* Gives the order out that is complete. */
static enum svc_status flush(struct reading *reading) {
    enum svc_status status = SVC_OK;
    if (reading->order_id[0] == '\0') {
        return SVC_OK;
    }
    if (reading->why.status != SVC_OK) {
        if (reading->refused != NULL) {
            status = reading->refused(reading->user, reading->order_id, reading->why.detail,
                                      reading->error);
        } else {
            status = svc_fail(reading->error, reading->why.status, "%s", reading->why.detail);
        }
    } else if (reading->count > 0) {
        status = reading->take(reading->user, reading->order_id, reading->rows, reading->count,
                               reading->error);
    }
    forget_rows(reading);
    svc_error_clear(&reading->why);
    return status;
}

static enum svc_status keep(struct reading *reading, const struct settle_row *row) {
    if (reading->count == SETTLE_MAX_ORDER_ROWS) {
        (void)svc_fail(&reading->why, SVC_TOO_LARGE, "order %.64s has more than %zu rows",
                       reading->order_id, SETTLE_MAX_ORDER_ROWS);
        return SVC_OK;
    }
    if (reading->count == reading->capacity) {
        const size_t capacity = reading->capacity == 0 ? 64 : 2 * reading->capacity;
        struct settle_row *rows = realloc(reading->rows, capacity * sizeof(*rows));
        if (rows == NULL) {
            return no_memory(reading->error);
        }
        reading->rows = rows;
        reading->capacity = capacity;
    }
    reading->rows[reading->count] = *row;
    if (!copy_texts(&reading->rows[reading->count])) {
        return no_memory(reading->error);
    }
    reading->count++;
    return SVC_OK;
}

static bool is_of_page(const struct settle_order_page *page, const char *order_id) {
    for (size_t i = 0; i < page->count; i++) {
        if (strcmp(page->ids[i], order_id) == 0) {
            return true;
        }
    }
    return false;
}

static enum svc_status take_row(struct reading *reading, const struct db_value *values) {
    const char *order_id = settle_row_order_id(values);
    /* Another order, which the database's collation takes for one of the page. */
    if (strcmp(order_id, reading->order_id) != 0 && !is_of_page(reading->page, order_id)) {
        return SVC_OK;
    }
    if (strcmp(order_id, reading->order_id) != 0) {
        const enum svc_status status = flush(reading);
        if (status != SVC_OK) {
            return status;
        }
        (void)svc_copy_text(reading->order_id, sizeof(reading->order_id), order_id);
    }
    struct settle_row row;
    if (reading->why.status != SVC_OK || settle_row_read(values, &row, &reading->why) != SVC_OK) {
        return SVC_OK;
    }
    return keep(reading, &row);
}

static bool on_row(void *user, const struct db_value *values) {
    struct reading *reading = user;
    reading->status = take_row(reading, values);
    return reading->status == SVC_OK;
}

static bool write_sql(struct svc_buf *sql, const struct settle_order_page *page, int64_t upto_ms) {
    svc_buf_reset(sql);
    bool fits = svc_buf_append_text(sql, "SELECT " SETTLE_ROW_COLUMNS
                                         " FROM settlement_lines WHERE order_id IN (");
    for (size_t i = 0; i < page->count; i++) {
        fits = fits && (i == 0 || svc_buf_append_text(sql, ", ")) &&
               db_literal_text(sql, page->ids[i], strlen(page->ids[i]));
    }
    /* A kind or time that is missing is refused, not left out. */
    return fits &&
           svc_buf_append_text(sql, ") AND NOT (COALESCE(kind, '') IN ('refund', 'cancel') AND "
                                    "COALESCE(settled_at >= ") &&
           db_literal_time(sql, upto_ms * 1000) &&
           svc_buf_append_text(sql,
                               ", FALSE)) ORDER BY order_id, " SETTLE_SELECT_ID_BYTES("order_id"));
}

enum svc_status settle_orders_read(struct db *db, const struct settle_order_page *page,
                                   int64_t upto_ms, struct svc_buf *sql, settle_order_fn *take,
                                   settle_refused_fn *refused, void *user,
                                   struct svc_error *error) {
    struct reading reading = {
        .page = page, .take = take, .refused = refused, .user = user, .error = error};
    if (page->count == 0) {
        return SVC_OK;
    }
    if (!write_sql(sql, page, upto_ms)) {
        return no_memory(error);
    }
    const struct db_statement statement = {svc_buf_text(sql), settle_row_columns,
                                           SETTLE_ROW_COLUMN_COUNT};
    const struct db_query query = {.statement = &statement, .row = on_row, .user = &reading};
    struct db_error db_error;
    enum svc_status status = db_run(db, &query, NULL, &db_error);
    if (status != SVC_OK) {
        (void)settle_fail_db(error, &db_error);
    } else {
        status = reading.status;
    }
    if (status == SVC_OK) {
        status = flush(&reading);
    }
    forget_rows(&reading);
    free(reading.rows);
    return status;
}
