/* dead-letters list: see dead_letters.h. */
#include <string.h>

#include "lambda/handlers/email/dead_letters.h"
#include "services/base/json.h"

struct list {
    const struct email_dead_letters *letters;
    uint64_t shown;
};

/* Rows are written as they are found: a queue may have many thousands. */
static void put_row(const struct email_dead_letters *letters, const struct email_dead_view *view) {
    char age[24];
    email_dead_put_age(view->queued_at_ms, letters->cli->now_ms, age);
    fprintf(letters->cli->out, "%-36s %5s  %-24s %-22s %8lld\n", view->id, age, view->reason,
            view->template_name[0] != '\0' ? view->template_name : "-", (long long)view->receives);
}

static void put_json(const struct email_dead_letters *letters, const struct email_dead_view *view) {
    struct svc_buf line;
    struct svc_json_writer json;
    svc_buf_init(&line, 4096);
    svc_json_writer_init(&json, &line);
    svc_json_begin_object(&json);
    svc_json_add_text(&json, "id", view->id);
    svc_json_add_text(&json, "reason", view->reason);
    svc_json_add_text(&json, "detail", view->detail[0] != '\0' ? view->detail : NULL);
    svc_json_add_text(&json, "template",
                      view->template_name[0] != '\0' ? view->template_name : NULL);
    svc_json_add_int(&json, "ageSeconds",
                     view->queued_at_ms > 0 ? (letters->cli->now_ms - view->queued_at_ms) / 1000
                                            : -1);
    svc_json_add_int(&json, "receives", view->receives);
    svc_json_end_object(&json);
    fprintf(letters->cli->out, "%s\n", svc_buf_text(&line));
    svc_buf_clear(&line);
}

static bool show(void *user, const struct awsc_sqs_received_message *message, bool *is_taken) {
    struct list *list = user;
    const struct email_dead_letters *letters = list->letters;
    struct email_dead_view view;
    (void)is_taken;
    email_dead_view_read(message, letters->cli->now_ms, &view);
    if (email_dead_is_wanted(letters, &view)) {
        if (letters->options.is_json) {
            put_json(letters, &view);
        } else {
            put_row(letters, &view);
        }
        list->shown++;
    }
    return letters->options.limit == 0 || list->shown < letters->options.limit;
}

int email_dead_list(const struct email_dead_letters *letters) {
    struct list list = {.letters = letters};
    struct awsc_error error;
    const struct email_cli *cli = letters->cli;
    if (!letters->options.is_json) {
        fprintf(cli->out, "%-36s %5s  %-24s %-22s %8s\n", "ID", "AGE", "REASON", "TEMPLATE",
                "RECEIVES");
    }
    enum svc_status status =
        email_walk(letters->client, letters->options.queue, show, &list, &error);
    if (status != SVC_OK) {
        return email_dead_aws_failure(letters, &error);
    }
    fprintf(cli->err, "%llu message%s\n", (unsigned long long)list.shown,
            list.shown == 1 ? "" : "s");
    return EMAIL_DEAD_DONE;
}
