/* One message from the queue to SES: see deliver.h. The order of the steps is here; what a failure
 * means is in deliver_outcome.c, what a mail has besides its text in deliver_letter.c.
 *
 *   parse, render, digest   failures are certain: nothing was claimed
 *   claim                   another delivery's item decides
 *   wait, SENDING           failures release the claim: nothing was asked of SES
 *   POST                    a certain refusal releases the claim; anything else leaves SENDING
 *   SENT                    a failure leaves SENDING: the mail is out
 *
 * A process that ends in between leaves CLAIMED, which another delivery takes over after its time,
 * or from SENDING on an unknown outcome. */
#include "services/email/deliver.h"

#include <string.h>

#include "services/base/text.h"
#include "services/email/deliver_letter.h"
#include "services/email/deliver_outcome.h"

struct work {
    struct email_mailer *mailer;
    const struct email_job *job;
    struct email_delivery *delivery;
    int64_t deadline_ms; /* the job's, or the longest that a claim may last */
    int backoff_s;
    struct email_message message;
    struct email_rendered rendered;
    struct email_letter letter;
    char digest[EMAIL_DIGEST_BYTES];
    struct email_claim claim;
};

/* ---------------------------------------------------------------------- the mail */

/* The template and language of a body whose other fields are refused. */
static void find_template(const struct email_job *job, struct email_delivery *delivery) {
    struct svc_json *document = NULL;
    if (svc_json_parse(job->body, job->body_bytes, EMAIL_MAX_MESSAGE_BYTES, &document, NULL) !=
        SVC_OK) {
        return;
    }
    const char *name = svc_json_get_text(document, "template");
    const char *language = svc_json_get_text(document, "language");
    delivery->language = EMAIL_KO;
    delivery->has_template = name != NULL && email_template_find(name, &delivery->template_id);
    if (language != NULL && !email_language_find(language, &delivery->language)) {
        delivery->language = EMAIL_KO;
    }
    svc_json_free(document);
}

static bool parse(struct work *work) {
    struct email_delivery *delivery = work->delivery;
    struct email_error error;
    if (email_message_parse(work->job->body, work->job->body_bytes, &work->message, &error) !=
        SVC_OK) {
        /* Those reasons come before a document is there, or without a template in it. */
        if (error.reason != EMAIL_REASON_BAD_JSON && error.reason != EMAIL_REASON_TOO_LARGE &&
            error.reason != EMAIL_REASON_UNKNOWN_TEMPLATE) {
            find_template(work->job, delivery);
        }
        email_outcome_of_message(delivery, &error, work->backoff_s);
        return false;
    }
    delivery->has_template = true;
    delivery->template_id = work->message.template_id;
    delivery->language = work->message.language;
    (void)svc_copy_text(delivery->to, sizeof(delivery->to), work->message.to);
    if (!email_record_key(work->message.id, work->job->queue_id, delivery->key) &&
        work->mailer->record.name != NULL) {
        email_outcome_set(delivery, EMAIL_REFUSED, "INVALID_ARGUMENT", 0,
                          "the message has neither a messageId nor an id of the queue by which it "
                          "could be recorded");
        return false;
    }
    if (work->job->queued_at_ms >= 0 &&
        email_message_expired(&work->message, work->job->queued_at_ms,
                              svc_wall_ms(work->mailer->clock))) {
        email_outcome_set(delivery, EMAIL_OUTDATED, "LINK_EXPIRED", 0,
                          "the link of this mail no longer works: it waited too long in the queue");
        return false;
    }
    return true;
}

static bool prepare(struct work *work) {
    struct email_delivery *delivery = work->delivery;
    const struct email_mailer_settings *settings = work->mailer->settings;
    struct email_error error;
    struct awsc_error refused;
    struct svc_span *span =
        svc_span_begin(awsc_client_trace(work->mailer->client), SVC_SPAN_LOCAL, "render mail");
    const enum svc_status rendered =
        email_render(&work->message, &settings->sender, svc_wall_ms(work->mailer->clock),
                     &work->rendered, &error);
    svc_span_end(span);
    if (rendered != SVC_OK) {
        email_outcome_of_message(delivery, &error, work->backoff_s);
        return false;
    }
    enum svc_status status = email_message_digest(&work->message, work->digest);
    if (status != SVC_OK) {
        email_outcome_set(delivery, EMAIL_RETRY, svc_status_name(status), work->backoff_s, "%s",
                          svc_status_message(status));
        return false;
    }
    email_letter_fill(&work->letter, settings, &work->message, &work->rendered);
    status = awsc_ses_check(&work->letter.email, &refused);
    if (status != SVC_OK && !email_letter_settings_are_good(settings)) {
        email_outcome_set(delivery, EMAIL_UNAVAILABLE, svc_status_name(SVC_CONFIGURATION),
                          EMAIL_MAX_RETRY_S,
                          "a setting is not valid (%s): FROM_EMAIL, REPLY_TO, BCC_EMAIL, "
                          "SES_CONFIGURATION_SET or the environment's name",
                          refused.message);
        return false;
    }
    if (status != SVC_OK) {
        email_outcome_set(delivery, EMAIL_REFUSED, svc_status_name(status), 0,
                          "SES would refuse this mail: %s", refused.message);
        return false;
    }
    return true;
}

/* ---------------------------------------------------------------------- the claim */

static void release(const struct work *work) {
    struct awsc_error error;
    /* If that fails, the claim ends by its time. */
    (void)email_record_release(&work->claim, &error);
}

