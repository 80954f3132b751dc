/* Writing MIME: see mime.h. */
#include <string.h>

#include "services/base/clock.h"
#include "services/base/text.h"
#include "services/email/mime.h"

/* "_" is in no base64, so that no part's line can be taken for it. */
#define BOUNDARY "=_text_and_html"
#define KST_MS   (INT64_C(9) * 60 * 60 * 1000)

/* 57 bytes fill a line of 76 characters. */
enum { BYTES_A_LINE = 57 };

static void put_body(const char *type, const struct svc_buf *content, struct svc_buf *out) {
    svc_buf_printf(out,
                   "--%s\r\nContent-Type: %s; charset=UTF-8\r\n"
                   "Content-Transfer-Encoding: base64\r\n\r\n",
                   BOUNDARY, type);
    for (size_t at = 0; at < content->size_bytes && svc_buf_status(out) == SVC_OK;
         at += BYTES_A_LINE) {
        size_t left = content->size_bytes - at;
        svc_base64(content->bytes + at, left < BYTES_A_LINE ? left : BYTES_A_LINE, out);
        svc_buf_append_text(out, "\r\n");
    }
}

static void put_date(int64_t date_ms, struct svc_buf *out) {
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t day = (date_ms + KST_MS) / (INT64_C(24) * 60 * 60 * 1000) % 7;
    struct svc_date date = svc_date_from_ms(date_ms + KST_MS);
    svc_buf_printf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0900\r\n",
                   days[day < 0 ? day + 7 : day], date.day, months[date.month - 1], date.year,
                   date.hour, date.minute, date.second);
}

static bool is_token(const char *text) {
    for (; *text != '\0'; text++) {
        if (*text <= 0x20 || *text > 0x7e) {
            return false;
        }
    }
    return true;
}

static enum svc_status put_headers(const struct email_rendered *rendered,
                                   const struct email_envelope *envelope, struct svc_buf *out) {
    char to[EMAIL_ADDRESS_BYTES];
    const char *why = NULL;
    svc_buf_append_text(out, "From: ");
    bool is_good = email_put_mailbox(envelope->from, true, out, &why) &&
                   email_address_check(envelope->to, strlen(envelope->to), to, &why) &&
                   (envelope->message_id == NULL || is_token(envelope->message_id));
    if (is_good && envelope->reply_to != NULL) {
        svc_buf_append_text(out, "\r\nReply-To: ");
        is_good = email_put_mailbox(envelope->reply_to, true, out, &why);
    }
    if (!is_good) {
        return svc_buf_status(out) != SVC_OK ? svc_buf_status(out) : SVC_INVALID_ARGUMENT;
    }
    svc_buf_printf(out, "\r\nTo: %s\r\nSubject: ", to);
    email_put_unstructured(svc_buf_text(&rendered->subject), sizeof("Subject: ") - 1, true, out);
    svc_buf_append_text(out, "\r\n");
    put_date(envelope->date_ms, out);
    if (envelope->message_id != NULL) {
        svc_buf_printf(out, "Message-ID: %s\r\n", envelope->message_id);
    }
    for (size_t i = 0; i < rendered->header_count; i++) {
        svc_buf_printf(out, "%s: %s\r\n", rendered->headers[i].name, rendered->headers[i].value);
    }
    svc_buf_printf(out,
                   "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"%s\"\r\n"
                   "\r\n",
                   BOUNDARY);
    return svc_buf_status(out);
}

enum svc_status email_write_mime(const struct email_rendered *rendered,
                                 const struct email_envelope *envelope, struct svc_buf *out) {
    enum svc_status status = put_headers(rendered, envelope, out);
    if (status == SVC_OK) {
        put_body("text/plain", &rendered->text, out);
        put_body("text/html", &rendered->html, out);
        svc_buf_printf(out, "--%s--\r\n", BOUNDARY);
        status = svc_buf_status(out);
    }
    return status;
}
