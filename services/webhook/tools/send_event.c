/* An event to send: see send_event.h. */
#include "services/webhook/tools/send_event.h"

#include <stdio.h>
#include <string.h>

#include "services/base/clock.h"
#include "services/base/crypto.h"
#include "services/base/json.h"
#include "services/base/text.h"

static const char *const schemes[] = {
#define SEND_SCHEME_WORD(name, word) word,
    SEND_SCHEME_LIST(SEND_SCHEME_WORD)
#undef SEND_SCHEME_WORD
};

enum send_scheme send_scheme_of(const char *word) {
    int i = 0;
    while (word != NULL && i < SEND_SCHEMES && strcmp(word, schemes[i]) != 0) {
        i++;
    }
    return word != NULL ? (enum send_scheme)i : SEND_SCHEMES;
}

void send_event_init(struct send_event *event, enum send_scheme scheme) {
    memset(event, 0, sizeof(*event));
    event->scheme = scheme;
    svc_copy_text(event->content_type, sizeof(event->content_type), "application/json");
    svc_buf_init(&event->body, SEND_MAX_BODY_BYTES + 1);
}

void send_event_clear(struct send_event *event) {
    svc_buf_clear(&event->body);
}

/* ---------------------------------------------------------------------- a line */

/* false: the member is there, but is no text that fits. */
static bool copy_member(const struct svc_json *line, const char *name, char *out, size_t bytes) {
    const struct svc_json *value = svc_json_get(line, name);
    const char *text = svc_json_text(value);
    return value == NULL || (text != NULL && svc_copy_text(out, bytes, text));
}

static enum svc_status read_body(const struct svc_json *line, struct send_event *event,
                                 struct svc_error *error) {
    const bool has_body = svc_json_has(line, "body");
    size_t size = 0;
    const char *text = svc_json_bytes(svc_json_get(line, "text"), &size);
    if (has_body == (text != NULL)) {
        return svc_fail(error, SVC_MALFORMED, "an event has either \"body\" or \"text\"");
    }
    if (has_body) {
        struct svc_json_writer writer;
        svc_json_writer_init(&writer, &event->body);
        svc_json_put_value(&writer, svc_json_get(line, "body"));
    } else {
        svc_buf_append(&event->body, text, size);
    }
    const enum svc_status status = svc_buf_status(&event->body);
    return status == SVC_OK ? SVC_OK : svc_fail(error, status, "the body is too large");
}

static enum svc_status read_members(const struct svc_json *line, struct send_event *event,
                                    struct svc_error *error) {
    if (svc_json_type(line) != SVC_JSON_OBJECT) {
        return svc_fail(error, SVC_MALFORMED, "an event is a JSON object");
    }
    if (svc_json_has(line, "scheme")) {
        event->scheme = send_scheme_of(svc_json_get_text(line, "scheme"));
        if (event->scheme == SEND_SCHEMES) {
            return svc_fail(error, SVC_MALFORMED, "\"scheme\" is none of those known");
        }
    }
    if (!copy_member(line, "path", event->path, sizeof(event->path)) || event->path[0] != '/') {
        return svc_fail(error, SVC_MALFORMED, "\"path\" is missing or does not begin with a /");
    }
    if (!copy_member(line, "id", event->id, sizeof(event->id)) ||
        !copy_member(line, "contentType", event->content_type, sizeof(event->content_type))) {
        return svc_fail(error, SVC_MALFORMED, "\"id\" or \"contentType\" is too long or no text");
    }
    return read_body(line, event, error);
}

enum svc_status send_event_parse(const char *line, size_t size_bytes, struct send_event *event,
                                 struct svc_error *error) {
    struct svc_json *document = NULL;
    enum svc_status status = svc_json_parse(line, size_bytes, 0, &document, error);
    if (status == SVC_OK) {
        status = read_members(document, event, error);
    }
    svc_json_free(document);
    return status;
}

/* ---------------------------------------------------------------------- signing */

/* A repetition has the same id. */
static enum svc_status make_id(struct send_event *event) {
    char digest[SVC_SHA256_HEX_BYTES];
    const enum svc_status status =
        svc_sha256_hex(event->body.bytes, event->body.size_bytes, digest);
    snprintf(event->id, sizeof(event->id), "msg_%.32s", digest);
    return status;
}

