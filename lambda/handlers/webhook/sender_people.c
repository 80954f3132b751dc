/* People who want no more promotional mail, and their mail programs: /unsubscribe?token=TOKEN. The
 * token is in the link of every promotional mail; its secret is that of UNSUBSCRIBE_SECRET_NAME,
 * several with blanks between them while it is rotated. Nobody reaches the database without one. */
#include <string.h>

#include "lambda/handlers/webhook/sender.h"
#include "services/aws/secrets.h"
#include "services/base/crypto.h"
#include "services/base/limits.h"
#include "services/email/unsubscribe.h"
#include "services/webhook/unsubscribe.h"

#define BLANKS " \t\r\n"

/* ---------------------------------------------------------------------- pages */

static void show(struct webhook_reply *reply, enum webhook_unsubscribe_page page,
                 const char *email) {
    int http_status = 500;
    const enum svc_status status =
        webhook_unsubscribe_page(page, email, &reply->page, &http_status);
    if (status != SVC_OK) {
        svc_buf_wipe(&reply->page);
        webhook_reply_fail(reply, svc_status_name(status), "the page cannot be made");
    } else if (reply->http_status != http_status) {
        webhook_reply_fail(reply, "INTERNAL", "the page is of another status");
    }
}

static void refuse_token(struct webhook_reply *reply, enum svc_status status) {
    if (status == SVC_PRECONDITION_FAILED) {
        webhook_reply_refuse(reply, 410, "TOKEN_EXPIRED", NULL);
        show(reply, WEBHOOK_PAGE_EXPIRED, NULL);
    } else if (status == SVC_ACCESS_DENIED) {
        webhook_reply_refuse(reply, 403, "TOKEN", NULL);
        show(reply, WEBHOOK_PAGE_INVALID, NULL);
    } else {
        webhook_reply_fail(reply, svc_status_name(status), "the token cannot be verified");
        show(reply, WEBHOOK_PAGE_FAILED, NULL);
    }
}

/* ---------------------------------------------------------------------- the token */

/* Splits the secret's text in place. */
static size_t split(char *text, const char *secrets[EMAIL_MAX_UNSUBSCRIBE_SECRETS]) {
    size_t count = 0;
    for (text += strspn(text, BLANKS); *text != '\0' && count < EMAIL_MAX_UNSUBSCRIBE_SECRETS;
         text += strspn(text, BLANKS)) {
        const size_t size = strcspn(text, BLANKS);
        const bool is_last = text[size] == '\0';
        secrets[count++] = text;
        text[size] = '\0';
        text += size + (is_last ? 0 : 1);
    }
    return count;
}

/* false: the reply is set. */
static bool verify(const struct webhook_function *function, const char *token,
                   char email[EMAIL_ADDRESS_BYTES], struct webhook_reply *reply) {
    const struct awsc_secret_get get = {.name = function->settings.unsubscribe_secret_name};
    const char *secrets[EMAIL_MAX_UNSUBSCRIBE_SECRETS];
    struct awsc_error error;
    struct svc_buf text;
    svc_buf_init(&text, AWSC_MAX_SECRET_VALUE_BYTES);
    enum svc_status status = awsc_secret_get(function->aws, &get, &text, &error);
    if (status != SVC_OK || text.size_bytes == 0) {
        char line[AWSC_ERROR_TEXT_BYTES];
        webhook_reply_fail(reply, "UNSUBSCRIBE_SECRET", awsc_error_text(&error, line));
        show(reply, WEBHOOK_PAGE_FAILED, NULL);
    } else {
        const size_t count = split((char *)text.bytes, secrets);
        status =
            email_unsubscribe_verify(secrets, count, token, svc_wall_ms(function->clock), email);
        if (status != SVC_OK) {
            refuse_token(reply, status);
        }
    }
    svc_buf_wipe(&text);
    return status == SVC_OK && email[0] != '\0';
}

/* ---------------------------------------------------------------------- the request */

static void record(struct webhook_function *function, const struct webhook_call *call,
                   const char *email, struct webhook_reply *reply) {
    const struct lev_url_request *request = call->request;
    const enum webhook_unsubscribe_source source = webhook_unsubscribe_parse(
        lev_url_header(request, "content-type"), request->body, request->body_bytes);
    struct db_error error;
    if (source == WEBHOOK_UNSUBSCRIBE_NONE) {
        webhook_reply_refuse(reply, 400, "NO_UNSUBSCRIBE", NULL);
        return;
    }
    reply->event = source == WEBHOOK_UNSUBSCRIBE_PAGE ? "page" : "one-click";
    db_set_deadline(function->db, call->deadline_ms);
    if (webhook_unsubscribe_store(function->db, email, source, svc_wall_ms(function->clock),
                                  &error) == SVC_OK) {
        webhook_reply_done(reply, "stored");
        show(reply, WEBHOOK_PAGE_DONE, email);
    } else {
        webhook_reply_fail_db(reply, &error);
        show(reply, WEBHOOK_PAGE_FAILED, NULL);
    }
}

void webhook_take_unsubscribe(struct webhook_function *function, struct webhook_call *call,
                              struct webhook_reply *reply) {
    char token[EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES + 1];
    char email[EMAIL_ADDRESS_BYTES] = "";
    if (!webhook_unsubscribe_token(call->request->raw_query, token, sizeof(token))) {
        refuse_token(reply, SVC_ACCESS_DENIED);
    } else if (verify(function, token, email, reply)) {
        if (strcmp(call->request->method, "GET") == 0) {
            webhook_reply_done(reply, "shown");
            show(reply, WEBHOOK_PAGE_ASK, email);
        } else {
            record(function, call, email, reply);
        }
    }
    svc_wipe(email, sizeof(email));
}
