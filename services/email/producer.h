/* Making a message for the queue through the schema: what the sender would refuse is refused here.
 *
 *   struct svc_buf body;
 *   struct email_producer producer;
 *   svc_buf_init(&body, EMAIL_MAX_MESSAGE_BYTES);
 *   email_message_begin(&producer, &body, EMAIL_ORDER_CONFIRMATION, to, EMAIL_KO, "order-17-paid");
 *   email_message_put_text(&producer, "customerName", name);
 *   email_message_put_text(&producer, "orderNumber", number);
 *   email_message_put_item(&producer, "cap", 2, 15000);
 *   email_message_put_number(&producer, "totalAmount", 30000);
 *   status = email_message_finish(&producer, &error); // OK: body holds the JSON
 */
#ifndef EMAIL_PRODUCER_H
#define EMAIL_PRODUCER_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/json.h"
#include "services/email/message.h"

struct email_producer {
    struct svc_json_writer writer;
    struct svc_buf *out;
    size_t start_bytes; /* what stood in `out` before */
    enum email_template template_id;
    struct email_error error; /* the first fault */
    int64_t items, left_out;
    bool in_items, had_items;
};

/* `out` is borrowed until finish; what it holds already stays in front. message_id NULL or "":
 * none, which leaves the SQS message id to tell messages apart by; better to give one that
 * names the event and is the same when the event is repeated. */
void email_message_begin(struct email_producer *producer, struct svc_buf *out,
                         enum email_template template_id, const char *to_email,
                         enum email_language language, const char *message_id);

/* Fields of any order, each once. A name that the template does not have, or one of another type,
 * is remembered as INTERNAL. text NULL: the field is left out. */
void email_message_put_text(struct email_producer *producer, const char *name, const char *text);
/* The same for names from databases that may be too long for a mail: cut to the field's length,
 * with an ellipsis at its end; control characters and bytes that are not UTF-8 do no harm. */
void email_message_put_text_cut(struct email_producer *producer, const char *name,
                                const char *text);
/* MONEY, COUNT, PERCENT, MINUTES. */
void email_message_put_number(struct email_producer *producer, const char *name, int64_t number);
/* DATE: a moment in ms since 1970. */
void email_message_put_date(struct email_producer *producer, const char *name, int64_t wall_ms);
/* A line of the order, its name cut like the above; all of them one after the other. Those after
 * the first EMAIL_MAX_ITEMS, and those that do not fit into the rest of `out`, are counted as
 * moreItems instead of listed. */
void email_message_put_item(struct email_producer *producer, const char *name, int64_t quantity,
                            int64_t price);

/* Completes the JSON and parses it as the sender does; what SQS takes in no message (U+FFFE,
 * U+FFFF) is U+FFFD then. On failure `out` is as before begin, and `error` (NULL is allowed) names
 * the field. */
enum svc_status email_message_finish(struct email_producer *producer, struct email_error *error);

#endif
