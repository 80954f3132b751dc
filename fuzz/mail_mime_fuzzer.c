/* Mails as bytes: what any subject, mailboxes, headers and parts become is read back by an
 * independent reader. It has the intended header fields, each once and no other, names and subject
 * decode to the text they were made of, lines keep their limits, and the parts are the texts. */
#include "fuzz/support/fuzz.h"
#include "fuzz/support/mime.h"
#include "services/base/text.h"
#include "services/email/clean.h"
#include "services/email/mime.h"

#include <string.h>

/* From 0 to the end of the year 9999 in KST. */
#define MAX_DATE_MS INT64_C(253402268399999)

/* What is to be written, and what a mailbox in it means. */
struct letter {
    struct email_rendered rendered;
    struct email_envelope envelope;
};

/* ---------------------------------------------------------------------- mailboxes */

/* The display name of a mailbox that the mailer accepted: without blanks around and quotes. */
static void intended_name(const char *mailbox, struct svc_buf *name) {
    const char *end = strrchr(mailbox, '<');
    if (!end)
        return;
    char text[EMAIL_MAX_MAILBOX_BYTES + 1];
    const size_t size_bytes = email_clean(mailbox, (size_t)(end - mailbox), false, text);
    const bool is_quoted = size_bytes >= 2 && text[0] == '"' && text[size_bytes - 1] == '"';
    const size_t last = is_quoted ? size_bytes - 1 : size_bytes;
    for (size_t i = is_quoted; i < last; i++) {
        i += is_quoted && text[i] == '\\' && i + 1 < last;
        svc_buf_append_char(name, text[i]);
    }
}

static void check_mailbox(const struct fuzz_mime *mail, const char *field, const char *mailbox) {
    const char *value = fuzz_mime_value(mail, field);
    FUZZ_CHECK((value != NULL) == (mailbox != NULL), "the field %s", field);
    if (!value)
        return;
    for (const char *c = mailbox; *c; c++)
        FUZZ_CHECK((unsigned char)*c >= ' ' && *c != 0x7f, "0x%02x is taken in %s",
                   (unsigned char)*c, field);
    struct svc_buf name, address, expected;
    svc_buf_init(&name, 4096);
    svc_buf_init(&address, 4096);
    svc_buf_init(&expected, 4096);
    fuzz_mime_mailbox(value, &name, &address);
    intended_name(mailbox, &expected);
    FUZZ_CHECK(!strcmp(svc_buf_text(&name), svc_buf_text(&expected)),
               "%s is named \"%s\", not \"%s\"", field, svc_buf_text(&name),
               svc_buf_text(&expected));
    const char *at = strchr(svc_buf_text(&address), '@');
    const char *in_mailbox = strrchr(mailbox, '<');
    const char *local = in_mailbox ? in_mailbox + 1 : mailbox;
    const size_t local_bytes = at ? (size_t)(at - svc_buf_text(&address)) : 0;
    FUZZ_CHECK(at && !strncmp(local, svc_buf_text(&address), local_bytes + 1) &&
                   !strpbrk(svc_buf_text(&address), " \t,;<>()\"\\:[]"),
               "%s has the address %s", field, svc_buf_text(&address));
    svc_buf_clear(&name);
    svc_buf_clear(&address);
    svc_buf_clear(&expected);
}

/* ---------------------------------------------------------------------- the mail */

static void check_subject(const struct fuzz_mime *mail, const char *subject) {
    const char *value = fuzz_mime_value(mail, "Subject");
    struct svc_buf decoded;
    svc_buf_init(&decoded, 1 << 20);
    FUZZ_CHECK(value, "no subject");
    fuzz_mime_decode_words(value, strlen(value), &decoded);
    FUZZ_CHECK(!strcmp(svc_buf_text(&decoded), subject), "the subject \"%s\" became \"%s\"",
               subject, svc_buf_text(&decoded));
    svc_buf_clear(&decoded);
}

