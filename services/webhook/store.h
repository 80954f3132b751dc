/* An event's effects in one transaction: the inbox, the order's states, the platform's tables, the
 * history, the mails that are owed. Either all is stored or nothing.
 *
 * In this order: the inbox's row (its unique key refuses a repetition), the order of the platform
 * (`SELECT ... FOR UPDATE`), what the webhooks know of it, the steps by order_state.h, what they
 * changed, the platform's stored procedures, the history, the outbox. READ COMMITTED is enough:
 * every row that decides something is locked.
 *
 * A payment that a provider confirmed (asked_ms) is looked at even if the inbox has its key: a
 * virtual account may return to a state with the keys of the first time. If it moves the payment it
 * is stored once more, under its key with the time of the state that it leaves.
 *
 * While no payment is known here, the platform's own state counts if it is ahead: paid, cancelled.
 *
 * Statements and round trips, on a connection that has prepared them (asserted by
 * tests/services/test_webhook_store.c); BEGIN and COMMIT or ROLLBACK are 2 of the round trips:
 *   a completed payment, with its confirmation   7 and 9
 *   a parcel that leaves, with its mail          8 and 10 (a second one of the order: 7 and 9)
 *   a repeat                                     1 and 3
 * A mail takes 2 more statements after the commit (outbox.h). */
#ifndef WEBHOOK_STORE_H
#define WEBHOOK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/clock.h"
#include "services/base/log.h"
#include "services/db/db.h"
#include "services/webhook/change.h"
#include "services/webhook/toss.h"

/* A payment can be taken back by the provider (a deposit that was an error). The same report is
 * what a request sees that was sent before the deposit and is stored after it: so it counts only if
 * the provider was asked this much after the payment was stored, else WEBHOOK_STORED_TOO_EARLY. Of
 * an order that the platform, not a webhook, made paid, the time is not known, and it counts: a
 * report that was overtaken is followed by that of the deposit. Only a confirmed payment (asked_ms)
 * reverses one, anything else is IMPOSSIBLE. A deposit is TOO_EARLY as well if the provider was
 * asked before the state that it leaves was stored. */
#define WEBHOOK_REVERSAL_AFTER_MS 60000

/* An order has one payment of a provider: the one that paid it. What the provider confirms of
 * another one (an attempt that was given up and is cancelled, money that came twice) goes into the
 * history alone, with WEBHOOK_ALARM if the provider holds money of it: it neither cancels nor
 * refunds the order. */

enum webhook_stored_outcome {
    WEBHOOK_STORED,            /* committed: 200 */
    WEBHOOK_STORED_BEFORE,     /* the inbox has it: 200, nothing changed */
    WEBHOOK_STORED_NO_ORDER,   /* the platform has no such order: 404, nothing changed */
    WEBHOOK_STORED_IMPOSSIBLE, /* 409, nothing changed */
    WEBHOOK_STORED_CONFLICT,   /* another amount: 409, nothing changed */
    WEBHOOK_STORED_TOO_EARLY   /* what the provider said may be overtaken: 500, to be asked again */
};

#define WEBHOOK_MAX_STORED_MAILS 4 /* of one change */

struct webhook_stored {
    enum webhook_stored_outcome outcome;
    enum webhook_outcome step_outcome;        /* of the last step that moved, else of the last */
    unsigned effects;                         /* of enum webhook_effect, of all steps */
    uint64_t mails[WEBHOOK_MAX_STORED_MAILS]; /* ids in the outbox, claimed for this invocation */
    size_t mail_count;
    size_t mails_not_made; /* the platform has no usable address or name: logged, nothing is owed */
};

struct webhook_store {
    struct db *db;
    const struct svc_clock *clock;
    const struct svc_log *log;
    int64_t claim_ms; /* how long this invocation has the mails it stores: its own remaining time */
};

/* Errors: those of db_transaction. After an unknown COMMIT it asks the inbox itself, so that
 * `maybe_done` remains only if that fails too. */
enum svc_status webhook_store_change(const struct webhook_store *store,
                                     const struct webhook_change *change,
                                     struct webhook_stored *stored, struct db_error *error);

/* payout.changed: `payouts` by the provider's id. REQUESTED and IN_PROGRESS are scheduled,
 * COMPLETED is paid, FAILED and CANCELED are failed. paid and failed are final and end the others
 * whatever the order of arrival; else an older event than the row's changes nothing. outcome:
 * STORED, STORED_BEFORE, IMPOSSIBLE (another final state), CONFLICT (another amount, seller or
 * reference).
 */
enum svc_status webhook_store_payout(const struct webhook_store *store,
                                     const struct webhook_toss_event *event, const char *request_id,
                                     struct webhook_stored *stored, struct db_error *error);

/* Deletes up to `limit` rows each of inbox and outbox (sent ones) that are older than the days, in
 * one statement a table. */
enum svc_status webhook_store_purge(const struct webhook_store *store, int64_t inbox_days,
                                    int64_t outbox_days, int limit, uint64_t *deleted,
                                    struct db_error *error);

#endif
