/* The transport: verification of TLS, limits, timeouts, kept connections, concurrent requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cmocka.h>

#include "services/base/http.h"
#include "services/base/limits.h"
#include "tests/services/aws_support.h"

static char folder[] = "/tmp/test_http_XXXXXX";
static struct aws_fixture f;

static void path_of(const char *name, char path[128]) {
    snprintf(path, 128, "%s/%s", folder, name);
}

static int run(const char *format) {
    char command[512];
    snprintf(command, sizeof(command), format, folder);
    return system(command);
}

static int start(void **state) {
    (void)state;
    if (mkdtemp(folder) == NULL || run("sh " TEST_FILE("make_certificates.sh") " %s") != 0) {
        return -1;
    }
    /* Set before OpenSSL reads it, so that our own setting refuses old protocols, not the
     * distribution's. */
    char lax[128];
    path_of("lax.cnf", lax);
    setenv("OPENSSL_CONF", lax, 1);
    return aws_start(&f);
}

static int stop(void **state) {
    (void)state;
    aws_stop(&f);
    return run("rm -r %s");
}

static struct svc_transport *create(const char *ca_bundle) {
    struct svc_transport *transport = NULL;
    struct svc_error error;
    const struct svc_http_options options = {.ca_bundle = ca_bundle};
    assert_int_equal(svc_http_create(&options, &transport, &error), SVC_OK);
    return transport;
}

static struct svc_http_request get_of(const char *url) {
    return (struct svc_http_request){
        .method = "GET", .url = url, .deadline_ms = svc_deadline_in(svc_clock_system(), 10000)};
}

/* ---------------------------------------------------------------------- TLS */

/* The status of a GET from a server with this certificate by a client that trusts `ca`. */
static enum svc_status tls_status(const char *certificate, const char *ca, const char *option,
                                  const char *host, char *detail) {
    char pem[128], key[128], ca_path[128], name[64], url[64];
    struct test_server server;
    struct svc_http_exchange *exchange = NULL;
    snprintf(name, sizeof(name), "%s.pem", certificate);
    path_of(name, pem);
    snprintf(name, sizeof(name), "%s.key", certificate);
    path_of(name, key);
    path_of(ca, ca_path);
    const char *const argv[] = {test_python(), TEST_FILE("tls_server.py"), pem, key, option, NULL};
    assert_true(test_server_start(&server, argv));
    snprintf(url, sizeof(url), "https://%s:%d/", host, server.port);
    struct svc_transport *transport = create(ca_path);
    struct svc_http_request request = get_of(url);
    enum svc_status status = svc_http_send(transport, &request, &exchange);
    if (status == SVC_OK) {
        assert_int_equal(exchange->http_status, 200);
        assert_string_equal(svc_buf_text(&exchange->body), "ok");
    } else {
        assert_int_equal(exchange->http_status, 0);
        assert_false(exchange->sent); /* nothing is sent before the server is verified */
        strcpy(detail, exchange->error.detail);
    }
    transport->close(transport->self, exchange);
    svc_http_destroy(transport);
    test_server_stop(&server);
    return status;
}

static void test_only_a_verified_server_gets_a_request(void **state) {
    (void)state;
    char detail[SVC_ERROR_DETAIL_BYTES] = "";
    assert_int_equal(tls_status("good", "ca.pem", NULL, "localhost", detail), SVC_OK);
    assert_int_equal(tls_status("good", "ca.pem", NULL, "127.0.0.1", detail), SVC_TLS_REFUSED);
    assert_int_equal(tls_status("wrong", "ca.pem", NULL, "localhost", detail), SVC_TLS_REFUSED);
    assert_int_equal(tls_status("self", "ca.pem", NULL, "localhost", detail), SVC_TLS_REFUSED);
    assert_int_equal(tls_status("good", "self.pem", NULL, "localhost", detail), SVC_TLS_REFUSED);
    assert_int_equal(tls_status("expired", "ca.pem", NULL, "localhost", detail), SVC_TLS_REFUSED);
    assert_non_null(strstr(detail, "expired"));
    assert_int_equal(tls_status("good", "ca.pem", "tls1.1", "localhost", detail), SVC_TLS_REFUSED);
}

