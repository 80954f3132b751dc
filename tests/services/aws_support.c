/* See aws_support.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/services/aws_support.h"

int aws_start(struct aws_fixture *fixture) {
    const char *const argv[] = {test_python(), TEST_FILE("aws_server.py"), NULL};
    memset(fixture, 0, sizeof(*fixture));
    return test_server_start(&fixture->server, argv) ? 0 : -1;
}

int aws_start_tls(struct aws_fixture *fixture, const char *folder) {
    char certificate[128], key[128];
    snprintf(certificate, sizeof(certificate), "%s/good.pem", folder);
    snprintf(key, sizeof(key), "%s/good.key", folder);
    const char *const argv[] = {test_python(), TEST_FILE("aws_server.py"), certificate, key, NULL};
    memset(fixture, 0, sizeof(*fixture));
    snprintf(fixture->ca_file, sizeof(fixture->ca_file), "%s/ca.pem", folder);
    return test_server_start(&fixture->server, argv) ? 0 : -1;
}

int aws_stop(struct aws_fixture *fixture) {
    test_server_stop(&fixture->server);
    return 0;
}

void aws_new_client(struct aws_fixture *fixture) {
    struct awsc_error error;
    const struct awsc_client_options options = {
        .environment = &fixture->environment.environment,
        .clock = &fixture->clock.clock,
        .random = &fixture->random.random,
        .log = &fixture->log.log,
    };
    awsc_client_destroy(fixture->client);
    assert_int_equal(awsc_client_create(&options, &fixture->client, &error), SVC_OK);
}

void aws_begin(struct aws_fixture *fixture) {
    char url[64];
    const bool is_tls = fixture->ca_file[0] != '\0';
    snprintf(url, sizeof(url), "%s:%d", is_tls ? "https://localhost" : "http://127.0.0.1",
             fixture->server.port);
    test_clock_init(&fixture->clock, 0);
    fixture->clock.real = true;
    test_random_init(&fixture->random, 0.5);
    test_environment_init(&fixture->environment);
    test_environment_set(&fixture->environment, "AWS_REGION", "ap-northeast-2");
    test_environment_set(&fixture->environment, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    test_environment_set(&fixture->environment, "AWS_SECRET_ACCESS_KEY", AWS_SECRET);
    test_environment_set(&fixture->environment, "AWS_ENDPOINT_URL", url);
    test_environment_set(&fixture->environment, "AWS_CA_BUNDLE", is_tls ? fixture->ca_file : NULL);
    test_log_init(&fixture->log, &fixture->clock.clock);
    fixture->client = NULL;
    fixture->report = NULL;
    aws_new_client(fixture);
    aws_set(fixture, "{\"faults\":[],\"skew\":0,\"token\":\"\",\"objects\":{},\"uploads\":{},"
                     "\"mails\":[],\"queue\":[],\"requests\":[],\"later\":0,\"wrong_md5\":\"\","
                     "\"secrets\":{},\"tables\":{},\"secret\":\"canary-password\",\"denied\":[],"
                     "\"list_edits\":[],\"owner_is_needed\":false,\"ses_refusal\":null}");
}

void aws_end(struct aws_fixture *fixture) {
    /* Whatever happened in a test, no secret is in the log. */
    assert_null(strstr(svc_buf_text(&fixture->log.lines), "canary"));
    awsc_client_destroy(fixture->client);
    fixture->client = NULL;
    svc_json_free(fixture->report);
    fixture->report = NULL;
    test_log_clear(&fixture->log);
}

int aws_setup(void **state) {
    aws_begin(*state);
    return 0;
}

int aws_teardown(void **state) {
    aws_end(*state);
    return 0;
}

int aws_finish(struct aws_fixture *fixture, int result) {
    aws_stop(fixture);
    return result;
}

void aws_set(struct aws_fixture *fixture, const char *line) {
    static char reply[1 << 22];
    struct svc_error error;
    assert_true(test_server_send(&fixture->server, line, reply, sizeof(reply)));
    svc_json_free(fixture->report);
    assert_int_equal(svc_json_parse(reply, strlen(reply), 0, &fixture->report, &error), SVC_OK);
}

void aws_set_fault(struct aws_fixture *fixture, const char *fault, int count) {
    char line[512];
    int size = snprintf(line, sizeof(line), "{\"faults\":[");
    for (int i = 0; i < count && size < (int)sizeof(line); i++) {
        size +=
            snprintf(line + size, sizeof(line) - (size_t)size, "%s\"%s\"", i > 0 ? "," : "", fault);
    }
    assert_in_range(size, 0, sizeof(line) - sizeof("]}"));
    snprintf(line + size, sizeof(line) - (size_t)size, "]}");
    aws_set(fixture, line);
}

size_t aws_requests(struct aws_fixture *fixture) {
    aws_set(fixture, "{}");
    return svc_json_count(svc_json_get(fixture->report, "requests"));
}

const char *aws_request(const struct aws_fixture *fixture, size_t i, const char *name) {
    return svc_json_get_text(svc_json_at(svc_json_get(fixture->report, "requests"), i), name);
}

const struct svc_json *aws_object(const struct aws_fixture *fixture, const char *name) {
    return svc_json_get(svc_json_get(fixture->report, "objects"), name);
}
