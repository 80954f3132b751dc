/* SES version 2: SendEmail with simple content. Errors: as in s3.h. */
#ifndef AWSC_SES_H
#define AWSC_SES_H

#include <stddef.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/aws/sigv4.h"

#define AWSC_MAX_SES_RECIPIENTS 50

struct awsc_ses_email {
    const char *from; /* an address, or "Name <address>", already fit for a header */
    const char *const *to;
    size_t to_count;
    const char *const *bcc;
    size_t bcc_count;
    const char *const *reply_to;
    size_t reply_to_count;
    const char *subject;              /* UTF-8 */
    const char *html, *text;          /* UTF-8; NULL: no such part; one at least */
    const struct awsc_param *headers; /* of the mail: List-Unsubscribe, ... */
    size_t header_count;
    const struct awsc_param *tags; /* for SES's event publishing: letters, digits, - _ */
    size_t tag_count;
    const char *configuration_set; /* NULL: none */
    int64_t deadline_ms;           /* 0: the client's */
};

#define AWSC_SES_ID_BYTES 129

/* Sends one mail to all recipients. SendEmail cannot be repeated without sending twice, so it is
 * retried only after a certain refusal (429, the throttling codes) or if no byte of the request
 * left. After 500, 502, 503, 504 or no response at all it ends with error->maybe_done. Addresses,
 * subject and headers with CR, LF or other controls are INVALID_ARGUMENT. */
enum svc_status awsc_ses_send(struct awsc_client *client, const struct awsc_ses_email *email,
                              char message_id[AWSC_SES_ID_BYTES], struct awsc_error *error);

#endif
