/* What the functions' programs share: from the command line to the loop. Either everything that is
 * needed is there and the loop runs, or the process says why not and ends: there is no state
 * between to recover from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lambda/runtime/api.h"
#include "lambda/runtime/logs.h"
#include "lambda/runtime/loop.h"
#include "lambda/runtime/process.h"
#include "lambda/runtime/runtime.h"
#include "services/base/limits.h"

enum { ENDED = 0, FAILED = 1, USAGE = 2 };

/* "none" switches the metrics off. */
#define DEFAULT_NAMESPACE "OpenMarket"

struct program {
    struct svc_log log;
    struct lrt_metrics metrics;
    struct svc_transport *transport;
    struct lrt_services services;
    struct lrt_loop loop;
};

static void print_usage(const struct lrt_function *function, FILE *to) {
    fprintf(to,
            "usage: %s                 in AWS Lambda, where AWS_LAMBDA_RUNTIME_API is set\n"
            "       %s --event FILE    handle one event, with the credentials and settings of\n"
            "                          the environment; - is standard input\n"
            "       %s --help\n",
            function->name, function->name, function->name);
}

static int refuse(const struct lrt_function *function, const char *format, const char *word) {
    fprintf(stderr, "%s: ", function->name);
    fprintf(stderr, format, word);
    fprintf(stderr, " (see %s --help)\n", function->name);
    return USAGE;
}

/* CPU time since exec stands for the time since exec: nothing here waits before the first event,
 * and no clock tells when the process began without asking /proc. */
static int64_t cpu_ms(void) {
    struct timespec spent;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent) != 0) {
        return 0;
    }
    return (int64_t)spent.tv_sec * 1000 + spent.tv_nsec / 1000000;
}

static const char *setting(const char *name) {
    return svc_setting(svc_environment_system(), name);
}

/* All that a function needs; nothing goes over the network. */
static enum svc_status open_program(struct program *program, const struct lrt_function *function,
                                    struct svc_error *error) {
    const struct svc_clock *clock = svc_clock_system();
    lrt_logs_init(&program->log, setting("AWS_LAMBDA_LOG_LEVEL"), setting("AWS_LAMBDA_LOG_FORMAT"),
                  clock);
    lrt_metrics_reset(&program->metrics);
    const struct svc_http_options options = {.clock = clock, .user_agent = function->name};
    enum svc_status status = svc_http_create(&options, &program->transport, error);
    if (status != SVC_OK) {
        return status;
    }
    program->services = (struct lrt_services){
        .environment = svc_environment_system(),
        .clock = clock,
        .transport = program->transport,
        .log = &program->log,
        .metrics = &program->metrics,
    };
    const char *name_space = setting("METRICS_NAMESPACE");
    const char *name = setting("AWS_LAMBDA_FUNCTION_NAME");
    program->loop = (struct lrt_loop){
        .function = function,
        .services = &program->services,
        .log = &program->log,
        .name_space = name_space == NULL                ? DEFAULT_NAMESPACE
                      : strcmp(name_space, "none") == 0 ? NULL
                                                        : name_space,
        .function_name = name != NULL ? name : function->name,
        .init_ms = -1,
    };
    return SVC_OK;
}

static void close_program(struct program *program) {
    if (program->loop.function != NULL) {
        program->loop.function->destroy(program->loop.self);
    }
    svc_http_destroy(program->transport);
}

