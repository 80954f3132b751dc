/* Greets the name in {"name":"Ann"}, or in the query of a Function URL. GREETING: "Hello". */
#include "lambda/events/function_url.h"
#include "lambda/events/kind.h"
#include "lambda/runtime/runtime.h"
#include "services/base/settings.h"

enum { GREETING_BYTES = 64 };

/* *self is the greeting. A function that keeps more has a struct there. */
static enum svc_status create(const struct lrt_services *services, void **self,
                              struct svc_error *error) {
    struct svc_settings from;
    svc_settings_init(&from, services->environment, error);
    svc_setting_text(&from, "GREETING", "Hello", *self, GREETING_BYTES);
    return from.status;
}

static void handle(void *self, const struct lrt_invocation *invocation, struct lrt_result *result) {
    struct svc_json *event = lrt_parse_event(invocation, result, "Hello.Malformed");
    struct lev_url_request url = {0};
    const bool is_url = lev_kind_of(event) == LEV_FUNCTION_URL;
    /* A request that cannot be read is refused with 400. */
    if (!is_url || lev_url_request_accept(event, &url, &result->body)) {
        struct svc_json_writer writer;
        svc_json_writer_init(&writer, &result->body);
        svc_json_begin_object(&writer);
        svc_json_add_text(&writer, "greeting", self);
        svc_json_add_text(&writer, "name",
                          is_url ? lev_url_parameter(&url, "name")
                                 : svc_json_get_text(event, "name"));
        svc_json_end_object(&writer);
    }
    lev_url_request_clear(&url);
    svc_json_free(event);
}

int main(int argc, char **argv) {
    static const struct lrt_function function = {
        .name = "hello",
        .help = "\nGreets.\n",
        .self_bytes = GREETING_BYTES,
        .create = create,
        .handle = handle,
    };
    return lrt_main(&function, argc, argv);
}
