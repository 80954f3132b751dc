/* The message schema: which templates there are, and which fields of which type and bounds each
 * takes. One table (schema.c) from which messages are parsed, produced, rendered, described as JSON
 * Schema, and against which templates are checked at build time. */
#ifndef EMAIL_SCHEMA_H
#define EMAIL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum email_template {
    EMAIL_ORDER_CONFIRMATION,
    EMAIL_SHIPPING_NOTIFICATION,
    EMAIL_PASSWORD_RESET,
    EMAIL_PROMOTIONAL,
    EMAIL_SETTLEMENT_REPORT,
    EMAIL_TEMPLATES /* how many there are */
};

enum email_language { EMAIL_KO, EMAIL_EN, EMAIL_LANGUAGES };

/* What a field's value may be. Text counts in characters (code points), as JSON Schema does.
 * Numbers are JSON numbers without a fraction (58000, 58000.0) or strings of their decimal digits,
 * also grouped ("58000", "58,000"); a string is what platforms send that keep amounts as decimals.
 */
enum email_type {
    EMAIL_TEXT,     /* one line; line breaks and controls become blanks */
    EMAIL_LINES,    /* text with line breaks */
    EMAIL_SUBJECT,  /* one line, from which every mark (광고) is removed */
    EMAIL_MONEY,    /* whole won */
    EMAIL_COUNT,    /* of things */
    EMAIL_PERCENT,  /* whole; a string may end with "%" */
    EMAIL_MINUTES,  /* a duration; a string is not grouped */
    EMAIL_DATE,     /* "2026-10-05", or with a time: "2026-10-05T01:20:00Z"; no offset: KST */
    EMAIL_URL,      /* https */
    EMAIL_ITEM_LIST /* of objects with the fields of email_item_fields */
};

struct email_field {
    const char *name;
    enum email_type type;
    bool is_required;
    int64_t low, high; /* characters of text and URLs, values of numbers, entries of lists */
    const char *meaning;
};

struct email_template_info {
    const char *name; /* "ORDER_CONFIRMATION" */
    const char *file; /* "order_confirmation": NAME.ko.html, NAME.ko.txt, ... */
    const struct email_field *fields;
    size_t field_count;
    bool may_bcc;        /* a copy may go to BCC_EMAIL */
    bool is_promotional; /* needs (광고), the sender's particulars and List-Unsubscribe */
};

/* The fields of an item, in the order of enum email_item_field. */
enum email_item_field {
    EMAIL_ITEM_NAME,
    EMAIL_ITEM_QUANTITY,
    EMAIL_ITEM_PRICE, /* of one piece */
    EMAIL_ITEM_FIELDS
};
extern const struct email_field email_item_fields[EMAIL_ITEM_FIELDS];

/* Never NULL for a member of the enum. */
const struct email_template_info *email_template_info(enum email_template id);
bool email_template_find(const char *name, enum email_template *id);
/* The index of a field in `info->fields`; -1 if there is none of that name. */
int email_field_find(const struct email_template_info *info, const char *name);

const char *email_language_name(enum email_language language); /* "ko", "en" */
bool email_language_find(const char *name, enum email_language *language);

/* Whether values of the type are numbers (of struct email_value's number). */
bool email_type_is_number(enum email_type type);
bool email_type_is_text(enum email_type type); /* TEXT, LINES, SUBJECT */

#endif
