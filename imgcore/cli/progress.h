/* A bar on standard error while a batch works, if that is a terminal. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct cli_progress {
    bool shown;
    size_t total, done;
    double next_ms; /* when the bar is drawn again */
};

/* Milliseconds from some fixed moment. */
double cli_now_ms(void);

void cli_progress_start(struct cli_progress *progress, size_t total);
/* One more is done. Not for two threads at once. */
void cli_progress_step(struct cli_progress *progress);
/* Takes the bar away. */
void cli_progress_end(struct cli_progress *progress);

#endif
