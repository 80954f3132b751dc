/* Sends the mails that are owed to the queue: claim, commit, send, mark. A row is claimed for a
 * time by one invocation; one that dies leaves it to the sweep when the time is over. The queue may
 * so get a message twice, and the mail function sends it once: by its messageId. */
#ifndef WEBHOOK_OUTBOX_H
#define WEBHOOK_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/base/clock.h"
#include "services/base/log.h"
#include "services/db/db.h"

struct webhook_outbox {
    struct db *db;
    struct awsc_client *aws;
    const char *queue_url; /* EMAIL_QUEUE_URL */
    const struct svc_clock *clock;
    const struct svc_log *log;
};

/* `failed` are owed still, until the sweep. Of them `refused` are those that SQS refuses: for a
 * reason that may concern every message (rights, keys) they are tried again after waits that grow
 * up to an hour, behind all others; for their content they are kept for a person and not sent
 * again. */
struct webhook_outbox_counts {
    uint64_t sent, failed;
    uint64_t refused; /* of the failed */
    uint64_t left; /* swept: rows owed after it, by other invocations' claims too, without kept */
    uint64_t kept; /* swept: all rows that are kept for a person */
    int64_t oldest_ms; /* swept: age of the oldest of them; 0: none */
};

/* Sends rows that webhook_store_change has claimed for this invocation, and marks them: the batch,
 * one statement before it and one after it. What fails stays owed; the order of the mails is not
 * promised. `counts` is added to. Returns the first failure, for the log: the event is stored
 * whatever happens here. */
enum svc_status webhook_outbox_send(const struct webhook_outbox *outbox, const uint64_t *ids,
                                    size_t count, int64_t deadline_ms,
                                    struct webhook_outbox_counts *counts, struct db_error *error);

/* Sends all that is owed and not claimed, AWSC_MAX_SQS_BATCH at a time (`FOR UPDATE SKIP LOCKED`),
 * until nothing is left to send, the queue is down or the time ends. Returns the first failure:
 * one of the queue has DB_FAULT_NONE. */
enum svc_status webhook_outbox_sweep(const struct webhook_outbox *outbox, int64_t deadline_ms,
                                     struct webhook_outbox_counts *counts, struct db_error *error);

#endif
