/* A progress bar on standard error: see progress.h. */
#define _GNU_SOURCE /* clock_gettime */
#include "imgcore/cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REDRAW_MS 80.0

enum { BAR_COLUMNS = 30 };

double cli_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void draw(const struct cli_progress *progress) {
    char bar[BAR_COLUMNS + 1];
    size_t filled = progress->done * BAR_COLUMNS / progress->total;
    memset(bar, '.', BAR_COLUMNS);
    memset(bar, '#', filled);
    bar[BAR_COLUMNS] = '\0';
    fprintf(stderr, "\r[%s] %zu of %zu", bar, progress->done, progress->total);
    fflush(stderr);
}

void cli_progress_start(struct cli_progress *progress, size_t total) {
    const char *term = getenv("TERM");
    progress->shown = total > 0 && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    progress->total = total;
    progress->done = 0;
    progress->next_ms = 0;
    if (progress->shown) {
        draw(progress);
    }
}

void cli_progress_step(struct cli_progress *progress) {
    progress->done++;
    double now_ms = progress->shown ? cli_now_ms() : 0;
    if (progress->shown && (now_ms >= progress->next_ms || progress->done == progress->total)) {
        draw(progress);
        progress->next_ms = now_ms + REDRAW_MS;
    }
}

void cli_progress_end(struct cli_progress *progress) {
    if (progress->shown) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
}
