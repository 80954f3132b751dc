/* The route /unsubscribe?token=TOKEN: a page (GET, which changes nothing, because scanners of mail
 * follow links) with a button, and what the button and one-click (RFC 8058) send (POST). The token
 * is services/email/unsubscribe.h's. Pure but for webhook_unsubscribe_store. */
#ifndef WEBHOOK_UNSUBSCRIBE_H
#define WEBHOOK_UNSUBSCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/db/db.h"

#define WEBHOOK_UNSUBSCRIBE_PATH "/unsubscribe"
/* Of a POST; more is 413. */
#define WEBHOOK_MAX_UNSUBSCRIBE_BODY_BYTES ((size_t)2048)

/* The one parameter `token` of a raw query; false, and "" in `out`, if there is none, it stands
 * twice, or does not fit. It is not decoded: no character of a token needs an encoding. */
bool webhook_unsubscribe_token(const char *raw_query, char *out, size_t out_bytes);

enum webhook_unsubscribe_source {
    WEBHOOK_UNSUBSCRIBE_NONE, /* 400: neither */
    WEBHOOK_UNSUBSCRIBE_PAGE,
    WEBHOOK_UNSUBSCRIBE_ONE_CLICK
};
/* What a POST is: the page's button, or `List-Unsubscribe=One-Click` (RFC 8058), as a form or as
 * multipart/form-data. content_type NULL: not sent. */
enum webhook_unsubscribe_source webhook_unsubscribe_parse(const char *content_type,
                                                          const void *body, size_t body_bytes);

enum webhook_unsubscribe_page {
    WEBHOOK_PAGE_ASK,     /* 200: the button */
    WEBHOOK_PAGE_DONE,    /* 200 */
    WEBHOOK_PAGE_EXPIRED, /* 410 */
    WEBHOOK_PAGE_INVALID, /* 403 */
    WEBHOOK_PAGE_FAILED   /* 500: try again */
};
/* Appends the page, Korean first and English second; *http_status is as above. `email` is shown
 * masked ("g***@example.com"), in ASK and DONE; NULL: not at all. Errors: those of `html`. */
enum svc_status webhook_unsubscribe_page(enum webhook_unsubscribe_page page, const char *email,
                                         struct svc_buf *html, int *http_status);
/* For every response of the route, beside content-type: text/html; charset=utf-8. */
struct webhook_page_header {
    const char *name, *value;
};
extern const struct webhook_page_header webhook_unsubscribe_headers[];
extern const size_t webhook_unsubscribe_header_count;

/* Records it; a second time is OK and keeps the first. The platform reads new rows by their id.
 * Errors: INVALID_ARGUMENT, those of db_run. */
enum svc_status webhook_unsubscribe_store(struct db *db, const char *email,
                                          enum webhook_unsubscribe_source source, int64_t now_ms,
                                          struct db_error *error);

#endif
