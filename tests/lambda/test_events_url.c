/* Function URL: requests as Lambda sends them, and responses that Lambda takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/events/function_url.h"
#include "lambda/runtime/runtime.h"
#include "services/base/text.h"
#include "tests/lambda/event_examples.h"
#include "tests/support/random.h"

struct read_request {
    struct svc_json *document;
    struct lev_url_request request;
    struct svc_error error;
};

static enum svc_status read_request(struct read_request *read, const char *example) {
    memset(read, 0, sizeof(*read));
    read->document = example_parse(example);
    const enum svc_status status =
        lev_url_request_read(read->document, &read->request, &read->error);
    assert_int_equal(read->error.status, status);
    assert_true(status == SVC_OK || read->error.detail[0] != '\0');
    return status;
}

static void clear(struct read_request *read) {
    lev_url_request_clear(&read->request);
    svc_json_free(read->document);
}

static void test_the_documented_request(void **state) {
    (void)state;
    struct read_request read;
    assert_int_equal(read_request(&read, EXAMPLE_URL), SVC_OK);
    const struct lev_url_request *request = &read.request;
    assert_string_equal(request->method, "POST");
    assert_string_equal(request->path, "/my/path");
    assert_string_equal(request->raw_query,
                        "parameter1=value1&parameter1=value2&parameter2=a+b%3D%ED%95%9C");
    assert_string_equal(request->source_ip, "123.123.123.123");
    assert_string_equal(request->user_agent, "agent");
    assert_string_equal(request->request_id, "id");
    assert_true(request->time_ms == INT64_C(1583348638390));
    assert_int_equal(request->header_count, 3);
    assert_string_equal(lev_url_header(request, "header1"), "value1");
    assert_string_equal(lev_url_header(request, "header2"), "value1,value2");
    assert_string_equal(lev_url_header(request, "content-type"), "text/plain");
    assert_string_equal(lev_url_header(request, "Content-TYPE"), "text/plain");
    assert_string_equal(request->headers[2].name, "content-type");
    assert_null(lev_url_header(request, "header"));
    assert_int_equal(request->parameter_count, 3);
    assert_string_equal(request->parameters[0].name, "parameter1");
    assert_string_equal(request->parameters[0].value, "value1");
    assert_string_equal(request->parameters[1].name, "parameter1");
    assert_string_equal(request->parameters[1].value, "value2");
    assert_string_equal(lev_url_parameter(request, "parameter1"), "value1");
    assert_string_equal(lev_url_parameter(request, "parameter2"), "a b=한");
    assert_null(lev_url_parameter(request, "parameter"));
    assert_null(lev_url_parameter(request, "Parameter1"));
    assert_int_equal(request->cookie_count, 2);
    assert_string_equal(request->cookies[0], "cookie1=one");
    assert_string_equal(lev_url_cookie(request, "cookie2"), "two");
    assert_null(lev_url_cookie(request, "cookie"));
    assert_int_equal(request->body_bytes, strlen("Hello from client!"));
    assert_memory_equal(request->body, "Hello from client!", request->body_bytes);
    clear(&read);
}

static void test_a_base64_body_gives_its_exact_bytes(void **state) {
    (void)state;
    static const uint8_t expected[] = {0x00, 0xff, 0x80, 'h', 'i'};
    static uint8_t bytes[5000];
    struct read_request read;
    assert_int_equal(read_request(&read, EXAMPLE_URL_BASE64), SVC_OK);
    assert_int_equal(read.request.body_bytes, sizeof(expected));
    assert_memory_equal(read.request.body, expected, sizeof(expected));
    assert_int_equal(read.request.parameter_count, 0);
    assert_int_equal(read.request.header_count, 0);
    assert_int_equal(read.request.time_ms, -1);
    clear(&read);
    uint64_t seed = 3;
    for (size_t size = 0; size < sizeof(bytes); size += 1 + size / 7) {
        struct svc_buf text;
        svc_buf_init(&text, 20000);
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (uint8_t)random_between(&seed, 0, 255);
        }
        svc_buf_append_text(&text, "{'version':'2.0','rawPath':'/','requestContext':{'http':"
                                   "{'method':'POST'}},'isBase64Encoded':true,'body':'");
        svc_base64(bytes, size, &text);
        svc_buf_append_text(&text, "'}");
        assert_int_equal(read_request(&read, svc_buf_text(&text)), SVC_OK);
        assert_int_equal(read.request.body_bytes, size);
        assert_non_null(read.request.body);
        assert_memory_equal(read.request.body, bytes, size);
        clear(&read);
        svc_buf_clear(&text);
    }
}

#define REQUEST(more)                                                                              \
    "{'version':'2.0','rawPath':'/','requestContext':{'http':{'method':'GET'}}" more "}"

static void test_text_bodies_keep_their_bytes(void **state) {
    (void)state;
    struct read_request read;
    assert_int_equal(read_request(&read, REQUEST(",'body':'한\\r\\n\\u0000\\ud83d\\ude00\\\\'")),
                     SVC_OK);
    assert_int_equal(read.request.body_bytes, 11);
    assert_memory_equal(read.request.body, "한\r\n\0😀\\", 11);
    clear(&read);
    assert_int_equal(read_request(&read, REQUEST("")), SVC_OK);
    assert_null(read.request.body);
    assert_int_equal(read.request.body_bytes, 0);
    assert_string_equal(read.request.raw_query, "");
    clear(&read);
    assert_int_equal(read_request(&read, REQUEST(",'body':'','isBase64Encoded':null")), SVC_OK);
    assert_non_null(read.request.body);
    assert_int_equal(read.request.body_bytes, 0);
    clear(&read);
}

static void test_queries(void **state) {
    (void)state;
    static const struct {
        const char *query;
        size_t count;
        const char *first_name, *first_value;
    } cases[] = {
        {"a", 1, "a", ""},
        {"a=", 1, "a", ""},
        {"=b", 1, "", "b"},
        {"a=b=c", 1, "a", "b=c"},
        {"&&a=b&&", 1, "a", "b"},
        {"%61=%62", 1, "a", "b"},
        {"a+b=c+d", 1, "a b", "c d"},
        {"a%26b=c%3Dd&e", 2, "a&b", "c=d"},
        {"=", 1, "", ""},
        {"a=1&a=2&a=3", 3, "a", "1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct read_request read;
        char text[400];
        (void)snprintf(text, sizeof(text), REQUEST(",'rawQueryString':'%s'"), cases[i].query);
        assert_int_equal(read_request(&read, text), SVC_OK);
        assert_int_equal(read.request.parameter_count, cases[i].count);
        assert_string_equal(read.request.parameters[0].name, cases[i].first_name);
        assert_string_equal(read.request.parameters[0].value, cases[i].first_value);
        clear(&read);
    }
}

static void test_requests_that_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "{}",
        "[]",
        "{'version':'1.0','rawPath':'/','requestContext':{'http':{'method':'GET'}}}",
        "{'version':'2.0','requestContext':{'http':{'method':'GET'}}}",
        "{'version':'2.0','rawPath':'path','requestContext':{'http':{'method':'GET'}}}",
        "{'version':'2.0','rawPath':'/','requestContext':{'http':{}}}",
        "{'version':'2.0','rawPath':'/','requestContext':{}}",
        REQUEST(",'headers':[]"),
        REQUEST(",'headers':{'a':5}"),
        REQUEST(",'headers':{'a':null}"),
        REQUEST(",'headers':{'a':'b\\u0000c'}"),
        REQUEST(",'headers':{'a':'1','A':'2'}"),
        REQUEST(",'cookies':{}"),
        REQUEST(",'cookies':[5]"),
        REQUEST(",'body':{}"),
        REQUEST(",'body':'','isBase64Encoded':'true'"),
        REQUEST(",'body':'AAA','isBase64Encoded':true"),
        REQUEST(",'body':'AAAB\\n','isBase64Encoded':true"),
        REQUEST(",'body':'AB==','isBase64Encoded':true"),
        REQUEST(",'rawQueryString':'a=%'"),
        REQUEST(",'rawQueryString':'a=%zz'"),
        REQUEST(",'rawQueryString':'a=%00'"),
        REQUEST(",'rawQueryString':'a%00=b'"),
        REQUEST(",'rawQueryString':'a=%ff'"),
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct read_request read;
        if (read_request(&read, bad[i]) != SVC_MALFORMED) {
            fail_msg("%s", bad[i]);
        }
        clear(&read);
    }
}

/* Exactly as many as the limit, then one more. */
static void test_too_many_headers_parameters_and_cookies(void **state) {
    (void)state;
    static const struct {
        const char *first, *next, *end;
    } forms[] = {{",'headers':{'n", "':'v','n", "':'v'}}"},
                 {",'cookies':['n", "=v','n", "=v']}"},
                 {",'rawQueryString':'n", "=v&n", "=v'}"}};
    for (size_t form = 0; form < 3; form++) {
        for (size_t count = LEV_MAX_URL_PAIRS; count <= LEV_MAX_URL_PAIRS + 1; count++) {
            struct read_request read;
            struct svc_buf text;
            svc_buf_init(&text, 1 << 16);
            svc_buf_append_text(&text, "{'version':'2.0','rawPath':'/','requestContext':{'http':"
                                       "{'method':'GET'}}");
            for (size_t i = 0; i < count; i++) {
                svc_buf_append_text(&text, i == 0 ? forms[form].first : forms[form].next);
                svc_buf_printf(&text, "%zu", i);
            }
            svc_buf_append_text(&text, forms[form].end);
            assert_int_equal(read_request(&read, svc_buf_text(&text)),
                             count > LEV_MAX_URL_PAIRS ? SVC_TOO_LARGE : SVC_OK);
            clear(&read);
            svc_buf_clear(&text);
        }
    }
}

