/* The data of templates: see view.h. */
#include <string.h>

#include "services/email/value.h"
#include "services/email/view.h"

/* Kinds of values; value.number is the kind and an index, value.pointer a text of TEXT alone. */
enum kind {
    ROOT,
    SENDER,
    TEXT,
    YEAR,
    FIELD,
    ITEM,
    ITEM_NAME,
    ITEM_QUANTITY,
    ITEM_PRICE,
    ITEM_AMOUNT
};

static struct email_mustache_value make(enum kind kind, size_t index) {
    return (struct email_mustache_value){NULL, (int64_t)(((uint64_t)kind << 32) | index)};
}

static struct email_mustache_value make_text(const char *text) {
    struct email_mustache_value value = make(TEXT, 0);
    value.pointer = text != NULL ? text : "";
    return value;
}

static enum kind kind_of(struct email_mustache_value value) {
    return (enum kind)((uint64_t)value.number >> 32);
}

static size_t index_of(struct email_mustache_value value) {
    return (size_t)((uint64_t)value.number & UINT32_MAX);
}

static bool is_name(const char *name, size_t name_bytes, const char *expected) {
    return strlen(expected) == name_bytes && memcmp(name, expected, name_bytes) == 0;
}

/* ---------------------------------------------------------------------- names */

static const struct {
    const char *name;
    enum kind kind;
    enum email_type type;
} item_names[] = {{"name", ITEM_NAME, EMAIL_TEXT},
                  {"quantity", ITEM_QUANTITY, EMAIL_COUNT},
                  {"price", ITEM_PRICE, EMAIL_MONEY},
                  {"amount", ITEM_AMOUNT, EMAIL_MONEY}};
#define ITEM_NAMES (sizeof(item_names) / sizeof(item_names[0]))

static const char *const sender_names[] = {"name", "email", "phone", "address"};
#define SENDER_NAMES (sizeof(sender_names) / sizeof(sender_names[0]))

static const char *sender_text(const struct email_sender *sender, size_t index) {
    const char *const texts[SENDER_NAMES] = {sender->name, sender->email, sender->phone,
                                             sender->address};
    return texts[index];
}

bool email_view_name(const struct email_template_info *info, const char *name, bool in_items,
                     struct email_view_name *found) {
    *found = (struct email_view_name){EMAIL_TEXT, false, false};
    for (size_t i = 0; i < ITEM_NAMES && in_items; i++) {
        if (strcmp(item_names[i].name, name) == 0) {
            found->type = item_names[i].type;
            return true;
        }
    }
    int index = email_field_find(info, name);
    if (index >= 0) {
        found->type = info->fields[index].type;
        found->is_optional = !info->fields[index].is_required;
        return true;
    }
    for (size_t i = 0; i < SENDER_NAMES; i++) {
        if (strncmp(name, "sender.", 7) == 0 && strcmp(name + 7, sender_names[i]) == 0) {
            found->is_optional = !info->is_promotional;
            return true;
        }
    }
    found->is_object = strcmp(name, "sender") == 0;
    found->is_optional = found->is_object;
    return found->is_object || strcmp(name, "toEmail") == 0 || strcmp(name, "language") == 0 ||
           strcmp(name, "year") == 0;
}

/* ---------------------------------------------------------------------- data */

static bool get_root(const struct email_view *view, const char *name, size_t name_bytes,
                     struct email_mustache_value *found) {
    const struct email_template_info *info = email_template_info(view->message->template_id);
    for (size_t i = 0; i < info->field_count; i++) {
        if (is_name(name, name_bytes, info->fields[i].name)) {
            *found = make(FIELD, i);
            return true;
        }
    }
    if (is_name(name, name_bytes, "sender")) {
        *found = make(SENDER, 0);
    } else if (is_name(name, name_bytes, "year")) {
        *found = make(YEAR, 0);
    } else if (is_name(name, name_bytes, "toEmail")) {
        *found = make_text(view->message->to);
    } else if (is_name(name, name_bytes, "language")) {
        *found = make_text(email_language_name(view->message->language));
    } else {
        return false;
    }
    return true;
}

