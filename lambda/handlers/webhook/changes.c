/* Changes of orders: see changes.h. */
#include "lambda/handlers/webhook/changes.h"

/* A mail is not swept while this invocation may still send it: its time, and what a send that began
 * at the end of it takes. */
#define CLAIM_MORE_MS 2000

struct webhook_store webhook_store_for(const struct webhook_function *function,
                                       int64_t deadline_ms) {
    const int64_t left_ms = svc_remaining_ms(function->clock, deadline_ms);
    const int64_t most_ms = WEBHOOK_ANSWER_MS;
    return (struct webhook_store){
        .db = function->db,
        .clock = function->clock,
        .log = function->log,
        .claim_ms = (left_ms < most_ms ? left_ms : most_ms) + CLAIM_MORE_MS,
    };
}

struct webhook_outbox webhook_outbox_for(const struct webhook_function *function) {
    return (struct webhook_outbox){
        .db = function->db,
        .aws = function->aws,
        .queue_url = function->settings.mail_queue_url,
        .clock = function->clock,
        .log = function->log,
    };
}

static const char *outcome_of_step(enum webhook_outcome outcome) {
    switch (outcome) {
    case WEBHOOK_LATE:
        return "late";
    case WEBHOOK_REPEATED:
        return "repeated";
    default:
        return "stored";
    }
}

static void set_reply(const struct webhook_stored *stored, struct webhook_reply *reply) {
    switch (stored->outcome) {
    case WEBHOOK_STORED:
        webhook_reply_done(reply, outcome_of_step(stored->step_outcome));
        break;
    case WEBHOOK_STORED_BEFORE:
        webhook_reply_done(reply, "repeated");
        break;
    case WEBHOOK_STORED_NO_ORDER:
        webhook_reply_refuse(reply, 404, "NO_ORDER", NULL);
        break;
    case WEBHOOK_STORED_IMPOSSIBLE:
        webhook_reply_refuse(reply, 409, "IMPOSSIBLE", NULL);
        break;
    case WEBHOOK_STORED_CONFLICT:
        webhook_reply_refuse(reply, 409, "AMOUNT_CONFLICT", NULL);
        break;
    case WEBHOOK_STORED_TOO_EARLY:
        webhook_reply_fail(reply, "TOO_EARLY", NULL);
        break;
    }
}

/* The event is stored whatever happens here: a failure is a line of the log, and the sweep's work.
 */
static void send_mails(struct webhook_function *function, const struct webhook_call *call,
                       struct webhook_reply *reply) {
    const struct webhook_stored *stored = &reply->stored;
    if (stored->mail_count == 0) {
        return;
    }
    const struct webhook_outbox outbox = webhook_outbox_for(function);
    const int64_t most_ms = svc_deadline_in(function->clock, WEBHOOK_MAIL_MS);
    const int64_t deadline_ms = call->deadline_ms < most_ms ? call->deadline_ms : most_ms;
    struct db_error error;
    db_set_deadline(function->db, deadline_ms);
    if (webhook_outbox_send(&outbox, stored->mails, stored->mail_count, deadline_ms, &reply->mails,
                            &error) != SVC_OK) {
        char line[DB_ERROR_TEXT_BYTES];
        svc_log_event(function->log, SVC_LOG_WARN, "mails are left to the sweep",
                      SVC_TEXT("reason", svc_status_name(error.status)),
                      SVC_TEXT("detail", db_error_text(&error, line)),
                      SVC_INT("mails", stored->mail_count),
                      SVC_INT("sent", (int64_t)reply->mails.sent));
    }
}

void webhook_change_order(struct webhook_function *function, const struct webhook_call *call,
                          const struct webhook_change *change, struct webhook_reply *reply) {
    const struct webhook_store store = webhook_store_for(function, call->deadline_ms);
    struct db_error error;
    db_set_deadline(function->db, call->deadline_ms);
    if (webhook_store_change(&store, change, &reply->stored, &error) != SVC_OK) {
        reply->stored = (struct webhook_stored){0};
        webhook_reply_fail_db(reply, &error);
        return;
    }
    set_reply(&reply->stored, reply);
    send_mails(function, call, reply);
}

void webhook_change_payout(struct webhook_function *function, const struct webhook_call *call,
                           const struct webhook_toss_event *event, struct webhook_reply *reply) {
    const struct webhook_store store = webhook_store_for(function, call->deadline_ms);
    struct db_error error;
    db_set_deadline(function->db, call->deadline_ms);
    if (webhook_store_payout(&store, event, call->request_id, &reply->stored, &error) != SVC_OK) {
        reply->stored = (struct webhook_stored){0};
        webhook_reply_fail_db(reply, &error);
        return;
    }
    set_reply(&reply->stored, reply);
}
