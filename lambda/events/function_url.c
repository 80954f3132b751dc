/* Requests of a Function URL: see function_url.h. */
#include "lambda/events/function_url.h"

#include <stdlib.h>
#include <string.h>

#include "lambda/events/fields.h"
#include "services/base/text.h"

/* ---------------------------------------------------------------------- headers */

struct header_reader {
    struct lev_url_request *request;
    struct lev_url_pair *pairs; /* NULL: only the sizes are added up */
    size_t count, name_bytes;
    bool is_valid;
};

static bool has_header(const struct header_reader *reader, const char *name) {
    for (size_t i = 0; i < reader->count; i++) {
        if (strcmp(reader->pairs[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The text buffer has its full size from the start, so that its bytes do not move. */
static const char *lower_case(struct svc_buf *text, const char *name) {
    const size_t at = text->size_bytes;
    for (const char *c = name; *c != '\0'; c++) {
        svc_buf_append_char(text, *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c);
    }
    svc_buf_append_char(text, '\0');
    return (const char *)text->bytes + at;
}

static bool read_header(void *user, const char *name, const struct svc_json *value) {
    struct header_reader *reader = user;
    const char *text = svc_json_text(value);
    if (reader->pairs == NULL) {
        reader->name_bytes += strlen(name) + 1;
    } else {
        const char *lower = lower_case(&reader->request->text, name);
        reader->is_valid = text != NULL && !has_header(reader, lower);
        reader->pairs[reader->count] = (struct lev_url_pair){lower, text};
    }
    reader->count++;
    return reader->is_valid;
}

static enum svc_status read_headers(const struct svc_json *headers, struct lev_url_request *request,
                                    struct svc_error *error) {
    struct header_reader reader = {.request = request, .pairs = request->pairs, .is_valid = true};
    svc_json_members(headers, read_header, &reader);
    if (!reader.is_valid) {
        return svc_fail(error, SVC_MALFORMED, "a header is no text or stands twice");
    }
    request->headers = request->pairs;
    request->header_count = reader.count;
    return SVC_OK;
}

/* ---------------------------------------------------------------------- query */

static size_t count_parameters(const char *query) {
    size_t count = 1;
    for (const char *c = query; *c != '\0'; c++) {
        count += *c == '&';
    }
    return count;
}

/* Form-decodes a name or a value; NULL: it is not well formed. */
static const char *decode(struct svc_buf *text, const char *from, size_t size_bytes) {
    const size_t at = text->size_bytes;
    if (svc_percent_decode(from, size_bytes, true, text) != SVC_OK) {
        return NULL;
    }
    const size_t decoded_bytes = text->size_bytes - at;
    svc_buf_append_char(text, '\0');
    const uint8_t *bytes = text->bytes + at;
    return memchr(bytes, '\0', decoded_bytes) == NULL && svc_utf8_valid(bytes, decoded_bytes)
               ? (const char *)bytes
               : NULL;
}

static enum svc_status read_query(struct lev_url_request *request, struct svc_error *error) {
    struct lev_url_pair *pairs = request->pairs + request->header_count;
    const char *at = request->raw_query;
    size_t count = 0;
    while (*at != '\0') {
        const size_t size_bytes = strcspn(at, "&");
        const size_t name_bytes = strcspn(at, "&=");
        const size_t value_at = name_bytes < size_bytes ? name_bytes + 1 : size_bytes;
        if (size_bytes > 0) {
            pairs[count].name = decode(&request->text, at, name_bytes);
            pairs[count].value = decode(&request->text, at + value_at, size_bytes - value_at);
            if (pairs[count].name == NULL || pairs[count].value == NULL) {
                return svc_fail(error, SVC_MALFORMED,
                                "a parameter of the query is not well encoded UTF-8");
            }
            count++;
        }
        at += size_bytes + (at[size_bytes] == '&');
    }
    request->parameters = pairs;
    request->parameter_count = count;
    return SVC_OK;
}

/* ---------------------------------------------------------------------- all of it */

/* The memory for headers and parameters, before either is read. */
static enum svc_status reserve(const struct svc_json *headers, struct lev_url_request *request,
                               struct svc_error *error) {
    struct header_reader sizes = {.is_valid = true};
    svc_json_members(headers, read_header, &sizes);
    const size_t parameters = count_parameters(request->raw_query);
    if (sizes.count > LEV_MAX_URL_PAIRS || parameters > LEV_MAX_URL_PAIRS) {
        return svc_fail(error, SVC_TOO_LARGE, "more than %zu headers or parameters",
                        LEV_MAX_URL_PAIRS);
    }
    /* Decoding makes nothing longer; each parameter takes two more bytes at its ends. */
    const size_t text_bytes = sizes.name_bytes + strlen(request->raw_query) + 2 * parameters;
    svc_buf_init(&request->text, text_bytes);
    request->pairs = calloc(sizes.count + parameters, sizeof(*request->pairs));
    if (request->pairs == NULL || !svc_buf_reserve(&request->text, text_bytes)) {
        return lev_no_memory(error);
    }
    return SVC_OK;
}

static enum svc_status read_cookies(const struct svc_json *cookies, struct lev_url_request *request,
                                    struct svc_error *error) {
    const size_t count = svc_json_count(cookies);
    if (cookies == NULL) {
        return SVC_OK;
    }
    if (svc_json_type(cookies) != SVC_JSON_ARRAY) {
        return svc_fail(error, SVC_MALFORMED, "the cookies are no list");
    }
    if (count > LEV_MAX_URL_PAIRS) {
        return svc_fail(error, SVC_TOO_LARGE, "more than %zu cookies", LEV_MAX_URL_PAIRS);
    }
    request->cookie_texts = calloc(count > 0 ? count : 1, sizeof(*request->cookie_texts));
    if (request->cookie_texts == NULL) {
        return lev_no_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        request->cookie_texts[i] = svc_json_text(svc_json_at(cookies, i));
        if (request->cookie_texts[i] == NULL) {
            return svc_fail(error, SVC_MALFORMED, "cookie %zu is no text", i);
        }
    }
    request->cookies = request->cookie_texts;
    request->cookie_count = count;
    return SVC_OK;
}

static enum svc_status read_body(const struct svc_json *document, struct lev_url_request *request,
                                 struct svc_error *error) {
    const struct svc_json *body = svc_json_get(document, "body");
    bool is_base64 = false;
    size_t size_bytes = 0;
    const char *text = svc_json_bytes(body, &size_bytes);
    if (svc_json_get(document, "isBase64Encoded") != NULL &&
        !svc_json_bool(svc_json_get(document, "isBase64Encoded"), &is_base64)) {
        return svc_fail(error, SVC_MALFORMED, "isBase64Encoded is neither true nor false");
    }
    if (text == NULL) {
        return body == NULL ? SVC_OK : svc_fail(error, SVC_MALFORMED, "the body is no text");
    }
    request->body = (const uint8_t *)text;
    request->body_bytes = size_bytes;
    if (!is_base64) {
        return SVC_OK;
    }
    svc_buf_init(&request->decoded_body, size_bytes);
    const enum svc_status status = svc_base64_decode(text, size_bytes, &request->decoded_body);
    if (status != SVC_OK) {
        return status == SVC_MALFORMED ? svc_fail(error, status, "the body is not base64")
                                       : lev_no_memory(error);
    }
    request->body = (const uint8_t *)svc_buf_text(&request->decoded_body);
    request->body_bytes = request->decoded_body.size_bytes;
    return SVC_OK;
}

static void read_context(const struct svc_json *document, struct lev_url_request *request) {
    const struct svc_json *context = svc_json_get(document, "requestContext");
    const struct svc_json *http = svc_json_get(context, "http");
    const char *query = svc_json_get_text(document, "rawQueryString");
    request->method = svc_json_get_text(http, "method");
    request->path = svc_json_get_text(document, "rawPath");
    request->raw_query = query != NULL ? query : "";
    request->source_ip = svc_json_get_text(http, "sourceIp");
    request->user_agent = svc_json_get_text(http, "userAgent");
    request->request_id = svc_json_get_text(context, "requestId");
    if (!svc_json_get_int(context, "timeEpoch", &request->time_ms)) {
        request->time_ms = -1;
    }
}

enum svc_status lev_url_request_read(const struct svc_json *document,
                                     struct lev_url_request *request, struct svc_error *error) {
    const struct svc_json *headers = svc_json_get(document, "headers");
    memset(request, 0, sizeof(*request));
    read_context(document, request);
    if (!lev_is_text(document, "version", "2.0")) {
        return svc_fail(error, SVC_MALFORMED, "the version of the payload format is not 2.0");
    }
    if (request->method == NULL || request->path == NULL || request->path[0] != '/') {
        return svc_fail(error, SVC_MALFORMED, "the request has no method or no path");
    }
    if (headers != NULL && svc_json_type(headers) != SVC_JSON_OBJECT) {
        return svc_fail(error, SVC_MALFORMED, "the headers are no object");
    }
    enum svc_status status = reserve(headers, request, error);
    if (status == SVC_OK) {
        status = read_headers(headers, request, error);
    }
    if (status == SVC_OK) {
        status = read_query(request, error);
    }
    if (status == SVC_OK) {
        status = read_cookies(svc_json_get(document, "cookies"), request, error);
    }
    return status == SVC_OK ? read_body(document, request, error) : status;
}

void lev_url_request_clear(struct lev_url_request *request) {
    free(request->pairs);
    free(request->cookie_texts);
    svc_buf_clear(&request->text);
    svc_buf_clear(&request->decoded_body);
    memset(request, 0, sizeof(*request));
}

const char *lev_url_header(const struct lev_url_request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++) {
        if (svc_equal_nocase(request->headers[i].name, name)) {
            return request->headers[i].value;
        }
    }
    return NULL;
}

const char *lev_url_parameter(const struct lev_url_request *request, const char *name) {
    for (size_t i = 0; i < request->parameter_count; i++) {
        if (strcmp(request->parameters[i].name, name) == 0) {
            return request->parameters[i].value;
        }
    }
    return NULL;
}

const char *lev_url_cookie(const struct lev_url_request *request, const char *name) {
    const size_t name_bytes = strlen(name);
    for (size_t i = 0; i < request->cookie_count; i++) {
        const char *cookie = request->cookies[i];
        if (strncmp(cookie, name, name_bytes) == 0 && cookie[name_bytes] == '=') {
            return cookie + name_bytes + 1;
        }
    }
    return NULL;
}
