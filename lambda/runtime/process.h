/* The process itself: what it may leave behind, and how it ends. */
#ifndef LRT_PROCESS_H
#define LRT_PROCESS_H

#include <stdbool.h>

/* Lambda gives 300 to 500 ms from SIGTERM to SIGKILL; work under way may use this much of them. */
#define LRT_TERM_GRACE_MS 250

/* No core dumps, no reading of the memory by other processes of the user: it holds credentials.
 * SIGPIPE is ignored. */
void lrt_process_harden(void);

/* From now on SIGTERM ends the process with status 0: at once while idle; else when the work under
 * way is done, at the latest after LRT_TERM_GRACE_MS. Work that is cut off is lost only to this
 * process: nothing was answered, so Lambda gives the event again. false: the system refuses. */
bool lrt_process_catch_sigterm(void);
/* Whether there is nothing that an end would interrupt. */
void lrt_process_set_idle(bool is_idle);
/* Whether SIGTERM has come. */
bool lrt_process_is_stopping(void);

#endif
