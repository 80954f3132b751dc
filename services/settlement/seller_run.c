/* One seller's report: see seller_run.h. */
#include "services/settlement/seller_run.h"

#include <stdio.h>
#include <string.h>

#include "services/aws/s3.h"
#include "services/aws/sqs.h"
#include "services/base/text.h"
#include "services/db/statement.h"
#include "services/email/limits.h"
#include "services/settlement/publish.h"

#define MAX_LINK_BYTES ((size_t)8 * 1024)

/* What one call works on. */
struct work {
    struct settle_runner *runner;
    const struct settle_run *run; /* dry runs: NULL */
    const struct settle_period *period;
    struct settle_seller_result *result;
    struct settle_ledger ledger;
    struct settle_claim claim; /* dry runs: newest and carried_in_won alone */
    bool is_forced;
    struct settle_seller seller;
    struct settle_report *report;
};

const char *settle_outcome_name(enum settle_outcome outcome) {
    static const char *const names[] = {
        [SETTLE_MADE] = "made",
        [SETTLE_UNCHANGED] = "unchanged",
        [SETTLE_FAILED] = "failed",
        [SETTLE_LATER] = "later",
    };
    return outcome <= SETTLE_LATER ? names[outcome] : "?";
}

bool settle_is_sellers_failure(enum svc_status status) {
    return status == SVC_MALFORMED || status == SVC_TOO_LARGE || status == SVC_NOT_FOUND ||
           status == SVC_INTERNAL;
}

static bool has_payout(const struct work *work) {
    const struct settle_policy *policy = work->runner->policy;
    return policy->has_cycle && policy->cycle == work->period->type;
}

/* ---------------------------------------------------------------------- the payout's state */

#define STATE_BYTES 17

static bool take_state(void *user, const struct db_value *row) {
    static const char *const states[] = {"scheduled", "held", "paid", "failed"};
    char *state = user;
    if (SVC_IS_ONE_OF(row[0].bytes, states)) {
        (void)svc_copy_text(state, STATE_BYTES, row[0].bytes);
    }
    return false;
}

/* "": not known, also where the webhook function's tables are not there. */
static enum svc_status read_payout_state(struct work *work, char state[STATE_BYTES],
                                         struct svc_error *error) {
    static const struct db_column columns[] = {{.type = DB_TEXT, .max_bytes = 64}};
    static const struct db_statement statement = {
        .sql = "SELECT state FROM payouts WHERE reference = ? ORDER BY changed_at DESC, payout_id "
               "DESC LIMIT 1",
        .columns = columns,
        .column_count = 1,
    };
    char day[SETTLE_DAY_BYTES], reference[160];
    struct db_error db_error;
    state[0] = '\0';
    if (!has_payout(work) || work->runner->lacks_payouts) {
        return SVC_OK;
    }
    settle_day_write(work->period->first_day, day);
    (void)snprintf(reference, sizeof(reference), "settlement-%s-%s-%s",
                   settle_period_type_name(work->period->type), day, work->seller.id);
    const struct db_value value = db_text(reference);
    const struct db_query query = {&statement, &value, 1, take_state, state};
    const enum svc_status status = db_run(work->runner->db, &query, NULL, &db_error);
    if (status != SVC_OK &&
        (db_error.fault == DB_FAULT_STATEMENT || db_error.fault == DB_FAULT_PRIVILEGE)) {
        work->runner->lacks_payouts = true;
        return SVC_OK;
    }
    char line[DB_ERROR_TEXT_BYTES];
    return status == SVC_OK ? SVC_OK
                            : svc_fail(error, status, "%s", db_error_text(&db_error, line));
}

/* ---------------------------------------------------------------------- the report */

