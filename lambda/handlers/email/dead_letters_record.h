/* What the record of sent mails (services/email/record.h) states about a message. */
#ifndef EMAIL_DEAD_LETTERS_RECORD_H
#define EMAIL_DEAD_LETTERS_RECORD_H

#include <stdint.h>

#include "services/aws/client.h"
#include "services/aws/ses.h"

enum email_dead_state {
    EMAIL_DEAD_NO_TABLE, /* no table is named */
    EMAIL_DEAD_NO_ITEM,  /* nothing is recorded, or the item has expired */
    EMAIL_DEAD_CLAIMED,  /* nothing was sent */
    EMAIL_DEAD_SENDING,  /* it may have been sent */
    EMAIL_DEAD_SENT,
    EMAIL_DEAD_OTHER /* an item that this program does not know */
};

struct email_dead_record {
    enum email_dead_state state;
    int64_t until_ms;                       /* of CLAIMED and SENDING; 0: not stated */
    char ses_message_id[AWSC_SES_ID_BYTES]; /* of SENT */
};

/* table NULL: NO_TABLE. Errors: those of awsc_dynamodb_get but NOT_FOUND. */
enum svc_status email_dead_record_read(struct awsc_client *client, const char *table,
                                       const char *key, int64_t now_ms,
                                       struct email_dead_record *record, struct awsc_error *error);

#endif
