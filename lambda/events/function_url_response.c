/* Responses of a Function URL: see function_url.h. */
#include <string.h>

#include "lambda/events/function_url.h"
#include "services/base/text.h"

/* A token of RFC 9110, section 5.6.2. */
static bool is_token(const char *text) {
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (const char *c = text; *c != '\0'; c++) {
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              strchr(marks, *c) != NULL)) {
            return false;
        }
    }
    return text[0] != '\0';
}

/* No CR, LF or other control, so that a value cannot begin another header or a body. */
static bool is_printable(const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        if ((*c < 0x20 || *c > 0x7e) && *c != '\t') {
            return false;
        }
    }
    return true;
}

static bool stands_before(const struct lev_url_response *response, size_t index) {
    for (size_t i = 0; i < index; i++) {
        if (svc_equal_nocase(response->headers[i].name, response->headers[index].name)) {
            return true;
        }
    }
    return false;
}

static enum svc_status check(const struct lev_url_response *response, struct svc_error *error) {
    if (response->status_code < 200 || response->status_code > 599) {
        return svc_fail(error, SVC_INVALID_ARGUMENT, "status code %d is outside 200 to 599",
                        response->status_code);
    }
    for (size_t i = 0; i < response->header_count; i++) {
        const struct lev_url_pair *header = &response->headers[i];
        if (header->name == NULL || !is_token(header->name)) {
            return svc_fail(error, SVC_INVALID_ARGUMENT, "the name of header %zu is no token", i);
        }
        if (svc_equal_nocase(header->name, "set-cookie") || stands_before(response, i)) {
            return svc_fail(error, SVC_INVALID_ARGUMENT,
                            "header %s: set-cookie belongs into the cookies, others stand once",
                            header->name);
        }
        if (header->value == NULL || !is_printable(header->value)) {
            return svc_fail(error, SVC_INVALID_ARGUMENT,
                            "the value of header %s is not printable ASCII", header->name);
        }
    }
    for (size_t i = 0; i < response->cookie_count; i++) {
        const char *cookie = response->cookies[i];
        if (cookie == NULL || !is_printable(cookie) || strcspn(cookie, "=;") == 0 ||
            cookie[strcspn(cookie, "=;")] != '=') {
            return svc_fail(error, SVC_INVALID_ARGUMENT,
                            "cookie %zu is not name=value in printable ASCII", i);
        }
    }
    return SVC_OK;
}

static void write_head(const struct lev_url_response *response, struct svc_json_writer *writer) {
    svc_json_add_int(writer, "statusCode", response->status_code);
    svc_json_name(writer, "headers");
    svc_json_begin_object(writer);
    for (size_t i = 0; i < response->header_count; i++) {
        svc_json_add_text(writer, response->headers[i].name, response->headers[i].value);
    }
    svc_json_end_object(writer);
    if (response->cookie_count > 0) {
        svc_json_name(writer, "cookies");
        svc_json_begin_array(writer);
        for (size_t i = 0; i < response->cookie_count; i++) {
            svc_json_put_text(writer, response->cookies[i]);
        }
        svc_json_end_array(writer);
    }
}

static enum svc_status write_base64(const struct lev_url_response *response,
                                    struct svc_json_writer *writer) {
    struct svc_buf text;
    svc_buf_init(&text, LEV_MAX_URL_BYTES);
    if (svc_base64(response->body, response->body_bytes, &text)) {
        svc_json_put_bytes(writer, svc_buf_text(&text), text.size_bytes);
    }
    const enum svc_status status = svc_buf_status(&text);
    svc_buf_clear(&text);
    return status;
}

enum svc_status lev_url_response_write(const struct lev_url_response *response, struct svc_buf *out,
                                       struct svc_error *error) {
    struct svc_json_writer writer;
    enum svc_status status = check(response, error);
    if (status != SVC_OK) {
        svc_buf_reset(out);
        return status;
    }
    const bool has_body = response->body != NULL && response->body_bytes > 0;
    const bool is_base64 =
        has_body && (response->is_binary || !svc_utf8_valid(response->body, response->body_bytes));
    svc_json_writer_init(&writer, out);
    svc_json_begin_object(&writer);
    write_head(response, &writer);
    if (has_body) {
        svc_json_name(&writer, "body");
        if (is_base64) {
            status = write_base64(response, &writer);
        } else {
            svc_json_put_bytes(&writer, response->body, response->body_bytes);
        }
    }
    svc_json_add_bool(&writer, "isBase64Encoded", is_base64);
    svc_json_end_object(&writer);
    if (status == SVC_OK) {
        status = svc_json_writer_status(&writer);
    }
    if (status == SVC_OK && out->size_bytes > LEV_MAX_URL_BYTES) {
        status = SVC_TOO_LARGE;
    }
    if (status != SVC_OK) {
        svc_buf_reset(out);
        return svc_fail(error, status, "the response cannot be written: %s",
                        svc_status_message(status));
    }
    return SVC_OK;
}

bool lev_url_request_accept(const struct svc_json *document, struct lev_url_request *request,
                            struct svc_buf *out) {
    enum svc_status status = lev_url_request_read(document, request, NULL);
    if (status == SVC_OK) {
        return true;
    }
    if (status != SVC_NO_MEMORY) {
        const struct lev_url_response response = {.status_code =
                                                      status == SVC_TOO_LARGE ? 413 : 400};
        status = lev_url_response_write(&response, out, NULL);
    }
    if (status != SVC_OK) {
        out->status = status; /* as of an append that failed */
    }
    return false;
}
