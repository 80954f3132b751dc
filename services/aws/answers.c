/* What services answer when they refuse, in XML (S3) and JSON (the others): see call.h. */
#include <stdio.h>
#include <string.h>

#include "services/aws/call.h"
#include "services/base/json.h"
#include "services/base/text.h"

#define MAX_ERROR_BODY_BYTES ((size_t)64 * 1024)

/* ---------------------------------------------------------------------- XML */

static const char *find(const char *text, size_t size, const char *what, size_t what_bytes) {
    while (size >= what_bytes) {
        const char *first = memchr(text, what[0], size - what_bytes + 1);
        if (first == NULL) {
            return NULL;
        }
        if (memcmp(first, what, what_bytes) == 0) {
            return first;
        }
        size -= (size_t)(first + 1 - text);
        text = first + 1;
    }
    return NULL;
}

/* "#123;" or "#xab;" without its '&', as UTF-8; answers the bytes used, 0 if it is none. */
static size_t decode_number(const char *text, size_t size, struct svc_buf *out) {
    uint32_t code = 0;
    bool is_hex = size > 2 && text[1] == 'x';
    size_t start = is_hex ? 2 : 1, at = start;
    for (; at < size && at < start + 8 && text[at] != ';'; at++) {
        char c = text[at];
        uint32_t digit = c >= '0' && c <= '9'             ? (uint32_t)(c - '0')
                         : is_hex && c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : is_hex && c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                          : 16;
        if (digit == 16) {
            return 0;
        }
        code = code * (is_hex ? 16 : 10) + digit;
    }
    if (at == start || at >= size || text[at] != ';' || code == 0 || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff)) {
        return 0;
    }
    uint8_t bytes[4];
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length; i-- > 0; code >>= 6) {
        bytes[i] = (uint8_t)(i == 0 ? marks[length] | code : 0x80 | (code & 0x3f));
    }
    svc_buf_append(out, bytes, length);
    return at + 1;
}

static void unescape(const char *text, size_t size, struct svc_buf *out) {
    static const struct {
        const char *name;
        char value;
    } entities[] = {{"lt;", '<'}, {"gt;", '>'}, {"amp;", '&'}, {"quot;", '"'}, {"apos;", '\''}};
    size_t at = 0;
    while (at < size) {
        size_t used = 0;
        if (text[at] == '&') {
            size_t left = size - at - 1;
            for (size_t i = 0; i < 5 && used == 0; i++) {
                size_t length = strlen(entities[i].name);
                if (left >= length && memcmp(text + at + 1, entities[i].name, length) == 0) {
                    svc_buf_append_char(out, entities[i].value);
                    used = length;
                }
            }
            if (used == 0 && left > 0 && text[at + 1] == '#') {
                used = decode_number(text + at + 1, left, out);
            }
        }
        if (used == 0) {
            svc_buf_append_char(out, text[at]);
        }
        at += used + 1;
    }
}

bool awsc_xml_element(const char *document, size_t document_bytes, const char *name, size_t *at,
                      const char **inner, size_t *inner_bytes) {
    char tag[64];
    int tag_size = snprintf(tag, sizeof(tag), "</%s>", name);
    if (tag_size < 0 || (size_t)tag_size >= sizeof(tag) || *at > document_bytes) {
        return false;
    }
    size_t name_bytes = strlen(name);
    const char *end = document + document_bytes;
    const char *open = document + *at;
    for (;; open++) {
        open = find(open, (size_t)(end - open), "<", 1);
        if (open == NULL) {
            return false;
        }
        if ((size_t)(end - open) > name_bytes + 1 && memcmp(open + 1, name, name_bytes) == 0 &&
            strchr("> \t\r\n/", open[name_bytes + 1]) != NULL && open[name_bytes + 1] != '\0') {
            break;
        }
    }
    const char *text = memchr(open, '>', (size_t)(end - open));
    if (text == NULL) {
        return false;
    }
    *inner = ++text;
    *inner_bytes = 0;
    if (text[-2] == '/') { /* <Name/> */
        *at = (size_t)(text - document);
        return true;
    }
    const char *close = find(text, (size_t)(end - text), tag, (size_t)tag_size);
    if (close == NULL) {
        return false;
    }
    *inner_bytes = (size_t)(close - text);
    *at = (size_t)(close - document) + (size_t)tag_size;
    return true;
}

