/* The run ledger: which reports of a period are made, by which rules, with which totals and
 * objects. Tables settlement_runs, settlement_reports, settlement_versions (sql/migrations). Every
 * step is one transaction; whatever breaks off, the next attempt goes on from what the tables hold.
 */
#ifndef SETTLE_LEDGER_H
#define SETTLE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/clock.h"
#include "services/base/status.h"
#include "services/db/db.h"
#include "services/settlement/object_key.h"
#include "services/settlement/period.h"
#include "services/settlement/request.h"
#include "services/settlement/totals.h"

#define SETTLE_RULES_TEXT_BYTES 256
#define SETTLE_FAILURE_BYTES    256
#define SETTLE_SHA256_BYTES     32
#define SETTLE_ETAG_BYTES       130

struct settle_ledger {
    struct db *db;
    const struct svc_clock *clock;
};

enum settle_run_state {
    SETTLE_RUN_MANUAL,    /* single sellers by hand alone */
    SETTLE_RUN_RUNNING,   /* planned, some sellers are open */
    SETTLE_RUN_CLOSED,    /* every seller is done or failed */
    SETTLE_RUN_INCOMPLETE /* ended by the closing schedule with sellers that are open; closed when
                             the last of them has ended after all */
};
const char *settle_run_state_name(enum settle_run_state state); /* "running" */

struct settle_run {
    uint64_t run_id;
    struct settle_period period;
    uint32_t generation; /* how often it was planned */
    enum settle_run_state state;
    bool is_forced;
    char rules[SETTLE_RULES_TEXT_BYTES];
    uint32_t sellers, open_sellers, failed_sellers; /* of this generation */
    int64_t planned_ms;                             /* UTC, since 1970 */
};

/* ---------------------------------------------------------------------- planning */

enum settle_planned {
    SETTLE_PLANNED,    /* a new generation: all sellers of the period are open */
    SETTLE_GOES_ON,    /* the same event again: the run is running, or incomplete and taken up */
    SETTLE_DONE_BEFORE /* the same event again, and the run is closed */
};

struct settle_plan {
    const struct settle_period *period;
    bool has_event_time;
    int64_t event_time_ms; /* of the schedule; the same one again plans nothing */
    bool is_forced; /* plans always, and every report gets a new version and a mail; only the same
                       forced event, or one without a time, goes on while its run is running */
    bool carries_debt; /* a payout cycle: sellers who owe from the period before have a report */
    const char *rules; /* the text of the rules (settle_rules_text) */
};

/* Plans a run for all sellers with lines in the period, with a debt (carries_debt), or with a
 * report of an earlier generation: their lines may have gone. An event without a time plans always,
 * unless the run is running: then it goes on. Two at once: one plans, the other goes on.
 * Ids are compared byte by byte. One that is not valid (request.h) has failed from the beginning,
 * under the name "?" and LEFT(SHA2(id, 256), 16); it is never open. A plan with open_sellers 0 is
 * closed by its caller. Errors: INVALID_ARGUMENT (rules), those of db_transaction. */
enum svc_status settle_ledger_plan(struct settle_ledger *ledger, const struct settle_plan *plan,
                                   struct settle_run *run, enum settle_planned *planned,
                                   struct svc_error *error);
/* The run of a period for one seller by hand: what is there, or a new one in SETTLE_RUN_MANUAL. */
enum svc_status settle_ledger_open_manual(struct settle_ledger *ledger,
                                          const struct settle_period *period, const char *rules,
                                          struct settle_run *run, struct svc_error *error);
/* Errors: NOT_FOUND. */
enum svc_status settle_ledger_run(struct settle_ledger *ledger, uint64_t run_id,
                                  struct settle_run *run, struct svc_error *error);
/* The run of a period, read alone. Errors: NOT_FOUND; BAD_RESPONSE. */
enum svc_status settle_ledger_find(struct settle_ledger *ledger, const struct settle_period *period,
                                   struct settle_run *run, struct svc_error *error);

/* Sellers of the run's generation that are open, or whose mail is due, with after < id <= upto
 * ("": no end), ascending, at most `most`, written to `ids` (room for `most`). */
enum svc_status settle_ledger_open_sellers(struct settle_ledger *ledger, uint64_t run_id,
                                           const char *after, const char *upto, size_t most,
                                           char (*ids)[SETTLE_MAX_SELLER_ID_BYTES + 1],
                                           size_t *count, struct svc_error *error);

/* ---------------------------------------------------------------------- one report */