/* Reads all and makes the files, as the newest version or, if there is none, the first. */
static enum svc_status make_report(struct work *work, const char *seller_id,
                                   struct svc_error *error) {
    const struct settle_policy *policy = work->runner->policy;
    char state[STATE_BYTES];
    enum svc_status status = settle_seller_read(work->runner->db, seller_id, &work->seller, error);
    if (status == SVC_OK) {
        status = read_payout_state(work, state, error);
    }
    if (status != SVC_OK) {
        return status;
    }
    if (work->runner->has_language) {
        work->seller.language = work->runner->language;
    }
    const struct settle_report_options options = {
        .rules = &policy->rules,
        .rules_text = policy->rules_text,
        .moment = policy->moment,
        .platform_name = policy->platform_name,
        .platform_business_number = policy->platform_business_number,
        .has_payout = has_payout(work),
        .carried_in_won = work->claim.carried_in_won,
        .has_payout_day = has_payout(work) && policy->has_payout_day,
        .payout_day = work->period->last_day + policy->payout_days,
        .payout_state = state,
    };
    const uint32_t newest = work->claim.newest.version;
    return settle_report_make(work->runner->db, work->period, &work->seller, &options,
                              newest > 0 ? newest : 1, &work->report, error);
}

/* Why a new version is made; NULL: all three files are those of the newest one. */
static const char *reason_of(const struct work *work) {
    const struct settle_version *newest = &work->claim.newest;
    const struct settle_version *made = settle_report_figures(work->report);
    if (newest->version == 0) {
        return "first";
    }
    if (strcmp(newest->rules, made->rules) != 0) {
        return "rules";
    }
    if (memcmp(newest->sha256[SETTLE_CSV], made->sha256[SETTLE_CSV], SETTLE_SHA256_BYTES) != 0) {
        return "lines";
    }
    if (memcmp(newest->sha256, made->sha256, sizeof(made->sha256)) != 0) {
        return "facts";
    }
    return work->is_forced ? "forced" : NULL;
}

static struct settle_publisher publisher_of(const struct work *work) {
    const int64_t deadline_ms = work->runner->deadline_ms;
    return (struct settle_publisher){
        .aws = work->runner->aws,
        .bucket = work->runner->bucket,
        .deadline_ms =
            deadline_ms != SVC_NO_DEADLINE ? deadline_ms - AWSC_S3_ABORT_MS : SVC_NO_DEADLINE,
        .attempt = work->claim.attempt > 0 ? work->claim.attempt : 1,
    };
}

/* ---------------------------------------------------------------------- the mail */

/* Appends the mail of a version. *can_be: false if no mail can go to this seller, which no retry
 * mends. */
static enum svc_status compose_mail(struct work *work, const struct settle_version *version,
                                    struct svc_buf *body, bool *can_be, struct svc_error *error) {
    const struct settle_publisher publisher = publisher_of(work);
    struct svc_buf link;
    svc_buf_init(&link, MAX_LINK_BYTES);
    enum svc_status status =
        settle_link_put(&publisher, work->runner->link_template, work->period, work->seller.id,
                        SETTLE_HTML, version->version, &link, error);
    if (status == SVC_OK) {
        status =
            settle_mail_put(work->run, &work->seller, version, svc_buf_text(&link), body, error);
    }
    svc_buf_clear(&link);
    *can_be = status == SVC_OK;
    if (status == SVC_MALFORMED || status == SVC_TOO_LARGE) {
        svc_log_event(work->runner->log, SVC_LOG_WARN, "a seller gets no mail",
                      SVC_TEXT("sellerId", work->claim.seller_id),
                      SVC_TEXT("detail", error != NULL ? error->detail : NULL));
        work->result->lacks_mail = true;
        svc_error_clear(error);
        return SVC_OK;
    }
    return status;
}

static enum svc_status send_mail(struct work *work, const struct svc_buf *body, uint32_t version,
                                 struct svc_error *error) {
    const struct awsc_sqs_message message = {.body = svc_buf_text(body)};
    struct awsc_error aws_error;
    const enum svc_status status =
        awsc_sqs_send(work->runner->aws, work->runner->mail_queue_url, &message, NULL,
                      work->runner->deadline_ms, &aws_error);
    if (awsc_sqs_is_content_refusal(status, aws_error.code)) {
        /* A repetition has the same end: the report goes without a mail, as without an address. */
        svc_log_event(work->runner->log, SVC_LOG_ERROR, "the queue refuses a mail",
                      SVC_TEXT("sellerId", work->claim.seller_id),
                      SVC_TEXT("status", svc_status_name(status)),
                      SVC_TEXT("code", aws_error.code));
        work->result->lacks_mail = true;
    } else if (status != SVC_OK) {
        char line[AWSC_ERROR_TEXT_BYTES];
        return svc_fail(error, status, "the mail: %s", awsc_error_text(&aws_error, line));
    }
    work->result->is_mailed = status == SVC_OK;
    return settle_ledger_mailed(&work->ledger, &work->claim, version, error);
}

