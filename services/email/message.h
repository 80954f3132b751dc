/* A message of the queue:
 * {"template":...,"toEmail":...,"language":...,"messageId":...,"data":{...}}, parsed against the
 * schema into a typed struct. Fields that the schema does not have are ignored; null counts as
 * absent, and so does an empty optional text. */
#ifndef EMAIL_MESSAGE_H
#define EMAIL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/json.h"
#include "services/email/address.h"
#include "services/email/error.h"
#include "services/email/limits.h"
#include "services/email/schema.h"

struct email_value {
    bool is_set;
    const char *text; /* of texts (cleaned, clean.h) and URLs (url.h): UTF-8; else NULL */
    int64_t number;   /* of the other types; of a DATE ms since 1970 */
};

struct email_item {
    const char *name;
    int64_t quantity, price; /* price of one piece */
};

struct email_message {
    enum email_template template_id;
    enum email_language language;    /* default EMAIL_KO */
    char to[EMAIL_ADDRESS_BYTES];    /* with its domain in ASCII */
    char id[EMAIL_MAX_ID_BYTES + 1]; /* messageId: printable ASCII without blanks; "": none given */
    struct email_value values[EMAIL_MAX_FIELDS]; /* by the index of the template's fields */
    struct email_item *items;
    size_t item_count;
    char *texts; /* what the pointers above point into */
    size_t texts_used, texts_bytes;
};

/* The message in `bytes`. On failure `message` is empty, and `error` (NULL is allowed) holds the
 * first reason, in the order template, toEmail, language, messageId, then the template's fields.
 * Memory: the parsed JSON while it runs (limits.h), then at most size_bytes + 5 KiB + 2.4 KiB.
 * Errors: MALFORMED, TOO_LARGE, NO_MEMORY; the reason says more. */
enum svc_status email_message_parse(const void *bytes, size_t size_bytes,
                                    struct email_message *message, struct email_error *error);
/* The same for a document that is parsed already, of which nothing is kept; `size_bytes`: of its
 * text. */
enum svc_status email_message_read(const struct svc_json *document, size_t size_bytes,
                                   struct email_message *message, struct email_error *error);
/* Frees. A zeroed message may be cleared too. */
void email_message_clear(struct email_message *message);

/* The value of a field by its name; NULL: the template has no such field, or it is not set. */
const struct email_value *email_message_value(const struct email_message *message,
                                              const char *name);

/* Whether a text has more than EMAIL_MAX_MESSAGE_CONTAINERS objects and lists, or
 * EMAIL_MAX_MESSAGE_VALUES values: parsed, it would take too much memory. */
bool email_has_too_many_values(const char *text, size_t size_bytes);

/* Whether a PASSWORD_RESET comes too late: its link has stopped working, `expiresIn` after the
 * message was queued. Such a mail is not sent. false for all other templates. */
bool email_message_expired(const struct email_message *message, int64_t queued_at_ms,
                           int64_t now_ms);

#endif
