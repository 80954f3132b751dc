/* Messages of the mail queue: refused with a reason, or a message that keeps the schema's rules by
 * checks of this file; rendered, its parts have the elements, attributes and lines of the same
 * message with harmless values. The last byte of the input chooses the sender and the language. */
#include "fuzz/support/fuzz.h"
#include "fuzz/support/html.h"
#include "services/email/render.h"

#include <string.h>

/* 2026-09-01T00:00:00Z */
#define NOW_MS INT64_C(1788220800000)

/* ---------------------------------------------------------------------- the schema's rules */

static bool is_line(const char *text, bool may_break) {
    for (; *text; text++)
        if (((unsigned char)*text < ' ' && !(may_break && *text == '\n')) || *text == 0x7f)
            return false;
    return true;
}

static size_t count_characters(const char *text) {
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static void check_url(const char *url, size_t max_bytes) {
    FUZZ_CHECK(!strncmp(url, "https://", 8) && url[8] && strlen(url) <= max_bytes, "%s", url);
    for (const char *at = url; *at; at++)
        FUZZ_CHECK(*at > ' ' && *at < 0x7f && !strchr("\"<>\\^`{|}", *at), "0x%02x in \"%s\"",
                   (unsigned char)*at, url);
    const size_t host_bytes = strcspn(url + 8, "/");
    FUZZ_CHECK(!memchr(url + 8, '@', host_bytes) && memchr(url + 8, '.', host_bytes),
               "the host of %s", url);
}

static void check_text(const struct email_field *field, const char *text) {
    FUZZ_CHECK(is_line(text, field->type == EMAIL_LINES), "a control character in %s", field->name);
    FUZZ_CHECK(count_characters(text) <= (size_t)field->high && *text, "the length of %s",
               field->name);
    FUZZ_CHECK(text[0] != ' ' && text[strlen(text) - 1] != ' ', "blanks around %s", field->name);
    FUZZ_CHECK(field->type != EMAIL_SUBJECT || !strstr(text, "(광고)"), "a mark in the subject");
    FUZZ_CHECK(!strstr(text, "\xe2\x80\xae"), "a mark of direction in %s", field->name);
}

static void check_number(const struct email_field *field, int64_t number) {
    if (field->type != EMAIL_DATE)
        FUZZ_CHECK(number >= field->low && number <= field->high, "%s is %lld", field->name,
                   (long long)number);
}

static void check_message(const struct email_message *message) {
    const char *at = strchr(message->to, '@');
    FUZZ_CHECK(at && at != message->to && !strchr(at + 1, '@') && strchr(at, '.'), "to %s",
               message->to);
    FUZZ_CHECK(is_line(message->to, false) && !message->to[strcspn(message->to, " ,;<>()\"\\:")],
               "to %s", message->to);
    FUZZ_CHECK(is_line(message->id, false) && !strchr(message->id, ' '), "id %s", message->id);
    const struct email_template_info *info = email_template_info(message->template_id);
    for (size_t i = 0; i < info->field_count; i++) {
        const struct email_field *field = &info->fields[i];
        const struct email_value *value = &message->values[i];
        FUZZ_CHECK(value->is_set || !field->is_required, "%s is missing", field->name);
        if (!value->is_set)
            continue;
        if (email_type_is_text(field->type))
            check_text(field, value->text);
        else if (field->type == EMAIL_URL)
            check_url(value->text, (size_t)field->high);
        else if (email_type_is_number(field->type))
            check_number(field, value->number);
    }
    FUZZ_CHECK(message->item_count <= EMAIL_MAX_ITEMS, "%zu items", message->item_count);
    for (size_t i = 0; i < message->item_count; i++) {
        check_text(&email_item_fields[EMAIL_ITEM_NAME], message->items[i].name);
        check_number(&email_item_fields[EMAIL_ITEM_QUANTITY], message->items[i].quantity);
        check_number(&email_item_fields[EMAIL_ITEM_PRICE], message->items[i].price);
    }
}

/* ---------------------------------------------------------------------- the parts of a mail */

/* An 'x' for every byte but line breaks; the start of a URL stays. */
static void make_harmless(const char *text) {
    char *at = (char *)(uintptr_t)text; /* of message->texts, which is the message's own */
    at += strncmp(at, "https://", 8) ? 0 : 8;
    for (; *at; at++)
        if (*at != '\n')
            *at = 'x';
}

static void make_message_harmless(struct email_message *message) {
    const struct email_template_info *info = email_template_info(message->template_id);
    for (size_t i = 0; i < info->field_count; i++)
        if (message->values[i].is_set && message->values[i].text)
            make_harmless(message->values[i].text);
    for (size_t i = 0; i < message->item_count; i++)
        make_harmless(message->items[i].name);
    const size_t local_bytes = strcspn(message->to, "@");
    memset(message->to, 'x', local_bytes);
}

static void check_lines(const struct svc_buf *hostile, const struct svc_buf *harmless) {
    FUZZ_CHECK(hostile->size_bytes == harmless->size_bytes, "%zu bytes of text, not %zu",
               hostile->size_bytes, harmless->size_bytes);
    for (size_t i = 0; i < hostile->size_bytes; i++) {
        const uint8_t c = hostile->bytes[i], expected = harmless->bytes[i];
        FUZZ_CHECK(expected == 'x' ? c >= ' ' && c != 0x7f : c == expected,
                   "byte %zu of the text is 0x%02x, not 0x%02x", i, c, expected);
    }
}

static void check_rendered(const struct email_rendered *hostile,
                           const struct email_rendered *harmless) {
    struct fuzz_html found, expected;
    fuzz_html_read(svc_buf_text(&hostile->html), hostile->html.size_bytes, &found);
    fuzz_html_read(svc_buf_text(&harmless->html), harmless->html.size_bytes, &expected);
    fuzz_html_check_same(&found, &expected);
    fuzz_html_check_links(&found);
    fuzz_html_clear(&found);
    fuzz_html_clear(&expected);
    check_lines(&hostile->text, &harmless->text);
    check_lines(&hostile->subject, &harmless->subject);
    FUZZ_CHECK(is_line(svc_buf_text(&hostile->subject), false), "a control in the subject");
    FUZZ_CHECK(hostile->header_count == harmless->header_count, "another header");
    for (size_t i = 0; i < hostile->header_count; i++)
        for (const char *at = hostile->headers[i].value; *at; at++)
            FUZZ_CHECK(*at >= ' ' && *at < 0x7f, "0x%02x in a header", (unsigned char)*at);
}

static void render_both(struct email_message *message, const struct email_sender *sender) {
    struct email_rendered hostile = {0}, harmless = {0};
    struct email_error error;
    const enum svc_status status = email_render(message, sender, NOW_MS, &hostile, &error);
    FUZZ_CHECK(status == SVC_OK, "status %d: %s", (int)status, error.detail);
    make_message_harmless(message);
    FUZZ_CHECK(email_render(message, sender, NOW_MS, &harmless, &error) == SVC_OK, "%s",
               error.detail);
    check_rendered(&hostile, &harmless);
    email_rendered_clear(&hostile);
    email_rendered_clear(&harmless);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    static const struct email_sender senders[] = {
        {"OpenMarket", "help@example.com", "+82-2-000-0000", "1 Example Street, Seoul"},
        {"A & B <\"co'>", "help+1@example.com", "02 000 0000", "<b>1</b> & 2 \"Street\""},
    };
    struct fuzz_input input = {data, size_bytes};
    const struct email_sender *sender = &senders[0];
    if (size_bytes && data[size_bytes - 1] != '}' && data[size_bytes - 1] != '\n')
        sender = &senders[fuzz_take_bool(&input)];
    struct email_message message;
    struct email_error error;
    const enum svc_status status =
        email_message_parse(input.data, input.size_bytes, &message, &error);
    if (status == SVC_OK) {
        check_message(&message);
        render_both(&message, sender);
    } else {
        FUZZ_CHECK(status != SVC_INTERNAL && error.status == status &&
                       error.reason != EMAIL_REASON_NONE && error.reason != EMAIL_REASON_INTERNAL &&
                       error.detail[0],
                   "status %d, reason %d", (int)status, (int)error.reason);
        FUZZ_CHECK(!message.items && !message.texts && !message.to[0], "not empty");
    }
    email_message_clear(&message);
    return 0;
}