static void check_accepted(const char *query, const char *expected) {
    char *text = malloc(strlen(query) + 200);
    struct svc_buf out;
    struct lev_url_request request;
    assert_non_null(text);
    (void)sprintf(text,
                  "{'version':'2.0','rawPath':'/','rawQueryString':'%s','requestContext':{'http':"
                  "{'method':'GET'}}}",
                  query);
    struct svc_json *document = example_parse(text);
    svc_buf_init(&out, LEV_MAX_URL_BYTES);
    assert_int_equal(lev_url_request_accept(document, &request, &out), expected[0] == '\0');
    assert_int_equal(svc_buf_status(&out), SVC_OK);
    assert_string_equal(svc_buf_text(&out), expected);
    lev_url_request_clear(&request);
    svc_buf_clear(&out);
    svc_json_free(document);
    free(text);
}

static void test_a_request_that_cannot_be_read_gets_its_response(void **state) {
    (void)state;
    char many[2 * (LEV_MAX_URL_PAIRS + 1)];
    memset(many, 'a', sizeof(many));
    for (size_t i = 1; i < sizeof(many); i += 2) {
        many[i] = '&';
    }
    many[sizeof(many) - 1] = '\0';
    check_accepted("name=%41", "");
    check_accepted("name=%ff", "{\"statusCode\":400,\"headers\":{},\"isBase64Encoded\":false}");
    check_accepted(many, "{\"statusCode\":413,\"headers\":{},\"isBase64Encoded\":false}");
}

