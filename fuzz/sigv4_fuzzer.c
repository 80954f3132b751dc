/* Signature Version 4: every stage is what a second implementation computes, written from "Create a
 * signed AWS API request" of the AWS IAM user guide with OpenSSL's HMAC; the order of parameters
 * and headers does not matter; a presigned URL carries exactly what was signed. */
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "fuzz/support/sigv4_oracle.h"
#include "services/aws/sigv4.h"
#include "services/base/http.h"
#include "services/base/text.h"

#define MAX_PAIRS 8

/* A request as lines of the input: method, path, then "?name=value" and "name:value". */
struct request {
    char *lines[2 * MAX_PAIRS + 2];
    size_t line_count;
    struct awsc_param query[MAX_PAIRS];
    struct svc_http_header headers[MAX_PAIRS];
    struct awsc_sign_input input;
};

static void read_request(struct fuzz_input *input, struct request *request) {
    memset(request, 0, sizeof(*request));
    request->input.wall_ms = (int64_t)fuzz_take_u32(input) * 1000 * 60;
    request->input.s3_path = fuzz_take_bool(input);
    for (size_t i = 0; i < 2 * MAX_PAIRS + 2; i++)
        request->lines[request->line_count++] = fuzz_take_line(input, '\n', NULL);
    for (size_t i = 2; i < request->line_count; i++) {
        char *line = request->lines[i];
        const bool is_parameter = line[0] == '?';
        char *mark = line[0] ? strchr(line + 1, is_parameter ? '=' : ':') : NULL;
        if (mark)
            *mark++ = '\0';
        if (is_parameter && request->input.query_count < MAX_PAIRS)
            request->query[request->input.query_count++] = (struct awsc_param){line + 1, mark};
        if (!is_parameter && mark && request->input.header_count < MAX_PAIRS)
            request->headers[request->input.header_count++] = (struct svc_http_header){line, mark};
    }
    request->input.method = request->lines[0];
    request->input.path = request->lines[1];
    request->input.query = request->query;
    request->input.headers = request->headers;
    request->input.payload_hash = AWSC_EMPTY_PAYLOAD;
    request->input.region = "eu-west-1";
    request->input.service = request->input.s3_path ? "s3" : "sqs";
}

static void clear_request(struct request *request) {
    for (size_t i = 0; i < request->line_count; i++)
        free(request->lines[i]);
}

static void shuffle(const struct request *request, struct request *shuffled,
                    struct fuzz_input *choices) {
    *shuffled = *request;
    shuffled->input.query = shuffled->query;
    shuffled->input.headers = shuffled->headers;
    for (size_t i = shuffled->input.query_count; i > 1; i--) {
        const size_t k = fuzz_take_range(choices, 0, (uint32_t)i - 1);
        const struct awsc_param kept = shuffled->query[k];
        shuffled->query[k] = shuffled->query[i - 1];
        shuffled->query[i - 1] = kept;
    }
    /* Headers of one name keep their order: their values are joined in it. */
    for (size_t i = 0; i + 1 < shuffled->input.header_count; i++) {
        const struct svc_http_header kept = shuffled->headers[i];
        if (fuzz_take_bool(choices) &&
            !svc_equal_nocase(kept.name, shuffled->headers[i + 1].name)) {
            shuffled->headers[i] = shuffled->headers[i + 1];
            shuffled->headers[i + 1] = kept;
        }
    }
}

static void check_stages(const struct awsc_sign_input *input, const struct sigv4_text *expected,
                         const struct sigv4_text *names) {
    struct svc_buf canonical, signed_headers;
    svc_buf_init(&canonical, SIGV4_MAX_TEXT);
    svc_buf_init(&signed_headers, SIGV4_MAX_TEXT);
    FUZZ_CHECK(awsc_canonical_request(input, &canonical, &signed_headers) == SVC_OK, "no request");
    FUZZ_CHECK(!strcmp(svc_buf_text(&canonical), expected->bytes),
               "canonical request:\n%s\nnot\n%s", svc_buf_text(&canonical), expected->bytes);
    FUZZ_CHECK(canonical.size_bytes == expected->size_bytes, "its size");
    FUZZ_CHECK(!strcmp(svc_buf_text(&signed_headers), names->bytes), "signed headers %s, not %s",
               svc_buf_text(&signed_headers), names->bytes);
    svc_buf_clear(&canonical);
    svc_buf_clear(&signed_headers);
}

static void check_signed(const struct awsc_sign_input *input, const struct awsc_credentials *keys,
                         const char *date, const struct sigv4_text *names, const char *signature) {
    struct svc_buf authorization;
    struct sigv4_text expected = sigv4_text();
    char day[9] = "";
    memcpy(day, date, 8);
    const char *const parts[] = {"AWS4-HMAC-SHA256 Credential=",
                                 keys->access_key_id,
                                 "/",
                                 day,
                                 "/",
                                 input->region,
                                 "/",
                                 input->service,
                                 "/aws4_request, SignedHeaders=",
                                 names->bytes,
                                 ", Signature=",
                                 signature};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        sigv4_put(&expected, parts[i]);
    svc_buf_init(&authorization, SIGV4_MAX_TEXT);
    FUZZ_CHECK(awsc_sign(input, keys, &authorization) == SVC_OK, "not signed");
    FUZZ_CHECK(!strcmp(svc_buf_text(&authorization), expected.bytes), "%s\nnot\n%s",
               svc_buf_text(&authorization), expected.bytes);
    svc_buf_clear(&authorization);
    free(expected.bytes);
}

