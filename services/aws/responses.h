/* Error responses of the services, read into an awsc_error. */
#ifndef AWSC_RESPONSES_H
#define AWSC_RESPONSES_H

#include "services/aws/error.h"
#include "services/aws/service.h"
#include "services/base/http.h"

/* Fills `error` from a response with http_status >= 300, or from an error in the body of a 200:
 * code, message, request id, status. */
void awsc_read_error(const struct awsc_service_row *service,
                     const struct svc_http_exchange *exchange, struct awsc_error *error);
/* The id by which AWS finds the request; NULL: the response has none. */
const char *awsc_request_id(const struct svc_http_exchange *exchange);
/* The status for an HTTP status and an error code ("": none) of a service. */
enum svc_status awsc_status_of(const struct awsc_service_row *service, int http_status,
                               const char *code);

#endif
