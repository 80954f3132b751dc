/* The rows of one order, as the view settlement_lines has them, and its lines: what was sold, and
 * what was taken back of it, event by event. Pure but for the memory of one order.
 *
 * Events are replayed by time and then by id; of two ids the shorter one is first. Items are in the
 * same order, the shipping fee last.
 *   refund of an item       takes the money from that item (settle_refund_amounts)
 *   refund of the order     is shared over what remains paid of its products,
 *                             share(i) = floor(R * cum(i) / T) - floor(R * cum(i-1) / T);
 *                           what exceeds them takes the shipping fee
 *   cancellation            takes all that remains
 * A refund or a share of 0, and a cancellation of nothing, make no line. */
#ifndef SETTLE_REPLAY_H
#define SETTLE_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/status.h"
#include "services/settlement/line.h"
#include "services/settlement/rules.h"

/* The item id of an order's shipping fee. */
#define SETTLE_SHIPPING_ITEM "shipping"

/* A row of the view. */
struct settle_row {
    /* Its given fields. kind: SALE and SHIPPING; REFUND and CANCEL for what is taken back of any
     * item. amounts: of a sale or shipping fee. rate_bp: of a sale or shipping fee of the seller in
     * question; those of others are not used. */
    struct settle_line line;
    const char *item_id, *event_id;
    bool is_whole_order; /* a refund or cancellation of the order, not of this item alone */
    bool has_rate;       /* the row has one: line.rate_bp is not to be looked up */
    int64_t refund_won;  /* of a refund: the money returned, at least 0 */
};

/* Takes a computed line; its texts are those of the rows. */
typedef enum svc_status settle_replay_fn(void *user, const struct settle_line *line,
                                         struct svc_error *error);

struct settle_replay {
    const struct settle_rules *rules;
    const char *order_id;  /* for errors */
    const char *seller_id; /* whose lines are given out; NULL: those of all, at a rate of 0 */
    settle_replay_fn *take;
    void *user;
};

/* Replays an order; `rows` are sorted by it. Errors: MALFORMED (the rows contradict each other;
 * more is taken back than was paid; an amount out of range), with order, item and field; NO_MEMORY;
 * what `take` returns. */
enum svc_status settle_replay_order(const struct settle_replay *replay, struct settle_row *rows,
                                    size_t count, struct svc_error *error);

/* The order of ids: by length, then by bytes, so that numbers are in theirs. */
int settle_compare_ids(const char *a, const char *b);

/* Fills `error` with why a line of that order and item is refused; returns its status. */
struct settle_error;
enum svc_status settle_fail_line(struct svc_error *error, const char *order_id, const char *item_id,
                                 const struct settle_error *why);

#endif
