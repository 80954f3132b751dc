/* Making messages: see producer.h. */
#include <stdlib.h>
#include <string.h>

#include "services/base/clock.h"
#include "services/base/text.h"
#include "services/email/clean.h"
#include "services/email/producer.h"

/* What the end of a message takes: moreItems, and the fields that usually follow the items. */
#define RESERVED_BYTES ((size_t)16 * 1024)
#define MAX_CUT_BYTES  ((size_t)4 * 4000)

void email_message_begin(struct email_producer *producer, struct svc_buf *out,
                         enum email_template template_id, const char *to_email,
                         enum email_language language, const char *message_id) {
    *producer = (struct email_producer){.out = out, .template_id = template_id};
    producer->start_bytes = out->size_bytes;
    svc_json_writer_init(&producer->writer, out);
    svc_json_begin_object(&producer->writer);
    svc_json_add_text(&producer->writer, "template", email_template_info(template_id)->name);
    svc_json_add_text(&producer->writer, "toEmail", to_email);
    svc_json_add_text(&producer->writer, "language", email_language_name(language));
    if (message_id != NULL && *message_id != '\0') {
        svc_json_add_text(&producer->writer, "messageId", message_id);
    }
    svc_json_name(&producer->writer, "data");
    svc_json_begin_object(&producer->writer);
}

static void end_items(struct email_producer *producer) {
    if (producer->in_items) {
        svc_json_end_array(&producer->writer);
        producer->in_items = false;
    }
}

/* The field to put; NULL, and a fault remembered, if the template has none of that name and kind.*/
static const struct email_field *field_to_put(struct email_producer *producer, const char *name,
                                              bool is_number) {
    const struct email_template_info *info = email_template_info(producer->template_id);
    int index = email_field_find(info, name);
    if (producer->error.status != SVC_OK) {
        return NULL;
    }
    if (index < 0 || info->fields[index].type == EMAIL_ITEM_LIST ||
        email_type_is_number(info->fields[index].type) != is_number) {
        email_refuse(&producer->error, EMAIL_REASON_INTERNAL, name, "is not such a field of %s",
                     info->name);
        return NULL;
    }
    end_items(producer);
    return &info->fields[index];
}

void email_message_put_text(struct email_producer *producer, const char *name, const char *text) {
    if (field_to_put(producer, name, false) == NULL || text == NULL) {
        return;
    }
    if (!svc_utf8_valid((const uint8_t *)text, strlen(text))) {
        email_refuse(&producer->error, EMAIL_REASON_BAD_FIELD, name, "is not UTF-8");
        return;
    }
    svc_json_add_text(&producer->writer, name, text);
}

/* Writes a text of at most `max_characters` as a JSON string. */
static void put_cut(struct email_producer *producer, const char *text, size_t max_characters) {
    static const char ellipsis[] = "\u2026", replacement[] = "\ufffd";
    struct svc_buf cut;
    size_t size = strlen(text), characters = 0, before_last = 0, at = 0;
    svc_buf_init(&cut, MAX_CUT_BYTES);
    while (at < size && characters < max_characters) {
        size_t length = svc_utf8_length((const uint8_t *)text + at, size - at);
        before_last = cut.size_bytes;
        if (length == 0) {
            svc_buf_append_text(&cut, replacement);
        } else {
            svc_buf_append(&cut, text + at, length);
        }
        at += length == 0 ? 1 : length;
        characters++;
    }
    if (at < size && svc_buf_status(&cut) == SVC_OK) {
        cut.size_bytes = before_last;
        svc_buf_append_text(&cut, ellipsis);
    }
    if (svc_buf_status(&cut) == SVC_OK) {
        svc_json_put_bytes(&producer->writer, svc_buf_text(&cut), cut.size_bytes);
    } else {
        email_refuse_output(&producer->error, svc_buf_status(&cut), "a text");
    }
    svc_buf_clear(&cut);
}

void email_message_put_text_cut(struct email_producer *producer, const char *name,
                                const char *text) {
    const struct email_field *field = field_to_put(producer, name, false);
    if (field == NULL || text == NULL) {
        return;
    }
    if (field->type == EMAIL_URL) {
        email_refuse(&producer->error, EMAIL_REASON_INTERNAL, name,
                     "is a URL, which cannot be cut");
        return;
    }
    svc_json_name(&producer->writer, name);
    put_cut(producer, text, (size_t)field->high);
}

