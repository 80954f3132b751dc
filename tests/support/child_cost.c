#include "tests/support/child_cost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static long time_ms(enum child_clock clock) {
    struct timespec t;
    clock_gettime(clock == CHILD_CPU_TIME ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static long peak_kib(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static struct child_cost measure(enum imgcore_status (*work)(const void *user), const void *user,
                                 enum child_clock clock) {
    struct child_cost cost;
    const long before_kib = peak_kib(), from_ms = time_ms(clock);
    cost.status = work(user);
    cost.time_ms = time_ms(clock) - from_ms;
    cost.growth_kib = peak_kib() - before_kib;
    return cost;
}

struct child_cost child_cost_of(enum imgcore_status (*work)(const void *user), const void *user,
                                enum child_clock clock, size_t address_space_bytes) {
    struct child_cost cost;
    int ends[2], exited;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {address_space_bytes, address_space_bytes};
        if (address_space_bytes) {
            setrlimit(RLIMIT_AS, &limit);
        }
        cost = measure(work, user, clock);
        _exit(write(ends[1], &cost, sizeof(cost)) == (ssize_t)sizeof(cost) ? 0 : 1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &cost, sizeof(cost)), sizeof(cost));
    close(ends[0]);
    assert_int_equal(waitpid(child, &exited, 0), child);
    assert_int_equal(exited, 0);
    return cost;
}
