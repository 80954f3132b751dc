/* The route /unsubscribe: see unsubscribe.h. */
#include "services/webhook/unsubscribe.h"

#include <stdio.h>
#include <string.h>

#include "services/base/text.h"
#include "services/db/statement.h"
#include "services/email/address.h"
#include "services/email/escape.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---------------------------------------------------------------------- the request */

bool webhook_unsubscribe_token(const char *raw_query, char *out, size_t out_bytes) {
    static const char name[] = "token=";
    bool is_found = false;
    out[0] = '\0';
    for (const char *at = raw_query; at != NULL && *at != '\0';) {
        const size_t size = strcspn(at, "&");
        if (strncmp(at, name, sizeof(name) - 1) == 0) {
            const size_t value = size - (sizeof(name) - 1);
            if (is_found || value == 0 || value >= out_bytes) {
                out[0] = '\0';
                return false;
            }
            memcpy(out, at + sizeof(name) - 1, value);
            out[value] = '\0';
            is_found = true;
        }
        at += size + (at[size] == '&');
    }
    return is_found;
}

/* The media type without its parameters, in any case. */
static bool is_type(const char *content_type, const char *type) {
    const size_t size = strlen(type);
    return svc_begins_nocase(content_type, type) &&
           (content_type[size] == '\0' || content_type[size] == ';' || content_type[size] == ' ');
}

static bool is_equal(const char *text, size_t size_bytes, const char *expected) {
    return size_bytes == strlen(expected) && memcmp(text, expected, size_bytes) == 0;
}

static enum webhook_unsubscribe_source source_of(const char *name, size_t name_bytes,
                                                 const char *value, size_t value_bytes) {
    if (is_equal(name, name_bytes, "List-Unsubscribe") &&
        is_equal(value, value_bytes, "One-Click")) {
        return WEBHOOK_UNSUBSCRIBE_ONE_CLICK;
    }
    if (is_equal(name, name_bytes, "unsubscribe") && is_equal(value, value_bytes, "page")) {
        return WEBHOOK_UNSUBSCRIBE_PAGE;
    }
    return WEBHOOK_UNSUBSCRIBE_NONE;
}

/* "name=value&...": the first pair that is one of the two. None needs an encoding. */
static enum webhook_unsubscribe_source parse_form(const char *body, size_t body_bytes) {
    const char *end = body + body_bytes;
    while (body < end) {
        const char *next = memchr(body, '&', (size_t)(end - body));
        const char *stop = next == NULL ? end : next;
        const char *sign = memchr(body, '=', (size_t)(stop - body));
        if (sign != NULL) {
            const enum webhook_unsubscribe_source source =
                source_of(body, (size_t)(sign - body), sign + 1, (size_t)(stop - sign) - 1);
            if (source != WEBHOOK_UNSUBSCRIBE_NONE) {
                return source;
            }
        }
        body = next == NULL ? end : next + 1;
    }
    return WEBHOOK_UNSUBSCRIBE_NONE;
}

/* Moves *at behind `text` if it stands there. */
static bool skip(const char **at, const char *end, const char *text) {
    const size_t size = strlen(text);
    if ((size_t)(end - *at) < size || memcmp(*at, text, size) != 0) {
        return false;
    }
    *at += size;
    return true;
}

/* One part: its header lines, an empty line, its value. */
static enum webhook_unsubscribe_source parse_part(const char *part, const char *end) {
    static const char disposition[] = "content-disposition: form-data; name=\"";
    const char *name = NULL;
    size_t name_bytes = 0;
    while (part < end) {
        const char *line = part;
        const char *stop = memchr(part, '\r', (size_t)(end - part));
        if (stop == NULL || end - stop < 2 || stop[1] != '\n') {
            return WEBHOOK_UNSUBSCRIBE_NONE;
        }
        part = stop + 2;
        if (stop == line) {
            return name == NULL ? WEBHOOK_UNSUBSCRIBE_NONE
                                : source_of(name, name_bytes, part, (size_t)(end - part));
        }
        const size_t size = (size_t)(stop - line);
        char text[128];
        if (size < sizeof(text)) {
            memcpy(text, line, size);
            text[size] = '\0';
            if (size >= sizeof(disposition) && svc_begins_nocase(text, disposition) &&
                line[size - 1] == '"') {
                name = line + sizeof(disposition) - 1;
                name_bytes = size - sizeof(disposition);
            }
        }
    }
    return WEBHOOK_UNSUBSCRIBE_NONE;
}