/* ---------------------------------------------------------------------- responses */

static void check_response(const struct lev_url_response *response, const char *expected) {
    struct svc_buf out;
    char *text = example_text(expected);
    svc_buf_init(&out, LEV_MAX_URL_BYTES);
    assert_int_equal(lev_url_response_write(response, &out, NULL), SVC_OK);
    assert_string_equal(svc_buf_text(&out), text);
    svc_buf_clear(&out);
    free(text);
}

static void test_responses(void **state) {
    (void)state;
    static const struct lev_url_pair headers[] = {{"content-type", "application/json"},
                                                  {"X-A", "tab\there, \"quoted\""}};
    static const char *const cookies[] = {"a=b; Secure; HttpOnly", "c="};
    check_response(&(struct lev_url_response){.status_code = 204},
                   "{'statusCode':204,'headers':{},'isBase64Encoded':false}");
    check_response(&(struct lev_url_response){.status_code = 200,
                                              .headers = headers,
                                              .header_count = 2,
                                              .cookies = cookies,
                                              .cookie_count = 2,
                                              .body = "{\"status\":\"ok\"}",
                                              .body_bytes = 15},
                   "{'statusCode':200,'headers':{'content-type':'application/json','X-A':"
                   "'tab\\there, \\'quoted\\''},'cookies':['a=b; Secure; HttpOnly','c='],"
                   "'body':'{\\'status\\':\\'ok\\'}','isBase64Encoded':false}");
    check_response(&(struct lev_url_response){.status_code = 200, .body = "h\0i", .body_bytes = 3},
                   "{'statusCode':200,'headers':{},'body':'h\\u0000i','isBase64Encoded':false}");
}

static void test_bytes_that_are_no_text_become_base64(void **state) {
    (void)state;
    check_response(
        &(struct lev_url_response){.status_code = 200, .body = "\0\xff\x80hi", .body_bytes = 5},
        "{'statusCode':200,'headers':{},'body':'AP+AaGk=','isBase64Encoded':true}");
    check_response(
        &(struct lev_url_response){
            .status_code = 200, .body = "hi", .body_bytes = 2, .is_binary = true},
        "{'statusCode':200,'headers':{},'body':'aGk=','isBase64Encoded':true}");
    check_response(&(struct lev_url_response){.status_code = 200, .body = "", .is_binary = true},
                   "{'statusCode':200,'headers':{},'isBase64Encoded':false}");
}

