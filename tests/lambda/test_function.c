/* A function of the tests' own on the real runtime. Its event names what it does:
 *
 *   {"do":"return","value":V}      returns V
 *   {"do":"fail","type":T,"message":M}
 *   {"do":"large","bytes":N}       returns a string of N characters
 *   {"do":"describe"}              returns what its invocation holds and what its process leaves
 *   {"do":"sleep","ms":N}          returns null after it
 *   {"do":"sigterm","finish":B}    logs that it is at work; finishes after SIGTERM, or never
 *   {"do":"log","level":L,"text":T}
 *   {"do":"count","kind":K}        counts the metric Things of that Kind
 *   {"do":"call"}                  one request to S3
 *   {"do":"abort"}, {"do":"exit","status":N}
 *
 * TEST_FUNCTION_INIT=fail: its start fails, with the text of TEST_FUNCTION_DETAIL.
 * TEST_FUNCTION_WAIT=80ms: its start takes that long. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lambda/clients/clients.h"
#include "lambda/runtime/process.h"
#include "lambda/runtime/runtime.h"
#include "services/aws/s3.h"
#include "services/base/json.h"
#include "services/base/settings.h"

struct test_function {
    struct lrt_services services;
    struct awsc_client *aws;
    int64_t events;
};

/* What a deed has to do with. */
struct job {
    struct test_function *function;
    const struct lrt_invocation *invocation;
    const struct svc_json *event;
    struct lrt_result *result;
};

static int64_t number_of(const struct job *job, const char *name) {
    int64_t number = 0;
    (void)svc_json_get_int(job->event, name, &number);
    return number;
}

static const char *text_of(const struct job *job, const char *name) {
    return svc_json_get_text(job->event, name);
}

static void return_null(const struct job *job) {
    svc_buf_append_text(&job->result->body, "null");
}

/* ---------------------------------------------------------------------- the deeds */

static void do_return(const struct job *job) {
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, &job->result->body);
    svc_json_put_value(&writer, svc_json_get(job->event, "value"));
}

static void do_fail(const struct job *job) {
    lrt_fail(job->result, text_of(job, "type"), "%s", text_of(job, "message"));
}

static void do_large(const struct job *job) {
    static const char piece[] = "0123456789abcdef";
    const int64_t size_bytes = number_of(job, "bytes");
    svc_buf_append_char(&job->result->body, '"');
    for (int64_t i = 0; i < size_bytes; i++) {
        svc_buf_append_char(&job->result->body, piece[i % 16]);
    }
    svc_buf_append_char(&job->result->body, '"');
}

