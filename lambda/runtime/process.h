/* The process: what it may leave behind, and how it ends. */
#ifndef LRT_PROCESS_H
#define LRT_PROCESS_H

#include <stdbool.h>

/* Lambda sends SIGKILL 300 to 500 ms after SIGTERM; running work may use this much of that time. */
#define LRT_TERM_GRACE_MS 250

/* Forbids core dumps and the reading of the memory by other processes of the user, because it holds
 * credentials, and programs with more privileges (set-user-id). What the system refuses is left
 * out. Ignores SIGPIPE. */
void lrt_process_harden(void);
/* Whether a program that this process starts may have more privileges: the system refused that part
 * of lrt_process_harden. */
bool lrt_process_may_gain_privileges(void);

/* From now on SIGTERM ends the process with status 0: at once while it is idle, else after the
 * running work, at the latest after LRT_TERM_GRACE_MS. For work that is cut off no result was
 * posted, so Lambda retries the event. false: the system refuses. */
bool lrt_process_catch_sigterm(void);
/* Whether there is no work that an end would interrupt. */
void lrt_process_set_idle(bool is_idle);
/* Whether SIGTERM was received. */
bool lrt_process_is_stopping(void);

#endif
