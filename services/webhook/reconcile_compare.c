/* Comparison of two sorted lists: see reconcile_compare.h. */
#include "services/webhook/reconcile_compare.h"

#include <stdbool.h>
#include <string.h>

static int compare_ids(const struct webhook_record *a, const struct webhook_record *b) {
    const int order = strcmp(a->order_id, b->order_id);
    return order != 0 ? order : strcmp(a->id, b->id);
}

int webhook_record_compare(const void *a, const void *b) {
    const struct webhook_record *first = a, *second = b;
    const int order = compare_ids(first, second);
    return order != 0 ? order
                      : (first->time_ms > second->time_ms) - (first->time_ms < second->time_ms);
}

static bool is_inside(const struct webhook_comparison *comparison,
                      const struct webhook_record *record) {
    return record->time_ms >= comparison->from_ms && record->time_ms < comparison->to_ms;
}

void webhook_compare_next(struct webhook_comparison *comparison,
                          const struct webhook_record *stored) {
    while (comparison->at < comparison->count) {
        const struct webhook_record *toss = &comparison->records[comparison->at];
        const int order = stored != NULL ? compare_ids(toss, stored) : -1;
        if (order > 0) {
            break;
        }
        comparison->at++;
        if (order == 0) {
            if (toss->amount_won != stored->amount_won &&
                (is_inside(comparison, toss) || is_inside(comparison, stored))) {
                comparison->report(comparison->user, WEBHOOK_DIFFERENT_AMOUNTS, toss, stored);
            }
            return;
        }
        if (is_inside(comparison, toss)) {
            comparison->report(comparison->user, WEBHOOK_MISSING_HERE, toss, NULL);
        }
    }
    if (stored != NULL && is_inside(comparison, stored)) {
        comparison->report(comparison->user, WEBHOOK_MISSING_AT_TOSS, NULL, stored);
    }
}
