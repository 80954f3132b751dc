/* Signature Version 4: each stage by itself, and entire signatures against AWS's own signer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/sigv4.h"
#include "services/base/json.h"
#include "services/base/text.h"
#include "tests/services/support.h"
#include "tests/support/random.h"

#define WHEN INT64_C(1440938160000) /* 2015-08-30T12:36:00Z */

static struct test_server reference;

static int start_reference(void **state) {
    (void)state;
    const char *const argv[] = {test_python(), TEST_FILE("sign_reference.py"), NULL};
    return test_server_start(&reference, argv) ? 0 : -1;
}

static int stop_reference(void **state) {
    (void)state;
    test_server_stop(&reference);
    return 0;
}

static struct awsc_credentials credentials_of(const char *secret, const char *token) {
    struct awsc_credentials credentials = {.expires_wall_ms = AWSC_NEVER_EXPIRES};
    strcpy(credentials.access_key_id, "AKIDEXAMPLE");
    strcpy(credentials.secret_access_key, secret);
    strcpy(credentials.session_token, token);
    return credentials;
}

static bool is_own_header(const char *name) {
    return svc_equal_nocase(name, "x-amz-date") || svc_equal_nocase(name, "x-amz-content-sha256") ||
           svc_equal_nocase(name, "x-amz-security-token");
}

/* The reference signer's result for the same request. `wire_path`: path and query as they are sent.
 */
static void reference_result(const struct awsc_sign_input *input, const char *wire_path,
                             const struct awsc_credentials *credentials, int expires_s, char *reply,
                             size_t reply_bytes) {
    struct svc_buf line;
    struct svc_json_writer writer;
    svc_buf_init(&line, 1 << 20);
    svc_json_writer_init(&writer, &line);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "method", input->method);
    svc_json_add_text(&writer, "path", wire_path);
    svc_json_name(&writer, "headers");
    svc_json_begin_array(&writer);
    bool has_hash = false;
    for (size_t i = 0; i < input->header_count; i++) {
        has_hash |= svc_equal_nocase(input->headers[i].name, "x-amz-content-sha256");
        if (!is_own_header(input->headers[i].name)) {
            svc_json_begin_array(&writer);
            svc_json_put_text(&writer, input->headers[i].name);
            svc_json_put_text(&writer, input->headers[i].value);
            svc_json_end_array(&writer);
        }
    }
    svc_json_end_array(&writer);
    svc_json_add_bool(&writer, "hash_header", has_hash);
    svc_json_add_text(&writer, "hash", input->payload_hash);
    svc_json_add_text(&writer, "id", credentials->access_key_id);
    svc_json_add_text(&writer, "secret", credentials->secret_access_key);
    svc_json_add_text(&writer, "token", credentials->session_token);
    svc_json_add_text(&writer, "region", input->region);
    svc_json_add_text(&writer, "service", input->service);
    svc_json_add_int(&writer, "time", input->wall_ms / 1000);
    svc_json_add_bool(&writer, "s3", input->s3_path);
    svc_json_add_int(&writer, "expires", expires_s);
    svc_json_end_object(&writer);
    assert_int_equal(svc_json_writer_status(&writer), SVC_OK);
    assert_true(test_server_send(&reference, svc_buf_text(&line), reply, reply_bytes));
    svc_buf_clear(&line);
}

/* Path and query as they go over the wire. */
static void wire_path(const struct awsc_sign_input *input, struct svc_buf *out) {
    svc_buf_append_text(out, input->path);
    if (input->query_count > 0) {
        svc_buf_append_char(out, '?');
        assert_int_equal(awsc_canonical_query(input->query, input->query_count, out), SVC_OK);
    }
}

static void agrees_with_reference(const struct awsc_sign_input *input,
                                  const struct awsc_credentials *credentials) {
    struct svc_buf ours, wire;
    static char theirs[1 << 16];
    svc_buf_init(&ours, 1 << 16);
    svc_buf_init(&wire, 1 << 16);
    wire_path(input, &wire);
    assert_int_equal(awsc_sign(input, credentials, &ours), SVC_OK);
    reference_result(input, svc_buf_text(&wire), credentials, 0, theirs, sizeof(theirs));
    assert_string_equal(svc_buf_text(&ours), theirs);
    svc_buf_clear(&ours);
    svc_buf_clear(&wire);
}

