/* The settings of the mail function, read once at its start. */
#ifndef EMAIL_SETTINGS_H
#define EMAIL_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "services/base/environment.h"
#include "services/base/settings.h"
#include "services/base/status.h"
#include "services/email/address.h"
#include "services/email/deliver.h"

/* Encoded words of a display name of EMAIL_MAX_MAILBOX_BYTES: base64, and 12 bytes around each 63
 * of it. */
#define EMAIL_MAILBOX_BYTES ((size_t)1536)
#define EMAIL_SENDER_BYTES  ((size_t)257) /* one of the sender's particulars */
/* SES's own limit for the name of a configuration set; the environment's name shares it. */
#define EMAIL_SET_BYTES   ((size_t)65)
#define EMAIL_TABLE_BYTES ((size_t)1025) /* an ARN */
#define EMAIL_QUEUE_BYTES ((size_t)1025)

/* How long a message can come again: the queue keeps it for at most 14 days, the dead-letter queue
 * for 14 more. A record that is gone by then would let a mail out twice. */
#define EMAIL_MIN_IDEMPOTENCY_DAYS     28
#define EMAIL_DEFAULT_IDEMPOTENCY_DAYS 30
#define EMAIL_MAX_IDEMPOTENCY_DAYS     3650

struct email_settings {
    struct email_mailer_settings mailer;     /* points into the texts below */
    int64_t rate_milli;                      /* SES_SEND_RATE in thousandths; 0: no limit */
    int64_t keep_ms;                         /* IDEMPOTENCY_DAYS */
    char table[EMAIL_TABLE_BYTES];           /* "": no record is kept */
    char dead_letter_url[EMAIL_QUEUE_BYTES]; /* "": the queue's redrive policy moves messages */
    char hash_secret[SVC_SECRET_NAME_BYTES]; /* "": a random key */
    char from[EMAIL_MAILBOX_BYTES], reply_to[EMAIL_MAILBOX_BYTES], bcc[EMAIL_ADDRESS_BYTES];
    char configuration_set[EMAIL_SET_BYTES], environment[EMAIL_SET_BYTES];
    char sender_name[EMAIL_SENDER_BYTES], sender_email[EMAIL_SENDER_BYTES];
    char sender_phone[EMAIL_SENDER_BYTES], sender_address[EMAIL_SENDER_BYTES];
};

/* `settings` does not move afterwards: it points into itself. Errors: CONFIGURATION, with a
 * sentence that names the variable. */
enum svc_status email_settings_read(const struct svc_environment *environment,
                                    struct email_settings *settings, struct svc_error *error);

#endif
