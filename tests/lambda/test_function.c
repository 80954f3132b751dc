/* A function of the tests' own on the real runtime: it does what its event says.
 *
 *   {"do":"answer","value":V}      answers V
 *   {"do":"fail","type":T,"message":M}
 *   {"do":"large","bytes":N}       answers a string of N characters
 *   {"do":"describe"}              tells what it was given and what its process may leave behind
 *   {"do":"sleep","ms":N}          then answers null
 *   {"do":"log","level":L,"text":T}
 *   {"do":"abort"}, {"do":"exit","status":N}
 *
 * TEST_FUNCTION_INIT=fail: its start fails, with the text of TEST_FUNCTION_DETAIL. */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lambda/runtime/runtime.h"
#include "services/base/json.h"

struct test_function {
    struct lrt_services services;
    int64_t events;
};

static enum svc_status create(const struct lrt_services *services, void **self,
                              struct svc_error *error) {
    const char *init = getenv("TEST_FUNCTION_INIT");
    if (init != NULL && strcmp(init, "fail") == 0) {
        const char *detail = getenv("TEST_FUNCTION_DETAIL");
        return svc_fail(error, SVC_CONFIGURATION, "%s", detail != NULL ? detail : "told to fail");
    }
    struct test_function *function = calloc(1, sizeof(*function));
    if (function == NULL) {
        return svc_fail(error, SVC_NO_MEMORY, "no memory");
    }
    function->services = *services;
    *self = function;
    return SVC_OK;
}

static void destroy(void *self) {
    free(self);
}

static void describe(const struct test_function *function, const struct lrt_invocation *invocation,
                     struct lrt_result *result) {
    struct svc_json_writer writer;
    struct rlimit core = {1, 1};
    (void)getrlimit(RLIMIT_CORE, &core);
    svc_json_writer_init(&writer, &result->body);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "requestId", invocation->request_id);
    svc_json_add_text(&writer, "traceId", invocation->trace_id);
    svc_json_add_int(&writer, "remainingMs",
                     svc_remaining_ms(function->services.clock, invocation->deadline_ms));
    svc_json_add_int(&writer, "events", function->events);
    svc_json_add_int(&writer, "coreLimit", (int64_t)core.rlim_max);
    svc_json_add_int(&writer, "dumpable", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    svc_json_end_object(&writer);
}

static void fill(const struct svc_json *event, struct lrt_result *result) {
    static const char piece[] = "0123456789abcdef";
    int64_t size_bytes = 0;
    (void)svc_json_get_int(event, "bytes", &size_bytes);
    svc_buf_append_char(&result->body, '"');
    for (int64_t i = 0; i < size_bytes; i++) {
        svc_buf_append_char(&result->body, piece[i % 16]);
    }
    svc_buf_append_char(&result->body, '"');
}

static void write_log(const struct test_function *function, const struct svc_json *event) {
    enum svc_log_level level = SVC_LOG_INFO;
    (void)svc_log_level_parse(svc_json_get_text(event, "level"), &level);
    svc_log_event(function->services.log, level, "told to log",
                  SVC_TEXT("text", svc_json_get_text(event, "text")));
}

static void obey(struct test_function *function, const struct lrt_invocation *invocation,
                 const struct svc_json *event, struct lrt_result *result) {
    const char *what = svc_json_get_text(event, "do");
    int64_t number = 0;
    what = what != NULL ? what : "";
    if (strcmp(what, "answer") == 0) {
        struct svc_json_writer writer;
        svc_json_writer_init(&writer, &result->body);
        svc_json_put_value(&writer, svc_json_get(event, "value"));
    } else if (strcmp(what, "fail") == 0) {
        lrt_fail(result, svc_json_get_text(event, "type"), "%s",
                 svc_json_get_text(event, "message"));
    } else if (strcmp(what, "large") == 0) {
        fill(event, result);
    } else if (strcmp(what, "describe") == 0) {
        describe(function, invocation, result);
    } else if (strcmp(what, "sleep") == 0) {
        (void)svc_json_get_int(event, "ms", &number);
        svc_sleep_ms(function->services.clock, number);
        svc_buf_append_text(&result->body, "null");
    } else if (strcmp(what, "log") == 0) {
        write_log(function, event);
        svc_buf_append_text(&result->body, "null");
    } else if (strcmp(what, "abort") == 0) {
        abort();
    } else if (strcmp(what, "exit") == 0) {
        (void)svc_json_get_int(event, "status", &number);
        _exit((int)number);
    } else {
        lrt_fail(result, "Test.Unknown", "nothing is called '%s'", what);
    }
}

static void handle(void *self, const struct lrt_invocation *invocation, struct lrt_result *result) {
    struct test_function *function = self;
    struct svc_json *event = NULL;
    function->events++;
    if (svc_json_parse(invocation->event, invocation->event_bytes, 0, &event, NULL) != SVC_OK) {
        lrt_fail(result, "Test.Malformed", "no JSON");
        return;
    }
    lrt_metrics_add(function->services.metrics, "Told", LRT_COUNT, 1);
    obey(function, invocation, event, result);
    svc_json_free(event);
}

int main(int argc, char **argv) {
    static const struct lrt_function function = {
        .name = "test-function",
        .help = "\nDoes what its event says.\n",
        .create = create,
        .handle = handle,
        .destroy = destroy,
    };
    return lrt_main(&function, argc, argv);
}
