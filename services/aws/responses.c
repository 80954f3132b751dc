/* Reading the services' errors, in XML (S3) and JSON (the others): see responses.h. */
#include "services/aws/responses.h"

#include <string.h>

#include "services/aws/retry.h"
#include "services/aws/xml.h"
#include "services/base/json.h"
#include "services/base/limits.h"
#include "services/base/text.h"

/* Cut to what fits, between characters; control characters are replaced. */
static void copy_cut(char *out, size_t out_bytes, const char *text) {
    svc_copy_cut(out, out_bytes, text);
    svc_replace_controls(out);
}

/* Codes that mean the same for every service. */
static const struct awsc_code_status common_codes[] = {
    {"AccessDenied", SVC_ACCESS_DENIED},
    {"AccessDeniedException", SVC_ACCESS_DENIED},
    {"ExpiredToken", SVC_ACCESS_DENIED},
    {"ExpiredTokenException", SVC_ACCESS_DENIED},
    {"IncompleteSignature", SVC_ACCESS_DENIED},
    {"InvalidAccessKeyId", SVC_ACCESS_DENIED},
    {"InvalidClientTokenId", SVC_ACCESS_DENIED},
    {"InvalidSignatureException", SVC_ACCESS_DENIED},
    {"InvalidToken", SVC_ACCESS_DENIED},
    {"MissingAuthenticationToken", SVC_ACCESS_DENIED},
    {"SignatureDoesNotMatch", SVC_ACCESS_DENIED},
    {"UnrecognizedClientException", SVC_ACCESS_DENIED},
    {"RequestTimeout", SVC_TIMED_OUT},
    {"RequestTimeoutException", SVC_TIMED_OUT},
    {NULL, SVC_OK},
};

/* SVC_OK: the table does not have the code. */
static enum svc_status find_code(const struct awsc_code_status *codes, const char *code) {
    while (codes->code != NULL && strcmp(codes->code, code) != 0) {
        codes++;
    }
    return codes->status;
}

static enum svc_status status_of_http(int http_status) {
    switch (http_status) {
    case 304:
        return SVC_NOT_MODIFIED;
    case 401:
    case 403:
        return SVC_ACCESS_DENIED;
    case 404:
        return SVC_NOT_FOUND;
    case 409:
        return SVC_CONFLICT;
    case 412:
        return SVC_PRECONDITION_FAILED;
    default:
        return http_status >= 500 ? SVC_SERVER_ERROR : SVC_REJECTED;
    }
}

enum svc_status awsc_status_of(const struct awsc_service_row *service, int http_status,
                               const char *code) {
    if (awsc_retry_classify(SVC_OK, http_status, code) == AWSC_RETRY_THROTTLED) {
        return SVC_THROTTLED;
    }
    enum svc_status status = find_code(service->codes, code);
    if (status == SVC_OK) {
        status = find_code(common_codes, code);
    }
    return status != SVC_OK ? status : status_of_http(http_status);
}

/* "aws.protocoltests#Foo:http://...#..." is "Foo": what follows a ':' is left out first ("Operation
 * error serialization" of the AWS JSON protocols in the Smithy specification). */
static void copy_json_code(struct awsc_error *error, const char *code) {
    const char *mark = memchr(code, '#', strcspn(code, ":"));
    copy_cut(error->code, sizeof(error->code), mark != NULL ? mark + 1 : code);
    error->code[strcspn(error->code, ":")] = '\0';
}

