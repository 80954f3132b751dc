/* Text, numbers and tables of the page: see html_internal.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "services/base/text.h"
#include "services/email/escape.h"
#include "services/settlement/html_internal.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

const char *html_word(const struct settle_html *html, const char *korean, const char *english) {
    return html->facts.language == EMAIL_EN ? english : korean;
}

static uint32_t code_of(const uint8_t *bytes, size_t size) {
    static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = bytes[0] & first_bits[size];
    for (size_t i = 1; i < size; i++) {
        code = code << 6 | (bytes[i] & 0x3f);
    }
    return code;
}

/* C1 controls and noncharacters, which HTML does not allow. */
static bool is_refused(uint32_t code) {
    return (code >= 0x7f && code <= 0x9f) || (code >= 0xfdd0 && code <= 0xfdef) ||
           (code & 0xfffe) == 0xfffe;
}

void html_put_text(struct svc_buf *out, const char *text) {
    size_t left = strlen(text);
    for (int characters = 0; left > 0; characters++) {
        if (characters == SETTLE_MAX_HTML_TEXT_CHARACTERS) {
            svc_buf_append_text(out, "…");
            return;
        }
        size_t size = svc_utf8_length((const uint8_t *)text, left);
        if (size == 0 || is_refused(code_of((const uint8_t *)text, size))) {
            svc_buf_append_text(out, REPLACEMENT);
            size = size == 0 ? 1 : size;
        } else if ((uint8_t)*text < ' ') {
            svc_buf_append_char(out, ' ');
        } else {
            email_put_escaped(text, size, EMAIL_ESCAPE_ATTRIBUTE, out);
        }
        text += size;
        left -= size;
    }
}

void html_put_name(struct svc_buf *out, const char *text) {
    if (text[0] == '\0') {
        return;
    }
    svc_buf_append_text(out, "<bdi>");
    html_put_text(out, text);
    svc_buf_append_text(out, "</bdi>");
}

void html_put_number(struct svc_buf *out, int64_t number) {
    char digits[24];
    const uint64_t size_of_number = number < 0 ? -(uint64_t)number : (uint64_t)number;
    const int size = snprintf(digits, sizeof(digits), "%" PRIu64, size_of_number);
    if (number < 0) {
        svc_buf_append_text(out, "−");
    }
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0) {
            svc_buf_append_char(out, ',');
        }
        svc_buf_append_char(out, digits[i]);
    }
}

void html_begin_section(const struct settle_html *html, const char *id, const char *korean,
                        const char *english, struct svc_buf *out) {
    svc_buf_printf(out, "<section id=\"%s\">\n<h2>%s</h2>\n", id, html_word(html, korean, english));
}

void html_begin_table(const struct settle_html *html, const char *const (*columns)[2], size_t count,
                      struct svc_buf *out) {
    svc_buf_append_text(out, "<div class=\"wide\"><table>\n<thead><tr>");
    for (size_t i = 0; i < count; i++) {
        const char *name = html_word(html, columns[i][0], columns[i][1]);
        const bool is_number = name[0] == '#';
        svc_buf_printf(out, "<th scope=\"col\"%s>%s</th>", is_number ? " class=\"n\"" : "",
                       name + is_number);
    }
    svc_buf_append_text(out, "</tr></thead>\n<tbody>\n");
}

void html_end_table(struct svc_buf *out) {
    svc_buf_append_text(out, "</tbody></table></div>\n");
}

void html_put_number_cell(struct svc_buf *out, int64_t number) {
    svc_buf_append_text(out, number < 0 ? "<td class=\"n minus\">" : "<td class=\"n\">");
    html_put_number(out, number);
    svc_buf_append_text(out, "</td>");
}

void html_put_sum_cells(struct svc_buf *out, const struct settle_sum *sum) {
    html_put_number_cell(out, sum->lines);
    html_put_number_cell(out, sum->quantity);
    html_put_number_cell(out, sum->amounts.gross_won);
    html_put_number_cell(out, sum->amounts.commission_won);
    html_put_number_cell(out, sum->amounts.net_won);
}
