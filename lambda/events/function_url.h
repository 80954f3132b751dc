/* HTTP by a Lambda Function URL, payload format 2.0 (API Gateway's HTTP APIs have the same one).
 *
 *   request   {"version":"2.0","rawPath":"/a/b","rawQueryString":"c=1&d=%20","cookies":["e=f"],
 *             "headers":{"content-type":"application/json"},"requestContext":{"http":{"method":
 *             "POST","path":"/a/b","protocol":"HTTP/1.1","sourceIp":"192.0.2.1","userAgent":"..."},
 *             "requestId":"...","timeEpoch":1659687279885,...},"body":"...","isBase64Encoded":false}
 *   response  {"statusCode":200,"headers":{"content-type":"..."},"cookies":["g=h; Secure"],
 *             "body":"...","isBase64Encoded":false}
 *
 * Lambda sends a body as text where the Content-Type is a text's or JSON's, else as base64; both
 * give the exact bytes that the client sent. Format: "Invoking Lambda function URLs" in the Lambda
 * guide. Pure. */
#ifndef LEV_FUNCTION_URL_H
#define LEV_FUNCTION_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/json.h"
#include "services/base/status.h"

#define LEV_MAX_URL_PAIRS ((size_t)256) /* headers, parameters, cookies: of each */
/* Lambda's limit for an event and for a result, base64 and JSON escapes included. */
#define LEV_MAX_URL_BYTES ((size_t)6 * 1024 * 1024)

struct lev_url_pair {
    const char *name, *value;
};

/* Pointers are borrowed from the document or owned by the request; all live as long as both. */
struct lev_url_request {
    const char *method;                 /* "POST" */
    const char *path;                   /* rawPath: begins with '/', not decoded */
    const char *raw_query;              /* rawQueryString, "" if there is none */
    const char *source_ip;              /* of the client, as Lambda saw it; NULL: not stated */
    const char *user_agent;             /* NULL: not stated */
    const char *request_id;             /* NULL: not stated */
    int64_t time_ms;                    /* timeEpoch, since 1970; -1: not stated */
    const struct lev_url_pair *headers; /* names in lower case, each once (Lambda joins several of
                                           one name with commas); see lev_url_header */
    size_t header_count;
    const struct lev_url_pair *parameters; /* of the query, in its order, form-decoded; a name may
                                              stand several times; see lev_url_parameter */
    size_t parameter_count;
    const char *const *cookies; /* "name=value" as sent; see lev_url_cookie */
    size_t cookie_count;
    const uint8_t *body; /* the exact bytes; NULL: there is none */
    size_t body_bytes;

    /* private */
    struct lev_url_pair *pairs; /* headers, then parameters */
    const char **cookie_texts;
    struct svc_buf text; /* names of headers, decoded parameters */
    struct svc_buf decoded_body;
};

/* Reads a request. `document` outlives `request`, which is cleared with lev_url_request_clear, also
 * after a failure. Errors: MALFORMED (another version; no method or path; a header or cookie that
 * is no text; two headers of one name; parameters that are not well encoded UTF-8 or hold U+0000;
 * a body that is no text or not the base64 that it claims to be), TOO_LARGE (LEV_MAX_URL_PAIRS),
 * NO_MEMORY. */
enum svc_status lev_url_request_read(const struct svc_json *document,
                                     struct lev_url_request *request, struct svc_error *error);
void lev_url_request_clear(struct lev_url_request *request);
/* The same for a handler: true if the request was read. Else `out`, which must be empty, has what
 * the function returns: the response 400 (MALFORMED) or 413 (TOO_LARGE), since trying again does
 * not help the client; or it has failed with NO_MEMORY, by which the runtime fails the invocation.
 */
bool lev_url_request_accept(const struct svc_json *document, struct lev_url_request *request,
                            struct svc_buf *out);

/* The value of a header, whatever the case of `name`. NULL: not sent. */
const char *lev_url_header(const struct lev_url_request *request, const char *name);
/* The first value of a parameter of the query. NULL: not sent. */
const char *lev_url_parameter(const struct lev_url_request *request, const char *name);
/* The value of the first cookie of that name, as sent. NULL: not sent. */
const char *lev_url_cookie(const struct lev_url_request *request, const char *name);

struct lev_url_response {
    int status_code;                    /* 200 to 599 */
    const struct lev_url_pair *headers; /* NULL if there are none; a name only once */
    size_t header_count;
    const char *const *cookies; /* "name=value; attributes": each becomes a Set-Cookie header */
    size_t cookie_count;
    const void *body; /* NULL: none */
    size_t body_bytes;
    bool is_binary; /* write base64 even where the body is valid UTF-8; other bodies always are */
};

/* Writes a response into `out`, which must be empty; on failure it is emptied. Errors:
 * INVALID_ARGUMENT (the status code; a header's name that is no token, is "set-cookie" or stands
 * twice; a header's value or a cookie with a control character or beyond ASCII; a cookie that is
 * not name=value), TOO_LARGE (the result is over LEV_MAX_URL_BYTES or the limit of `out`),
 * NO_MEMORY. */
enum svc_status lev_url_response_write(const struct lev_url_response *response, struct svc_buf *out,
                                       struct svc_error *error);

#endif
