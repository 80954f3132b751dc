/* The digest of a message's content: see deliver.h. Every part is written with its length before
 * it, so that no two contents are the same bytes. What the schema calls the parts is hashed, not
 * where its tables have them: a digest stays the same when the schema grows. */
#include <string.h>

#include "services/base/crypto.h"
#include "services/base/text.h"
#include "services/email/deliver.h"

static void put_number(uint64_t number, uint8_t out[8]) {
    for (int i = 0; i < 8; i++) {
        out[i] = (uint8_t)(number >> (56 - 8 * i));
    }
}

static enum svc_status add_text(struct svc_hash *hash, const char *text) {
    uint8_t size[8];
    put_number(strlen(text), size);
    enum svc_status status = svc_hash_add(hash, size, sizeof(size));
    return status == SVC_OK ? svc_hash_add(hash, text, strlen(text)) : status;
}

static enum svc_status add_number(struct svc_hash *hash, int64_t number) {
    uint8_t bytes[8];
    put_number((uint64_t)number, bytes);
    return svc_hash_add(hash, bytes, sizeof(bytes));
}

static enum svc_status add_items(struct svc_hash *hash, const struct email_message *message) {
    enum svc_status status = add_number(hash, (int64_t)message->item_count);
    for (size_t i = 0; i < message->item_count && status == SVC_OK; i++) {
        const struct email_item *item = &message->items[i];
        status = add_text(hash, item->name);
        status = status == SVC_OK ? add_number(hash, item->quantity) : status;
        status = status == SVC_OK ? add_number(hash, item->price) : status;
    }
    return status;
}

static enum svc_status add_field(struct svc_hash *hash, const struct email_message *message,
                                 const struct email_field *field, const struct email_value *value) {
    enum svc_status status = add_text(hash, field->name);
    if (status != SVC_OK) {
        return status;
    }
    if (field->type == EMAIL_ITEM_LIST) {
        return add_items(hash, message);
    }
    return value->text != NULL ? add_text(hash, value->text) : add_number(hash, value->number);
}

static enum svc_status add_message(struct svc_hash *hash, const struct email_message *message) {
    const struct email_template_info *info = email_template_info(message->template_id);
    const char *const head[] = {"email-message-1", info->name,
                                email_language_name(message->language), message->to};
    enum svc_status status = SVC_OK;
    for (size_t i = 0; i < sizeof(head) / sizeof(head[0]) && status == SVC_OK; i++) {
        status = add_text(hash, head[i]);
    }
    for (size_t i = 0; i < info->field_count && status == SVC_OK; i++) {
        if (message->values[i].is_set) {
            status = add_field(hash, message, &info->fields[i], &message->values[i]);
        }
    }
    return status;
}

enum svc_status email_message_digest(const struct email_message *message,
                                     char out[EMAIL_DIGEST_BYTES]) {
    uint8_t digest[SVC_MAX_HASH_BYTES];
    size_t digest_bytes = 0;
    struct svc_hash *hash = NULL;
    out[0] = '\0';
    enum svc_status status = svc_hash_create(SVC_HASH_SHA256, &hash);
    if (status == SVC_OK) {
        status = add_message(hash, message);
    }
    if (status == SVC_OK) {
        status = svc_hash_finish(hash, digest, &digest_bytes);
    }
    svc_hash_destroy(hash);
    if (status == SVC_OK) {
        svc_hex(digest, digest_bytes, out);
    }
    return status;
}
