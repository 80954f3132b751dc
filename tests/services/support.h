/* Shared by the tests of the services: a clock that the test sets, constant random numbers, an
 * environment from a table, a log that is kept, and servers run as child processes. */
#ifndef TESTS_SERVICES_SUPPORT_H
#define TESTS_SERVICES_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "services/base/buf.h"
#include "services/base/clock.h"
#include "services/base/environment.h"
#include "services/base/log.h"
#include "services/base/random.h"

/* A clock whose sleeps only add to its time. With `real` set, real time passes as well, as real
 * connections need; sleeps still take no time. */
struct test_clock {
    struct svc_clock clock;
    int64_t wall_ms, monotonic_ms;
    bool real;
    int64_t slept_ms[64];
    size_t sleeps;
};
void test_clock_init(struct test_clock *clock, int64_t wall_ms);
int64_t test_clock_slept_ms(const struct test_clock *clock);

/* Returns `unit` (see svc_random_unit) and its bytes every time. */
struct test_random {
    struct svc_random random;
    double unit;
};
void test_random_init(struct test_random *random, double unit);

/* Pairs of name and value, ending with NULL; copied. */
struct test_environment {
    struct svc_environment environment;
    char names[24][64];
    char values[24][2048];
    size_t count;
};
void test_environment_init(struct test_environment *environment);
void test_environment_set(struct test_environment *environment, const char *name,
                          const char *value); /* value NULL: not set */

/* The entire log. */
struct test_log {
    struct svc_log log;
    struct svc_buf lines;
};
void test_log_init(struct test_log *log, const struct svc_clock *clock);
void test_log_clear(struct test_log *log);

/* A program that prints "PORT number" when it listens and ends when its standard input does. */
struct test_server {
    pid_t pid;
    int to, from; /* its standard input and output */
    int port;
};
/* Starts `argv` (NULL-terminated); false with a message on stderr if it does not come up. */
bool test_server_start(struct test_server *server, const char *const *argv);
/* Sends a line and reads one line of reply. */
bool test_server_send(struct test_server *server, const char *line, char *reply,
                      size_t reply_bytes);
void test_server_stop(struct test_server *server);

/* Debian's Python, which has the packages; PYTHON names another. */
const char *test_python(void);

/* The path of a file in tests/services, found from the working directory (the project's root). */
#define TEST_FILE(name) "tests/services/" name

#endif
