/* HTTP requests: the route, the keys, the authentication, the sender, the response. */
#ifndef WEBHOOK_HTTP_H
#define WEBHOOK_HTTP_H

#include "lambda/handlers/webhook/function.h"
#include "lambda/runtime/runtime.h"
#include "services/base/json.h"

/* Writes the response of a Function URL. The invocation itself fails only without memory for it. */
void webhook_http_handle(struct webhook_function *function, const struct svc_json *document,
                         const struct lrt_invocation *invocation, struct lrt_result *result);

#endif
