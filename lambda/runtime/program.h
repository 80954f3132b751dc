/* What a run of a function's program consists of, in Lambda and outside: the runtime's settings,
 * its log and metrics, the transport, and the function made from them. */
#ifndef LRT_PROGRAM_H
#define LRT_PROGRAM_H

#include "lambda/runtime/loop.h"
#include "lambda/runtime/runtime.h"
#include "lambda/runtime/trace_xray.h"

#define LRT_NAMESPACE_BYTES     256 /* CloudWatch's limit, with the NUL */
#define LRT_FUNCTION_NAME_BYTES 256

struct lrt_program {
    const struct lrt_function *function;
    struct svc_log log;
    struct lrt_metrics metrics;
    struct svc_trace trace;
    struct lrt_xray xray; /* where the spans go; behind `exporter` alone */
    struct svc_trace_exporter exporter;
    struct svc_transport *transport;
    struct lrt_services services;
    char name_space[LRT_NAMESPACE_BYTES];
    char function_name[LRT_FUNCTION_NAME_BYTES];
    void *self;           /* the function's, if the runtime allocated it */
    struct lrt_loop loop; /* to be run after lrt_program_create */
};

/* The log and the transport: what a later failure is reported with. Nothing goes over the network.
 * Closed by lrt_program_close, also after a failure. Errors: those of svc_http_create. */
enum svc_status lrt_program_open(struct lrt_program *program, const struct lrt_function *function,
                                 const struct svc_environment *environment,
                                 struct svc_error *error);
/* Reads the runtime's settings and calls the function's `create`. Errors: CONFIGURATION (naming the
 * variable), those of `create`. */
enum svc_status lrt_program_create(struct lrt_program *program, struct svc_error *error);
void lrt_program_close(struct lrt_program *program);

#endif