/* ---------------------------------------------------------------------- cases */

#define HOST                                                                                       \
    { "Host", "example.amazonaws.com" }
#define DATE                                                                                       \
    { "X-Amz-Date", "20150830T123600Z" }
#define TAIL  "host:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n" EMPTY
#define EMPTY AWSC_EMPTY_PAYLOAD

struct sign_case {
    const char *name;
    const char *method, *path;
    bool s3_path;
    struct awsc_param query[6];
    struct svc_http_header headers[8]; /* besides Host and X-Amz-Date */
    const char *payload_hash;          /* NULL: of nothing */
    const char *canonical;
};

/* Of the kinds the published suite has; the canonical requests are written down by the rules. */
static const struct sign_case cases[] = {
    {"vanilla", "GET", "/", false, {{0}}, {{0}}, NULL, "GET\n/\n\n" TAIL},
    {"empty path", "GET", "", false, {{0}}, {{0}}, NULL, "GET\n/\n\n" TAIL},
    {"post", "POST", "/", false, {{0}}, {{0}}, NULL, "POST\n/\n\n" TAIL},
    {"unreserved",
     "GET",
     "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
     false,
     {{0}},
     {{0}},
     NULL,
     "GET\n/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz\n\n" TAIL},
    {"utf-8", "GET", "/\xe1\x88\xb4", false, {{0}}, {{0}}, NULL, "GET\n/%E1%88%B4\n\n" TAIL},
    {"space",
     "GET",
     "/example space/",
     false,
     {{0}},
     {{0}},
     NULL,
     "GET\n/example%20space/\n\n" TAIL},
    {"encoded twice",
     "GET",
     "/a%20b%2Fc",
     false,
     {{0}},
     {{0}},
     NULL,
     "GET\n/a%2520b%252Fc\n\n" TAIL},
    {"encoded once", "GET", "/a%20b%2Fc", true, {{0}}, {{0}}, NULL, "GET\n/a%20b%2Fc\n\n" TAIL},
    {"relative", "GET", "/example/..", false, {{0}}, {{0}}, NULL, "GET\n/\n\n" TAIL},
    {"relative twice",
     "GET",
     "/example1/example2/../..",
     false,
     {{0}},
     {{0}},
     NULL,
     "GET\n/\n\n" TAIL},
    {"above the root", "GET", "/../../a", false, {{0}}, {{0}}, NULL, "GET\n/a\n\n" TAIL},
    {"dot", "GET", "/./", false, {{0}}, {{0}}, NULL, "GET\n/\n\n" TAIL},
    {"pointless dot", "GET", "/./example", false, {{0}}, {{0}}, NULL, "GET\n/example\n\n" TAIL},
    {"slash", "GET", "//", false, {{0}}, {{0}}, NULL, "GET\n/\n\n" TAIL},
    {"slashes", "GET", "//example//", false, {{0}}, {{0}}, NULL, "GET\n/example/\n\n" TAIL},
    {"three dots", "GET", "/a/.../b", false, {{0}}, {{0}}, NULL, "GET\n/a/.../b\n\n" TAIL},
    {"S3 normalises nothing",
     "GET",
     "/b/a/../b//./c/",
     true,
     {{0}},
     {{0}},
     NULL,
     "GET\n/b/a/../b//./c/\n\n" TAIL},
    {"query",
     "GET",
     "/",
     false,
     {{"Param1", "value1"}},
     {{0}},
     NULL,
     "GET\n/\nParam1=value1\n" TAIL},
    {"query without a value",
     "GET",
     "/",
     true,
     {{"tagging", NULL}},
     {{0}},
     NULL,
     "GET\n/\ntagging=\n" TAIL},
    {"query sorted by name, then value",
     "GET",
     "/",
     false,
     {{"b", "2"}, {"a", "z"}, {"a", "b"}, {"A", "1"}, {"a-", "0"}, {"ab", "0"}},
     {{0}},
     NULL,
     "GET\n/\nA=1&a=b&a=z&a-=0&ab=0&b=2\n" TAIL},
    {"query encoded",
     "GET",
     "/",
     false,
     {{"a b", "c+d/e=f&g"}, {"\xe1\x88\xb4", "~-._"}, {"*", "%20"}},
     {{0}},
     NULL,
     "GET\n/\n%2A=%2520&%E1%88%B4=~-._&a%20b=c%2Bd%2Fe%3Df%26g\n" TAIL},
    {"header's value trimmed",
     "GET",
     "/",
     false,
     {{0}},
     {{"My-Header1", "  a   b \t c  "}, {"My-Header2", "\"a   b\""}},
     NULL,
     "GET\n/\n\nhost:example.amazonaws.com\nmy-header1:a b c\nmy-header2:\"a b\"\n"
     "x-amz-date:20150830T123600Z\n\nhost;my-header1;my-header2;x-amz-date\n" EMPTY},
    {"headers of one name keep their order",
     "GET",
     "/",
     false,
     {{0}},
     {{"My-Header", "value4"}, {"my-header", "value1"}, {"MY-HEADER", "value3"}},
     NULL,
     "GET\n/\n\nhost:example.amazonaws.com\nmy-header:value4,value1,value3\n"
     "x-amz-date:20150830T123600Z\n\nhost;my-header;x-amz-date\n" EMPTY},
    {"empty header",
     "GET",
     "/",
     false,
     {{0}},
     {{"My-Header", ""}},
     NULL,
     "GET\n/\n\nhost:example.amazonaws.com\nmy-header:\nx-amz-date:20150830T123600Z\n\n"
     "host;my-header;x-amz-date\n" EMPTY},
    {"unsigned payload",
     "PUT",
     "/key",
     true,
     {{0}},
     {{"X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"}},
     "UNSIGNED-PAYLOAD",
     "PUT\n/key\n\nhost:example.amazonaws.com\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n"
     "x-amz-date:20150830T123600Z\n\nhost;x-amz-content-sha256;x-amz-date\nUNSIGNED-PAYLOAD"},
};

