/* SES version 2: SendEmail with simple content. Errors: as in s3.h, and those below. */
#ifndef AWSC_SES_H
#define AWSC_SES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/aws/sigv4.h"

/* SES's own limits. */
#define AWSC_MAX_SES_RECIPIENTS 50
#define AWSC_MAX_SES_HEADERS    15
#define AWSC_MAX_SES_TAGS       50

struct awsc_ses_email {
    const char *from; /* each address: see awsc_ses_is_mailbox */
    const char *const *to;
    size_t to_count;
    const char *const *bcc;
    size_t bcc_count;
    const char *const *reply_to;
    size_t reply_to_count;
    const char *subject;              /* UTF-8, one line */
    const char *html, *text;          /* UTF-8; NULL: no such part; one at least */
    const struct awsc_param *headers; /* further ones: List-Unsubscribe, ... */
    size_t header_count;
    const struct awsc_param *tags; /* for the events that SES publishes */
    size_t tag_count;
    const char *configuration_set; /* NULL: none */
    int64_t deadline_ms;           /* 0: the client's */
};

/* Exactly one mailbox that may stand in a header: "local@domain", "Name <local@domain>" or
 * "\"Name\" <local@domain>". All ASCII: a name beyond it is an encoded word (RFC 2047), a domain
 * beyond it Punycode. Lists, comments, quoted local parts and addresses in brackets are none. */
bool awsc_ses_is_mailbox(const char *text);

/* What a send refuses before anything is sent, so that no value becomes another header, recipient
 * or field:
 *   INVALID_ARGUMENT  an address that is not one mailbox; no recipient, or more than
 *                     AWSC_MAX_SES_RECIPIENTS; no subject, no part, a control in the subject;
 *                     a header that is not printable ASCII (its name of at most 126 bytes
 *                     without a colon, its value of at most 870) or that belongs to the mail itself
 * (From, To, Bcc, Subject, Date, Content-..., DKIM-..., X-SES-..., and the like); a tag or
 * configuration set of anything but A-Z a-z 0-9 _ -, or of more than 256 (64) bytes MALFORMED
 * subject or body is not UTF-8 */
enum svc_status awsc_ses_check(const struct awsc_ses_email *email, struct awsc_error *error);

#define AWSC_SES_ID_BYTES 129

/* Sends one mail to all recipients. A mail that was sent cannot be taken back, so the request is
 * repeated only where SES certainly took none: it did not leave, or was refused by throttling.
 * After 500, 502, 503, 504 or no response at all error->maybe_done is set: the mail may be out. */
enum svc_status awsc_ses_send(struct awsc_client *client, const struct awsc_ses_email *email,
                              char message_id[AWSC_SES_ID_BYTES], struct awsc_error *error);

/* Why SES refused a mail, in more detail than the status. In all these cases no mail was sent. */
enum awsc_ses_refusal {
    AWSC_SES_NOT_REFUSED, /* no error, or none of those below */
    /* THROTTLED: more mails per second than the account may send. Try again in seconds. */
    AWSC_SES_RATE_EXCEEDED,
    /* THROTTLED: the account's quota of 24 hours is used up. Try again in an hour or later. */
    AWSC_SES_QUOTA_EXCEEDED,
    /* REJECTED: the content or a recipient of this mail. The same mail is refused again. */
    AWSC_SES_MESSAGE_REJECTED,
    /* REJECTED: sender, MAIL FROM domain or (in the sandbox) recipient is not verified. No mail
     * of that sender goes out until someone verifies it. */
    AWSC_SES_NOT_VERIFIED,
    /* REJECTED: the account may not send any more. Only AWS can change that. */
    AWSC_SES_ACCOUNT_SUSPENDED,
    /* REJECTED: sending of the account or the configuration set is paused, by AWS or by its owner.
     * The same mail may be sent when it is resumed. */
    AWSC_SES_SENDING_PAUSED,
    /* NOT_FOUND: the configuration set does not exist. */
    AWSC_SES_NO_CONFIGURATION_SET
};
enum awsc_ses_refusal awsc_ses_refusal_of(const struct awsc_error *error);

#endif
