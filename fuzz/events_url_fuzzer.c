/* Requests of a Function URL: headers, parameters and cookies are those of the document, the body
 * is the exact bytes (OpenSSL's base64 as the oracle). What was read is sent back as a response,
 * which is read as the same again; what could begin another header is refused. */
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "fuzz/support/fuzz.h"
#include "lambda/events/function_url.h"
#include "services/base/text.h"

/* The base64 of bytes by OpenSSL. free() it. */
static char *encode(const uint8_t *bytes, size_t size_bytes) {
    char *text = fuzz_alloc(size_bytes / 3 * 4 + 5);
    text[0] = '\0';
    if (size_bytes)
        EVP_EncodeBlock((uint8_t *)text, bytes, (int)size_bytes);
    return text;
}

/* Whether a text is the base64 of some bytes: decoded by OpenSSL and encoded again, it is itself.
 */
static bool is_base64(const char *text, size_t size_bytes) {
    uint8_t *bytes = fuzz_alloc(size_bytes + 4);
    const int decoded = EVP_DecodeBlock(bytes, (const uint8_t *)text, (int)size_bytes);
    bool is_same = size_bytes == 0;
    for (int padding = 0; padding <= 2 && decoded > padding && !is_same; padding++) {
        char *again = encode(bytes, (size_t)(decoded - padding));
        is_same = strlen(again) == size_bytes && !memcmp(again, text, size_bytes);
        free(again);
    }
    free(bytes);
    return is_same;
}

static void check_body(const struct svc_json *document, const struct lev_url_request *request) {
    bool is_encoded = false;
    size_t size_bytes = 0;
    const char *text = svc_json_bytes(svc_json_get(document, "body"), &size_bytes);
    svc_json_bool(svc_json_get(document, "isBase64Encoded"), &is_encoded);
    FUZZ_CHECK((text != NULL) == (request->body != NULL), "a body or none");
    if (text && is_encoded) {
        char *again = encode(request->body, request->body_bytes);
        FUZZ_CHECK(strlen(again) == size_bytes && !memcmp(again, text, size_bytes),
                   "another body than %s", text);
        free(again);
    } else if (text) {
        FUZZ_CHECK(request->body_bytes == size_bytes && !memcmp(request->body, text, size_bytes),
                   "another body");
    }
}

