/* dead-letters resend: see dead_letters.h.
 *
 * A message is sent first and deleted then, so that no end in between loses it. The first queue's
 * id goes with it: under that id (or its own messageId) the record of sent mails knows it. */
#include <string.h>

#include "lambda/handlers/email/dead_letter.h"
#include "lambda/handlers/email/dead_letters.h"
#include "lambda/handlers/email/dead_letters_ids.h"
#include "lambda/handlers/email/dead_letters_reason.h"
#include "lambda/handlers/email/dead_letters_record.h"
#include "lambda/handlers/email/dead_letters_target.h"
#include "services/base/text.h"

/* Messages between two lines of progress. */
#define PROGRESS_STEP 100

struct resend {
    const struct email_dead_letters *letters;
    struct email_ids sent; /* first ids: a message that comes back meanwhile is left alone */
    uint64_t found, done, refused;
    enum svc_status status;
    struct awsc_error error;
};

/* One message on its way. */
struct parcel {
    const struct awsc_sqs_received_message *message;
    struct email_dead_view view;
    char url[EMAIL_DEAD_URL_BYTES];
    bool overrides; /* goes out although it may have been sent */
};

static bool fail(struct resend *resend, enum svc_status status) {
    resend->status = status;
    return false;
}

/* Why the message is not sent; NULL: it may be. */
static const char *find_objection(const struct resend *resend, struct parcel *parcel,
                                  const struct email_dead_record *record) {
    const struct email_dead_options *given = &resend->letters->options;
    const struct email_dead_view *view = &parcel->view;
    bool is_unknown = strcmp(view->reason, EMAIL_REASON_UNKNOWN) == 0;
    const char *source = view->source_queue;
    if (given->to_queue == NULL && source[0] == '\0' && given->main_queue == NULL) {
        return "it states no queue: give --to-queue, or set EMAIL_QUEUE_URL";
    }
    if (given->to_queue != NULL || source[0] == '\0') {
        const char *url = given->to_queue != NULL ? given->to_queue : given->main_queue;
        if (!svc_copy_text(parcel->url, sizeof(parcel->url), url)) {
            return "the URL of the queue is too long";
        }
    } else if (!email_dead_neighbour(given->queue, source, parcel->url)) {
        return "it comes from a queue of another account: give --to-queue";
    }
    if (strcmp(parcel->url, given->queue) == 0) {
        return "it would go to the dead-letter queue itself";
    }
    if (!view->is_accepted && !given->is_forced) {
        return view->refusal.detail;
    }
    if (view->is_outdated && !given->is_forced) {
        return "its link no longer works";
    }
    /* A reason of the schema's is out of date once this program accepts the body. */
    bool is_of_schema = false;
    for (enum email_reason r = EMAIL_REASON_BAD_JSON; r <= EMAIL_REASON_BAD_ADDRESS; r++) {
        is_of_schema = is_of_schema || strcmp(email_reason_name(r), view->reason) == 0;
    }
    if (!is_of_schema && email_dead_reason_find(view->reason)->is_final && !given->is_forced) {
        return "it would be refused again";
    }
    if (is_unknown && record->state != EMAIL_DEAD_SENT && !given->overrides_unknown) {
        return "it may have been sent: --override-unknown sends it all the same";
    }
    parcel->overrides = is_unknown && record->state != EMAIL_DEAD_SENT;
    return NULL;
}

static enum svc_status send(struct resend *resend, const struct parcel *parcel,
                            char id[AWSC_SQS_ID_BYTES]) {
    const struct email_dead_view *view = &parcel->view;
    struct awsc_sqs_attribute attributes[3] = {
        {.name = EMAIL_ATTRIBUTE_FIRST_ID, .type = AWSC_SQS_STRING, .value = view->first_id}};
    size_t count = 1;
    char queued_at[24];
    if (view->queued_at_ms > 0) {
        (void)snprintf(queued_at, sizeof(queued_at), "%lld", (long long)view->queued_at_ms);
        attributes[count++] = (struct awsc_sqs_attribute){
            .name = EMAIL_ATTRIBUTE_QUEUED_AT, .type = AWSC_SQS_NUMBER, .value = queued_at};
    }
    if (parcel->overrides) {
        attributes[count++] = (struct awsc_sqs_attribute){
            .name = EMAIL_ATTRIBUTE_OVERRIDE, .type = AWSC_SQS_STRING, .value = "yes"};
    }
    struct awsc_sqs_message message = {
        .body = parcel->message->body,
        .attributes = attributes,
        .attribute_count = count,
        /* Two copies with an override may be two mails. */
        .send_once = parcel->overrides,
    };
    if (svc_ends_with(parcel->url, ".fifo")) {
        message.group_id = parcel->message->group_id != NULL ? parcel->message->group_id : "email";
        message.deduplication_id = view->id;
    }
    return awsc_sqs_send(resend->letters->client, parcel->url, &message, id, 0, &resend->error);
}

