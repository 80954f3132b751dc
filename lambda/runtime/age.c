/* Clocks and one line of /proc: see age.h. */
#define _GNU_SOURCE
#include "lambda/runtime/age.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS    INT64_C(1000000)
#define STAT_BYTES   1024
#define FIELD_STATE  3 /* the first behind the name; fields are counted from 1 (man 5 proc) */
#define FIELD_START  22
#define MAX_TICKS_PS 1000000

static int64_t now_ns(clockid_t id) {
    struct timespec now;
    if (clock_gettime(id, &now) != 0) {
        return 0;
    }
    return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

void lrt_age_begin(struct lrt_age *age) {
    age->main_ns = now_ns(CLOCK_MONOTONIC);
    age->before_main_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
}

bool lrt_age_parse_stat(const char *stat, int64_t *start_ticks) {
    /* The name, in parentheses, may hold blanks and parentheses itself. */
    const char *at = strrchr(stat, ')');
    for (int field = FIELD_STATE; field <= FIELD_START; field++) {
        at = at != NULL ? strchr(at + 1, ' ') : NULL;
    }
    if (at == NULL) {
        return false;
    }
    const char *digits = at + 1;
    int64_t ticks = 0;
    const char *c = digits;
    for (; *c >= '0' && *c <= '9' && c - digits < 18; c++) {
        ticks = ticks * 10 + (*c - '0');
    }
    *start_ticks = ticks;
    return c > digits && *c == ' ';
}

int64_t lrt_age_correct(int64_t measured_ms, int64_t system_ms, int64_t tick_ms) {
    if (measured_ms > system_ms) {
        return system_ms;
    }
    return measured_ms < system_ms - tick_ms ? system_ms - tick_ms : measured_ms;
}

static bool read_start_ticks(int64_t *start_ticks) {
    char stat[STAT_BYTES];
    const int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    const ssize_t size_bytes = read(file, stat, sizeof(stat) - 1);
    (void)close(file);
    if (size_bytes <= 0) {
        return false;
    }
    stat[size_bytes] = '\0';
    return lrt_age_parse_stat(stat, start_ticks);
}

int64_t lrt_age_ms(const struct lrt_age *age) {
    const int64_t measured_ms =
        (age->before_main_ns + now_ns(CLOCK_MONOTONIC) - age->main_ns) / NS_PER_MS;
    const long ticks_per_s = sysconf(_SC_CLK_TCK);
    int64_t start_ticks;
    if (ticks_per_s <= 0 || ticks_per_s > MAX_TICKS_PS || !read_start_ticks(&start_ticks)) {
        return measured_ms;
    }
    const int64_t system_ms = now_ns(CLOCK_BOOTTIME) / NS_PER_MS - start_ticks * 1000 / ticks_per_s;
    return lrt_age_correct(measured_ms, system_ms, 1000 / ticks_per_s);
}
