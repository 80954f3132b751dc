/* What the tests of the mailer share: a sender, and messages of random data made by the producer.
 */
#ifndef TESTS_EMAIL_SUPPORT_H
#define TESTS_EMAIL_SUPPORT_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "services/email/producer.h"
#include "services/email/render.h"
#include "tests/support/random.h"

static const struct email_sender test_sender = {"오픈마켓 & Co.", "help@openmarket.example",
                                                "+82-2-000-0000", "서울 <중구> 세종대로 110"};

#define TEST_NOW_MS INT64_C(1791160000000) /* 2026-10-05T09:26:40+09:00 */

/* Characters that mean something to JSON, HTML, headers, mustache, terminals and scripts. */
static inline size_t put_random_character(uint64_t *random, char *out) {
    static const char *const pieces[] = {
        "a",      "Z",      "0",      " ",  "\"",   "'",     "<",   ">",      "&",    "\\",
        "\n",     "\r\n",   "\t",     "{{", "}}",   "</td>", "한",  "글",     "😀",    "\u202e",
        "\u0301", "\u200d", "=?",     "?=", ";",    "-->",   "%41", "(광고)", "\x01", "\x7f",
        "`",      "$",      "\u2028", "ﬁ",  "&lt;", "]]>",   "é",   "\ufeff", "//",   "\u00a0"};
    const char *piece = pieces[random_next(random) % (sizeof(pieces) / sizeof(pieces[0]))];
    strcpy(out, piece);
    return strlen(piece);
}

/* Begins with a letter, so that it is no empty text, and has at most `characters`. */
static inline void random_text(uint64_t *random, size_t characters, char *out) {
    char piece[16];
    size_t wanted = 1 + random_next(random) % characters, used = 1, count = 1;
    out[0] = 'x';
    while (true) {
        size_t size = put_random_character(random, piece), more = 0;
        for (size_t i = 0; i < size; i++) {
            more += ((unsigned char)piece[i] & 0xc0) != 0x80;
        }
        if (count + more > wanted) {
            break;
        }
        memcpy(out + used, piece, size);
        used += size;
        count += more;
    }
    out[used] = '\0';
}

static inline void put_random_field(struct email_producer *producer,
                                    const struct email_field *field, uint64_t *random, char *text) {
    int64_t span = field->high - field->low + 1;
    switch (field->type) {
    case EMAIL_TEXT:
    case EMAIL_LINES:
    case EMAIL_SUBJECT:
        random_text(random, (size_t)field->high, text);
        email_message_put_text(producer, field->name, text);
        break;
    case EMAIL_URL:
        snprintf(text, 200, "https://shop.example/%c?a=%u&b=\"<한글>'", 'a' + (int)(*random % 26),
                 random_between(random, 0, 9999));
        email_message_put_text(producer, field->name, text);
        break;
    case EMAIL_DATE:
        email_message_put_date(producer, field->name, (int64_t)(random_next(random) >> 24));
        break;
    case EMAIL_ITEM_LIST:
        for (uint32_t i = random_between(random, 0, EMAIL_MAX_ITEMS + 3); i > 0; i--) {
            random_text(random, 300, text);
            email_message_put_item(producer, text, random_between(random, 0, 999999),
                                   (int64_t)(random_next(random) % UINT64_C(1000000000000)));
        }
        break;
    default:
        email_message_put_number(producer, field->name,
                                 field->low + (int64_t)(random_next(random) % (uint64_t)span));
        break;
    }
}

/* Appends a message with random values for the required fields and for some of the others. */
static inline enum svc_status random_message(uint64_t *random, enum email_template id,
                                             enum email_language language, struct svc_buf *out,
                                             struct email_error *error) {
    static char text[32 * 1024];
    const struct email_template_info *info = email_template_info(id);
    struct email_producer producer;
    bool puts_more = true;
    email_message_begin(&producer, out, id, "customer@example.com", language, "id-1");
    for (size_t i = 0; i < info->field_count; i++) {
        const struct email_field *field = &info->fields[i];
        /* What the items leave out is counted by the producer itself. */
        puts_more = strcmp(field->name, "moreItems") != 0;
        if (puts_more && (field->is_required || random_next(random) % 2 == 0)) {
            put_random_field(&producer, field, random, text);
        }
    }
    return email_message_finish(&producer, error);
}

#endif
