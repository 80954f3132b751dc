/* Replaying an order: see replay.h. */
#include "services/settlement/replay.h"

#include <stdlib.h>
#include <string.h>

#include "services/settlement/compute.h"
#include "services/settlement/error.h"

int settle_compare_ids(const char *a, const char *b) {
    const size_t a_bytes = strlen(a), b_bytes = strlen(b);
    return a_bytes != b_bytes ? (a_bytes < b_bytes ? -1 : 1) : strcmp(a, b);
}

enum svc_status settle_fail_line(struct svc_error *error, const char *order_id, const char *item_id,
                                 const struct settle_error *why) {
    return svc_fail(error, why->status, "order %.64s, item %.40s: %s", order_id, item_id,
                    why->detail);
}

static bool is_sale(const struct settle_row *row) {
    return row->line.kind == SETTLE_SALE || row->line.kind == SETTLE_SHIPPING;
}

static bool is_shipping(const struct settle_row *row) {
    return strcmp(row->item_id, SETTLE_SHIPPING_ITEM) == 0;
}

static int compare_items(const struct settle_row *a, const struct settle_row *b) {
    return is_shipping(a) != is_shipping(b) ? (is_shipping(a) ? 1 : -1)
                                            : settle_compare_ids(a->item_id, b->item_id);
}

static int compare_rows(const void *left, const void *right) {
    const struct settle_row *a = left, *b = right;
    if (is_sale(a) != is_sale(b)) {
        return is_sale(a) ? -1 : 1;
    }
    if (!is_sale(a)) {
        if (a->line.settled_at_ms != b->line.settled_at_ms) {
            return a->line.settled_at_ms < b->line.settled_at_ms ? -1 : 1;
        }
        const int order = settle_compare_ids(a->event_id, b->event_id);
        if (order != 0) {
            return order;
        }
    }
    return compare_items(a, b);
}

struct item {
    const struct settle_row *sale;
    struct settle_amounts original, remaining;
};

struct state {
    const struct settle_replay *replay;
    struct item *items;
    size_t count;
    struct svc_error *error;
};

static enum svc_status refuse(const struct state *state, const struct settle_row *row,
                              const char *sentence) {
    return svc_fail(state->error, SVC_MALFORMED, "order %.64s, item %.40s: %s",
                    state->replay->order_id, row->item_id, sentence);
}

static bool is_wanted(const struct state *state, const struct settle_row *row) {
    return state->replay->seller_id == NULL ||
           strcmp(state->replay->seller_id, row->line.seller_id) == 0;
}

/* Computes a line of an item and gives it out, if it is the seller's. */
static enum svc_status put(struct state *state, struct item *item, struct settle_line *line) {
    struct settle_error why = {0};
    const bool is_ours = state->replay->seller_id != NULL && is_wanted(state, item->sale);
    line->rate_bp = is_ours ? item->sale->line.rate_bp : 0;
    enum svc_status status =
        settle_line_compute(state->replay->rules, &item->remaining, line, &why);
    if (status != SVC_OK) {
        return settle_fail_line(state->error, state->replay->order_id, item->sale->item_id, &why);
    }
    return is_wanted(state, item->sale)
               ? state->replay->take(state->replay->user, line, state->error)
               : SVC_OK;
}

static enum svc_status take_back(struct state *state, struct item *item,
                                 const struct settle_row *row, int64_t refund_won) {
    struct settle_line line = row->line;
    struct settle_error why = {0};
    const bool is_cancel = row->line.kind == SETTLE_CANCEL;
    if (strcmp(line.seller_id, item->sale->line.seller_id) != 0) {
        return refuse(state, row, "it is taken back from another seller than sold it");
    }
    line.quantity = 0;
    if (is_shipping(item->sale)) {
        line.kind = SETTLE_SHIPPING_REFUND;
    }
    if (is_cancel ? item->remaining.list_won == 0 : refund_won == 0) {
        return SVC_OK;
    }
    if (is_cancel) {
        line.amounts = settle_cancel_amounts(&item->remaining);
        line.quantity = is_shipping(item->sale) ? 0 : -item->sale->line.quantity;
    } else if (settle_refund_amounts(&item->original, &item->remaining, refund_won, &line.amounts,
                                     &why) != SVC_OK) {
        return settle_fail_line(state->error, state->replay->order_id, item->sale->item_id, &why);
    }
    return put(state, item, &line);
}

static struct item *find_item(const struct state *state, const char *item_id) {
    for (size_t i = 0; i < state->count; i++) {
        if (strcmp(state->items[i].sale->item_id, item_id) == 0) {
            return &state->items[i];
        }
    }
    return NULL;
}

