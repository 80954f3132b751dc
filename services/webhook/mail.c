/* See mail.h. */
#include "services/webhook/mail.h"

#include <stdio.h>
#include <string.h>

#include "services/base/crypto.h"
#include "services/base/text.h"
#include "services/email/producer.h"
#include "services/webhook/limits.h"
#include "services/webhook/store_rows.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---------------------------------------------------------------------- the id */

#define SHIPPED "shipped"

/* With "shipped" in it once, or not at all, an id can be read in one way only. */
static bool is_plain(const char *text) {
    return strstr(text, SHIPPED) == NULL;
}

enum svc_status webhook_mail_id(const char *order_id, const char *tracking_number,
                                char out[WEBHOOK_MESSAGE_ID_BYTES]) {
    const char *number = tracking_number != NULL ? tracking_number : "";
    int size = -1;
    if (is_plain(order_id) && is_plain(number)) {
        size = tracking_number == NULL
                   ? snprintf(out, WEBHOOK_MESSAGE_ID_BYTES, "order-%s-paid", order_id)
                   : snprintf(out, WEBHOOK_MESSAGE_ID_BYTES, "order-%s-" SHIPPED "-%s", order_id,
                              number);
    }
    if (size >= 0 && (size_t)size < WEBHOOK_MESSAGE_ID_BYTES) {
        return SVC_OK;
    }
    /* Ids have no blank. */
    char text[WEBHOOK_MAX_ORDER_ID_BYTES + WEBHOOK_MAX_ID_BYTES + 16];
    char hex[SVC_SHA256_HEX_BYTES];
    size = snprintf(text, sizeof(text), "%s %s %s", order_id,
                    tracking_number == NULL ? "paid" : SHIPPED, number);
    if (size < 0 || (size_t)size >= sizeof(text)) {
        return SVC_INTERNAL;
    }
    const enum svc_status status = svc_sha256_hex(text, (size_t)size, hex);
    if (status == SVC_OK) {
        snprintf(out, WEBHOOK_MESSAGE_ID_BYTES, "order-sha256-%s", hex);
    }
    return status;
}

/* ---------------------------------------------------------------------- the message */

enum { EMAIL, NAME, LANGUAGE, CONTACT_COLUMNS, ITEM = CONTACT_COLUMNS, QUANTITY, PRICE };

#define CONTACT_COLUMN_LIST                                                                        \
    [EMAIL] = {.type = DB_TEXT, .nullable = true, .max_bytes = 4096},                              \
    [NAME] = {.type = DB_TEXT, .nullable = true, .max_bytes = 16384},                              \
    [LANGUAGE] = {.type = DB_TEXT, .nullable = true, .max_bytes = 256}

static const struct db_column contact_columns[] = {CONTACT_COLUMN_LIST};
static const struct db_column item_columns[] = {
    CONTACT_COLUMN_LIST, [ITEM] = {.type = DB_TEXT, .nullable = true, .max_bytes = 65536},
    [QUANTITY] = {.type = DB_DECIMAL, .nullable = true},
    [PRICE] = {.type = DB_DECIMAL, .nullable = true}};

static const struct db_statement contact_statement = {
    "SELECT c.email, c.name, c.language FROM webhook_contacts c WHERE c.order_id = ?",
    contact_columns, COUNT(contact_columns)};
/* One statement for both: the contact comes with every line. */
static const struct db_statement items_statement = {
    "SELECT c.email, c.name, c.language, i.name, i.quantity, i.price_won FROM webhook_contacts c "
    "LEFT JOIN webhook_items i ON i.order_id = ? WHERE c.order_id = ? ORDER BY i.position",
    item_columns, COUNT(item_columns)};

struct making {
    const struct webhook_mail *mail;
    const char *message_id;
    bool with_items;
    struct email_producer producer;
    struct svc_buf *body;
    bool is_begun;   /* there is a contact */
    bool is_partial; /* a line lacks its quantity or price */
};

static const char *text_of(const struct db_value *value) {
    return value->type == DB_NULL ? "" : value->bytes;
}

static void begin(struct making *making, const struct db_value *row) {
    const struct webhook_mail *mail = making->mail;
    enum email_language language = EMAIL_KO;
    (void)email_language_find(text_of(&row[LANGUAGE]), &language);
    making->is_begun = true;
    email_message_begin(&making->producer, making->body, mail->template_id, text_of(&row[EMAIL]),
                        language, making->message_id);
    email_message_put_text_cut(&making->producer, "customerName", text_of(&row[NAME]));
    if (mail->template_id == EMAIL_ORDER_CONFIRMATION) {
        email_message_put_text(&making->producer, "orderNumber", mail->order_id);
    } else {
        email_message_put_text(&making->producer, "carrier", mail->carrier);
        email_message_put_text(&making->producer, "trackingNumber", mail->tracking_number);
    }
}