static const char *find(const char *at, const char *end, const char *text) {
    const size_t size = strlen(text);
    for (; (size_t)(end - at) >= size; at++) {
        if (memcmp(at, text, size) == 0) {
            return at;
        }
    }
    return NULL;
}

/* multipart/form-data: parts between "--BOUNDARY" lines. */
static enum webhook_unsubscribe_source parse_multipart(const char *content_type, const char *body,
                                                       size_t body_bytes) {
    static const char parameter[] = "boundary=";
    const char *boundary = strstr(content_type, parameter);
    char line[80];
    if (boundary == NULL) {
        return WEBHOOK_UNSUBSCRIBE_NONE;
    }
    boundary += sizeof(parameter) - 1;
    const bool is_quoted = *boundary == '"';
    boundary += is_quoted;
    const size_t size = strcspn(boundary, is_quoted ? "\"" : "; ");
    if (size == 0 || size > 70) { /* RFC 2046's most */
        return WEBHOOK_UNSUBSCRIBE_NONE;
    }
    snprintf(line, sizeof(line), "\r\n--%.*s", (int)size, boundary);
    const char *at = body, *end = body + body_bytes;
    if (!skip(&at, end, line + 2)) { /* the first has no line before it */
        return WEBHOOK_UNSUBSCRIBE_NONE;
    }
    while (skip(&at, end, "\r\n")) {
        const char *stop = find(at, end, line);
        if (stop == NULL) {
            return WEBHOOK_UNSUBSCRIBE_NONE;
        }
        const enum webhook_unsubscribe_source source = parse_part(at, stop);
        if (source != WEBHOOK_UNSUBSCRIBE_NONE) {
            return source;
        }
        at = stop + strlen(line);
    }
    return WEBHOOK_UNSUBSCRIBE_NONE;
}

enum webhook_unsubscribe_source webhook_unsubscribe_parse(const char *content_type,
                                                          const void *body, size_t body_bytes) {
    if (content_type == NULL || body_bytes == 0 ||
        body_bytes > WEBHOOK_MAX_UNSUBSCRIBE_BODY_BYTES) {
        return WEBHOOK_UNSUBSCRIBE_NONE;
    }
    if (is_type(content_type, "application/x-www-form-urlencoded")) {
        return parse_form(body, body_bytes);
    }
    return is_type(content_type, "multipart/form-data")
               ? parse_multipart(content_type, body, body_bytes)
               : WEBHOOK_UNSUBSCRIBE_NONE;
}

/* ---------------------------------------------------------------------- the page */