/* A version of a report, as it is in settlement_versions. */
struct settle_version {
    uint32_t version; /* 0: none yet */
    char rules[SETTLE_RULES_TEXT_BYTES];
    char seller_name[512];
    const char *reason; /* "first", "lines", "rules", "facts", "forced" */
    int64_t made_ms;
    int64_t order_count;
    struct settle_sum all;    /* of all lines */
    int64_t refund_gross_won; /* of refunds and cancellations; at most 0 */
    bool has_payout;
    struct settle_payout payout;
    uint8_t sha256[SETTLE_FORMATS][SETTLE_SHA256_BYTES];
    char etags[SETTLE_FORMATS][SETTLE_ETAG_BYTES];
    uint64_t csv_bytes;
};

/* A seller's report, held by this process. */
struct settle_claim {
    struct settle_run run;
    char seller_id[SETTLE_MAX_SELLER_ID_BYTES + 1];
    uint32_t attempt;
    bool is_open; /* of the run's generation, and neither done nor failed */
    uint32_t mailed_version;
    bool mail_is_due;             /* an earlier attempt finished, and its mail was not sent */
    struct settle_version newest; /* version 0: none */
    int64_t carried_in_won;       /* 0 or a debt: of the newest report before, normally that of the
                                     period before; if that failed, of the one before it */
};

/* Locks the report for this connection and raises its attempt. is_manual: a row is made if the plan
 * has none; no counter includes it. Errors: CONFLICT (another process holds it: later), NOT_FOUND
 * (not planned), INVALID_ARGUMENT (the id is not valid). */
enum svc_status settle_ledger_claim(struct settle_ledger *ledger, uint64_t run_id,
                                    const char *seller_id, bool is_manual,
                                    struct settle_claim *claim, struct svc_error *error);
/* Gives the lock back, whatever became of it; done by every end of the connection as well. */
void settle_ledger_release(struct settle_ledger *ledger, const struct settle_claim *claim);

/* The newest version and what is carried in, without a row, a lock or a claim. No run, no tables
 * of the ledger, or no right to read them: version 0 and no debt. */
enum svc_status settle_ledger_look(struct settle_ledger *ledger, const struct settle_period *period,
                                   const char *seller_id, struct settle_version *newest,
                                   int64_t *carried_in_won, struct svc_error *error);

/* What a seller's end does to its run. */
struct settle_finished {
    bool is_last; /* no seller of the run is open, and it is running or incomplete: the caller
                     closes it. Also when repeated, until it is closed. */
};

/* A new version (version = newest + 1; made_ms and anything beyond 255 characters of the name are
 * ignored), or, with `made` NULL, the newest as it stands. with_mail: the mail of that version is
 * due from now on, unless it was sent. The run's counters change once for each seller and
 * generation, however often this is repeated: open to done or failed, failed to done.
 * Errors: CONFLICT (a later attempt or a later plan has the report: nothing was changed),
 * INVALID_ARGUMENT (version, reason). After a failure of the database it may be called again. */
enum svc_status settle_ledger_finish(struct settle_ledger *ledger, const struct settle_claim *claim,
                                     const struct settle_version *made, bool with_mail,
                                     struct settle_finished *finished, struct svc_error *error);
/* The report cannot be made: `failure` is a sentence without a name or an address; what is not
 * printable UTF-8 in it is replaced, what is beyond SETTLE_FAILURE_BYTES cut. The newest
 * version stays what it is, and a report that is done already stays done. */
enum svc_status settle_ledger_fail(struct settle_ledger *ledger, const struct settle_claim *claim,
                                   const char *failure, struct settle_finished *finished,
                                   struct svc_error *error);
/* The mail of that version is in the queue. */
enum svc_status settle_ledger_mailed(struct settle_ledger *ledger, const struct settle_claim *claim,
                                     uint32_t version, struct svc_error *error);

/* ---------------------------------------------------------------------- closing */

/* A seller of a run, for results and summaries; ascending by id. */
struct settle_run_seller {
    const char *seller_id, *state, *failure; /* "done", "failed", "open"; failure "": none */
    const struct settle_version *newest;     /* version 0: none */
};
typedef bool settle_run_seller_fn(void *user, const struct settle_run_seller *seller);
/* All sellers of the run's generation, streamed; `each` may run no statement on the db, and ends it
 * with false. */
enum svc_status settle_ledger_each_seller(struct settle_ledger *ledger,
                                          const struct settle_run *run, settle_run_seller_fn *each,
                                          void *user, struct svc_error *error);
/* CLOSED: running or incomplete -> closed, if no seller is open. INCOMPLETE: running -> incomplete,
 * if some are. *is_first: it was this call. Nothing happens if the run was planned again since
 * `run` was read. Called when the summary object is written. */
enum svc_status settle_ledger_close(struct settle_ledger *ledger, const struct settle_run *run,
                                    enum settle_run_state state, bool *is_first,
                                    struct svc_error *error);
/* Runs that are running and were planned before; the oldest `most`. */
enum svc_status settle_ledger_overdue(struct settle_ledger *ledger, int64_t planned_before_ms,
                                      size_t most, struct settle_run *runs, size_t *count,
                                      struct svc_error *error);

#endif