/* What an earlier attempt owed. A seller that is gone, or has no address any more, gets none. */
static enum svc_status send_owed_mail(struct work *work, struct svc_error *error) {
    struct svc_buf body;
    bool can_be = false;
    enum svc_status status = SVC_OK;
    svc_buf_init(&body, EMAIL_MAX_MESSAGE_BYTES);
    if (work->seller.id[0] == '\0') {
        status = settle_seller_read(work->runner->db, work->claim.seller_id, &work->seller, error);
    }
    if (status == SVC_OK) {
        status = compose_mail(work, &work->claim.newest, &body, &can_be, error);
    } else if (status == SVC_NOT_FOUND) {
        work->result->lacks_mail = true;
        status = SVC_OK;
    }
    if (status == SVC_OK) {
        const uint32_t version = work->claim.newest.version;
        status = can_be ? send_mail(work, &body, version, error)
                        : settle_ledger_mailed(&work->ledger, &work->claim, version, error);
    }
    svc_buf_clear(&body);
    return status;
}

/* ---------------------------------------------------------------------- the ends */

static enum svc_status keep_newest(struct work *work, struct svc_error *error) {
    const struct settle_publisher publisher = publisher_of(work);
    char etags[SETTLE_FORMATS][SETTLE_ETAG_BYTES];
    struct settle_finished finished;
    enum svc_status status =
        settle_publish_check(&publisher, work->period, &work->seller, &work->claim.newest,
                             work->report, &work->result->rewritten, etags, error);
    if (status == SVC_OK) {
        status = settle_ledger_finish(&work->ledger, &work->claim, NULL, work->claim.mail_is_due,
                                      &finished, error);
    }
    if (status == SVC_OK) {
        work->result->outcome = SETTLE_UNCHANGED;
        work->result->version = work->claim.newest;
        status = work->claim.mail_is_due ? send_owed_mail(work, error) : SVC_OK;
    }
    return status;
}

/* A report gets one mail, with its first version that has something to say, and one with each
 * version that is forced. */
static bool wants_mail(const struct work *work, const struct settle_version *made) {
    const bool has_news = made->all.lines > 0 || (made->has_payout && made->payout.payable_won > 0);
    return has_news &&
           (work->is_forced || work->claim.mailed_version == 0 || work->claim.mail_is_due);
}

static enum svc_status publish_version(struct work *work, struct settle_version *made,
                                       struct svc_buf *mail, bool *with_mail,
                                       struct svc_error *error) {
    const struct settle_version *newest = &work->claim.newest;
    const struct settle_publisher publisher = publisher_of(work);
    const char *reason = reason_of(work);
    if (newest->version > 0) {
        const enum svc_status status =
            settle_report_set_version(work->report, newest->version + 1, error);
        if (status != SVC_OK) {
            return status;
        }
    }
    *made = *settle_report_figures(work->report);
    made->reason = reason;
    made->made_ms = svc_wall_ms(work->runner->clock);
    enum svc_status status = settle_publish(&publisher, work->period, &work->seller, newest,
                                            work->report, made->etags, error);
    *with_mail = false;
    if (status == SVC_OK && wants_mail(work, made)) {
        status = compose_mail(work, made, mail, with_mail, error);
    }
    return status;
}

static enum svc_status make_version(struct work *work, struct svc_error *error) {
    struct settle_version made;
    struct settle_finished finished;
    struct svc_buf mail;
    bool with_mail;
    svc_buf_init(&mail, EMAIL_MAX_MESSAGE_BYTES);
    enum svc_status status = publish_version(work, &made, &mail, &with_mail, error);
    if (status == SVC_OK) {
        status =
            settle_ledger_finish(&work->ledger, &work->claim, &made, with_mail, &finished, error);
    }
    if (status == SVC_OK) {
        work->result->outcome = SETTLE_MADE;
        work->result->version = made;
        status = with_mail ? send_mail(work, &mail, made.version, error) : SVC_OK;
    }
    svc_buf_clear(&mail);
    return status;
}