static void test_responses_that_are_refused(void **state) {
    (void)state;
    static const struct lev_url_pair bad_headers[] = {
        {"", "v"},
        {NULL, "v"},
        {"a b", "v"},
        {"a:", "v"},
        {"a\r\nb", "v"},
        {"\xed\x95\x9c", "v"},
        {"set-cookie", "a=b"},
        {"Set-Cookie", "a=b"},
        {"a", NULL},
        {"a", "v\r\nb: c"},
        {"a", "v\n"},
        {"a", "v\x7f"},
        {"a", "\xed\x95\x9c"},
        {"a", "\x01"},
    };
    static const char *const bad_cookies[] = {NULL,          "",      "a",     "=b", ";a=b",
                                              "a=b\r\nc: d", "a;b=c", "a=\xff"};
    static const struct lev_url_pair twice[] = {{"a", "1"}, {"A", "2"}};
    static const int bad_codes[] = {0, -200, 99, 100, 199, 600, 1000};
    struct svc_buf out;
    struct svc_error error;
    svc_buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof(bad_headers) / sizeof(bad_headers[0]); i++) {
        const struct lev_url_response response = {
            .status_code = 200, .headers = &bad_headers[i], .header_count = 1};
        assert_int_equal(lev_url_response_write(&response, &out, &error), SVC_INVALID_ARGUMENT);
        assert_int_equal(out.size_bytes, 0);
        assert_true(error.detail[0] != '\0');
    }
    for (size_t i = 0; i < sizeof(bad_cookies) / sizeof(bad_cookies[0]); i++) {
        const struct lev_url_response response = {
            .status_code = 200, .cookies = &bad_cookies[i], .cookie_count = 1};
        assert_int_equal(lev_url_response_write(&response, &out, &error), SVC_INVALID_ARGUMENT);
        assert_int_equal(out.size_bytes, 0);
    }
    for (size_t i = 0; i < sizeof(bad_codes) / sizeof(bad_codes[0]); i++) {
        const struct lev_url_response response = {.status_code = bad_codes[i]};
        assert_int_equal(lev_url_response_write(&response, &out, &error), SVC_INVALID_ARGUMENT);
    }
    const struct lev_url_response response = {
        .status_code = 200, .headers = twice, .header_count = 2};
    assert_int_equal(lev_url_response_write(&response, &out, &error), SVC_INVALID_ARGUMENT);
    svc_buf_clear(&out);
}

/* The limit holds for what is written: base64 takes a third more, controls take six times. */
static void test_the_size_limit(void **state) {
    (void)state;
    assert_int_equal(LEV_MAX_URL_BYTES, LRT_MAX_RESPONSE_BYTES);
    const size_t head = strlen("{\"statusCode\":200,\"headers\":{},\"body\":\"\","
                               "\"isBase64Encoded\":false}");
    const size_t text_bytes = LEV_MAX_URL_BYTES - head;
    const size_t binary_bytes = (LEV_MAX_URL_BYTES - head + 1) / 4 * 3; /* "true" is shorter */
    uint8_t *body = malloc(LEV_MAX_URL_BYTES);
    assert_non_null(body);
    struct svc_buf out;
    svc_buf_init(&out, 2 * LEV_MAX_URL_BYTES);
    const struct {
        int fill;
        size_t size_bytes;
        enum svc_status status;
    } cases[] = {
        {'a', text_bytes, SVC_OK},
        {'a', text_bytes + 1, SVC_TOO_LARGE},
        {0xff, binary_bytes, SVC_OK},
        {0xff, binary_bytes + 1, SVC_TOO_LARGE},
        {0xff, text_bytes, SVC_TOO_LARGE},
        {1, text_bytes / 6, SVC_OK},
        {1, text_bytes / 6 + 1, SVC_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(body, cases[i].fill, LEV_MAX_URL_BYTES);
        const struct lev_url_response response = {
            .status_code = 200, .body = body, .body_bytes = cases[i].size_bytes};
        svc_buf_reset(&out);
        assert_int_equal(lev_url_response_write(&response, &out, NULL), cases[i].status);
        assert_true(out.size_bytes <= LEV_MAX_URL_BYTES);
        assert_int_equal(out.size_bytes == 0, cases[i].status != SVC_OK);
    }
    svc_buf_clear(&out);
    svc_buf_init(&out, 10);
    const struct lev_url_response response = {.status_code = 200};
    assert_int_equal(lev_url_response_write(&response, &out, NULL), SVC_TOO_LARGE);
    assert_int_equal(svc_buf_status(&out), SVC_OK); /* an error response can be written into it */
    svc_buf_clear(&out);
    free(body);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_documented_request),
        cmocka_unit_test(test_a_base64_body_gives_its_exact_bytes),
        cmocka_unit_test(test_text_bodies_keep_their_bytes),
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_requests_that_are_refused),
        cmocka_unit_test(test_too_many_headers_parameters_and_cookies),
        cmocka_unit_test(test_a_request_that_cannot_be_read_gets_its_response),
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_bytes_that_are_no_text_become_base64),
        cmocka_unit_test(test_responses_that_are_refused),
        cmocka_unit_test(test_the_size_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
