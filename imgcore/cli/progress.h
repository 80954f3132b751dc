/* A progress bar on standard error while a batch runs, if that is a terminal. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct cli_progress {
    bool shown;
    size_t total, done;
    double next_ms; /* time of the next redraw */
};

/* Returns milliseconds since a fixed moment. */
double cli_now_ms(void);

void cli_progress_start(struct cli_progress *progress, size_t total);
/* Counts one more item. Not called by two threads at the same time. */
void cli_progress_step(struct cli_progress *progress);
/* Removes the bar. */
void cli_progress_end(struct cli_progress *progress);

#endif