void email_message_put_number(struct email_producer *producer, const char *name, int64_t number) {
    if (field_to_put(producer, name, true) != NULL) {
        svc_json_add_int(&producer->writer, name, number);
    }
}

void email_message_put_date(struct email_producer *producer, const char *name, int64_t wall_ms) {
    char text[SVC_ISO8601_BYTES];
    const struct email_field *field = field_to_put(producer, name, true);
    if (field == NULL) {
        return;
    }
    if (field->type != EMAIL_DATE) {
        email_refuse(&producer->error, EMAIL_REASON_INTERNAL, name, "is not a date");
        return;
    }
    svc_format_iso8601(wall_ms, text);
    svc_json_add_text(&producer->writer, name, text);
}

void email_message_put_item(struct email_producer *producer, const char *name, int64_t quantity,
                            int64_t price) {
    const struct email_template_info *info = email_template_info(producer->template_id);
    if (producer->error.status != SVC_OK) {
        return;
    }
    if (email_field_find(info, "items") < 0 || (producer->had_items && !producer->in_items)) {
        email_refuse(&producer->error, EMAIL_REASON_INTERNAL, "items",
                     "are put all at once, where the template has them");
        return;
    }
    size_t used = producer->out->size_bytes - producer->start_bytes;
    /* Escapes take up to six bytes for one, and the rest of the item 80. */
    size_t item_bytes = 6 * 4 * (size_t)email_item_fields[EMAIL_ITEM_NAME].high + 80;
    if (producer->items >= EMAIL_MAX_ITEMS ||
        used + item_bytes + RESERVED_BYTES > EMAIL_MAX_MESSAGE_BYTES) {
        producer->left_out++;
        return;
    }
    if (!producer->had_items) {
        svc_json_name(&producer->writer, "items");
        svc_json_begin_array(&producer->writer);
        producer->had_items = producer->in_items = true;
    }
    svc_json_begin_object(&producer->writer);
    svc_json_name(&producer->writer, "name");
    put_cut(producer, name == NULL ? "" : name, (size_t)email_item_fields[EMAIL_ITEM_NAME].high);
    svc_json_add_int(&producer->writer, "quantity", quantity);
    svc_json_add_int(&producer->writer, "price", price);
    svc_json_end_object(&producer->writer);
    producer->items++;
}

static enum svc_status complete(struct email_producer *producer) {
    struct email_message message;
    end_items(producer);
    if (producer->left_out > 0) {
        svc_json_add_int(&producer->writer, "moreItems", producer->left_out);
    }
    svc_json_end_object(&producer->writer);
    svc_json_end_object(&producer->writer);
    if (producer->error.status != SVC_OK) {
        return producer->error.status;
    }
    enum svc_status status = svc_json_writer_status(&producer->writer);
    if (status != SVC_OK) {
        return email_refuse_output(&producer->error, status, "the message");
    }
    status = email_message_parse(producer->out->bytes + producer->start_bytes,
                                 producer->out->size_bytes - producer->start_bytes, &message,
                                 &producer->error);
    email_message_clear(&message);
    return status;
}

/* SQS refuses U+FFFE and U+FFFF, which UTF-8 allows: they become U+FFFD, of the same size. */
static void replace_noncharacters(struct svc_buf *out, size_t start_bytes) {
    for (size_t i = start_bytes; i + 2 < out->size_bytes; i++) {
        if (out->bytes[i] == 0xef && out->bytes[i + 1] == 0xbf && out->bytes[i + 2] > 0xbd) {
            out->bytes[i + 2] = 0xbd;
        }
    }
}

enum svc_status email_message_finish(struct email_producer *producer, struct email_error *error) {
    enum svc_status status = complete(producer);
    if (status == SVC_OK) {
        replace_noncharacters(producer->out, producer->start_bytes);
    } else {
        /* What stood before is kept, and a full buffer can be used again. */
        producer->out->size_bytes = producer->start_bytes;
        producer->out->status = SVC_OK;
        if (producer->out->bytes != NULL) {
            producer->out->bytes[producer->start_bytes] = '\0';
        }
    }
    if (error != NULL) {
        *error = producer->error;
    }
    return status;
}
