/* dead-letters explain: see dead_letters.h. */
#include <string.h>

#include "lambda/handlers/email/dead_letters.h"
#include "lambda/handlers/email/dead_letters_reason.h"
#include "lambda/handlers/email/dead_letters_record.h"
#include "services/base/clock.h"

struct search {
    const struct email_dead_letters *letters;
    bool is_found;
    struct email_dead_view view;
};

static bool look(void *user, const struct awsc_sqs_received_message *message, bool *is_taken) {
    struct search *search = user;
    (void)is_taken;
    if (strcmp(message->message_id, search->letters->options.id) != 0) {
        return true;
    }
    search->is_found = true;
    email_dead_view_read(message, search->letters->cli->now_ms, &search->view);
    return false;
}

static void put_line(FILE *out, const char *name, const char *value) {
    if (value[0] != '\0') {
        fprintf(out, "%-14s %s\n", name, value);
    }
}

static void put_time(FILE *out, const char *name, int64_t wall_ms) {
    char text[SVC_ISO8601_BYTES];
    if (wall_ms > 0) {
        svc_format_iso8601(wall_ms, text);
        put_line(out, name, text);
    }
}

/* Words, at most 80 columns, each line begun with blanks. */
static void put_wrapped(FILE *out, const char *text) {
    size_t column = 0;
    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        if (column == 0 || column + 1 + word > 76) {
            fputs(column == 0 ? "  " : "\n  ", out);
            column = 0;
        } else {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", (int)word, text);
        column += word;
        text += word;
        text += strspn(text, " ");
    }
    fputs("\n", out);
}

static void put_message(FILE *out, const struct email_dead_view *view) {
    put_line(out, "id", view->id);
    put_line(out, "template", view->template_name);
    put_line(out, "recipient", view->recipient);
    put_time(out, "queued", view->queued_at_ms);
    if (view->dead_since_ms != view->queued_at_ms) {
        put_time(out, "dead since", view->dead_since_ms);
    }
    fprintf(out, "%-14s %lld\n", "receives", (long long)view->receives);
    put_line(out, "first id", view->first_id);
    put_line(out, "from queue", view->source_queue);
    fprintf(out, "\nreason         %s\n", view->reason);
    put_wrapped(out, email_dead_reason_find(view->reason)->meaning);
    put_line(out, "detail", view->detail);
}

static void put_record(FILE *out, const struct email_dead_view *view,
                       const struct email_dead_record *record) {
    static const char *const meanings[] = {
        [EMAIL_DEAD_NO_TABLE] = "No table is named (IDEMPOTENCY_TABLE, --table): nothing is known.",
        [EMAIL_DEAD_NO_ITEM] = "No item: no delivery of this message got as far as SES, or the "
                               "item's time is over.",
        [EMAIL_DEAD_CLAIMED] = "CLAIMED: a delivery works or worked on it; nothing was sent.",
        [EMAIL_DEAD_SENDING] =
            "SENDING: SES was asked to send it, and the outcome is not recorded.",
        [EMAIL_DEAD_SENT] = "SENT: SES accepted the mail. Resend is safe: the function does "
                            "nothing and the message is gone.",
        [EMAIL_DEAD_OTHER] = "An item that this program does not understand.",
    };
    fputs("\nrecord\n", out);
    put_line(out, "  key", view->key);
    put_wrapped(out, meanings[record->state]);
    put_time(out, "  until", record->until_ms);
    put_line(out, "  SES id", record->ses_message_id);
}

static void put_advice(FILE *out, const struct email_dead_view *view,
                       const struct email_dead_record *record) {
    fputs("\nwhat can be done\n", out);
    if (record->state != EMAIL_DEAD_SENT) {
        put_wrapped(out, email_dead_reason_find(view->reason)->advice);
    } else {
        put_wrapped(out, "Nothing is left to send. `resend` removes the message from here.");
    }
    if (!view->is_accepted) {
        fprintf(out, "  This program refuses the body: %s: %s\n",
                email_reason_name(view->refusal.reason), view->refusal.detail);
    } else if (view->is_outdated) {
        put_wrapped(out, "Its link no longer works: the function would delete it unsent.");
    }
}

int email_dead_explain(const struct email_dead_letters *letters) {
    struct search search = {.letters = letters};
    struct email_dead_record record;
    struct awsc_error error;
    FILE *out = letters->cli->out;
    const char *table = letters->options.table;
    enum svc_status status =
        email_walk(letters->client, letters->options.queue, look, &search, &error);
    if (status == SVC_OK && search.is_found) {
        status = email_dead_record_read(letters->client, search.view.key[0] != '\0' ? table : NULL,
                                        search.view.key, letters->cli->now_ms, &record, &error);
    }
    if (status != SVC_OK) {
        return email_dead_aws_failure(letters, &error);
    }
    if (!search.is_found) {
        fprintf(letters->cli->err, "%s: the queue has no message %s that is visible\n",
                letters->cli->program, letters->options.id);
        return EMAIL_DEAD_REFUSED;
    }
    put_message(out, &search.view);
    if (search.view.key[0] != '\0') {
        put_record(out, &search.view, &record);
    }
    put_advice(out, &search.view, &record);
    return EMAIL_DEAD_DONE;
}
