/* One seller's report from beginning to end: claimed in the ledger, made, compared with the newest
 * version, written to S3, recorded, and its mail put into the queue. Whatever breaks off, the same
 * call again goes on from what the ledger and S3 hold.
 *
 *   nothing has changed      no version, no mail; objects that are missing are written again
 *   first report             version 1, one mail
 *   lines, rules or facts    the next version; the old objects are kept under .vN; no mail
 *     have changed
 *   forced                   the next version and a mail in any case */
#ifndef SETTLE_SELLER_RUN_H
#define SETTLE_SELLER_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/base/clock.h"
#include "services/base/log.h"
#include "services/settlement/labels.h"
#include "services/settlement/ledger.h"
#include "services/settlement/report.h"
#include "services/settlement/rules.h"

/* What a platform has set, the same for every report. */
struct settle_policy {
    struct settle_rules rules; /* checked */
    char rules_text[SETTLE_RULES_TEXT_BYTES];
    enum settle_moment moment;
    bool has_cycle; /* a payout cycle: */
    enum settle_period_type cycle;
    bool has_payout_day;
    int payout_days; /* after the period's last day */
    char platform_name[256], platform_business_number[32];
};

/* Borrowed for as long as it is used. */
struct settle_runner {
    const struct settle_policy *policy;
    struct db *db;
    struct awsc_client *aws; /* dry runs: NULL is allowed */
    const struct svc_clock *clock;
    const struct svc_log *log;
    const char *bucket, *mail_queue_url;
    const char *link_template; /* "": presigned URLs */
    int64_t deadline_ms;       /* of reading; requests to S3 and SQS end by it as well */
    bool has_language;         /* another one than the seller's */
    enum email_language language;
    bool lacks_payouts; /* the table `payouts` is not there: not asked for again */
};

enum settle_outcome {
    SETTLE_MADE,      /* a new version */
    SETTLE_UNCHANGED, /* the newest version stands */
    SETTLE_FAILED, /* the seller's data cannot be settled: recorded, and stays so until a rerun */
    SETTLE_LATER   /* nothing is decided: the report stays open, or its mail due */
};
const char *settle_outcome_name(enum settle_outcome outcome); /* "made" */

struct settle_seller_result {
    enum settle_outcome outcome;
    char seller_id[SETTLE_MAX_SELLER_ID_BYTES + 1];
    /* As the ledger has it afterwards; of a dry run as it would be. FAILED: the newest version. */
    struct settle_version version;
    bool is_mailed;  /* by this call */
    bool lacks_mail; /* no address that a mail can go to, or SQS refuses the mail's content */
    int rewritten;   /* objects of an unchanged report that were missing */
    char failure[SETTLE_FAILURE_BYTES]; /* FAILED: a sentence */
    enum svc_status reason;             /* FAILED, LATER */
};

/* is_manual: by hand, outside of a plan or in addition to it: the report is made also if it is done
 * already. is_forced: a manual one. Otherwise a report that is done is left alone, but for a mail
 * that is still due.
 * Returns OK with MADE, UNCHANGED, FAILED; else the outcome is LATER, and `error` the reason:
 * CONFLICT (another process has the report), whatever is passing, and whatever is not the seller's
 * data but the platform's set-up (ACCESS_DENIED, NO_RESOURCE, ...). */
enum svc_status settle_seller_run(struct settle_runner *runner, const struct settle_run *run,
                                  const char *seller_id, bool is_manual, bool is_forced,
                                  struct settle_seller_result *result, struct svc_error *error);

/* Figures only: nothing is written, claimed or mailed, and the tables of the ledger need not exist.
 * *report (NULL is allowed): the files, to be destroyed by the caller. Errors: as
 * settle_seller_run, but a seller's failure is returned as what it is. */
enum svc_status settle_seller_figures(struct settle_runner *runner,
                                      const struct settle_period *period, const char *seller_id,
                                      struct settle_seller_result *result,
                                      struct settle_report **report, struct svc_error *error);

/* Whether a failure is of the seller's data, so that the same call again has the same end. */
bool settle_is_sellers_failure(enum svc_status status);

#endif