/* Sends and deletes. false ends the walk: AWS failed. */
static bool move(struct resend *resend, const struct parcel *parcel, bool *is_taken) {
    const struct email_cli *cli = resend->letters->cli;
    const struct email_dead_options *given = &resend->letters->options;
    char id[AWSC_SQS_ID_BYTES] = "";
    bool was_there = false;
    size_t number;
    if (!email_ids_add(&resend->sent, parcel->view.first_id, &number, &was_there)) {
        return fail(resend, awsc_fail(&resend->error, SVC_NO_MEMORY, "no memory left"));
    }
    enum svc_status status = send(resend, parcel, id);
    if (status != SVC_OK) {
        fprintf(cli->err, "%s: %s was not sent%s, and stays where it is\n", cli->program,
                parcel->view.id,
                resend->error.maybe_done ? ", or was: SQS's response did not come" : "");
        return fail(resend, status);
    }
    status = awsc_sqs_delete(resend->letters->client, given->queue, parcel->message->receipt_handle,
                             0, &resend->error);
    if (status != SVC_OK) {
        fprintf(cli->err,
                "%s: %s was sent, as %s, and could not be deleted: it is in both queues\n",
                cli->program, parcel->view.id, id);
        return fail(resend, status);
    }
    *is_taken = true;
    resend->done++;
    if (given->id != NULL) {
        fprintf(cli->out, "%s sent to %s as %s%s\n", parcel->view.id, parcel->url, id,
                parcel->overrides ? ", overriding its unknown outcome" : "");
    }
    return true;
}

static bool handle(struct resend *resend, struct parcel *parcel, bool *is_taken) {
    const struct email_cli *cli = resend->letters->cli;
    const struct email_dead_options *given = &resend->letters->options;
    struct email_dead_view *view = &parcel->view;
    struct email_dead_record record = {.state = EMAIL_DEAD_NO_TABLE};
    if (strcmp(view->reason, EMAIL_REASON_UNKNOWN) == 0 && view->key[0] != '\0') {
        enum svc_status status = email_dead_record_read(
            resend->letters->client, given->table, view->key, cli->now_ms, &record, &resend->error);
        if (status != SVC_OK) {
            return fail(resend, status);
        }
    }
    const char *objection = find_objection(resend, parcel, &record);
    if (objection != NULL) {
        resend->refused++;
        fprintf(cli->err, "%s: %s (%s) is refused: %s\n", cli->program, view->id, view->reason,
                objection);
        return true;
    }
    if (given->is_dry_run) {
        resend->done++;
        fprintf(cli->out, "%s (%s, %s) would be sent to %s%s\n", view->id, view->reason,
                view->template_name[0] != '\0' ? view->template_name : "-", parcel->url,
                parcel->overrides ? ", overriding its unknown outcome" : "");
        return true;
    }
    return move(resend, parcel, is_taken);
}

static bool each(void *user, const struct awsc_sqs_received_message *message, bool *is_taken) {
    struct resend *resend = user;
    const struct email_dead_options *given = &resend->letters->options;
    struct parcel parcel = {.message = message};
    if (given->id != NULL && strcmp(given->id, message->message_id) != 0) {
        return true;
    }
    email_dead_view_read(message, resend->letters->cli->now_ms, &parcel.view);
    bool was_sent = email_ids_has(&resend->sent, parcel.view.first_id);
    if (was_sent || (given->id == NULL && !email_dead_is_wanted(resend->letters, &parcel.view))) {
        return true;
    }
    resend->found++;
    bool goes_on = handle(resend, &parcel, is_taken);
    if (given->id == NULL && !given->is_dry_run && resend->found % PROGRESS_STEP == 0) {
        fprintf(resend->letters->cli->err, "%llu sent, %llu refused ...\n",
                (unsigned long long)resend->done, (unsigned long long)resend->refused);
    }
    return goes_on && given->id == NULL && (given->limit == 0 || resend->found < given->limit);
}

int email_dead_resend(const struct email_dead_letters *letters) {
    struct resend resend = {.letters = letters};
    const struct email_cli *cli = letters->cli;
    struct awsc_error error;
    enum svc_status status =
        email_walk(letters->client, letters->options.queue, each, &resend, &error);
    email_ids_clear(&resend.sent);
    if (letters->options.id == NULL) {
        fprintf(cli->err, "%llu %s, %llu refused\n", (unsigned long long)resend.done,
                letters->options.is_dry_run ? "would be sent" : "sent",
                (unsigned long long)resend.refused);
    }
    if (resend.status != SVC_OK) {
        return email_dead_aws_failure(letters, &resend.error);
    }
    if (status != SVC_OK) {
        return email_dead_aws_failure(letters, &error);
    }
    if (resend.found == 0) {
        fprintf(cli->err, "%s: the queue has no such message that is visible\n", cli->program);
    }
    return resend.found > 0 && resend.refused == 0 ? EMAIL_DEAD_DONE : EMAIL_DEAD_REFUSED;
}
