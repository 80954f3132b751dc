/* What a message of the dead-letter queue states about itself, read from bytes that anyone who may
 * send to the queue can choose: all texts are printable ASCII, cut to their fields. */
#ifndef EMAIL_DEAD_LETTERS_VIEW_H
#define EMAIL_DEAD_LETTERS_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "services/aws/sqs.h"
#include "services/email/address.h"
#include "services/email/error.h"
#include "services/email/limits.h"
#include "services/email/record.h"

#define EMAIL_DEAD_NAME_BYTES 48

struct email_dead_view {
    char id[AWSC_SQS_ID_BYTES];            /* SQS's, in this queue */
    char first_id[EMAIL_MAX_ID_BYTES + 1]; /* that of its first queue: the record's key where the
                                              message has no messageId */
    char key[EMAIL_MAX_KEY_BYTES + 1];     /* of the record; "": it can have none */
    char reason[EMAIL_DEAD_NAME_BYTES];    /* EMAIL_REASON_MOVED: it has none */
    char detail[256];                      /* "": none */
    char template_name[EMAIL_DEAD_NAME_BYTES]; /* "": not known */
    char recipient[EMAIL_ADDRESS_BYTES];       /* all but its first letter and its domain masked */
    char source_queue[1025];                   /* ARN or URL; "": not stated */
    int64_t queued_at_ms;                      /* first; 0: not known */
    int64_t dead_since_ms; /* SQS's time of this copy; of one moved by SQS, that of its first */
    int64_t receives;      /* of this copy */
    bool is_accepted;      /* this program would take the message; else `refusal` */
    struct email_error refusal;
    bool is_outdated; /* a PASSWORD_RESET whose link no longer works */
};

void email_dead_view_read(const struct awsc_sqs_received_message *message, int64_t now_ms,
                          struct email_dead_view *view);
/* "40s", "12m", "5h", "3d"; "?" for a time that is not known. */
void email_dead_put_age(int64_t from_ms, int64_t now_ms, char out[24]);

#endif