/* The query of the URL, without its signature, is that which the oracle signs. */
static void check_presigned(const struct request *request, const struct awsc_credentials *keys,
                            const char *date, int expires_s) {
    struct svc_buf url;
    struct awsc_sign_input input = request->input;
    struct awsc_param query[MAX_PAIRS + 6];
    struct sigv4_text names = sigv4_text(), all = sigv4_text();
    char signature[65], credential[200], expires[16];
    svc_buf_init(&url, SIGV4_MAX_TEXT);
    const enum svc_status status = awsc_presign(&input, keys, expires_s, &url);
    const bool is_allowed = expires_s >= 1 && expires_s <= AWSC_MAX_PRESIGN_SECONDS;
    FUZZ_CHECK(status == (is_allowed ? SVC_OK : SVC_INVALID_ARGUMENT), "%d s: %s", expires_s,
               svc_status_name(status));
    if (is_allowed && input.query_count <= 2) {
        sigv4_put_headers(&all, &names, &input);
        snprintf(credential, sizeof(credential), "%s/%.8s/%s/%s/aws4_request", keys->access_key_id,
                 date, input.region, input.service);
        snprintf(expires, sizeof(expires), "%d", expires_s);
        memcpy(query, input.query, input.query_count * sizeof(*query));
        const struct awsc_param own[] = {{"X-Amz-Algorithm", "AWS4-HMAC-SHA256"},
                                         {"X-Amz-Credential", credential},
                                         {"X-Amz-Date", date},
                                         {"X-Amz-Expires", expires},
                                         {"X-Amz-SignedHeaders", names.bytes},
                                         {"X-Amz-Security-Token", keys->session_token}};
        memcpy(query + input.query_count, own, sizeof(own));
        input.query = query;
        input.query_count += keys->session_token[0] ? 6 : 5;
        struct sigv4_text names_again = sigv4_text(), expected = sigv4_text();
        struct sigv4_text canonical =
            sigv4_oracle(&input, keys->secret_access_key, date, &names_again, signature);
        sigv4_put(&expected, input.path[0] ? input.path : "/");
        sigv4_put(&expected, "?");
        sigv4_put_query(&expected, &input);
        sigv4_put(&expected, "&X-Amz-Signature=");
        sigv4_put(&expected, signature);
        FUZZ_CHECK(!strcmp(svc_buf_text(&url), expected.bytes), "%s\nnot\n%s", svc_buf_text(&url),
                   expected.bytes);
        free(canonical.bytes);
        free(names_again.bytes);
        free(expected.bytes);
    }
    free(names.bytes);
    free(all.bytes);
    svc_buf_clear(&url);
}

/* What is resolved once stays: an encoded path is a path of its own, so only paths of plain
 * characters are compared. */
static void check_path(const char *path) {
    struct svc_buf once, twice;
    svc_buf_init(&once, SIGV4_MAX_TEXT);
    svc_buf_init(&twice, SIGV4_MAX_TEXT);
    FUZZ_CHECK(awsc_canonical_path(path, false, &once) == SVC_OK, "no path");
    const char *text = svc_buf_text(&once);
    FUZZ_CHECK(text[0] == '/' && !strstr(text, "//") && !strstr(text, "/./") &&
                   !strstr(text, "/../"),
               "%s is not resolved", text);
    if (!strchr(text, '%')) {
        FUZZ_CHECK(awsc_canonical_path(text, false, &twice) == SVC_OK, "no path");
        FUZZ_CHECK(!strcmp(text, svc_buf_text(&twice)), "%s became %s", text, svc_buf_text(&twice));
    }
    svc_buf_clear(&once);
    svc_buf_clear(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    static struct awsc_credentials keys = {.access_key_id = "AKIDEXAMPLE",
                                           .secret_access_key = "secret+of/an=example"};
    struct request request, shuffled;
    char signature[65], date[SVC_AMZ_DATE_BYTES];
    if (size_bytes > 4096)
        return 0;
    const int expires_s = (int)fuzz_take_range(&input, 0, 700000);
    snprintf(keys.session_token, sizeof(keys.session_token), "%s",
             fuzz_take_bool(&input) ? "token/+=" : "");
    struct fuzz_input choices = input;
    read_request(&input, &request);
    svc_format_amz_date(request.input.wall_ms, date);
    struct sigv4_text names = sigv4_text();
    struct sigv4_text expected =
        sigv4_oracle(&request.input, keys.secret_access_key, date, &names, signature);
    shuffle(&request, &shuffled, &choices);
    check_stages(&request.input, &expected, &names);
    check_stages(&shuffled.input, &expected, &names);
    check_signed(&shuffled.input, &keys, date, &names, signature);
    check_presigned(&shuffled, &keys, date, expires_s);
    check_path(request.input.path);
    free(names.bytes);
    free(expected.bytes);
    clear_request(&request);
    return 0;
}