/* floor(refund * part / total); refund <= total. */
static int64_t share(int64_t refund_won, int64_t part_won, int64_t total_won) {
    return total_won == 0 ? 0
                          : (int64_t)((unsigned __int128)refund_won * (uint64_t)part_won /
                                      (uint64_t)total_won);
}

/* The rows of one refund of the whole order, one for each item, in their order. */
static enum svc_status refund_order(struct state *state, const struct settle_row *rows,
                                    size_t count) {
    int64_t total_won = 0, upto_won = 0, shared_won = 0;
    if (count != state->count) {
        return refuse(state, rows, "a refund of the order has not a row for each of its items");
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].item_id, state->items[i].sale->item_id) != 0 ||
            rows[i].refund_won != rows->refund_won) {
            return refuse(state, &rows[i], "the rows of a refund of the order differ");
        }
        if (!is_shipping(&rows[i])) {
            total_won += state->items[i].remaining.paid_won;
        }
    }
    const int64_t refund_won = rows->refund_won;
    const int64_t products_won = refund_won < total_won ? refund_won : total_won;
    for (size_t i = 0; i < count; i++) {
        struct item *item = &state->items[i];
        int64_t part_won = refund_won - products_won;
        if (!is_shipping(&rows[i])) {
            upto_won += item->remaining.paid_won;
            part_won = share(products_won, upto_won, total_won) - shared_won;
            shared_won += part_won;
        }
        const enum svc_status status = take_back(state, item, &rows[i], part_won);
        if (status != SVC_OK) {
            return status;
        }
    }
    return refund_won > products_won && find_item(state, SETTLE_SHIPPING_ITEM) == NULL
               ? refuse(state, rows, "the refund is more than what remains paid of the order")
               : SVC_OK;
}

static enum svc_status take_event(struct state *state, const struct settle_row *rows,
                                  size_t count) {
    enum svc_status status = SVC_OK;
    for (size_t i = 1; i < count; i++) {
        if (rows[i].line.kind != rows->line.kind ||
            rows[i].is_whole_order != rows->is_whole_order) {
            return refuse(state, &rows[i], "the rows of a refund differ in kind or scope");
        }
        if (strcmp(rows[i].item_id, rows[i - 1].item_id) == 0) {
            return refuse(state, &rows[i], "one event takes the item back twice");
        }
    }
    if (rows->is_whole_order && rows->line.kind == SETTLE_REFUND) {
        return refund_order(state, rows, count);
    }
    for (size_t i = 0; status == SVC_OK && i < count; i++) {
        struct item *item = find_item(state, rows[i].item_id);
        if (item == NULL) {
            return refuse(state, &rows[i], "something is taken back that the order does not have");
        }
        status = take_back(state, item, &rows[i], rows[i].refund_won);
    }
    return status;
}

static bool is_same_event(const struct settle_row *a, const struct settle_row *b) {
    return a->line.settled_at_ms == b->line.settled_at_ms && strcmp(a->event_id, b->event_id) == 0;
}

static enum svc_status sell(struct state *state, const struct settle_row *rows, size_t count) {
    enum svc_status status = SVC_OK;
    for (size_t i = 0; status == SVC_OK && i < count && is_sale(&rows[i]); i++) {
        struct item *item = &state->items[state->count];
        if (i > 0 && strcmp(rows[i].item_id, rows[i - 1].item_id) == 0) {
            return refuse(state, &rows[i], "the item is sold twice");
        }
        if ((rows[i].line.kind == SETTLE_SHIPPING) != is_shipping(&rows[i])) {
            return refuse(state, &rows[i], "its kind and its item id do not match");
        }
        *item = (struct item){.sale = &rows[i]};
        state->count++;
        struct settle_line line = rows[i].line;
        status = put(state, item, &line);
        item->original = item->remaining;
    }
    return status;
}

enum svc_status settle_replay_order(const struct settle_replay *replay, struct settle_row *rows,
                                    size_t count, struct svc_error *error) {
    if (count == 0) {
        return SVC_OK;
    }
    struct state state = {.replay = replay, .error = error};
    state.items = calloc(count, sizeof(*state.items));
    if (state.items == NULL) {
        return svc_fail(error, SVC_NO_MEMORY, "%s", svc_status_message(SVC_NO_MEMORY));
    }
    qsort(rows, count, sizeof(*rows), compare_rows);
    enum svc_status status = sell(&state, rows, count);
    size_t first = state.count;
    while (status == SVC_OK && first < count) {
        size_t end = first + 1;
        while (end < count && is_same_event(&rows[first], &rows[end])) {
            end++;
        }
        status = take_event(&state, &rows[first], end - first);
        first = end;
    }
    free(state.items);
    return status;
}