static void read_json(const struct svc_http_exchange *exchange, size_t size,
                      struct awsc_error *error) {
    struct svc_json *body = NULL;
    const char *header = svc_http_header_value(exchange, "x-amzn-errortype");
    if (svc_json_parse(exchange->body.bytes, size, AWSC_MAX_ERROR_BODY_BYTES, &body, NULL) ==
        SVC_OK) {
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
    svc_buf_init(&text, AWSC_MAX_ERROR_BODY_BYTES);
    if (awsc_xml_text(body, size, "Code", &text)) {
        copy_cut(error->code, sizeof(error->code), svc_buf_text(&text));
    }
    svc_buf_reset(&text);
    if (awsc_xml_text(body, size, "Message", &text)) {
        copy_cut(error->message, sizeof(error->message), svc_buf_text(&text));
    }
    svc_buf_clear(&text);
}

/* Replaces each word that has an '@' by asterisks. */
static void mask_address_words(char *text) {
    while (*text != '\0') {
        const size_t size = strcspn(text, " ");
        if (memchr(text, '@', size) != NULL) {
            memset(text, '*', size);
        }
        text += size + (text[size] == ' ');
    }
}

/* How many bytes of the text have no sign of a mailbox or a name: an '@', an angle bracket, a quote
 * or a character beyond ASCII. */
static size_t impersonal_bytes(const char *text) {
    size_t size = 0;
    while (text[size] >= ' ' && text[size] <= '~' && strchr("@<\"", text[size]) == NULL) {
        size++;
    }
    return size;
}

/* Leaves out what follows the service's own words: the text behind the first ": ", and the sentence
 * in which a sign of a mailbox or a name comes before that. */
static void cut_to_fixed_words(char *text, size_t text_bytes) {
    static const char mark[] = "(left out)";
    const char *colon = strstr(text, ": ");
    const size_t before = impersonal_bytes(text);
    size_t kept = colon != NULL ? (size_t)(colon - text) + 2 : before;
    if (before < kept) {
        kept = before;
    }
    if (text[kept] == '\0') {
        return;
    }
    while (kept > 1 && !(text[kept - 1] == ' ' && strchr(".:", text[kept - 2]) != NULL)) {
        kept--;
    }
    kept = kept > 1 ? kept : 0;
    if (kept + sizeof(mark) > text_bytes) {
        kept = 0;
    }
    memcpy(text + kept, mark, sizeof(mark));
}

/* Keeps of a service's message only what may be logged: the response to a wrong signature repeats
 * the signed headers, session token included; SES repeats the mailboxes that it refuses, names of
 * persons included. A denial names the caller and the action, which are needed, and an identity,
 * which may be an address. */
static void mask_message(const struct awsc_service_row *service, struct awsc_error *error) {
    static const char *const signing[] = {"InvalidSignatureException", "SignatureDoesNotMatch",
                                          "IncompleteSignature", "IncompleteSignatureException"};
    if (SVC_IS_ONE_OF(error->code, signing)) {
        copy_cut(error->message, sizeof(error->message), "the signature was not accepted");
    }
    if (!service->masks_addresses) {
        return;
    }
    static const char *const denials[] = {"AccessDenied", "AccessDeniedException"};
    if (SVC_IS_ONE_OF(error->code, denials)) {
        mask_address_words(error->message);
    } else {
        cut_to_fixed_words(error->message, sizeof(error->message));
    }
}

const char *awsc_request_id(const struct svc_http_exchange *exchange) {
    static const char *const names[] = {"x-amz-request-id", "x-amzn-requestid",
                                        "x-amzn-request-id"};
    const char *id = NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && id == NULL; i++) {
        id = svc_http_header_value(exchange, names[i]);
    }
    return id;
}

static void copy_request_id(const struct svc_http_exchange *exchange, struct awsc_error *error) {
    const char *id = awsc_request_id(exchange);
    if (id != NULL) {
        copy_cut(error->request_id, sizeof(error->request_id), id);
    }
}

void awsc_read_error(const struct awsc_service_row *service,
                     const struct svc_http_exchange *exchange, struct awsc_error *error) {
    size_t size = exchange->body.size_bytes < AWSC_MAX_ERROR_BODY_BYTES ? exchange->body.size_bytes
                                                                        : AWSC_MAX_ERROR_BODY_BYTES;
    copy_request_id(exchange, error);
    error->http_status = exchange->http_status;
    if (service->error_format == AWSC_ERROR_XML) {
        read_xml(exchange, size, error);
    } else {
        read_json(exchange, size, error);
    }
    mask_message(service, error);
    error->status = awsc_status_of(service, exchange->http_status, error->code);
    const char *marker = svc_http_header_value(exchange, "x-amz-delete-marker");
    if (exchange->http_status == 405 && marker != NULL && strcmp(marker, "true") == 0) {
        error->status = SVC_NOT_FOUND; /* this version of the key is its deletion */
    }
}
