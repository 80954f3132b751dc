/* The program of every function: the command line, and its two ways to run, in Lambda and on one
 * event from a file. Either everything that is needed is there, or the process reports why not and
 * ends. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lambda/runtime/age.h"
#include "lambda/runtime/process.h"
#include "lambda/runtime/program.h"
#include "services/base/file.h"
#include "services/base/limits.h"

enum { ENDED = 0, FAILED = 1, USAGE = 2 };

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

static void report_init_failure(const struct lrt_program *program, const struct lrt_api *api,
                                enum svc_status status, const struct svc_error *error) {
    char type[LRT_ERROR_TYPE_BYTES];
    struct svc_error post_error;
    (void)snprintf(type, sizeof(type), "Init.%s", svc_status_name(status));
    svc_log_event(&program->log, SVC_LOG_FATAL, "the function cannot start",
                  SVC_TEXT("errorType", type), SVC_TEXT("detail", error->detail));
    (void)lrt_api_init_fail(api, type, error->detail, &post_error);
}

static int run_in_lambda(const struct lrt_function *function,
                         const struct svc_environment *environment, const char *host,
                         const struct lrt_age *age) {
    struct lrt_program program;
    struct svc_error error;
    struct lrt_api api;
    int exit_status = FAILED;
    svc_error_clear(&error);
    enum svc_status status = lrt_program_open(&program, function, environment, &error);
    if (status == SVC_OK) {
        status = lrt_api_init(&api, host, program.transport, program.services.clock, &error);
    }
    if (status != SVC_OK) {
        /* Without a transport or an address, the log is the only place to report it. */
        svc_log_event(&program.log, SVC_LOG_FATAL, "the runtime cannot start",
                      SVC_TEXT("detail", error.detail));
        goto cleanup;
    }
    status = lrt_process_catch_sigterm() ? SVC_OK : svc_fail(&error, SVC_IO, "no signal handlers");
    if (status == SVC_OK) {
        status = lrt_program_create(&program, &error);
    }
    if (status != SVC_OK) {
        report_init_failure(&program, &api, status, &error);
        goto cleanup;
    }
    program.loop.init_ms = lrt_age_ms(age);
    status = lrt_loop_run(&program.loop, &api, &error);
    if (status != SVC_OK) {
        svc_log_event(&program.log, SVC_LOG_FATAL, "the Runtime API failed",
                      SVC_TEXT("detail", error.detail));
        goto cleanup;
    }
    exit_status = ENDED;

cleanup:
    lrt_program_close(&program);
    return exit_status;
}

/* The result on standard output, a failure on standard error. */
static int print_result(const struct lrt_function *function, struct lrt_result *result) {
    if (result->failed) {
        fprintf(stderr, "%s: %s: %s\n", function->name, result->error_type, result->error_message);
        return FAILED;
    }
    const bool written = fwrite(svc_buf_text(&result->body), 1, result->body.size_bytes, stdout) ==
                             result->body.size_bytes &&
                         putchar('\n') != EOF && fflush(stdout) == 0;
    return written ? ENDED : FAILED;
}

static int run_one_event(const struct lrt_function *function,
                         const struct svc_environment *environment, const char *path) {
    struct lrt_program program;
    struct svc_error error;
    struct svc_buf event;
    int exit_status = FAILED;
    svc_error_clear(&error);
    svc_buf_init(&event, SVC_MAX_JSON_BYTES);
    enum svc_status status = strcmp(path, "-") == 0 ? svc_read_descriptor(STDIN_FILENO, &event)
                                                    : svc_read_file(path, &event);
    if (status != SVC_OK) {
        fprintf(stderr, "%s: cannot read %s\n", function->name, path);
        svc_buf_clear(&event);
        return FAILED;
    }
    status = lrt_program_open(&program, function, environment, &error);
    if (status == SVC_OK) {
        status = lrt_program_create(&program, &error);
    }
    if (status != SVC_OK) {
        fprintf(stderr, "%s: %s (%s)\n", function->name, error.detail, svc_status_message(status));
        goto cleanup;
    }
    /* Metrics are for CloudWatch. */
    program.loop.name_space = NULL;
    const struct lrt_invocation invocation = {
        .request_id = "",
        .trace_id = svc_setting(environment, "_X_AMZN_TRACE_ID"),
        .deadline_ms = SVC_NO_DEADLINE,
        .event = event.bytes,
        .event_bytes = event.size_bytes,
    };
    struct lrt_result result;
    lrt_loop_handle(&program.loop, &invocation, &result);
    exit_status = print_result(function, &result);
    lrt_result_clear(&result);

cleanup:
    lrt_program_close(&program);
    svc_buf_clear(&event);
    return exit_status;
}

int lrt_main(const struct lrt_function *function, int argc, char **argv) {
    const struct svc_environment *environment = svc_environment_system();
    struct lrt_age age;
    lrt_age_begin(&age);
    lrt_process_harden();
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        print_usage(function, stdout);
        fputs(function->help, stdout);
        return ENDED;
    }
    if (argc >= 2 && strcmp(argv[1], "--event") == 0) {
        if (argc != 3) {
            return refuse(function, "%s takes one file, or - for standard input", argv[1]);
        }
        return run_one_event(function, environment, argv[2]);
    }
    if (argc >= 2) {
        return refuse(function, "unknown argument %s", argv[1]);
    }
    const char *host = svc_setting(environment, "AWS_LAMBDA_RUNTIME_API");
    if (host == NULL) {
        return refuse(function, "%s is not set, so this is not AWS Lambda; try --event FILE",
                      "AWS_LAMBDA_RUNTIME_API");
    }
    return run_in_lambda(function, environment, host, &age);
}