bool awsc_xml_text(const char *document, size_t document_bytes, const char *name,
                   struct svc_buf *out) {
    const char *inner = NULL;
    size_t at = 0, inner_bytes = 0;
    if (!awsc_xml_element(document, document_bytes, name, &at, &inner, &inner_bytes)) {
        return false;
    }
    unescape(inner, inner_bytes, out);
    return svc_buf_status(out) == SVC_OK;
}

bool awsc_xml_escape(const char *text, struct svc_buf *out) {
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            svc_buf_append_text(out, "&lt;");
            break;
        case '>':
            svc_buf_append_text(out, "&gt;");
            break;
        case '&':
            svc_buf_append_text(out, "&amp;");
            break;
        case '"':
            svc_buf_append_text(out, "&quot;");
            break;
        case '\r': /* a parser would make a newline of it */
            svc_buf_append_text(out, "&#13;");
            break;
        default:
            svc_buf_append_char(out, *text);
            break;
        }
    }
    return svc_buf_status(out) == SVC_OK;
}

/* ---------------------------------------------------------------------- errors */

/* Cut to what fits, without controls, and never within a character. */
static void copy_cut(char *out, size_t out_bytes, const char *text) {
    size_t size = strnlen(text, out_bytes);
    if (size == out_bytes) {
        size--;
        while (size > 0 && ((uint8_t)text[size] & 0xc0) == 0x80) {
            size--;
        }
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        out[i] = c < 0x20 || c == 0x7f ? '?' : text[i];
    }
    out[size] = '\0';
}

static bool is_code(const char *code, const char *const *codes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(code, codes[i]) == 0) {
            return true;
        }
    }
    return false;
}

enum svc_status awsc_status_of(int http_status, const char *code) {
    static const char *const missing[] = {"QueueDoesNotExist",
                                          "AWS.SimpleQueueService.NonExistentQueue",
                                          "ResourceNotFoundException", "NotFoundException"};
    static const char *const denied[] = {
        "AccessDenied",          "AccessDeniedException",       "ExpiredToken",
        "ExpiredTokenException", "IncompleteSignature",         "InvalidAccessKeyId",
        "InvalidClientTokenId",  "InvalidSignatureException",   "MissingAuthenticationToken",
        "SignatureDoesNotMatch", "UnrecognizedClientException", "InvalidToken"};
    static const char *const late[] = {"RequestTimeout", "RequestTimeoutException"};
#define IS(codes) is_code(code, codes, sizeof(codes) / sizeof((codes)[0]))
    if (awsc_retry_classify(SVC_OK, http_status, code) == AWSC_RETRY_THROTTLED) {
        return SVC_THROTTLED;
    }
    if (IS(late)) {
        return SVC_TIMED_OUT;
    }
    if (http_status == 404 || IS(missing)) {
        return SVC_NOT_FOUND;
    }
    if (http_status == 401 || http_status == 403 || IS(denied)) {
        return SVC_ACCESS_DENIED;
    }
#undef IS
    switch (http_status) {
    case 304:
        return SVC_NOT_MODIFIED;
    case 409:
        return SVC_CONFLICT;
    case 412:
        return SVC_PRECONDITION_FAILED;
    default:
        return http_status >= 500 ? SVC_SERVER_ERROR : SVC_REJECTED;
    }
}