const struct webhook_page_header webhook_unsubscribe_headers[] = {
    {"cache-control", "no-store"},
    {"content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; "
                                "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
    {"referrer-policy", "no-referrer"}, /* the address has the token */
    {"x-content-type-options", "nosniff"},
    {"x-robots-tag", "noindex"},
};
const size_t webhook_unsubscribe_header_count = COUNT(webhook_unsubscribe_headers);

static const struct {
    int http_status;
    bool shows_email;
    const char *korean, *english;
} pages[] = {
    [WEBHOOK_PAGE_ASK] = {200, true, "광고성 메일을 더 이상 받지 않으시겠습니까?",
                          "Do you want to stop receiving promotional mail?"},
    [WEBHOOK_PAGE_DONE] = {200, true,
                           "수신거부가 처리되었습니다. 광고성 메일을 더 보내지 않습니다.",
                           "You are unsubscribed. You will receive no more promotional mail."},
    [WEBHOOK_PAGE_EXPIRED] =
        {410, false,
         "링크의 유효 기간이 지났습니다. 최근에 받은 메일의 수신거부 링크를 이용해 "
         "주세요.",
         "This link has expired. Please use the link in a more recent mail."},
    [WEBHOOK_PAGE_INVALID] =
        {403, false, "올바르지 않은 링크입니다. 메일에 있는 수신거부 링크를 이용해 주세요.",
         "This link is not valid. Please use the link in the mail."},
    [WEBHOOK_PAGE_FAILED] = {500, false, "지금은 처리할 수 없습니다. 잠시 후 다시 시도해 주세요.",
                             "This is not possible right now. Please try again in a moment."},
};

/* The first character of the local part, and the domain. */
static void put_masked(const char *email, struct svc_buf *html) {
    const char *at = strrchr(email, '@');
    if (at == NULL || at == email) {
        return;
    }
    svc_buf_append_text(html, "<p>");
    email_put_escaped(email, 1, EMAIL_ESCAPE_HTML, html);
    svc_buf_append_text(html, "***");
    email_put_escaped(at, strlen(at), EMAIL_ESCAPE_HTML, html);
    svc_buf_append_text(html, "</p>\n");
}

enum svc_status webhook_unsubscribe_page(enum webhook_unsubscribe_page page, const char *email,
                                         struct svc_buf *html, int *http_status) {
    if ((size_t)page >= COUNT(pages)) {
        page = WEBHOOK_PAGE_FAILED;
    }
    *http_status = pages[page].http_status;
    svc_buf_append_text(
        html, "<!doctype html>\n<html lang=\"ko\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
              "<title>수신거부 / Unsubscribe</title>\n"
              "<style>body{font-family:sans-serif;max-width:32em;margin:3em auto;padding:0 1em;"
              "line-height:1.6}button{font-size:1em;padding:.6em 1.2em}</style>\n"
              "</head>\n<body>\n<h1>수신거부 / Unsubscribe</h1>\n");
    if (pages[page].shows_email && email != NULL) {
        put_masked(email, html);
    }
    svc_buf_append_text(html, "<p>");
    svc_buf_append_text(html, pages[page].korean);
    svc_buf_append_text(html, "</p>\n<p lang=\"en\">");
    svc_buf_append_text(html, pages[page].english);
    svc_buf_append_text(html, "</p>\n");
    if (page == WEBHOOK_PAGE_ASK) { /* without an action it posts to its own URL, token and all */
        svc_buf_append_text(html,
                            "<form method=\"post\">\n"
                            "<button name=\"unsubscribe\" value=\"page\">수신거부 / Unsubscribe"
                            "</button>\n</form>\n");
    }
    svc_buf_append_text(html, "</body>\n</html>\n");
    return svc_buf_status(html);
}

/* ---------------------------------------------------------------------- the table */

enum svc_status webhook_unsubscribe_store(struct db *db, const char *email,
                                          enum webhook_unsubscribe_source source, int64_t now_ms,
                                          struct db_error *error) {
    /* The first wish counts: of a repetition the key alone is compared. */
    static const struct db_statement statement = {
        .sql = "INSERT INTO unsubscribes (email, source, created_at) VALUES (?, ?, ?)"
               " ON DUPLICATE KEY UPDATE id = id"};
    if (email[0] == '\0' || strnlen(email, EMAIL_ADDRESS_BYTES) > EMAIL_MAX_ADDRESS_BYTES ||
        source == WEBHOOK_UNSUBSCRIBE_NONE) {
        return db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT,
                       "an unsubscription without an address or a source");
    }
    const struct db_value values[] = {
        db_text(email), db_text(source == WEBHOOK_UNSUBSCRIBE_PAGE ? "page" : "one_click"),
        db_time(now_ms * 1000)};
    const struct db_query query = {.statement = &statement, .values = values, .value_count = 3};
    return db_run(db, &query, NULL, error);
}