static void test_a_named_ca_bundle_must_exist(void **state) {
    (void)state;
    struct svc_transport *transport = NULL;
    struct svc_error error;
    const struct svc_http_options options = {.ca_bundle = "/nonexistent/bundle.pem"};
    assert_int_equal(svc_http_create(&options, &transport, &error), SVC_CONFIGURATION);
    assert_null(transport);
    setenv("AWS_CA_BUNDLE", "/nonexistent/other.pem", 1);
    const struct svc_http_options plain = {0};
    assert_int_equal(svc_http_create(&plain, &transport, &error), SVC_CONFIGURATION);
    /* Another environment has none of it, or its own. */
    struct test_environment environment;
    test_environment_init(&environment);
    const struct svc_http_options injected = {.environment = &environment.environment};
    assert_int_equal(svc_http_create(&injected, &transport, &error), SVC_OK);
    svc_http_destroy(transport);
    unsetenv("AWS_CA_BUNDLE");
    test_environment_set(&environment, "SSL_CERT_FILE", "/nonexistent/third.pem");
    assert_int_equal(svc_http_create(&injected, &transport, &error), SVC_CONFIGURATION);
    assert_non_null(strstr(error.detail, "/nonexistent/third.pem"));
}

/* ---------------------------------------------------------------------- requests */

static void test_invalid_requests_are_refused(void **state) {
    (void)state;
    static const char *const urls[] = {
        "file:///etc/passwd",   "ftp://127.0.0.1/",          "127.0.0.1/",
        "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y", "",
        "httpx://127.0.0.1/",   "gopher://127.0.0.1/"};
    static const struct svc_http_header headers[] = {
        {"X", "a\r\nEvil: 1"}, {"X\r\nEvil", "1"}, {"", "1"}, {"X:", "1"}, {"X Y", "1"}};
    struct svc_transport *transport = create(NULL);
    struct svc_http_exchange *exchange;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        struct svc_http_request request = get_of(urls[i]);
        assert_int_equal(transport->start(transport->self, &request, &exchange),
                         SVC_INVALID_ARGUMENT);
        assert_null(exchange);
    }
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct svc_http_request request = get_of("http://127.0.0.1/");
        request.headers = &headers[i];
        request.header_count = 1;
        assert_int_equal(transport->start(transport->self, &request, &exchange),
                         SVC_INVALID_ARGUMENT);
    }
    struct svc_http_request request = get_of("http://127.0.0.1/");
    request.method = "GET / HTTP/1.1\r\nX: y\r\n";
    assert_int_equal(transport->start(transport->self, &request, &exchange), SVC_INVALID_ARGUMENT);
    svc_http_destroy(transport);
}

static enum svc_status send_with(const char *fault, struct svc_http_request *request,
                                 struct svc_transport *transport,
                                 struct svc_http_exchange **exchange) {
    char line[128];
    snprintf(line, sizeof(line), "{\"faults\":[\"%s\"],\"requests\":[]}", fault);
    aws_set(&f, line);
    return svc_http_send(transport, request, exchange);
}

static void test_times_and_limits_hold(void **state) {
    (void)state;
    static const struct {
        const char *fault;
        enum svc_status status;
        uint64_t max_body_bytes;
        int stall_timeout_ms, deadline_ms;
    } cases[] = {
        {"status:500:X", SVC_OK, 0, 0, 10000},
        {"status:500:X", SVC_TOO_LARGE, 20, 0, 10000},
        {"hang", SVC_TIMED_OUT, 0, 300, 10000},
        {"hang", SVC_DEADLINE, 0, -1, 300},
        {"stall", SVC_TIMED_OUT, 0, 300, 10000}, /* half of the response has come */
        {"stall", SVC_DEADLINE, 0, -1, 300},
        {"garbage", SVC_BAD_RESPONSE, 0, 0, 10000},
        {"reset", SVC_CONNECTION_LOST, 0, 0, 10000},
        {"close", SVC_CONNECTION_LOST, 0, 0, 10000},
        {"redirect:http://127.0.0.1:1/", SVC_OK, 0, 0, 10000},
    };
    char url[64];
    struct svc_transport *transport = create(NULL);
    aws_begin(&f);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/credentials2", f.server.port);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct svc_http_exchange *exchange;
        struct svc_http_request request = get_of(url);
        request.max_body_bytes = cases[i].max_body_bytes;
        request.stall_timeout_ms = cases[i].stall_timeout_ms;
        request.deadline_ms = svc_deadline_in(svc_clock_system(), cases[i].deadline_ms);
        int64_t before = svc_monotonic_ms(svc_clock_system());
        enum svc_status status = send_with(cases[i].fault, &request, transport, &exchange);
        if (status != cases[i].status) {
            fail_msg("%s: %s, %s", cases[i].fault, svc_status_name(status), exchange->error.detail);
        }
        assert_true(svc_monotonic_ms(svc_clock_system()) - before < 2000);
        assert_int_equal(exchange->status, status);
        transport->close(transport->self, exchange);
        assert_int_equal(aws_requests(&f), 1);
    }
    aws_end(&f);
    svc_http_destroy(transport);
}

