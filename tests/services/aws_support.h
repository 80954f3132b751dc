/* A client of the AWS layer against tests/services/aws_server.py. The clock runs, but
 * waiting between attempts takes no time (and is recorded). */
#ifndef TESTS_SERVICES_AWS_SUPPORT_H
#define TESTS_SERVICES_AWS_SUPPORT_H

#include "services/aws/client.h"
#include "services/base/json.h"
#include "tests/services/support.h"

#define AWS_SECRET "canary-secret/key+with=signs"

struct aws_fixture {
    struct test_server server;
    char ca_file[128]; /* "": plain http */
    struct test_clock clock;
    struct test_random random;
    struct test_environment environment;
    struct test_log log;
    struct awsc_client *client;
    struct svc_json *report; /* the server's last report */
};

/* A test with a client of its own, in a program with `static struct aws_fixture f`; and the value
 * of such a program's main: runs an array of tests while the server is up. */
#define AWS_TEST(name) cmocka_unit_test_prestate_setup_teardown(name, aws_setup, aws_teardown, &f)
#define AWS_RUN(tests)                                                                             \
    aws_finish(&f, aws_start(&f) == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1)
int aws_setup(void **state);
int aws_teardown(void **state);
int aws_finish(struct aws_fixture *fixture, int result);

/* For a group of tests. */
int aws_start(struct aws_fixture *fixture);
/* With TLS, by the certificates that make_certificates.sh has made in `folder`. */
int aws_start_tls(struct aws_fixture *fixture, const char *folder);
int aws_stop(struct aws_fixture *fixture);

/* A new client with the correct credentials, no faults pending, nothing logged. */
void aws_begin(struct aws_fixture *fixture);
/* The same with the environment as it is now. */
void aws_new_client(struct aws_fixture *fixture);
void aws_end(struct aws_fixture *fixture);

/* Sends the server a line (see aws_server.py) and keeps its report. */
void aws_set(struct aws_fixture *fixture, const char *line);
/* The next `count` requests suffer `fault`; those after them none. */
void aws_set_fault(struct aws_fixture *fixture, const char *fault, int count);
/* The number of requests since the last report, by a new report. */
size_t aws_requests(struct aws_fixture *fixture);
/* A text of request i of the last report. */
const char *aws_request(const struct aws_fixture *fixture, size_t i, const char *name);
/* An object of the last report; NULL: it is not there. */
const struct svc_json *aws_object(const struct aws_fixture *fixture, const char *name);

#endif
