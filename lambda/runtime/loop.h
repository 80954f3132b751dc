/* next, handle, respond, and again. */
#ifndef LRT_LOOP_H
#define LRT_LOOP_H

#include "lambda/runtime/api.h"
#include "lambda/runtime/runtime.h"

struct lrt_loop {
    const struct lrt_function *function;
    void *self; /* the function's */
    const struct lrt_services *services;
    struct svc_log *log; /* services->log, whose request id is set for each event */
    const char *name_space, *function_name; /* of the metrics; name_space NULL: no metrics */
    int64_t
        init_ms; /* from exec to ready, a metric of the first invocation; -1: not to be written */
    const struct svc_trace_exporter *exporter; /* of services->trace; NULL: nothing is recorded */
};

/* One event through the handler, with its log lines, metrics and trace, which is sent before the
 * result is posted: Lambda may freeze the process after that. Fills `result`, which the caller
 * clears with lrt_result_clear; every failure is a result. */
void lrt_loop_handle(struct lrt_loop *loop, const struct lrt_invocation *invocation,
                     struct lrt_result *result);
void lrt_result_clear(struct lrt_result *result);

/* Until SIGTERM (returns OK) or until the Runtime API fails. */
enum svc_status lrt_loop_run(struct lrt_loop *loop, const struct lrt_api *api,
                             struct svc_error *error);

#endif