/* A port that accepts connections and sends nothing: TLS ends with the connect timeout, a request
 * with the stall timeout. */
static void test_a_silent_server_times_out(void **state) {
    (void)state;
    char url[64], ca[128];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(listening >= 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listening, 16), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &size), 0);
    path_of("ca.pem", ca);
    struct svc_transport *transport = create(ca);
    for (int is_tls = 0; is_tls <= 1; is_tls++) {
        struct svc_http_exchange *exchange;
        snprintf(url, sizeof(url), "http%s://127.0.0.1:%d/", is_tls ? "s" : "",
                 ntohs(address.sin_port));
        struct svc_http_request request = get_of(url);
        request.connect_timeout_ms = is_tls ? 300 : 0;
        request.stall_timeout_ms = is_tls ? 0 : 300;
        int64_t before = svc_monotonic_ms(svc_clock_system());
        assert_int_equal(svc_http_send(transport, &request, &exchange), SVC_TIMED_OUT);
        int64_t took = svc_monotonic_ms(svc_clock_system()) - before;
        assert_true(took >= 290 && took < 2500);
        assert_int_equal(exchange->sent, !is_tls);
        transport->close(transport->self, exchange);
    }
    svc_http_destroy(transport);
    close(listening);
}

/* libcurl does not retry by itself when a kept connection breaks. */
static void test_a_broken_kept_connection_is_reported(void **state) {
    (void)state;
    char url[64];
    struct svc_transport *transport = create(NULL);
    struct svc_http_exchange *exchange;
    aws_begin(&f);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/x", f.server.port);
    struct svc_http_request request = get_of(url);
    assert_int_equal(send_with("status:404:X", &request, transport, &exchange), SVC_OK);
    assert_false(exchange->reused);
    transport->close(transport->self, exchange);
    assert_int_equal(send_with("reset", &request, transport, &exchange), SVC_CONNECTION_LOST);
    assert_true(exchange->reused);
    assert_true(exchange->sent);
    transport->close(transport->self, exchange);
    assert_int_equal(aws_requests(&f), 1);
    assert_int_equal(send_with("status:404:X", &request, transport, &exchange), SVC_OK);
    assert_string_equal(svc_http_header_value(exchange, "X-AMZ-REQUEST-ID"), "REQUEST-ID-1");
    assert_null(svc_http_header_value(exchange, "absent"));
    transport->close(transport->self, exchange);
    request.fresh_connection = true;
    assert_int_equal(send_with("status:404:X", &request, transport, &exchange), SVC_OK);
    assert_false(exchange->reused);
    transport->close(transport->self, exchange);
    aws_end(&f);
    svc_http_destroy(transport);
}

/* Sends one request, ends the idle connection by `how`, sends another. */
static void check_ended_connection(const char *certificate, const char *key, const char *how) {
    char url[64], ca[128], reply[32];
    struct test_server server;
    struct svc_http_exchange *exchange;
    const char *const argv[] = {test_python(), TEST_FILE("kept_server.py"), certificate, key, NULL};
    assert_true(test_server_start(&server, argv));
    snprintf(url, sizeof(url), "http%s://localhost:%d/", certificate != NULL ? "s" : "",
             server.port);
    path_of("ca.pem", ca);
    struct svc_transport *transport = create(ca);
    struct svc_http_request request = get_of(url);
    request.method = "POST";
    request.body = (const uint8_t *)"mail";
    request.body_bytes = 4;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(svc_http_send(transport, &request, &exchange), SVC_OK);
        assert_false(exchange->reused);
        assert_true(exchange->sent);
        transport->close(transport->self, exchange);
        /* It is kept: unless the server ends it, the next request goes over it. */
        assert_int_equal(svc_http_send(transport, &request, &exchange), SVC_OK);
        assert_true(exchange->reused);
        transport->close(transport->self, exchange);
        assert_true(test_server_send(&server, how, reply, sizeof(reply)));
        assert_int_equal(atoi(reply), 2 * (i + 1));
    }
    svc_http_destroy(transport);
    test_server_stop(&server);
}