/* "aws.protocoltests#Foo:http://..." is "Foo". */
static void copy_json_code(struct awsc_error *error, const char *code) {
    const char *mark = strrchr(code, '#');
    copy_cut(error->code, sizeof(error->code), mark != NULL ? mark + 1 : code);
    error->code[strcspn(error->code, ":")] = '\0';
}

static void read_json(const struct svc_http_exchange *exchange, size_t size,
                      struct awsc_error *error) {
    struct svc_json *body = NULL;
    const char *header = svc_http_header_value(exchange, "x-amzn-errortype");
    if (svc_json_parse(exchange->body.bytes, size, MAX_ERROR_BODY_BYTES, &body, NULL) == SVC_OK) {
        const char *code = svc_json_get_text(body, "__type");
        const char *message = svc_json_get_text(body, "message");
        code = code != NULL ? code : svc_json_get_text(body, "code");
        message = message != NULL ? message : svc_json_get_text(body, "Message");
        if (code != NULL && header == NULL) {
            copy_json_code(error, code);
        }
        copy_cut(error->message, sizeof(error->message), message != NULL ? message : "");
    }
    if (header != NULL) {
        copy_json_code(error, header);
    }
    svc_json_free(body);
}

static void read_xml(const struct svc_http_exchange *exchange, size_t size,
                     struct awsc_error *error) {
    const char *body = svc_buf_text(&exchange->body);
    struct svc_buf text;
    svc_buf_init(&text, MAX_ERROR_BODY_BYTES);
    if (awsc_xml_text(body, size, "Code", &text)) {
        copy_cut(error->code, sizeof(error->code), svc_buf_text(&text));
    }
    svc_buf_reset(&text);
    if (awsc_xml_text(body, size, "Message", &text)) {
        copy_cut(error->message, sizeof(error->message), svc_buf_text(&text));
    }
    svc_buf_clear(&text);
}

/* Of what a service says only what is fit for a log: its answer to a wrong signature repeats the
 * signed headers, session token and all; SES names the addresses it does not like. */
static void make_fit(const struct awsc_call *call, struct awsc_error *error) {
    static const char *const signing[] = {"InvalidSignatureException", "SignatureDoesNotMatch",
                                          "IncompleteSignature", "IncompleteSignatureException"};
    if (is_code(error->code, signing, sizeof(signing) / sizeof(signing[0]))) {
        copy_cut(error->message, sizeof(error->message), "the signature was not accepted");
    }
    if (call->service != AWSC_SES) {
        return;
    }
    for (char *word = error->message; *word != '\0';) {
        size_t size = strcspn(word, " ");
        if (memchr(word, '@', size) != NULL) {
            memset(word, '*', size);
        }
        word += size + (word[size] == ' ');
    }
}

void awsc_read_error(const struct awsc_call *call, const struct svc_http_exchange *exchange,
                     struct awsc_error *error) {
    size_t size = exchange->body.size_bytes < MAX_ERROR_BODY_BYTES ? exchange->body.size_bytes
                                                                   : MAX_ERROR_BODY_BYTES;
    const char *id = svc_http_header_value(exchange, "x-amz-request-id");
    id = id != NULL ? id : svc_http_header_value(exchange, "x-amzn-requestid");
    id = id != NULL ? id : svc_http_header_value(exchange, "x-amzn-request-id");
    if (id != NULL) {
        copy_cut(error->request_id, sizeof(error->request_id), id);
    }
    error->http_status = exchange->http_status;
    if (call->service == AWSC_S3) {
        read_xml(exchange, size, error);
    } else {
        read_json(exchange, size, error);
    }
    make_fit(call, error);
    error->status = awsc_status_of(exchange->http_status, error->code);
    const char *marker = svc_http_header_value(exchange, "x-amz-delete-marker");
    if (exchange->http_status == 405 && marker != NULL && strcmp(marker, "true") == 0) {
        error->status = SVC_NOT_FOUND; /* this version of the key is its deletion */
    }
}
