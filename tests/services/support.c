/* See support.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/services/support.h"

static int64_t clock_wall(void *user) {
    struct test_clock *clock = user;
    return clock->wall_ms + (clock->real ? svc_wall_ms(svc_clock_system()) : 0);
}

static int64_t clock_monotonic(void *user) {
    struct test_clock *clock = user;
    return clock->monotonic_ms + (clock->real ? svc_monotonic_ms(svc_clock_system()) : 0);
}

static void clock_sleep(void *user, int64_t duration_ms) {
    struct test_clock *clock = user;
    if (duration_ms <= 0) {
        return;
    }
    if (clock->sleeps < sizeof(clock->slept_ms) / sizeof(clock->slept_ms[0])) {
        clock->slept_ms[clock->sleeps] = duration_ms;
    }
    clock->sleeps++;
    clock->wall_ms += duration_ms;
    clock->monotonic_ms += duration_ms;
}

void test_clock_init(struct test_clock *clock, int64_t wall_ms) {
    memset(clock, 0, sizeof(*clock));
    clock->clock = (struct svc_clock){clock_wall, clock_monotonic, clock_sleep, clock};
    clock->wall_ms = wall_ms;
    clock->monotonic_ms = 1000;
}

int64_t test_clock_slept_ms(const struct test_clock *clock) {
    int64_t sum = 0;
    for (size_t i = 0; i < clock->sleeps && i < 64; i++) {
        sum += clock->slept_ms[i];
    }
    return sum;
}

static bool random_fill(void *user, void *bytes, size_t size_bytes) {
    struct test_random *random = user;
    uint64_t bits = (uint64_t)(random->unit * 0x1p53) << 11;
    for (size_t i = 0; i < size_bytes; i++) {
        ((uint8_t *)bytes)[i] = (uint8_t)(bits >> (8 * (i % 8)));
    }
    return true;
}

void test_random_init(struct test_random *random, double unit) {
    random->random = (struct svc_random){random_fill, random};
    random->unit = unit;
}

static const char *environment_get(void *user, const char *name) {
    struct test_environment *environment = user;
    for (size_t i = 0; i < environment->count; i++) {
        if (strcmp(environment->names[i], name) == 0) {
            return environment->values[i];
        }
    }
    return NULL;
}

void test_environment_init(struct test_environment *environment) {
    memset(environment, 0, sizeof(*environment));
    environment->environment = (struct svc_environment){environment_get, environment};
}

void test_environment_set(struct test_environment *environment, const char *name,
                          const char *value) {
    size_t i = 0;
    while (i < environment->count && strcmp(environment->names[i], name) != 0) {
        i++;
    }
    if (value == NULL) {
        if (i < environment->count) {
            environment->names[i][0] = '\0';
        }
        return;
    }
    if (i == sizeof(environment->names) / sizeof(environment->names[0]) ||
        strlen(name) >= sizeof(environment->names[0]) ||
        strlen(value) >= sizeof(environment->values[0])) {
        abort();
    }
    strcpy(environment->names[i], name);
    strcpy(environment->values[i], value);
    environment->count += i == environment->count;
}

static void keep_line(void *user, const char *line, size_t size_bytes) {
    struct test_log *log = user;
    svc_buf_append(&log->lines, line, size_bytes);
}

void test_log_init(struct test_log *log, const struct svc_clock *clock) {
    svc_log_init(&log->log, clock, keep_line, log);
    log->log.level = SVC_LOG_TRACE;
    svc_buf_init(&log->lines, (size_t)16 * 1024 * 1024);
}

void test_log_clear(struct test_log *log) {
    svc_buf_clear(&log->lines);
}

const char *test_python(void) {
    const char *named = getenv("PYTHON");
    return named != NULL && named[0] != '\0' ? named : "/usr/bin/python3";
}

/* ---------------------------------------------------------------------- servers */

/* Up to the newline, which is the last byte that the server writes before it is asked again; false
 * at the end, or after 20 s. */
static bool read_line(int from, char *line, size_t line_bytes) {
    size_t size = 0;
    while (size + 1 < line_bytes) {
        struct pollfd waiting = {from, POLLIN, 0};
        const ssize_t count =
            poll(&waiting, 1, 20000) == 1 ? read(from, line + size, line_bytes - size - 1) : -1;
        if (count <= 0) {
            return false;
        }
        const char *end = memchr(line + size, '\n', (size_t)count);
        size += (size_t)count;
        if (end != NULL) {
            line[size - 1] = '\0';
            return end == line + size - 1;
        }
    }
    return false;
}

bool test_server_start(struct test_server *server, const char *const *argv) {
    int to[2], from[2];
    char line[256];
    memset(server, 0, sizeof(*server));
    signal(SIGPIPE, SIG_IGN);
    if (pipe(to) != 0 || pipe(from) != 0) {
        return false;
    }
    server->pid = fork();
    if (server->pid == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        close(to[0]);
        close(to[1]);
        close(from[0]);
        close(from[1]);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    server->to = to[1];
    server->from = from[0];
    if (server->pid < 0 || !read_line(server->from, line, sizeof(line)) ||
        sscanf(line, "PORT %d", &server->port) != 1) {
        fprintf(stderr, "%s did not start\n", argv[0]);
        test_server_stop(server);
        return false;
    }
    return true;
}

bool test_server_send(struct test_server *server, const char *line, char *reply,
                      size_t reply_bytes) {
    size_t size = strlen(line);
    return write(server->to, line, size) == (ssize_t)size && write(server->to, "\n", 1) == 1 &&
           read_line(server->from, reply, reply_bytes);
}

void test_server_stop(struct test_server *server) {
    close(server->to);
    close(server->from);
    if (server->pid > 0) {
        kill(server->pid, SIGTERM);
        while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    server->pid = 0;
}