static int run_in_lambda(const struct lrt_function *function, const char *host) {
    struct program program = {0};
    struct svc_error error;
    struct lrt_api api;
    int exit_status = FAILED;
    svc_error_clear(&error);
    enum svc_status status = open_program(&program, function, &error);
    if (status == SVC_OK) {
        status = lrt_api_init(&api, host, program.transport, program.services.clock, &error);
    }
    if (status != SVC_OK) {
        /* Without a transport or an address there is nobody to tell but the log. */
        svc_log_event(&program.log, SVC_LOG_FATAL, "the runtime cannot start",
                      SVC_TEXT("detail", error.detail));
        goto cleanup;
    }
    status = lrt_process_catch_sigterm() ? SVC_OK : svc_fail(&error, SVC_IO, "no signal handlers");
    if (status == SVC_OK) {
        status = function->create(&program.services, &program.loop.self, &error);
    }
    if (status != SVC_OK) {
        char type[LRT_ERROR_TYPE_BYTES];
        struct svc_error post_error;
        (void)snprintf(type, sizeof(type), "Init.%s", svc_status_name(status));
        svc_log_event(&program.log, SVC_LOG_FATAL, "the function cannot start",
                      SVC_TEXT("errorType", type), SVC_TEXT("detail", error.detail));
        (void)lrt_api_init_fail(&api, type, error.detail, &post_error);
        goto cleanup;
    }
    program.loop.init_ms = cpu_ms();
    status = lrt_loop_run(&program.loop, &api, &error);
    if (status != SVC_OK) {
        svc_log_event(&program.log, SVC_LOG_FATAL, "the Runtime API failed",
                      SVC_TEXT("detail", error.detail));
        goto cleanup;
    }
    exit_status = ENDED;

cleanup:
    close_program(&program);
    return exit_status;
}

static bool read_file(const char *path, struct svc_buf *content) {
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    uint8_t piece[16384];
    size_t size_bytes;
    while ((size_bytes = fread(piece, 1, sizeof(piece), file)) > 0) {
        svc_buf_append(content, piece, size_bytes);
    }
    const bool good = ferror(file) == 0 && svc_buf_status(content) == SVC_OK;
    if (file != stdin) {
        (void)fclose(file);
    }
    return good;
}

static int run_one_event(const struct lrt_function *function, const char *path) {
    struct program program = {0};
    struct svc_error error;
    struct svc_buf event;
    int exit_status = FAILED;
    svc_error_clear(&error);
    svc_buf_init(&event, SVC_MAX_JSON_BYTES);
    if (!read_file(path, &event)) {
        fprintf(stderr, "%s: cannot read %s\n", function->name, path);
        svc_buf_clear(&event);
        return FAILED;
    }
    enum svc_status status = open_program(&program, function, &error);
    /* A person sees the answer; metrics are CloudWatch's. */
    program.loop.name_space = NULL;
    if (status == SVC_OK) {
        status = function->create(&program.services, &program.loop.self, &error);
    }
    if (status != SVC_OK) {
        fprintf(stderr, "%s: %s (%s)\n", function->name, error.detail, svc_status_message(status));
        goto cleanup;
    }
    const struct lrt_invocation invocation = {
        .request_id = "",
        .deadline_ms = SVC_NO_DEADLINE,
        .event = event.bytes,
        .event_bytes = event.size_bytes,
    };
    struct lrt_result result;
    lrt_loop_handle(&program.loop, &invocation, &result);
    if (result.failed) {
        fprintf(stderr, "%s: %s: %s\n", function->name, result.error_type, result.error_message);
    } else {
        const bool written = fwrite(svc_buf_text(&result.body), 1, result.body.size_bytes,
                                    stdout) == result.body.size_bytes &&
                             putchar('\n') != EOF && fflush(stdout) == 0;
        exit_status = written ? ENDED : FAILED;
    }
    lrt_result_clear(&result);

cleanup:
    close_program(&program);
    svc_buf_clear(&event);
    return exit_status;
}

int lrt_main(const struct lrt_function *function, int argc, char **argv) {
    lrt_process_harden();
    const char *host = setting("AWS_LAMBDA_RUNTIME_API");
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        print_usage(function, stdout);
        fputs(function->help, stdout);
        return ENDED;
    }
    if (argc >= 2 && strcmp(argv[1], "--event") == 0) {
        if (argc != 3) {
            return refuse(function, "%s takes one file, or - for standard input", argv[1]);
        }
        return run_one_event(function, argv[2]);
    }
    if (argc >= 2) {
        return refuse(function, "unknown argument %s", argv[1]);
    }
    if (host == NULL) {
        return refuse(function, "%s is not set, so this is not AWS Lambda; try --event FILE",
                      "AWS_LAMBDA_RUNTIME_API");
    }
    return run_in_lambda(function, host);
}
