/* Which failed attempts of a call are followed by another. Used by call.c, and by sqs_batch.c for
 * the entries of a batch. */
#ifndef AWSC_CALL_RETRY_H
#define AWSC_CALL_RETRY_H

#include "services/aws/call.h"

/* An unrepeatable call takes no kept connection that was idle for longer. */
#define AWSC_UNREPEATABLE_MAX_IDLE_S 5

/* Whether an error response states that the request was not carried out: throttled, or refused by a
 * check that comes before the work (4xx). The codes that ask for another attempt are no refusals,
 * with whatever HTTP status they come; nor is ServiceUnavailable (503), which promises nothing. */
bool awsc_is_refusal(const struct awsc_error *error);

/* Whether another attempt follows the one that failed with call->error, and how it waits. Sets
 * error.throttled and error.retryable, and makes the client fetch new credentials if those in use
 * may have expired. */
enum awsc_retry_kind awsc_call_retry_kind(struct awsc_client *client, struct awsc_call *call);

#endif