static bool get(void *user, struct email_mustache_value from, const char *name, size_t name_bytes,
                struct email_mustache_value *found) {
    const struct email_view *view = user;
    switch (kind_of(from)) {
    case ROOT:
        return get_root(view, name, name_bytes, found);
    case SENDER:
        for (size_t i = 0; i < SENDER_NAMES; i++) {
            if (is_name(name, name_bytes, sender_names[i])) {
                *found = make_text(sender_text(view->sender, i));
                return true;
            }
        }
        return false;
    case ITEM:
        for (size_t i = 0; i < ITEM_NAMES; i++) {
            if (is_name(name, name_bytes, item_names[i].name)) {
                *found = make(item_names[i].kind, index_of(from));
                return true;
            }
        }
        return false;
    default:
        return false;
    }
}

static enum email_mustache_truth as_truth(bool is_true) {
    return is_true ? EMAIL_MUSTACHE_TRUE : EMAIL_MUSTACHE_FALSE;
}

static enum email_mustache_truth truth(void *user, struct email_mustache_value value,
                                       size_t *count) {
    const struct email_view *view = user;
    const struct email_template_info *info = email_template_info(view->message->template_id);
    bool has_sender = false;
    switch (kind_of(value)) {
    case TEXT:
        return as_truth(*(const char *)value.pointer != '\0');
    case SENDER:
        for (size_t i = 0; i < SENDER_NAMES; i++) {
            const char *text = sender_text(view->sender, i);
            has_sender = has_sender || (text != NULL && *text != '\0');
        }
        return as_truth(has_sender);
    case FIELD:
        if (info->fields[index_of(value)].type == EMAIL_ITEM_LIST) {
            *count = view->message->item_count;
            return *count > 0 ? EMAIL_MUSTACHE_LIST : EMAIL_MUSTACHE_FALSE;
        }
        return as_truth(view->message->values[index_of(value)].is_set);
    default:
        return EMAIL_MUSTACHE_TRUE;
    }
}

static struct email_mustache_value at(void *user, struct email_mustache_value list, size_t index) {
    (void)user, (void)list; /* there is but one list */
    return make(ITEM, index);
}

/* Numbers have no character that any place escapes but a blank and a percent sign. */
static bool put_number(const struct email_view *view, enum email_type type, int64_t number,
                       enum email_escape escape, struct svc_buf *out) {
    if (escape != EMAIL_ESCAPE_URL_PART) {
        return email_put_number(type, number, view->message->language, out);
    }
    return svc_buf_printf(out, "%lld", (long long)number);
}

static bool write_item(const struct email_view *view, struct email_mustache_value value,
                       enum email_escape escape, struct svc_buf *out) {
    const struct email_item *item = &view->message->items[index_of(value)];
    switch (kind_of(value)) {
    case ITEM_NAME:
        return email_put_escaped(item->name, strlen(item->name), escape, out);
    case ITEM_QUANTITY:
        return put_number(view, EMAIL_COUNT, item->quantity, escape, out);
    case ITEM_PRICE:
        return put_number(view, EMAIL_MONEY, item->price, escape, out);
    default:
        return put_number(view, EMAIL_MONEY, item->price * item->quantity, escape, out);
    }
}

static bool write(void *user, struct email_mustache_value value, enum email_escape escape,
                  struct svc_buf *out) {
    const struct email_view *view = user;
    const struct email_template_info *info = email_template_info(view->message->template_id);
    const struct email_value *field = &view->message->values[0];
    switch (kind_of(value)) {
    case TEXT:
        return email_put_escaped(value.pointer, strlen(value.pointer), escape, out);
    case YEAR:
        return svc_buf_printf(out, "%d", view->year);
    case FIELD:
        field += index_of(value);
        if (!field->is_set) {
            return true;
        }
        return field->text != NULL
                   ? email_put_escaped(field->text, strlen(field->text), escape, out)
                   : put_number(view, info->fields[index_of(value)].type, field->number, escape,
                                out);
    case ITEM_NAME:
    case ITEM_QUANTITY:
    case ITEM_PRICE:
    case ITEM_AMOUNT:
        return write_item(view, value, escape, out);
    default:
        return true; /* objects have no text */
    }
}

struct email_mustache_data email_view_data(const struct email_view *view) {
    return (struct email_mustache_data){.user = (void *)(uintptr_t)view,
                                        .root = make(ROOT, 0),
                                        .get = get,
                                        .truth = truth,
                                        .at = at,
                                        .write = write,
                                        .partial = NULL};
}