/* Civil date from days, by counting years and months. */
static void check_date(const struct fuzz_mime *mail, int64_t date_ms) {
    static const char days[][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static const int64_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int64_t seconds = date_ms / 1000 + INT64_C(9) * 3600;
    int64_t day = seconds / 86400, month = 0;
    const char *name = days[day % 7];
    int64_t year = 1970 + day / 146097 * 400; /* the calendar repeats after as many days */
    day %= 146097;
    bool is_leap = false;
    while (true) {
        is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        if (day < 365 + is_leap)
            break;
        day -= 365 + is_leap;
        year++;
    }
    while (day >= lengths[month] + (is_leap && month == 1)) {
        day -= lengths[month] + (is_leap && month == 1);
        month++;
    }
    char expected[128];
    snprintf(expected, sizeof expected, "%s, %02d %s %04d %02d:%02d:%02d +0900", name, (int)day + 1,
             months[month], (int)year, (int)(seconds / 3600 % 24), (int)(seconds / 60 % 60),
             (int)(seconds % 60));
    const char *value = fuzz_mime_value(mail, "Date");
    FUZZ_CHECK(value && !strcmp(value, expected), "the date %s, not %s", value, expected);
}

static void check_part(const struct fuzz_mime *part, const char *type,
                       const struct svc_buf *content) {
    const char *found = fuzz_mime_value(part, "Content-Type");
    const char *encoding = fuzz_mime_value(part, "Content-Transfer-Encoding");
    char expected[64];
    struct svc_buf decoded;
    svc_buf_init(&decoded, EMAIL_MAX_RAW_BYTES);
    snprintf(expected, sizeof expected, "%s; charset=UTF-8", type);
    FUZZ_CHECK(part->field_count == 2 && found && !strcmp(found, expected) && encoding &&
                   !strcmp(encoding, "base64"),
               "a part of type %s in %s", found, encoding);
    fuzz_mime_decode_base64(part->body, part->body_bytes, &decoded);
    FUZZ_CHECK(decoded.size_bytes == content->size_bytes &&
                   !memcmp(svc_buf_text(&decoded), svc_buf_text(content), content->size_bytes),
               "a part of %zu bytes became one of %zu", content->size_bytes, decoded.size_bytes);
    svc_buf_clear(&decoded);
}

static void check_parts(const struct fuzz_mime *mail, const struct email_rendered *rendered) {
    static const char begin[] = "multipart/alternative; boundary=\"";
    const char *type = fuzz_mime_value(mail, "Content-Type");
    char boundary[80];
    FUZZ_CHECK(type && !strncmp(type, begin, sizeof begin - 1), "the type %s", type);
    snprintf(boundary, sizeof boundary, "%.*s", (int)strcspn(type + sizeof begin - 1, "\""),
             type + sizeof begin - 1);
    FUZZ_CHECK(boundary[0] && strlen(boundary) <= 70, "the boundary %s", boundary);
    struct fuzz_mime part;
    const char *at = NULL;
    FUZZ_CHECK(fuzz_mime_next_part(mail, boundary, &at, &part), "no part");
    check_part(&part, "text/plain", &rendered->text);
    fuzz_mime_clear(&part);
    FUZZ_CHECK(fuzz_mime_next_part(mail, boundary, &at, &part), "one part");
    check_part(&part, "text/html", &rendered->html);
    fuzz_mime_clear(&part);
    FUZZ_CHECK(!fuzz_mime_next_part(mail, boundary, &at, &part), "three parts");
}

static void check_mail(const struct letter *letter, const struct svc_buf *written) {
    const struct email_envelope *envelope = &letter->envelope;
    struct fuzz_mime mail;
    fuzz_mime_read(svc_buf_text(written), written->size_bytes, &mail);
    size_t expected = 6u + (envelope->reply_to != NULL) + (envelope->message_id != NULL);
    check_mailbox(&mail, "From", envelope->from);
    check_mailbox(&mail, "Reply-To", envelope->reply_to);
    check_mailbox(&mail, "To", envelope->to);
    check_subject(&mail, svc_buf_text(&letter->rendered.subject));
    check_date(&mail, envelope->date_ms);
    const char *id = fuzz_mime_value(&mail, "Message-ID");
    FUZZ_CHECK((id != NULL) == (envelope->message_id != NULL) &&
                   (!id || !strcmp(id, envelope->message_id)),
               "the Message-ID %s", id);
    for (size_t i = 0; i < letter->rendered.header_count; i++, expected++) {
        const struct email_header *header = &letter->rendered.headers[i];
        const char *value = fuzz_mime_value(&mail, header->name);
        FUZZ_CHECK(value && !strcmp(value, header->value), "%s: %s", header->name, value);
    }
    const char *version = fuzz_mime_value(&mail, "MIME-Version");
    FUZZ_CHECK(version && !strcmp(version, "1.0"), "MIME %s", version);
    FUZZ_CHECK(mail.field_count == expected, "%zu fields, not %zu", mail.field_count, expected);
    check_parts(&mail, &letter->rendered);
    fuzz_mime_clear(&mail);
}

static void write_letter(const struct letter *letter) {
    struct svc_buf written, again;
    svc_buf_init(&written, EMAIL_MAX_RAW_BYTES);
    svc_buf_init(&again, EMAIL_MAX_RAW_BYTES);
    const enum svc_status status = email_write_mime(&letter->rendered, &letter->envelope, &written);
    FUZZ_CHECK(status == SVC_OK || status == SVC_INVALID_ARGUMENT, "status %d", (int)status);
    if (status == SVC_OK) {
        check_mail(letter, &written);
        svc_buf_init(&again, written.size_bytes - 1);
        FUZZ_CHECK(email_write_mime(&letter->rendered, &letter->envelope, &again) == SVC_TOO_LARGE,
                   "written into a smaller buffer");
    }
    svc_buf_clear(&written);
    svc_buf_clear(&again);
}

/* ---------------------------------------------------------------------- from the input */

/* A subject as rendering makes it: one line of UTF-8 without blanks around. */
static void take_subject(struct fuzz_input *input, struct svc_buf *subject) {
    size_t size_bytes = 0;
    char *text = fuzz_take_line(input, '\n', &size_bytes);
    for (size_t i = 0; i < size_bytes; i++)
        if ((unsigned char)text[i] < ' ')
            text[i] = ' ';
    size_t first = 0;
    while (first < size_bytes && text[first] == ' ')
        first++;
    while (size_bytes > first && text[size_bytes - 1] == ' ')
        size_bytes--;
    if (svc_utf8_valid((const uint8_t *)text + first, size_bytes - first) &&
        size_bytes - first <= EMAIL_MAX_SUBJECT_BYTES)
        svc_buf_append(subject, text + first, size_bytes - first);
    free(text);
}

/* A header's value: printable ASCII, at most what SES takes. */
static char *take_header(struct fuzz_input *input) {
    size_t size_bytes = 0;
    char *text = fuzz_take_line(input, '\n', &size_bytes);
    for (size_t i = 0; i < size_bytes; i++)
        text[i] = text[i] > ' ' && text[i] < 0x7f && text[i] != '?' ? text[i] : 'x';
    text[size_bytes > 870 ? 870 : size_bytes] = '\0';
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    struct letter letter = {0};
    const uint8_t choice = fuzz_take_u8(&input);
    letter.envelope.date_ms = (int64_t)(fuzz_take_u64(&input) % (uint64_t)(MAX_DATE_MS + 1));
    char *from = fuzz_take_line(&input, '\n', NULL);
    char *to = fuzz_take_line(&input, '\n', NULL);
    char *reply_to = fuzz_take_line(&input, '\n', NULL);
    char *message_id = fuzz_take_line(&input, '\n', NULL);
    char *header = take_header(&input);
    svc_buf_init(&letter.rendered.subject, EMAIL_MAX_SUBJECT_BYTES);
    svc_buf_init(&letter.rendered.text, EMAIL_MAX_TEXT_BYTES);
    svc_buf_init(&letter.rendered.html, EMAIL_MAX_HTML_BYTES);
    take_subject(&input, &letter.rendered.subject);
    size_t text_bytes = 0;
    char *text = fuzz_take_line(&input, '\f', &text_bytes);
    svc_buf_append(&letter.rendered.text, text, text_bytes);
    svc_buf_append(&letter.rendered.html, input.data, input.size_bytes);
    /* "=?" in an id would look like an encoded word to the reader's limit of lines. */
    const bool is_plain_id = strlen(message_id) < 900 && !strchr(message_id, '?');
    letter.envelope.from = from;
    letter.envelope.to = to;
    letter.envelope.reply_to = choice & 1 ? reply_to : NULL;
    letter.envelope.message_id = choice & 2 && is_plain_id ? message_id : NULL;
    letter.rendered.headers[0] = (struct email_header){"List-Unsubscribe", header};
    letter.rendered.headers[1] =
        (struct email_header){"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"};
    letter.rendered.header_count = choice / 4 % 3;
    write_letter(&letter);
    email_rendered_clear(&letter.rendered);
    free(from);
    free(to);
    free(reply_to);
    free(message_id);
    free(header);
    free(text);
    return 0;
}
