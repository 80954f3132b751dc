/* The mails that an event owes, made from what the platform has (webhook_contacts, webhook_items)
 * by the mail function's own producer, and put into the outbox. */
#ifndef WEBHOOK_MAIL_H
#define WEBHOOK_MAIL_H

#include <stdint.h>

#include "services/db/db.h"
#include "services/email/limits.h"
#include "services/email/schema.h"

#define WEBHOOK_MESSAGE_ID_BYTES (EMAIL_MAX_ID_BYTES + 1)

struct webhook_mail {
    enum email_template template_id; /* EMAIL_ORDER_CONFIRMATION, EMAIL_SHIPPING_NOTIFICATION */
    const char *order_id;
    int64_t total_won;           /* of the confirmation */
    const char *tracking_number; /* of the notification */
    const char *carrier;         /* of the notification */
};

enum webhook_mail_result {
    WEBHOOK_MAIL_OWED,        /* a row of the outbox */
    WEBHOOK_MAIL_OWED_BEFORE, /* the outbox has its id already */
    WEBHOOK_MAIL_NOT_MADE     /* no contact, or one that no mail can be made of */
};

struct webhook_mail_made {
    enum webhook_mail_result result;
    uint64_t outbox_id; /* OWED */
    const char *reason; /* NOT_MADE: a constant */
    char field[64];     /* NOT_MADE: of the mail's schema; "": none */
};

/* messageId: the same for the same order and effect, different for all others:
 * "order-ORDERID-paid", "order-ORDERID-shipped-TRACKING"; "order-sha256-HEX" where that is too long
 * or could be read in two ways. tracking_number NULL: of the confirmation. INTERNAL, NO_MEMORY. */
enum svc_status webhook_mail_id(const char *order_id, const char *tracking_number,
                                char out[WEBHOOK_MESSAGE_ID_BYTES]);

/* In the event's transaction: reads the contact, makes the mail, inserts it, claimed until
 * claimed_until_ms. A contact or lines of an order that no mail can be made of are no failure: the
 * confirmation goes without its lines, and without a usable name or address NOT_MADE is returned.
 * Errors: those of db_run, NO_MEMORY. */
enum svc_status webhook_mail_owe(struct db *db, const struct webhook_mail *mail, int64_t now_ms,
                                 int64_t claimed_until_ms, struct webhook_mail_made *made,
                                 struct db_error *error);

#endif