static size_t input_of(const struct sign_case *sample, struct awsc_sign_input *input,
                       struct svc_http_header headers[10]) {
    size_t count = 0;
    *input = (struct awsc_sign_input){
        .method = sample->method,
        .path = sample->path,
        .s3_path = sample->s3_path,
        .query = sample->query,
        .headers = headers,
        .payload_hash = sample->payload_hash != NULL ? sample->payload_hash : EMPTY,
        .region = "us-east-1",
        .service = "service",
        .wall_ms = WHEN,
    };
    while (input->query_count < 6 && sample->query[input->query_count].name != NULL) {
        input->query_count++;
    }
    headers[count++] = (struct svc_http_header)DATE;
    for (size_t i = 0; i < 8 && sample->headers[i].name != NULL; i++) {
        headers[count++] = sample->headers[i];
    }
    headers[count++] = (struct svc_http_header)HOST;
    input->header_count = count;
    return count;
}

static void test_canonical_requests_follow_the_rules(void **state) {
    (void)state;
    const struct awsc_credentials credentials =
        credentials_of("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct awsc_sign_input input;
        struct svc_http_header headers[10];
        struct svc_buf canonical, names;
        svc_buf_init(&canonical, 1 << 16);
        svc_buf_init(&names, 1 << 16);
        input_of(&cases[i], &input, headers);
        assert_int_equal(awsc_canonical_request(&input, &canonical, &names), SVC_OK);
        if (strcmp(svc_buf_text(&canonical), cases[i].canonical) != 0) {
            fail_msg("%s:\n%s\nis not\n%s", cases[i].name, svc_buf_text(&canonical),
                     cases[i].canonical);
        }
        svc_buf_clear(&canonical);
        svc_buf_clear(&names);
        if (cases[i].path[0] != '\0') { /* the reference accepts no empty path */
            agrees_with_reference(&input, &credentials);
        }
    }
}