/* Records that the seller's data cannot be settled. */
static enum svc_status record_failure(struct work *work, enum svc_status reason,
                                      struct svc_error *error) {
    struct settle_seller_result *result = work->result;
    struct settle_finished finished;
    svc_copy_cut(result->failure, sizeof(result->failure),
                 error->detail[0] != '\0' ? error->detail : svc_status_message(reason));
    const enum svc_status status =
        settle_ledger_fail(&work->ledger, &work->claim, result->failure, &finished, error);
    if (status == SVC_OK) {
        result->outcome = SETTLE_FAILED;
        result->reason = reason;
        result->version = work->claim.newest;
    }
    return status;
}

static enum svc_status settle_claimed(struct work *work, bool is_manual, struct svc_error *error) {
    if (!work->claim.is_open && !is_manual) {
        work->result->outcome = SETTLE_UNCHANGED;
        work->result->version = work->claim.newest;
        return work->claim.mail_is_due ? send_owed_mail(work, error) : SVC_OK;
    }
    const enum svc_status status = make_report(work, work->claim.seller_id, error);
    if (settle_is_sellers_failure(status)) {
        return record_failure(work, status, error);
    }
    if (status != SVC_OK) {
        return status;
    }
    return reason_of(work) == NULL ? keep_newest(work, error) : make_version(work, error);
}

static void begin(struct work *work, struct settle_runner *runner,
                  const struct settle_period *period, const char *seller_id,
                  struct settle_seller_result *result) {
    memset(work, 0, sizeof(*work));
    memset(result, 0, sizeof(*result));
    (void)svc_copy_text(result->seller_id, sizeof(result->seller_id), seller_id);
    work->runner = runner;
    work->period = period;
    work->result = result;
    work->ledger = (struct settle_ledger){runner->db, runner->clock};
}

enum svc_status settle_seller_run(struct settle_runner *runner, const struct settle_run *run,
                                  const char *seller_id, bool is_manual, bool is_forced,
                                  struct settle_seller_result *result, struct svc_error *error) {
    struct work work;
    struct svc_error own = {0};
    begin(&work, runner, &run->period, seller_id, result);
    work.run = run;
    enum svc_status status =
        settle_ledger_claim(&work.ledger, run->run_id, seller_id, is_manual, &work.claim, &own);
    if (status == SVC_OK) {
        work.is_forced =
            is_manual ? is_forced || (work.claim.is_open && run->is_forced) : run->is_forced;
        status = settle_claimed(&work, is_manual, &own);
        settle_report_destroy(work.report);
        settle_ledger_release(&work.ledger, &work.claim);
    }
    if (status != SVC_OK) {
        result->outcome = SETTLE_LATER;
        result->reason = status;
        return svc_fail(error, status, "%s",
                        own.detail[0] != '\0' ? own.detail : svc_status_message(status));
    }
    return SVC_OK;
}

enum svc_status settle_seller_figures(struct settle_runner *runner,
                                      const struct settle_period *period, const char *seller_id,
                                      struct settle_seller_result *result,
                                      struct settle_report **report, struct svc_error *error) {
    struct work work;
    begin(&work, runner, period, seller_id, result);
    enum svc_status status = settle_ledger_look(&work.ledger, period, seller_id, &work.claim.newest,
                                                &work.claim.carried_in_won, error);
    if (status == SVC_OK) {
        status = make_report(&work, seller_id, error);
    }
    if (status == SVC_OK) {
        const char *reason = reason_of(&work);
        const uint32_t newest = work.claim.newest.version;
        result->outcome = reason != NULL ? SETTLE_MADE : SETTLE_UNCHANGED;
        result->version = *settle_report_figures(work.report);
        result->version.version = reason != NULL ? newest + 1 : newest;
        result->version.reason = reason;
        result->version.made_ms = svc_wall_ms(runner->clock);
    }
    if (status == SVC_OK && report != NULL) {
        *report = work.report;
    } else {
        settle_report_destroy(work.report);
    }
    return status;
}