static void test_a_connection_ended_while_idle_is_replaced_before_sending(void **state) {
    (void)state;
    char certificate[128], key[128];
    path_of("good.pem", certificate);
    path_of("good.key", key);
    check_ended_connection(NULL, NULL, "close");
    check_ended_connection(NULL, NULL, "reset");
    check_ended_connection(certificate, key, "close");
    check_ended_connection(certificate, key, "reset");
}

/* A request may refuse connections that others would still take. */
static void test_a_connection_idle_for_too_long_is_not_used(void **state) {
    (void)state;
    char url[64];
    struct test_server server;
    struct svc_http_exchange *exchange;
    const char *const argv[] = {test_python(), TEST_FILE("kept_server.py"), NULL};
    assert_true(test_server_start(&server, argv));
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", server.port);
    struct svc_transport *transport = create(NULL);
    static const struct {
        int max_idle_s;
        bool reused;
    } cases[] = {{0, false}, {0, true}, {1, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct svc_http_request request = get_of(url);
        request.max_idle_s = cases[i].max_idle_s;
        if (i > 0) {
            svc_sleep_ms(svc_clock_system(), 2100); /* libcurl counts seconds */
        }
        assert_int_equal(svc_http_send(transport, &request, &exchange), SVC_OK);
        assert_int_equal(exchange->reused, cases[i].reused);
        transport->close(transport->self, exchange);
    }
    svc_http_destroy(transport);
    test_server_stop(&server);
}

/* Closing a running exchange, destroying with exchanges open, polling with nothing to do. */
static void test_exchanges_may_be_closed_at_any_time(void **state) {
    (void)state;
    char url[64];
    struct svc_transport *transport = create(NULL);
    struct svc_http_exchange *exchanges[3];
    aws_begin(&f);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/x", f.server.port);
    aws_set(&f, "{\"faults\":[\"hang\",\"hang\",\"hang\"]}");
    for (int i = 0; i < 3; i++) {
        struct svc_http_request request = get_of(url);
        assert_int_equal(transport->start(transport->self, &request, &exchanges[i]), SVC_OK);
    }
    int64_t until = svc_deadline_in(svc_clock_system(), 50);
    assert_int_equal(transport->poll(transport->self, until), SVC_OK);
    assert_int_equal(exchanges[1]->state, SVC_HTTP_SENDING);
    transport->close(transport->self, exchanges[1]);
    until = svc_deadline_in(svc_clock_system(), 50);
    assert_int_equal(transport->poll(transport->self, until), SVC_OK);
    transport->close(transport->self, exchanges[0]);
    transport->close(transport->self, exchanges[2]);
    transport->close(transport->self, NULL);
    until = svc_deadline_in(svc_clock_system(), 20);
    assert_int_equal(transport->poll(transport->self, until), SVC_OK);
    assert_true(svc_monotonic_ms(svc_clock_system()) >= until);
    assert_int_equal(transport->poll(transport->self, SVC_NO_DEADLINE), SVC_INTERNAL);
    svc_http_destroy(transport);
    svc_http_destroy(NULL);
    aws_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_a_verified_server_gets_a_request),
        cmocka_unit_test(test_a_named_ca_bundle_must_exist),
        cmocka_unit_test(test_invalid_requests_are_refused),
        cmocka_unit_test(test_times_and_limits_hold),
        cmocka_unit_test(test_a_silent_server_times_out),
        cmocka_unit_test(test_a_broken_kept_connection_is_reported),
        cmocka_unit_test(test_a_connection_ended_while_idle_is_replaced_before_sending),
        cmocka_unit_test(test_a_connection_idle_for_too_long_is_not_used),
        cmocka_unit_test(test_exchanges_may_be_closed_at_any_time),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