static void check_headers(const struct svc_json *document, const struct lev_url_request *request) {
    const struct svc_json *headers = svc_json_get(document, "headers");
    FUZZ_CHECK(request->header_count == svc_json_count(headers) &&
                   request->header_count <= LEV_MAX_URL_PAIRS,
               "%zu headers", request->header_count);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct lev_url_pair *header = &request->headers[i];
        FUZZ_CHECK(!header->name[strcspn(header->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")],
                   "%s is not in lower case", header->name);
        FUZZ_CHECK(lev_url_header(request, header->name) == header->value, "a name twice");
        for (size_t k = 0; k < i; k++)
            FUZZ_CHECK(strcmp(request->headers[k].name, header->name) != 0, "a name twice");
    }
}

/* Decodes one side of a parameter as RFC 1866 has it, and compares. */
static void check_decoded(const char *from, size_t size_bytes, const char *decoded) {
    for (size_t i = 0; i < size_bytes; i++, decoded++) {
        unsigned value = (unsigned char)from[i] == '+' ? ' ' : (unsigned char)from[i];
        if (from[i] == '%') {
            FUZZ_CHECK(i + 2 < size_bytes && sscanf(from + i + 1, "%2x", &value) == 1, "an escape");
            i += 2;
        }
        FUZZ_CHECK((unsigned char)*decoded == value && value != 0, "another character");
    }
    FUZZ_CHECK(*decoded == '\0', "something follows");
}

static void check_parameters(const struct lev_url_request *request) {
    const char *at = request->raw_query;
    size_t count = 0;
    while (*at) {
        const size_t size_bytes = strcspn(at, "&");
        const char *mark = memchr(at, '=', size_bytes);
        if (size_bytes) {
            FUZZ_CHECK(count < request->parameter_count, "parameters are missing");
            const struct lev_url_pair *parameter = &request->parameters[count++];
            const size_t name_bytes = mark ? (size_t)(mark - at) : size_bytes;
            check_decoded(at, name_bytes, parameter->name);
            check_decoded(mark ? mark + 1 : "", mark ? size_bytes - name_bytes - 1 : 0,
                          parameter->value);
            FUZZ_CHECK(lev_url_parameter(request, parameter->name) != NULL, "not found");
        }
        at += size_bytes + (at[size_bytes] == '&');
    }
    FUZZ_CHECK(count == request->parameter_count, "%zu parameters, not %zu",
               request->parameter_count, count);
}

/* ---------------------------------------------------------------------- responses */

static bool is_sendable(const struct lev_url_response *response) {
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    bool is_good = response->status_code >= 200 && response->status_code <= 599;
    for (size_t i = 0; i < response->header_count + response->cookie_count; i++) {
        const bool is_header = i < response->header_count;
        const char *name = is_header ? response->headers[i].name : "";
        const char *value =
            is_header ? response->headers[i].value : response->cookies[i - response->header_count];
        for (const char *c = value; *c; c++)
            is_good = is_good && ((*c >= ' ' && *c <= '~') || *c == '\t');
        if (is_header)
            is_good = is_good && *name && !name[strspn(name, token)] && strcmp(name, "set-cookie");
        else
            is_good = is_good && value[0] != '=' && strchr(value, '=') &&
                      strcspn(value, "=") < strcspn(value, ";");
    }
    return is_good;
}

static void check_written(const struct lev_url_response *response, const struct svc_buf *text) {
    struct svc_json *document = NULL;
    struct svc_buf body;
    int64_t status_code = 0;
    bool is_encoded = false;
    size_t size_bytes = 0;
    svc_buf_init(&body, (size_t)1 << 20);
    FUZZ_CHECK(svc_json_parse(text->bytes, text->size_bytes, 0, &document, NULL) == SVC_OK,
               "the response is no document");
    svc_json_get_int(document, "statusCode", &status_code);
    svc_json_bool(svc_json_get(document, "isBase64Encoded"), &is_encoded);
    const struct svc_json *headers = svc_json_get(document, "headers");
    const struct svc_json *cookies = svc_json_get(document, "cookies");
    FUZZ_CHECK(status_code == response->status_code &&
                   svc_json_count(headers) == response->header_count &&
                   svc_json_count(cookies) == response->cookie_count,
               "another head");
    for (size_t i = 0; i < response->header_count; i++)
        FUZZ_CHECK(!strcmp(svc_json_get_text(headers, response->headers[i].name),
                           response->headers[i].value),
                   "another header");
    for (size_t i = 0; i < response->cookie_count; i++)
        FUZZ_CHECK(!strcmp(svc_json_text(svc_json_at(cookies, i)), response->cookies[i]),
                   "another cookie");
    const char *sent = svc_json_bytes(svc_json_get(document, "body"), &size_bytes);
    if (is_encoded)
        FUZZ_CHECK(svc_base64_decode(sent, size_bytes, &body) == SVC_OK, "no base64");
    else if (sent)
        svc_buf_append(&body, sent, size_bytes);
    FUZZ_CHECK(body.size_bytes == response->body_bytes &&
                   (body.size_bytes == 0 || !memcmp(body.bytes, response->body, body.size_bytes)),
               "%zu bytes of body, not %zu", body.size_bytes, response->body_bytes);
    FUZZ_CHECK(is_encoded || !response->is_binary || body.size_bytes == 0, "not as base64");
    svc_buf_clear(&body);
    svc_json_free(document);
}

static void send_back(const struct lev_url_request *request, struct fuzz_input *choices) {
    struct svc_buf text;
    const struct lev_url_response response = {.status_code =
                                                  (int)fuzz_take_range(choices, 199, 600),
                                              .headers = request->headers,
                                              .header_count = request->header_count,
                                              .cookies = request->cookies,
                                              .cookie_count = request->cookie_count,
                                              .body = request->body,
                                              .body_bytes = request->body_bytes,
                                              .is_binary = fuzz_take_bool(choices)};
    svc_buf_init(&text, (size_t)1 << 20);
    const enum svc_status status = lev_url_response_write(&response, &text, NULL);
    const bool is_good = is_sendable(&response);
    FUZZ_CHECK(status == (is_good ? SVC_OK : SVC_INVALID_ARGUMENT), "a response: %s",
               svc_status_name(status));
    FUZZ_CHECK(is_good || text.size_bytes == 0, "part of a response");
    if (is_good)
        check_written(&response, &text);
    svc_buf_clear(&text);
}

static void check_refused(const struct svc_json *document, enum svc_status status) {
    struct lev_url_request request;
    struct svc_buf out;
    struct svc_json *response = NULL;
    int64_t code = 0;
    svc_buf_init(&out, 1000);
    FUZZ_CHECK(!lev_url_request_accept(document, &request, &out), "refused, then accepted");
    svc_json_parse(out.bytes, out.size_bytes, 0, &response, NULL);
    FUZZ_CHECK(svc_json_get_int(response, "statusCode", &code) &&
                   code == (status == SVC_TOO_LARGE ? 413 : 400),
               "a refusal of %lld", (long long)code);
    svc_json_free(response);
    lev_url_request_clear(&request);
    svc_buf_clear(&out);
}

/* By name, the first of several is found. */
static void check_found(const struct lev_url_request *request) {
    for (size_t i = 0; i < request->header_count; i++) {
        size_t first = 0;
        while (strcasecmp(request->headers[first].name, request->headers[i].name) != 0)
            first++;
        FUZZ_CHECK(lev_url_header(request, request->headers[i].name) ==
                       request->headers[first].value,
                   "another header %s", request->headers[i].name);
    }
    for (size_t i = 0; i < request->parameter_count; i++) {
        size_t first = 0;
        while (strcmp(request->parameters[first].name, request->parameters[i].name) != 0)
            first++;
        FUZZ_CHECK(lev_url_parameter(request, request->parameters[i].name) ==
                       request->parameters[first].value,
                   "another parameter %s", request->parameters[i].name);
    }
    for (size_t i = 0; i < request->cookie_count; i++) {
        char *name = strdup(request->cookies[i]);
        char *equals = strchr(name, '=');
        const char *found = NULL;
        if (equals) {
            *equals = '\0';
            const size_t size_bytes = strlen(name) + 1;
            for (size_t k = request->cookie_count; k-- > 0;)
                if (!strncmp(request->cookies[k], request->cookies[i], size_bytes))
                    found = request->cookies[k] + size_bytes;
        }
        FUZZ_CHECK(!equals || lev_url_cookie(request, name) == found, "another cookie %s", name);
        free(name);
    }
}

/* The document ends at the first NUL; choices follow. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    struct svc_json *document = NULL;
    struct lev_url_request request;
    struct svc_error error = {0};
    size_t text_bytes = 0, body_bytes = 0;
    bool is_encoded = false;
    char *text = fuzz_take_line(&input, '\0', &text_bytes);
    svc_json_parse(text, text_bytes, 0, &document, NULL);
    const enum svc_status status = lev_url_request_read(document, &request, &error);
    const char *body = svc_json_bytes(svc_json_get(document, "body"), &body_bytes);
    svc_json_bool(svc_json_get(document, "isBase64Encoded"), &is_encoded);
    FUZZ_CHECK(status == SVC_OK || status == SVC_MALFORMED || status == SVC_TOO_LARGE, "%s",
               svc_status_name(status));
    if (status == SVC_OK) {
        FUZZ_CHECK(request.path[0] == '/' && request.method, "no path or method");
        check_body(document, &request);
        check_headers(document, &request);
        check_parameters(&request);
        check_found(&request);
        send_back(&request, &input);
    } else {
        check_refused(document, status);
        FUZZ_CHECK(strcmp(error.detail, "the body is not base64") != 0 || !is_encoded ||
                       !is_base64(body, body_bytes),
                   "good base64 is refused");
    }
    lev_url_request_clear(&request);
    svc_json_free(document);
    free(text);
    return 0;
}
