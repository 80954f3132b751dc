/* Clients from the runtime's services: see clients.h. */
#include "lambda/clients/clients.h"

enum svc_status lrt_aws_client_create(const struct lrt_services *services,
                                      struct awsc_client **client, struct svc_error *error) {
    const struct awsc_client_options options = {
        .environment = services->environment,
        .clock = services->clock,
        .transport = services->transport,
        .log = services->log,
        .trace = services->trace,
    };
    struct awsc_error aws_error = {0};
    const enum svc_status status = awsc_client_create(&options, client, &aws_error);
    return status == SVC_OK ? SVC_OK : svc_fail(error, status, "%s", aws_error.message);
}

void lrt_aws_client_begin(struct awsc_client *client, const struct lrt_invocation *invocation) {
    awsc_client_begin(client, invocation->deadline_ms, invocation->trace_id);
}
