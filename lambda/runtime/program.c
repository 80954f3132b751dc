/* Settings, services and the function: see program.h. */
#include "lambda/runtime/program.h"

#include <stdlib.h>
#include <string.h>

#include "lambda/runtime/logs.h"
#include "services/base/settings.h"

#define DEFAULT_NAMESPACE "OpenMarket"
#define NO_METRICS        "none" /* instead of a namespace */

enum svc_status lrt_program_open(struct lrt_program *program, const struct lrt_function *function,
                                 const struct svc_environment *environment,
                                 struct svc_error *error) {
    memset(program, 0, sizeof(*program));
    program->function = function;
    svc_log_init(&program->log, svc_clock_system(), NULL, NULL);
    lrt_metrics_reset(&program->metrics);
    svc_trace_init(&program->trace, NULL, NULL);
    lrt_xray_open(&program->xray, environment, &program->log, &program->exporter);
    const struct svc_http_options options = {
        .clock = svc_clock_system(),
        .environment = environment,
        .user_agent = function->name,
    };
    const enum svc_status status = svc_http_create(&options, &program->transport, error);
    program->services = (struct lrt_services){
        .environment = environment,
        .clock = svc_clock_system(),
        .transport = program->transport,
        .log = &program->log,
        .metrics = &program->metrics,
        .trace = &program->trace,
    };
    return status;
}

static enum svc_status read_settings(struct lrt_program *program, struct svc_error *error) {
    struct svc_settings from;
    svc_settings_init(&from, program->services.environment, error);
    lrt_logs_read_settings(&from, &program->log);
    svc_setting_text(&from, "METRICS_NAMESPACE", DEFAULT_NAMESPACE, program->name_space,
                     sizeof(program->name_space));
    svc_setting_text(&from, "AWS_LAMBDA_FUNCTION_NAME", program->function->name,
                     program->function_name, sizeof(program->function_name));
    return from.status;
}

enum svc_status lrt_program_create(struct lrt_program *program, struct svc_error *error) {
    enum svc_status status = read_settings(program, error);
    if (status != SVC_OK) {
        return status;
    }
    program->loop = (struct lrt_loop){
        .function = program->function,
        .services = &program->services,
        .log = &program->log,
        .name_space = strcmp(program->name_space, NO_METRICS) != 0 ? program->name_space : NULL,
        .function_name = program->function_name,
        .exporter = &program->exporter,
        .init_ms = -1,
    };
    if (program->function->self_bytes > 0) {
        program->self = program->loop.self = calloc(1, program->function->self_bytes);
        if (program->self == NULL) {
            return svc_fail(error, SVC_NO_MEMORY, "%s", svc_status_message(SVC_NO_MEMORY));
        }
    }
    return program->function->create(&program->services, &program->loop.self, error);
}

void lrt_program_close(struct lrt_program *program) {
    if (program->loop.self != NULL && program->function->destroy != NULL) {
        program->function->destroy(program->loop.self);
    }
    free(program->self);
    svc_http_destroy(program->transport);
    lrt_xray_close(&program->xray);
    svc_trace_clear(&program->trace);
}
