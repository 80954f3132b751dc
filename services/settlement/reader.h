/* The lines of one seller and period, from the view settlement_lines (sql/README.md): sales and
 * shipping fees first, by the time of their settlement, order and item; then what was taken back,
 * order by order. Each line is computed. Memory does not grow with the number of lines.
 *
 * What is taken back depends on the whole order: its events are replayed (replay.h) over all of its
 * items, whoever sells them and whatever period they belong to. */
#ifndef SETTLE_READER_H
#define SETTLE_READER_H

#include <stdint.h>

#include "services/base/status.h"
#include "services/db/db.h"
#include "services/settlement/line.h"
#include "services/settlement/period.h"
#include "services/settlement/rules.h"

/* Takes one line; its texts live until it returns. It may run no statement on the db. Anything but
 * OK ends the reading with that status and the error it filled. */
typedef enum svc_status settle_line_fn(void *user, const struct settle_line *line,
                                       struct svc_error *error);

struct settle_read {
    const struct settle_rules *rules; /* checked */
    const struct settle_period *period;
    const char *seller_id;
    settle_line_fn *take;
    void *user;
};

struct settle_read_counts {
    int64_t lines;
    int64_t orders; /* of which something was sold in the period */
};

/* Reads all in one transaction that sees one moment (REPEATABLE READ, read only), which it begins
 * and ends; no other may be open. The same rows give the same lines in the same order.
 * Errors: MALFORMED (an amount is not whole won, more is taken back than was paid, ...: the detail
 * names order, item and field); TOO_LARGE (an order of more than SETTLE_MAX_ORDER_ROWS rows); those
 * of db_run. Lines may have been given out before it fails. */
enum svc_status settle_read_lines(struct db *db, const struct settle_read *read,
                                  struct settle_read_counts *counts, struct svc_error *error);

#endif
