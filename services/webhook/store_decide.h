/* What a change makes of an order: its steps applied to what the database holds, in memory. Pure.
 */
#ifndef WEBHOOK_STORE_DECIDE_H
#define WEBHOOK_STORE_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/webhook/change.h"
#include "services/webhook/store.h"

/* In characters, as order_states has them. */
#define WEBHOOK_METHOD_BYTES      (64 * 4 + 1)
#define WEBHOOK_TRANSACTION_BYTES (200 * 4 + 1)
#define WEBHOOK_SENDER_BYTES      (16 * 4 + 1)

/* An order as the database has it, then as it is to be stored. */
struct webhook_known {
    bool is_found;   /* the platform has it */
    bool has_states; /* order_states has it: this is not its first event */
    struct webhook_order order;
    char method[WEBHOOK_METHOD_BYTES];           /* "": not known */
    char transaction[WEBHOOK_TRANSACTION_BYTES]; /* "": not known */
    char paid_by[WEBHOOK_SENDER_BYTES];          /* sender of the event that paid; "": none */
    int64_t paid_at_ms;                          /* or WEBHOOK_NO_TIME */
    int64_t changed_ms; /* when the payment's state was stored; or NO_TIME */
    /* Parcels of which the change has no step. */
    bool has_numbered, has_unnumbered;
};

/* A step's parcel or refund, and what became of the step. */
struct webhook_entry {
    size_t first;      /* the first step of the same subject and id: its entry has the states */
    bool is_stored;    /* the database has the parcel or refund */
    bool is_changed;   /* to be stored; in the first entry */
    size_t last_moved; /* the last step that moved it; in the first entry */
    struct webhook_order_parcel parcel;
    struct webhook_order_refund refund;

    int event; /* as the history has it */
    enum webhook_outcome outcome;
    unsigned effects;
    const char *before, *after; /* names of states */
};

struct webhook_plan {
    enum webhook_stored_outcome outcome; /* STORED: all steps can be stored */
    enum webhook_outcome step_outcome;
    unsigned effects;
    bool order_changed;           /* order_states */
    bool payment_changed;         /* for the platform: state, paid or refunded amount */
    bool payment_state_changed;   /* the state alone */
    bool unnumbered_has_a_number; /* the parcel without a number is one that has one now */
};

static inline const char *webhook_step_id(const struct webhook_step *step) {
    return step->id != NULL ? step->id : "";
}

/* Sets entries[i].first, events and empty states, before the database is read. */
void webhook_entries_init(const struct webhook_change *change, struct webhook_entry *entries);

/* Applies the steps to `known` and `entries`. If the outcome is not STORED, both are of no use. */
void webhook_decide(const struct webhook_change *change, int64_t now_ms,
                    struct webhook_known *known, struct webhook_entry *entries,
                    struct webhook_plan *plan);

#endif