static bool take_row(void *user, const struct db_value *row) {
    struct making *making = user;
    if (!making->is_begun) {
        begin(making, row);
    }
    if (!making->with_items) {
        return false; /* one contact is enough */
    }
    if (row[ITEM].type != DB_NULL) {
        making->is_partial |= row[QUANTITY].type == DB_NULL || row[PRICE].type == DB_NULL;
        email_message_put_item(&making->producer, row[ITEM].bytes, row[QUANTITY].integer,
                               row[PRICE].integer);
    }
    return true;
}

static void refuse(struct webhook_mail_made *made, const char *reason, const char *field) {
    made->result = WEBHOOK_MAIL_NOT_MADE;
    made->reason = reason;
    svc_copy_text(made->field, sizeof(made->field), field);
}

/* Makes the body; made->result is NOT_MADE if that cannot be. The statement's own failures are
 * returned, but for data that is not as a mail needs it. */
static enum svc_status make(struct db *db, struct making *making, struct webhook_mail_made *made,
                            struct db_error *error) {
    const struct db_value id = db_text(making->mail->order_id);
    const struct db_value values[] = {id, id};
    const struct db_query query = {making->with_items ? &items_statement : &contact_statement,
                                   values, making->with_items ? 2 : 1, take_row, making};
    struct email_error refusal = {0};
    making->is_begun = making->is_partial = false;
    made->result = WEBHOOK_MAIL_OWED;
    svc_buf_reset(making->body);
    enum svc_status status = db_run(db, &query, NULL, error);
    if (status != SVC_OK) {
        if (error->fault != DB_FAULT_RESULT) {
            return status;
        }
        db_error_clear(error);
        refuse(made, "CONTACT_NOT_READABLE", "");
        return SVC_OK;
    }
    if (!making->is_begun) {
        refuse(made, "NO_CONTACT", "");
        return SVC_OK;
    }
    if (making->mail->template_id == EMAIL_ORDER_CONFIRMATION) {
        email_message_put_number(&making->producer, "totalAmount", making->mail->total_won);
    }
    status = email_message_finish(&making->producer, &refusal);
    if (status == SVC_NO_MEMORY) {
        return db_fail(error, SVC_NO_MEMORY, DB_FAULT_OTHER, "no memory for a mail");
    }
    if (status != SVC_OK || making->is_partial) {
        refuse(made, status != SVC_OK ? email_reason_name(refusal.reason) : "MISSING_FIELD",
               refusal.field);
    }
    return SVC_OK;
}

/* ---------------------------------------------------------------------- the outbox */

static enum svc_status insert(struct db *db, const struct making *making, int64_t now_ms,
                              int64_t claimed_until_ms, struct webhook_mail_made *made,
                              struct db_error *error) {
    static const struct db_statement statement = {
        .sql = "INSERT INTO outbox (message_id, order_id, body, created_at, claimed_until) "
               "VALUES (?, ?, ?, ?, ?)"};
    const struct db_value values[] = {
        db_text(making->message_id), db_text(making->mail->order_id),
        db_text_of(svc_buf_text(making->body), making->body->size_bytes), webhook_db_ms(now_ms),
        webhook_db_ms(claimed_until_ms)};
    const struct db_query query = {
        .statement = &statement, .values = values, .value_count = COUNT(values)};
    struct db_result result = {0};
    enum svc_status status = db_run(db, &query, &result, error);
    if (status != SVC_OK && error->fault == DB_FAULT_DUPLICATE_KEY) {
        db_error_clear(error);
        made->result = WEBHOOK_MAIL_OWED_BEFORE;
        return SVC_OK;
    }
    made->outbox_id = result.last_insert_id;
    return status;
}

enum svc_status webhook_mail_owe(struct db *db, const struct webhook_mail *mail, int64_t now_ms,
                                 int64_t claimed_until_ms, struct webhook_mail_made *made,
                                 struct db_error *error) {
    char message_id[WEBHOOK_MESSAGE_ID_BYTES];
    struct svc_buf body;
    struct making making = {.mail = mail, .message_id = message_id, .body = &body};
    const bool is_confirmation = mail->template_id == EMAIL_ORDER_CONFIRMATION;
    *made = (struct webhook_mail_made){0};
    enum svc_status status =
        webhook_mail_id(mail->order_id, is_confirmation ? NULL : mail->tracking_number, message_id);
    if (status != SVC_OK) {
        return db_fail(error, status, DB_FAULT_OTHER, "no id of a mail can be made");
    }
    svc_buf_init(&body, EMAIL_MAX_MESSAGE_BYTES);
    making.with_items = is_confirmation;
    status = make(db, &making, made, error);
    if (status == SVC_OK && made->result == WEBHOOK_MAIL_NOT_MADE && making.with_items) {
        making.with_items = false;
        status = make(db, &making, made, error);
    }
    if (status == SVC_OK && made->result == WEBHOOK_MAIL_OWED) {
        status = insert(db, &making, now_ms, claimed_until_ms, made, error);
    }
    svc_buf_wipe(&body);
    return status;
}
