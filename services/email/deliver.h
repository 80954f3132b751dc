/* One message of the queue, from its bytes to SES: parsed, rendered, claimed in the record, held to
 * the rate, sent once. The caller decides what becomes of the queue's message by the outcome. */
#ifndef EMAIL_DELIVER_H
#define EMAIL_DELIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/aws/ses.h"
#include "services/base/clock.h"
#include "services/email/error.h"
#include "services/email/message.h"
#include "services/email/rate.h"
#include "services/email/record.h"
#include "services/email/view.h"

/* Borrowed, constant for the life of the function. */
struct email_mailer_settings {
    struct email_sender sender;
    const char *from;              /* a mailbox, encoded (email_put_mailbox) */
    const char *reply_to;          /* the same; NULL: none */
    const char *bcc;               /* an address; NULL: none. Never of a template without may_bcc */
    const char *configuration_set; /* NULL: none */
    const char *environment;       /* the tag "environment"; NULL: no such tag */
};

/* What a delivery leaves of its time: it begins to send only if MIN_SEND is left, to state SENDING
 * in the record first; the request to SES begins only if MIN_POST is left, and ends RESERVE before
 * the deadline, so that its outcome can be recorded. */
#define EMAIL_MIN_SEND_MS INT64_C(4000)
#define EMAIL_MIN_POST_MS INT64_C(3000)
#define EMAIL_RESERVE_MS  INT64_C(1000)

struct email_mailer {
    const struct email_mailer_settings *settings;
    struct awsc_client *client;
    const struct svc_clock *clock;
    struct email_record_table record;
    struct email_rate rate;
};

struct email_job {
    const void *body;
    size_t body_bytes;
    const char *queue_id;   /* the key where the message has no messageId of its own; the id that
                               the queue gave it first */
    int64_t queued_at_ms;   /* since 1970; -1: not stated */
    int64_t receive_count;  /* deliveries up to now, this one included; 0: not stated */
    bool overrides_unknown; /* a person decided that a message of unknown outcome is sent again */
    int64_t deadline_ms;    /* of the monotonic clock */
};

enum email_outcome {
    EMAIL_SENT,        /* SES accepted it */
    EMAIL_SENT_BEFORE, /* the record has it as sent: nothing was done */
    EMAIL_OUTDATED,    /* a PASSWORD_RESET whose link no longer works: not sent, nothing is left */
    EMAIL_REFUSED,     /* can never be sent: `reason`, `detail` */
    EMAIL_UNKNOWN,     /* it may have been sent; never repeated without a person's decision */
    EMAIL_RETRY,       /* not sent; may be in `retry_s` seconds or later */
    EMAIL_UNAVAILABLE  /* not sent, and no other message can be now: what all need fails (the
                          account may not send, a setting, a right, no time left); `retry_s` */
};

#define EMAIL_REASON_BYTES 48
/* What EMAIL_RETRY and EMAIL_UNAVAILABLE may ask to wait: SQS's queue is held by it. */
#define EMAIL_MAX_RETRY_S 600

struct email_delivery {
    enum email_outcome outcome;
    /* Which template and language; `has_template` false: the body did not name one. */
    bool has_template;
    enum email_template template_id;
    enum email_language language;
    /* Of all outcomes but SENT, SENT_BEFORE: a stable code (EMAIL_REASON_LIST's names, and
     * UNKNOWN_OUTCOME, ID_REUSED, SES_REJECTED, SES_RATE, SES_QUOTA, SES_NOT_VERIFIED,
     * SES_SUSPENDED, SES_PAUSED, SES_NO_CONFIGURATION_SET, IN_PROGRESS, NO_TIME, LINK_EXPIRED; else
     * the name of the AWS status), and a sentence without personal data. */
    char reason[EMAIL_REASON_BYTES];
    char detail[256];
    int retry_s;
    bool is_record_incomplete;              /* SENT, but the record still states SENDING */
    char key[EMAIL_MAX_KEY_BYTES + 1];      /* of the record (email_record_key); "": it has none */
    char ses_message_id[AWSC_SES_ID_BYTES]; /* of SENT */
    char to[EMAIL_ADDRESS_BYTES];           /* for hashing alone; never logged */
};

/* Sleeps while the rate asks for it, as long as the deadline allows. Allocates only what
 * email_message_parse, email_render and the AWS calls do, and frees it. */
void email_deliver(struct email_mailer *mailer, const struct email_job *job,
                   struct email_delivery *delivery);

/* The digest of a message's content: template, language, recipient and every field, not of its
 * JSON text. Hex, with its NUL. Errors: NO_MEMORY, INTERNAL. */
enum svc_status email_message_digest(const struct email_message *message,
                                     char out[EMAIL_DIGEST_BYTES]);

#endif
