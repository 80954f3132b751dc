/* What X-Ray's exporter is told: hostile trace headers, and addresses of the daemon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/runtime/trace_xray.h"

#define ROOT   "1-5759e988-bd862e3fe1be46a994272793"
#define PARENT "53995c3f42cd8ad8"
#define HEADER "Root=" ROOT ";Parent=" PARENT ";Sampled=1;Lineage=1:a87bd80c:0"

/* ---------------------------------------------------------------------- the trace header */

static void test_headers_that_are_valid(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_sampled;
    } cases[] = {
        {HEADER, true},
        {"Root=" ROOT ";Parent=" PARENT ";Sampled=0", false},
        {"Root=" ROOT ";Parent=" PARENT ";Sampled=?", false},
        {"Root=" ROOT ";Parent=" PARENT, false},
        {"Sampled=1;Parent=" PARENT ";Root=" ROOT, true},
        {" Root=" ROOT " ; Parent=" PARENT " ;\tSampled=1 ", true},
        {"Self=1-5759e988-000000000000000000000000;Root=" ROOT ";Parent=" PARENT ";Sampled=1",
         true},
        {"Root=" ROOT ";;Parent=" PARENT ";Sampled=1;junk;", true},
        {"Root=1-5759E988-BD862E3FE1BE46A994272793;Parent=53995C3F42CD8AD8;Sampled=1", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lrt_xray_context context;
        assert_true(lrt_xray_context_parse(cases[i].text, &context));
        assert_string_equal(context.root, ROOT);
        assert_string_equal(context.parent, PARENT);
        assert_int_equal(context.is_sampled, cases[i].is_sampled);
    }
}

static void test_headers_that_are_hostile_or_incomplete(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        ";",
        "=",
        "Root=" ROOT,
        "Parent=" PARENT ";Sampled=1",
        "Root=" ROOT ";Parent=;Sampled=1",
        ("Root=" ROOT ";Parent=" PARENT "0;Sampled=1"),
        ("Root=" ROOT "0;Parent=" PARENT ";Sampled=1"),
        ("Root=2-5759e988-bd862e3fe1be46a994272793;Parent=" PARENT ";Sampled=1"),
        ("Root=1-5759e988_bd862e3fe1be46a994272793;Parent=" PARENT ";Sampled=1"),
        ("Root=1-5759e98g-bd862e3fe1be46a994272793;Parent=" PARENT ";Sampled=1"),
        ("Root=" ROOT ";Parent=53995c3f42cd8ad\";Sampled=1"),
        ("Root=" ROOT ";Parent=" PARENT ";Sampled=2"),
        ("Root=" ROOT ";Parent=" PARENT ";Sampled=11"),
        ("Root=" ROOT ";Parent=" PARENT ";Sampled="),
        ("Root=" ROOT ";Parent=" PARENT ";Sampled=0;Sampled=1"),
        ("Root=" ROOT ";Root=" ROOT ";Parent=" PARENT ";Sampled=1"),
        ("Root=" ROOT ",Parent=" PARENT ",Sampled=1"),
        ("root=" ROOT ";parent=" PARENT ";sampled=1"),
    };
    struct lrt_xray_context context;
    assert_false(lrt_xray_context_parse(NULL, &context));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(lrt_xray_context_parse(texts[i], &context));
    }
}

static uint32_t random_next(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Whatever a header holds: what is accepted can be written into a document as it is. */
static void test_random_damage_to_a_header(void **state) {
    (void)state;
    uint32_t seed = 7;
    size_t accepted = 0;
    for (int round = 0; round < 40000; round++) {
        /* On the heap and exactly as large as it is, for the sanitizers. */
        char *text = strdup(HEADER);
        const size_t size = strlen(text);
        for (uint32_t n = random_next(&seed) % 4; n > 0; n--) {
            text[random_next(&seed) % size] = (char)(random_next(&seed) % 256);
        }
        struct lrt_xray_context context;
        if (lrt_xray_context_parse(text, &context)) {
            accepted++;
            assert_int_equal(strspn(context.parent, "0123456789abcdef"), 16);
            assert_int_equal(strspn(context.root, "0123456789abcdef-"), 35);
            assert_int_equal(strlen(context.root), 35);
            assert_int_equal(strlen(context.parent), 16);
        }
        free(text);
    }
    assert_in_range(accepted, 10000, 30000);
}

/* ---------------------------------------------------------------------- the daemon's address */

static void test_addresses(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint16_t port; /* 0: refused */
    } cases[] = {
        {"127.0.0.1:2000", 2000},
        {"localhost:2000", 2000},
        {"[::1]:2000", 2000},
        {"169.254.100.1:65535", 65535},
        {"tcp:127.0.0.1:2000 udp:127.0.0.2:2001", 2001},
        {"udp:127.0.0.2:2001 tcp:127.0.0.1:2000", 2001},
        {"udp:127.0.0.2:2001", 0},
        {"udp:127.0.0.2:2001 udp:127.0.0.2:2001", 0},
        {"tcp:127.0.0.2:2001 udp:", 0},
        {"", 0},
        {":", 0},
        {":2000", 0},
        {"127.0.0.1", 0},
        {"127.0.0.1:", 0},
        {"127.0.0.1:0", 0},
        {"127.0.0.1:65536", 0},
        {"127.0.0.1:-1", 0},
        {"127.0.0.1:2000x", 0},
        {"::1:2000", 0},
        {"[127.0.0.1]:2000", 0},
        {"daemon.example:2000", 0},
        {"127.0.0.1:2000  udp:127.0.0.1:1", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sockaddr_storage address;
        socklen_t bytes = 0;
        const bool is_good = lrt_xray_address_parse(cases[i].text, &address, &bytes);
        assert_int_equal(is_good, cases[i].port != 0);
        if (is_good) {
            const in_port_t port = address.ss_family == AF_INET6
                                       ? ((struct sockaddr_in6 *)&address)->sin6_port
                                       : ((struct sockaddr_in *)&address)->sin_port;
            assert_int_equal(ntohs(port), cases[i].port);
        }
    }
    char text[400];
    struct sockaddr_storage address;
    socklen_t bytes = 0;
    memset(text, '1', sizeof(text));
    strcpy(text + sizeof(text) - 6, ":2000");
    assert_false(lrt_xray_address_parse(text, &address, &bytes));
    assert_false(lrt_xray_address_parse(NULL, &address, &bytes));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers_that_are_valid),
        cmocka_unit_test(test_headers_that_are_hostile_or_incomplete),
        cmocka_unit_test(test_random_damage_to_a_header),
        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests_name("trace_header", tests, NULL, NULL);
}