static enum svc_status sign(struct send_event *event, const struct send_secrets *secrets,
                            int64_t sent_ms, struct webhook_sign_headers *out) {
    const void *body = event->body.bytes != NULL ? event->body.bytes : (const void *)"";
    const size_t size = event->body.size_bytes;
    char time[SVC_ISO8601_BYTES];
    enum svc_status status = SVC_OK;
    memset(out, 0, sizeof(*out));
    if ((event->scheme == SEND_STANDARD || event->scheme == SEND_STANDARD_PUBLIC) &&
        event->id[0] == '\0') {
        status = make_id(event);
    }
    if (status != SVC_OK) {
        return status;
    }
    switch (event->scheme) {
    case SEND_PLATFORM:
        return webhook_sign_platform(&secrets->secrets, body, size, out);
    case SEND_STANDARD:
        return webhook_sign_standard(&secrets->secrets, event->id, sent_ms / 1000, body, size, out);
    case SEND_STANDARD_PUBLIC:
        return webhook_sign_standard_public(secrets->private_key, event->id, sent_ms / 1000, body,
                                            size, out);
    case SEND_TOSS:
    case SEND_TOSS_BYTES:
        svc_format_iso8601(sent_ms, time);
        return webhook_sign_toss(&secrets->secrets,
                                 event->scheme == SEND_TOSS ? WEBHOOK_SIGN_TOSS_TEXT
                                                            : WEBHOOK_SIGN_TOSS_BYTES,
                                 time, body, size, out);
    case SEND_NONE:
    case SEND_SCHEMES:
        break;
    }
    return SVC_OK;
}

static enum svc_status apply_damage(struct send_event *event, enum send_damage damage,
                                    uint64_t random, struct webhook_sign_headers *headers) {
    struct svc_buf *body = &event->body;
    if (damage != SEND_WHOLE && event->scheme == SEND_NONE) {
        damage = SEND_CUT;
    }
    if ((damage == SEND_BIT || damage == SEND_CUT) && body->size_bytes == 0) {
        damage = SEND_MORE;
    }
    switch (damage) {
    case SEND_BIT:
        body->bytes[(random >> 3) % body->size_bytes] ^= (uint8_t)(1u << (random & 7));
        break;
    case SEND_CUT:
        body->size_bytes--;
        break;
    case SEND_MORE:
        svc_buf_append_char(body, ' ');
        break;
    case SEND_UNSIGNED:
        headers->count = 0;
        break;
    case SEND_EMPTY_SIGNATURE:
        for (size_t i = 0; i < headers->count; i++) {
            if (strstr(headers->headers[i].name, "signature") != NULL) {
                headers->headers[i].value[0] = '\0';
            }
        }
        break;
    case SEND_WHOLE:
    case SEND_DAMAGES:
        break;
    }
    return svc_buf_status(body);
}

static enum svc_status set_url(const char *base_url, const struct send_event *event,
                               struct send_request *request) {
    size_t size = strlen(base_url);
    while (event->path[0] != '\0' && size > 0 && base_url[size - 1] == '/') {
        size--;
    }
    const int written =
        snprintf(request->url, sizeof(request->url), "%.*s%s",
                 (int)(size < SEND_URL_BYTES ? size : SEND_URL_BYTES), base_url, event->path);
    return written > 0 && (size_t)written < sizeof(request->url) ? SVC_OK : SVC_INVALID_ARGUMENT;
}

enum svc_status send_request_make(const char *base_url, struct send_event *event,
                                  const struct send_secrets *secrets, int64_t sent_ms,
                                  enum send_damage damage, uint64_t random,
                                  struct send_request *request, struct svc_error *error) {
    memset(request, 0, sizeof(*request));
    if (set_url(base_url, event, request) != SVC_OK) {
        return svc_fail(error, SVC_INVALID_ARGUMENT, "the URL is longer than %zu bytes",
                        SEND_URL_BYTES - 1);
    }
    enum svc_status status = sign(event, secrets, sent_ms, &request->signature);
    if (status != SVC_OK) {
        return svc_fail(error, status == SVC_INVALID_ARGUMENT ? SVC_CONFIGURATION : status,
                        "no secret for the scheme %s, or an id or time that no receiver accepts",
                        schemes[event->scheme]);
    }
    status = apply_damage(event, damage, random, &request->signature);
    if (status != SVC_OK) {
        return svc_fail(error, status, "no memory for the body");
    }
    size_t count = 0;
    request->headers[count++] = (struct svc_http_header){"content-type", event->content_type};
    for (size_t i = 0; i < request->signature.count; i++) {
        const struct webhook_sign_header *header = &request->signature.headers[i];
        request->headers[count++] = (struct svc_http_header){header->name, header->value};
    }
    request->http = (struct svc_http_request){.method = "POST",
                                              .url = request->url,
                                              .headers = request->headers,
                                              .header_count = count,
                                              .body = event->body.bytes,
                                              .body_bytes = event->body.size_bytes};
    return SVC_OK;
}
