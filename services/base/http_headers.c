/* What an exchange holds, and the calls that are the same for every transport: see http.h. */
#include <string.h>

#include "services/base/http.h"
#include "services/base/limits.h"
#include "services/base/text.h"

bool svc_http_next_header(const struct svc_http_exchange *exchange, size_t *position,
                          const char **name, const char **value) {
    if (*position >= exchange->headers.size_bytes) {
        return false;
    }
    *name = (const char *)exchange->headers.bytes + *position;
    *value = *name + strlen(*name) + 1;
    *position += strlen(*name) + strlen(*value) + 2;
    return true;
}

const char *svc_http_header_value(const struct svc_http_exchange *exchange, const char *name) {
    size_t position = 0;
    const char *found = NULL, *value = NULL;
    while (svc_http_next_header(exchange, &position, &found, &value)) {
        if (svc_equal_nocase(found, name)) {
            return value;
        }
    }
    return NULL;
}

enum svc_status svc_http_send(const struct svc_transport *transport,
                              const struct svc_http_request *request,
                              struct svc_http_exchange **out) {
    *out = NULL;
    enum svc_status status = transport->start(transport->self, request, out);
    if (status != SVC_OK) {
        return status;
    }
    struct svc_http_exchange *exchange = *out;
    enum svc_http_state wanted = request->streamed ? SVC_HTTP_BODY : SVC_HTTP_DONE;
    while (exchange->state < wanted) {
        status = transport->poll(transport->self, SVC_NO_DEADLINE);
        if (status != SVC_OK) {
            return status;
        }
    }
    return exchange->state == SVC_HTTP_DONE ? exchange->status : SVC_OK;
}

enum svc_status svc_http_read(const struct svc_transport *transport,
                              struct svc_http_exchange *exchange, uint8_t *buffer,
                              size_t size_bytes, size_t *read_bytes) {
    *read_bytes = 0;
    while (exchange->body_taken == exchange->body.size_bytes) {
        if (exchange->state == SVC_HTTP_DONE) {
            return exchange->status;
        }
        enum svc_status status = transport->poll(transport->self, SVC_NO_DEADLINE);
        if (status != SVC_OK) {
            return status;
        }
    }
    size_t left = exchange->body.size_bytes - exchange->body_taken;
    size_t step = left < size_bytes ? left : size_bytes;
    memcpy(buffer, exchange->body.bytes + exchange->body_taken, step);
    exchange->body_taken += step;
    *read_bytes = step;
    return SVC_OK;
}

enum svc_status svc_http_keep_header(struct svc_http_exchange *exchange, const char *line,
                                     size_t size_bytes) {
    /* A NUL would end the name or value that is kept, and begin another header. */
    if (memchr(line, '\0', size_bytes) != NULL) {
        return SVC_BAD_RESPONSE;
    }
    const char *colon = memchr(line, ':', size_bytes);
    if (colon == NULL || colon == line) {
        return SVC_OK;
    }
    const char *value = colon + 1;
    const char *end = line + size_bytes;
    while (value < end && (*value == ' ' || *value == '\t')) {
        value++;
    }
    while (end > value && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    svc_buf_append(&exchange->headers, line, (size_t)(colon - line));
    svc_buf_append_char(&exchange->headers, '\0');
    svc_buf_append(&exchange->headers, value, (size_t)(end - value));
    svc_buf_append_char(&exchange->headers, '\0');
    return svc_buf_status(&exchange->headers);
}

static bool is_clean(const char *text) {
    for (; *text != '\0'; text++) {
        if (svc_is_control(*text) && *text != '\t') {
            return false;
        }
    }
    return true;
}

enum svc_status svc_http_check_request(const struct svc_http_request *request) {
    bool is_url =
        svc_begins_nocase(request->url, "http://") || svc_begins_nocase(request->url, "https://");
    if (!is_url || !is_clean(request->url) || strchr(request->url, ' ') != NULL ||
        strlen(request->url) > SVC_MAX_URL_BYTES ||
        request->header_count > SVC_MAX_REQUEST_HEADERS || request->method[0] == '\0' ||
        !is_clean(request->method) || strchr(request->method, ' ') != NULL) {
        return SVC_INVALID_ARGUMENT;
    }
    for (size_t i = 0; i < request->header_count; i++) {
        const struct svc_http_header *header = &request->headers[i];
        if (header->name[0] == '\0' || strpbrk(header->name, ": ;\t") != NULL ||
            !is_clean(header->name) || !is_clean(header->value)) {
            return SVC_INVALID_ARGUMENT;
        }
    }
    return SVC_OK;
}