/* The values of "Create a signed AWS API request" in the IAM user guide. */
static void test_the_example_of_the_guide(void **state) {
    (void)state;
    static const struct awsc_param query[] = {{"Action", "ListUsers"}, {"Version", "2010-05-08"}};
    static const struct svc_http_header headers[] = {
        {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
        {"Host", "iam.amazonaws.com"},
        DATE};
    const struct awsc_sign_input input = {"GET", "/",   false,       query, 2,   headers,
                                          3,     EMPTY, "us-east-1", "iam", WHEN};
    struct svc_buf canonical, names, string;
    uint8_t key[SVC_SHA256_BYTES];
    char hex[SVC_SHA256_HEX_BYTES];
    svc_buf_init(&canonical, 1 << 16);
    svc_buf_init(&names, 1 << 16);
    svc_buf_init(&string, 1 << 16);
    assert_int_equal(awsc_canonical_request(&input, &canonical, &names), SVC_OK);
    assert_string_equal(svc_buf_text(&names), "content-type;host;x-amz-date");
    assert_int_equal(
        awsc_string_to_sign(&input, svc_buf_text(&canonical), canonical.size_bytes, &string),
        SVC_OK);
    assert_string_equal(svc_buf_text(&string),
                        "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
                        "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
    assert_int_equal(
        awsc_signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", WHEN, "us-east-1", "iam", key),
        SVC_OK);
    svc_hex(key, sizeof(key), hex);
    assert_string_equal(hex, "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
    assert_int_equal(awsc_signature(key, svc_buf_text(&string), string.size_bytes, hex), SVC_OK);
    assert_string_equal(hex, "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
    svc_buf_clear(&canonical);
    svc_buf_clear(&names);
    svc_buf_clear(&string);
}

/* ---------------------------------------------------------------------- random requests */

/* Up to `most` characters: ASCII with all its punctuation, and code points of every length. */
static void random_text(uint64_t *random, char *out, uint32_t most, bool is_header) {
    uint32_t count = random_between(random, 0, most);
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t kind = is_header ? 0 : random_between(random, 0, 5);
        uint32_t c = random_between(random, 0x20, 0x7e);
        if (kind == 4) {
            c = random_between(random, 0xa0, 0x7ff);
        } else if (kind == 5) {
            c = random_between(random, 0x10000, 0x10ffff);
        } else if (kind == 3) {
            c = random_between(random, 0x800, 0xd7ff);
        }
        size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
        for (size_t k = length; k-- > 0; c >>= 6) {
            out[size + k] = (char)(k == 0 ? marks[length] | c : 0x80 | (c & 0x3f));
        }
        size += length;
    }
    out[size] = '\0';
}

/* A path as it would be sent: encoded once, and with dots and slashes in odd places. */
static void random_path(uint64_t *random, struct svc_buf *path) {
    static const char *const odd[] = {".", "..", "", "...", "a"};
    uint32_t segments = random_between(random, 0, 4);
    svc_buf_reset(path);
    svc_buf_append_char(path, '/');
    for (uint32_t i = 0; i < segments; i++) {
        char text[128];
        random_text(random, text, 8, false);
        if (random_between(random, 0, 2) == 0) {
            strcpy(text, odd[random_between(random, 0, 4)]);
        }
        svc_percent_encode(text, strlen(text), false, path);
        if (i + 1 < segments || random_between(random, 0, 1) == 0) {
            svc_buf_append_char(path, '/');
        }
    }
    assert_int_equal(svc_buf_status(path), SVC_OK);
}

struct random_request {
    struct svc_buf path;
    struct awsc_param query[4];
    struct svc_http_header headers[8];
    char names[4][64], values[4][256], header_values[3][256];
    char secret[64], token[64];
    struct awsc_sign_input input;
};

static void make_random(uint64_t *random, struct random_request *request, bool with_headers) {
    static const char *const methods[] = {"GET", "PUT", "POST", "DELETE", "HEAD"};
    static const char *const header_names[] = {"X-Amz-Meta-A", "content-type", "X-B"};
    size_t count = 0;
    random_path(random, &request->path);
    request->input = (struct awsc_sign_input){
        .method = methods[random_between(random, 0, 4)],
        .path = svc_buf_text(&request->path),
        .s3_path = random_between(random, 0, 1) == 1,
        .query = request->query,
        .query_count = random_between(random, 0, 4),
        .headers = request->headers,
        .payload_hash = random_between(random, 0, 1) == 1 ? AWSC_UNSIGNED_PAYLOAD : EMPTY,
        .region = "ap-northeast-2",
        .service = "s3",
        .wall_ms = (int64_t)random_between(random, 946684800, 4000000000) * 1000,
    };
    for (size_t i = 0; i < request->input.query_count; i++) {
        random_text(random, request->names[i] + 1, 5, false);
        request->names[i][0] = 'q'; /* never without a name, and never X-Amz-... */
        random_text(random, request->values[i], 20, false);
        request->query[i] = (struct awsc_param){request->names[i], request->values[i]};
    }
    request->headers[count++] = (struct svc_http_header)HOST;
    for (size_t i = 0; i < 3 && with_headers; i++) {
        random_text(random, request->header_values[i], 30, true);
        request->headers[count++] =
            (struct svc_http_header){header_names[i], request->header_values[i]};
    }
    request->input.header_count = count;
    do { /* of every printable character */
        random_text(random, request->secret, 40, true);
    } while (request->secret[0] == '\0');
    random_text(random, request->token, random_between(random, 0, 1) * 40, true);
    /* A header's value has no blanks at its ends. */
    size_t size = strlen(request->token);
    if (size > 0 && (request->token[0] == ' ' || request->token[size - 1] == ' ')) {
        request->token[0] = '\0';
    }
}

static void test_random_requests_are_signed_as_awss_signer_does(void **state) {
    (void)state;
    uint64_t random = 11;
    struct random_request request;
    svc_buf_init(&request.path, 4096);
    for (int round = 0; round < 600; round++) {
        char date[SVC_AMZ_DATE_BYTES];
        make_random(&random, &request, true);
        struct awsc_credentials credentials = credentials_of(request.secret, request.token);
        svc_format_amz_date(request.input.wall_ms, date);
        request.headers[request.input.header_count++] =
            (struct svc_http_header){"X-Amz-Date", date};
        if (request.token[0] != '\0') {
            request.headers[request.input.header_count++] =
                (struct svc_http_header){"X-Amz-Security-Token", request.token};
        }
        agrees_with_reference(&request.input, &credentials);
    }
    svc_buf_clear(&request.path);
}

/* The order of a URL's parameters is free, so they are compared as sets. */
static int compare_texts(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_query(char *url, char *parts[32], size_t *count) {
    *count = 0;
    for (char *part = strtok(url, "?&"); part != NULL && *count < 32; part = strtok(NULL, "?&")) {
        parts[(*count)++] = part;
    }
    qsort(parts, *count, sizeof(*parts), compare_texts);
}

static void test_random_presigned_urls_are_those_of_awss_signer(void **state) {
    (void)state;
    uint64_t random = 12;
    struct random_request request;
    struct svc_buf ours, wire;
    static char theirs[1 << 16];
    svc_buf_init(&request.path, 4096);
    svc_buf_init(&ours, 1 << 16);
    svc_buf_init(&wire, 1 << 16);
    for (int round = 0; round < 300; round++) {
        int expires_s = (int)random_between(&random, 1, AWSC_MAX_PRESIGN_SECONDS);
        make_random(&random, &request, false);
        struct awsc_credentials credentials = credentials_of(request.secret, request.token);
        svc_buf_reset(&ours);
        svc_buf_reset(&wire);
        assert_int_equal(awsc_presign(&request.input, &credentials, expires_s, &ours), SVC_OK);
        wire_path(&request.input, &wire);
        reference_result(&request.input, svc_buf_text(&wire), &credentials, expires_s, theirs,
                         sizeof(theirs));
        char *our_parts[32], *their_parts[32];
        size_t our_count = 0, their_count = 0;
        sort_query((char *)ours.bytes, our_parts, &our_count);
        sort_query(theirs, their_parts, &their_count);
        assert_int_equal(our_count, their_count);
        for (size_t i = 0; i < our_count; i++) {
            assert_string_equal(our_parts[i], their_parts[i]);
        }
    }
    struct awsc_credentials credentials = credentials_of("secret", "");
    assert_int_equal(awsc_presign(&request.input, &credentials, 0, &ours), SVC_INVALID_ARGUMENT);
    assert_int_equal(awsc_presign(&request.input, &credentials, 604801, &ours),
                     SVC_INVALID_ARGUMENT);
    svc_buf_clear(&request.path);
    svc_buf_clear(&ours);
    svc_buf_clear(&wire);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical_requests_follow_the_rules),
        cmocka_unit_test(test_the_example_of_the_guide),
        cmocka_unit_test(test_random_requests_are_signed_as_awss_signer_does),
        cmocka_unit_test(test_random_presigned_urls_are_those_of_awss_signer),
    };
    return cmocka_run_group_tests(tests, start_reference, stop_reference);
}
