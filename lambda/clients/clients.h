/* Clients made from the runtime's services. A function's `create` calls one of these for each
 * client and returns its status: the error is in the form that the runtime reports. Nothing goes
 * over the network. */
#ifndef LRT_CLIENTS_H
#define LRT_CLIENTS_H

#include "lambda/runtime/runtime.h"
#include "services/aws/client.h"

/* A client of AWS with the runtime's environment, clock, transport and log. Destroyed by
 * awsc_client_destroy. Errors: those of awsc_client_create. */
enum svc_status lrt_aws_client_create(const struct lrt_services *services,
                                      struct awsc_client **client, struct svc_error *error);

/* Gives the client the deadline and the trace id of an invocation. Called first in `handle`. */
void lrt_aws_client_begin(struct awsc_client *client, const struct lrt_invocation *invocation);

#endif