static bool has_time(const struct work *work, int64_t needed_ms) {
    return svc_remaining_ms(work->mailer->clock, work->deadline_ms) >= needed_ms;
}

static void no_time(struct work *work, int64_t wait_ms) {
    email_outcome_set(work->delivery, EMAIL_UNAVAILABLE, "NO_TIME", email_retry_after_ms(wait_ms),
                      "the invocation has not enough time left for another mail");
}

static bool claim(struct work *work) {
    struct email_delivery *delivery = work->delivery;
    struct awsc_error error;
    if (!has_time(work, EMAIL_MIN_SEND_MS)) {
        no_time(work, 0);
        return false;
    }
    const struct email_record_table *table = &work->mailer->record;
    enum email_claim_result result = email_record_claim(
        &work->claim, table, delivery->key, work->digest, work->job->overrides_unknown,
        svc_remaining_ms(work->mailer->clock, work->deadline_ms), &error);
    switch (result) {
    case EMAIL_CLAIM_OURS:
        return true;
    case EMAIL_CLAIM_BUSY:
        email_outcome_set(delivery, EMAIL_RETRY, "IN_PROGRESS",
                          email_retry_after_ms(work->claim.until_ms - email_record_now_ms(table)),
                          "another delivery of this message is at work");
        return false;
    case EMAIL_CLAIM_SENT:
        delivery->outcome = EMAIL_SENT_BEFORE;
        return false;
    case EMAIL_CLAIM_UNKNOWN:
        email_outcome_set(delivery, EMAIL_UNKNOWN, "UNKNOWN_OUTCOME", 0,
                          "an earlier delivery may have sent this mail and ended without its "
                          "outcome: look for it in SES's events before it is sent again");
        return false;
    case EMAIL_CLAIM_REUSED:
        email_outcome_set(delivery, EMAIL_REFUSED, "ID_REUSED", 0,
                          "another message with other content has the same messageId: its producer "
                          "must give each message an id of its own");
        return false;
    case EMAIL_CLAIM_FAILED:
        break;
    }
    if (error.maybe_done) {
        release(work);
    }
    email_outcome_of_table(delivery, &error, work->backoff_s);
    return false;
}

/* ---------------------------------------------------------------------- sending */

/* Sleeps until the rate allows a mail. */
static bool wait_for_rate(struct work *work) {
    struct email_mailer *mailer = work->mailer;
    for (;;) {
        const int64_t wait_ms = email_rate_wait_ms(&mailer->rate, mailer->clock);
        const int64_t left_ms = svc_remaining_ms(mailer->clock, work->deadline_ms);
        if (left_ms < EMAIL_MIN_SEND_MS || wait_ms > left_ms - EMAIL_MIN_SEND_MS) {
            no_time(work, wait_ms);
            return false;
        }
        if (wait_ms == 0) {
            return true;
        }
        svc_sleep_ms(mailer->clock, wait_ms);
    }
}

static bool begin_sending(struct work *work) {
    struct awsc_error error;
    enum svc_status status = email_record_sending(&work->claim, &error);
    if (status == SVC_PRECONDITION_FAILED) {
        email_outcome_set(work->delivery, EMAIL_RETRY, "IN_PROGRESS", work->backoff_s,
                          "the claim on this message ended before the mail was sent");
        return false;
    }
    if (status != SVC_OK) {
        email_outcome_of_table(work->delivery, &error, work->backoff_s);
        return false;
    }
    /* The write may have taken long. */
    if (!has_time(work, EMAIL_MIN_POST_MS)) {
        no_time(work, 0);
        return false;
    }
    return true;
}

static void send(struct work *work) {
    struct email_mailer *mailer = work->mailer;
    struct email_delivery *delivery = work->delivery;
    struct awsc_error error;
    email_rate_take(&mailer->rate, mailer->clock);
    work->letter.email.deadline_ms = work->deadline_ms - EMAIL_RESERVE_MS;
    if (awsc_ses_send(mailer->client, &work->letter.email, delivery->ses_message_id, &error) ==
        SVC_OK) {
        delivery->outcome = EMAIL_SENT;
        delivery->is_record_incomplete =
            email_record_sent(&work->claim, delivery->ses_message_id, &error) != SVC_OK;
        return;
    }
    email_outcome_of_ses(delivery, &error, work->backoff_s);
    if (strcmp(delivery->reason, "SES_RATE") == 0) {
        email_rate_empty(&mailer->rate, mailer->clock);
    }
    if (delivery->outcome == EMAIL_UNKNOWN) {
        (void)email_record_unknown(&work->claim, &error);
    } else {
        release(work);
    }
}

void email_deliver(struct email_mailer *mailer, const struct email_job *job,
                   struct email_delivery *delivery) {
    struct work work = {.mailer = mailer, .job = job, .delivery = delivery};
    const struct svc_random *random =
        mailer->record.random != NULL ? mailer->record.random : svc_random_system();
    memset(delivery, 0, sizeof(*delivery));
    const int64_t longest_ms = svc_deadline_in(mailer->clock, EMAIL_RECORD_MAX_CLAIM_MS);
    work.deadline_ms = job->deadline_ms < longest_ms ? job->deadline_ms : longest_ms;
    work.backoff_s = email_backoff_s(job->receive_count, random);
    if (parse(&work) && prepare(&work) && claim(&work)) {
        if (wait_for_rate(&work) && begin_sending(&work)) {
            send(&work);
        } else {
            release(&work);
        }
    }
    email_rendered_clear(&work.rendered);
    email_message_clear(&work.message);
}
