/* Orders read whole from settlement_lines, page by page: what the reader and the check replay. */
#ifndef SETTLE_ORDERS_H
#define SETTLE_ORDERS_H

#include "services/base/buf.h"
#include "services/db/statement.h"
#include "services/settlement/replay.h"

/* Orders of a page. Their ids take at most SETTLE_PAGE_ID_BYTES, each with 8 bytes besides, so that
 * the statement with all of them fits into DB_MAX_SQL_BYTES. */
#define SETTLE_ORDER_PAGE         50
#define SETTLE_MAX_ORDER_ID_BYTES 255
#define SETTLE_PAGE_ID_BYTES      ((DB_MAX_SQL_BYTES - 4096) / 2)

/* Ids of orders, as the database gives them. */
struct settle_order_page {
    char ids[SETTLE_ORDER_PAGE][SETTLE_MAX_ORDER_ID_BYTES + 1];
    size_t count;
};

/* Takes one order with all of its rows; the rows and their texts are valid until it returns. It may
 * run no statement on the db. */
typedef enum svc_status settle_order_fn(void *user, const char *order_id, struct settle_row *rows,
                                        size_t count, struct svc_error *error);

/* Reads the orders of a page and gives each out, in the database's order. What was taken back at
 * `upto_ms` or later is left out: what happens later changes nothing before it, even if it is
 * broken. `sql` is reused. An order whose rows cannot be read goes to `refused`, if that is not
 * NULL, else it is the error; so does one of more than SETTLE_MAX_ORDER_ROWS rows. Errors:
 * MALFORMED, TOO_LARGE, NO_MEMORY, those of db_run and of `take`. */
typedef enum svc_status settle_refused_fn(void *user, const char *order_id, const char *why,
                                          struct svc_error *error);
enum svc_status settle_orders_read(struct db *db, const struct settle_order_page *page,
                                   int64_t upto_ms, struct svc_buf *sql, settle_order_fn *take,
                                   settle_refused_fn *refused, void *user, struct svc_error *error);

/* A failure of the database as an error of this module; returns its status. */
struct db_error;
enum svc_status settle_fail_db(struct svc_error *error, const struct db_error *db_error);

#endif
