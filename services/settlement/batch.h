/* The sellers of a run in parts: messages that each name a range of them, and the work through the
 * open ones of a range. */
#ifndef SETTLE_BATCH_H
#define SETTLE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/base/buf.h"
#include "services/base/json.h"
#include "services/settlement/ledger.h"
#include "services/settlement/seller_run.h"

/* Sellers of one batch. */
#define SETTLE_DEFAULT_BATCH_SELLERS 100
#define SETTLE_MAX_BATCH_SELLERS     1000

/* {"settlement":{"runId":"7","generation":1,"after":"","upto":"42"}}: the run's sellers with
 * after < id <= upto. */
struct settle_batch {
    uint64_t run_id;
    uint32_t generation;
    char after[SETTLE_MAX_SELLER_ID_BYTES + 1]; /* "": from the first */
    char upto[SETTLE_MAX_SELLER_ID_BYTES + 1];
};
bool settle_batch_put(const struct settle_batch *batch, struct svc_buf *out);
/* Errors: MALFORMED, also for a member of another name; NO_MEMORY. */
enum svc_status settle_batch_parse(const void *bytes, size_t size_bytes, struct settle_batch *batch,
                                   struct svc_error *error);

/* Sends messages for all open sellers of the run, `batch_sellers` each. Sent again, they are done
 * again: a report that is done is left alone. *batches: sent. Errors: those of the ledger and of
 * awsc_sqs_send_batch; some may have been sent. */
enum svc_status settle_batches_send(struct settle_ledger *ledger, struct awsc_client *aws,
                                    const char *queue_url, const struct settle_run *run,
                                    size_t batch_sellers, int64_t deadline_ms, uint64_t *batches,
                                    struct svc_error *error);

/* ---------------------------------------------------------------------- the work */

/* As many failures in a row that are not a seller's own end the work: what all of them need is not
 * available. */
#define SETTLE_MAX_LATER_IN_A_ROW 3

/* Called after each seller; `error` is set if the outcome is LATER. */
typedef void settle_worked_fn(void *user, const struct settle_seller_result *result,
                              const struct svc_error *error);

struct settle_worked {
    uint64_t made, unchanged, failed, later, mails;
    int64_t slowest_ms;
    bool is_out_of_time; /* sellers were left untouched for want of time */
    bool is_stopped;     /* SETTLE_MAX_LATER_IN_A_ROW */
};

/* Works through the open sellers with after < id <= upto ("": no end). A further one is begun only
 * if three times the slowest so far, and `reserve_ms`, are left until the runner's deadline; the
 * first in any case. Errors: those of the ledger; a seller's are reported to `each` alone. */
enum svc_status settle_work_sellers(struct settle_runner *runner, const struct settle_run *run,
                                    const char *after, const char *upto, int64_t reserve_ms,
                                    settle_worked_fn *each, void *user,
                                    struct settle_worked *worked, struct svc_error *error);

/* Sellers with lines in the period, from the view alone: for dry runs. Those after `after`,
 * ascending, at most `most`. An id that is not valid stands as "?" and 16 digits, as in a plan. */
enum svc_status settle_list_sellers(struct db *db, const struct settle_period *period,
                                    const char *after, size_t most,
                                    char (*ids)[SETTLE_MAX_SELLER_ID_BYTES + 1], size_t *count,
                                    struct svc_error *error);

#endif