static void do_describe(const struct job *job) {
    const struct lrt_invocation *invocation = job->invocation;
    struct svc_json_writer writer;
    struct rlimit core = {1, 1};
    (void)getrlimit(RLIMIT_CORE, &core);
    svc_json_writer_init(&writer, &job->result->body);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "requestId", invocation->request_id);
    svc_json_add_text(&writer, "traceId", invocation->trace_id);
    svc_json_add_text(&writer, "functionArn", invocation->function_arn);
    svc_json_add_text(&writer, "clientContext", invocation->client_context);
    svc_json_add_text(&writer, "cognitoIdentity", invocation->cognito_identity);
    svc_json_add_text(&writer, "tenantId", invocation->tenant_id);
    svc_json_add_int(&writer, "remainingMs",
                     svc_remaining_ms(job->function->services.clock, invocation->deadline_ms));
    svc_json_add_int(&writer, "events", job->function->events);
    svc_json_add_int(&writer, "coreLimit", (int64_t)core.rlim_max);
    svc_json_add_int(&writer, "dumpable", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    svc_json_add_int(&writer, "noNewPrivs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    svc_json_end_object(&writer);
}

static void do_sleep(const struct job *job) {
    svc_sleep_ms(job->function->services.clock, number_of(job, "ms"));
    return_null(job);
}

/* Work that ends because SIGTERM was received: however slow the machine is, the signal comes in
 * mid-work. The end of the grace period is held back meanwhile. */
static void do_sigterm(const struct job *job) {
    bool finish = false;
    sigset_t grace;
    (void)svc_json_bool(svc_json_get(job->event, "finish"), &finish);
    sigemptyset(&grace);
    sigaddset(&grace, SIGALRM);
    if (finish) {
        (void)sigprocmask(SIG_BLOCK, &grace, NULL);
    }
    svc_log_write(job->function->services.log, SVC_LOG_INFO, "at work", NULL);
    while (!finish || !lrt_process_is_stopping()) {
        svc_sleep_ms(job->function->services.clock, 1);
    }
    svc_buf_append_text(&job->result->body, "\"finished\"");
}

static void do_log(const struct job *job) {
    enum svc_log_level level = SVC_LOG_INFO;
    (void)svc_log_level_parse(text_of(job, "level"), &level);
    svc_log_event(job->function->services.log, level, "a line",
                  SVC_TEXT("text", text_of(job, "text")));
    return_null(job);
}

static void do_count(const struct job *job) {
    lrt_metrics_add_by(job->function->services.metrics, "Things", "Kind", text_of(job, "kind"), 1);
    return_null(job);
}

static void do_call(const struct job *job) {
    const struct awsc_s3_get get = {.bucket = "photos", .key = "a"};
    struct awsc_s3_info info = {0};
    struct awsc_error error = {0};
    const enum svc_status status = awsc_s3_head(job->function->aws, &get, &info, &error);
    svc_buf_printf(&job->result->body, "\"%s\"", svc_status_name(status));
    awsc_s3_info_clear(&info);
}

static void do_abort(const struct job *job) {
    (void)job;
    abort();
}

static void do_exit(const struct job *job) {
    _exit((int)number_of(job, "status"));
}

static const struct {
    const char *name;
    void (*act)(const struct job *job);
} deeds[] = {
    {"return", do_return}, {"fail", do_fail},   {"large", do_large},     {"describe", do_describe},
    {"sleep", do_sleep},   {"log", do_log},     {"sigterm", do_sigterm}, {"count", do_count},
    {"call", do_call},     {"abort", do_abort}, {"exit", do_exit},
};

/* ---------------------------------------------------------------------- the function */

static enum svc_status create(const struct lrt_services *services, void **self,
                              struct svc_error *error) {
    static const char *const inits[] = {"good", "fail"};
    struct test_function *function = *self;
    char detail[SVC_ERROR_DETAIL_BYTES];
    struct svc_settings from;
    svc_settings_init(&from, services->environment, error);
    const size_t init = svc_setting_choice(&from, "TEST_FUNCTION_INIT", inits, 2, 0);
    const int64_t wait_ms = svc_setting_duration_ms(&from, "TEST_FUNCTION_WAIT", 0, 60000, 0);
    svc_setting_text(&from, "TEST_FUNCTION_DETAIL", "as ordered", detail, sizeof(detail));
    if (from.status != SVC_OK) {
        return from.status;
    }
    if (init == 1) {
        return svc_fail(error, SVC_CONFIGURATION, "%s", detail);
    }
    svc_sleep_ms(services->clock, wait_ms);
    function->services = *services;
    return lrt_aws_client_create(services, &function->aws, error);
}

static void destroy(void *self) {
    struct test_function *function = self;
    awsc_client_destroy(function->aws);
}

static void handle(void *self, const struct lrt_invocation *invocation, struct lrt_result *result) {
    struct test_function *function = self;
    struct svc_json *event = lrt_parse_event(invocation, result, "Test.Malformed");
    function->events++;
    lrt_aws_client_begin(function->aws, invocation);
    lrt_metrics_add(function->services.metrics, "Deeds", LRT_COUNT, 1);
    const struct job job = {function, invocation, event, result};
    const char *what = text_of(&job, "do");
    size_t i = 0;
    while (i < sizeof(deeds) / sizeof(deeds[0]) &&
           (what == NULL || strcmp(what, deeds[i].name) != 0)) {
        i++;
    }
    if (i < sizeof(deeds) / sizeof(deeds[0])) {
        deeds[i].act(&job);
    } else if (!result->failed) {
        lrt_fail(result, "Test.Unknown", "there is no deed '%s'", what != NULL ? what : "");
    }
    svc_json_free(event);
}

int main(int argc, char **argv) {
    static const struct lrt_function function = {
        .name = "test-function",
        .help = "\nDoes what its event names.\n",
        .self_bytes = sizeof(struct test_function),
        .create = create,
        .handle = handle,
        .destroy = destroy,
    };
    return lrt_main(&function, argc, argv);
}
