/* The table of all templates and their fields: see schema.h. */
#include <string.h>

#include "services/email/limits.h"
#include "services/email/schema.h"

/* Upper bounds of numbers are 10^n - 1, so that a pattern of JSON Schema states them exactly for
 * strings of digits too. */
#define MAX_COUNT    INT64_C(999999999)
#define MAX_QUANTITY INT64_C(999999)
#define MAX_MONEY    INT64_C(999999999999)
#define MAX_MINUTES  INT64_C(9999)
#define URL_CHARS    ((int64_t)EMAIL_MAX_URL_BYTES)

const struct email_field email_item_fields[EMAIL_ITEM_FIELDS] = {
    [EMAIL_ITEM_NAME] = {"name", EMAIL_TEXT, true, 1, 200, "name of the product"},
    [EMAIL_ITEM_QUANTITY] = {"quantity", EMAIL_COUNT, true, 0, MAX_QUANTITY, "pieces ordered"},
    [EMAIL_ITEM_PRICE] = {"price", EMAIL_MONEY, true, 0, MAX_MONEY, "price of one piece in won"},
};

static const struct email_field order_confirmation[] = {
    {"customerName", EMAIL_TEXT, true, 1, 100, "name of the customer"},
    {"orderNumber", EMAIL_TEXT, true, 1, 64, "number of the order"},
    {"orderDate", EMAIL_DATE, false, 0, 0, "when the order was placed"},
    {"items", EMAIL_ITEM_LIST, false, 0, EMAIL_MAX_ITEMS, "what was ordered"},
    {"moreItems", EMAIL_COUNT, false, 0, MAX_COUNT, "further lines that items does not list"},
    {"totalAmount", EMAIL_MONEY, false, 0, MAX_MONEY, "amount paid in won"},
};

/* The webhook's shipping events carry neither a date nor an address to track a parcel at. */
static const struct email_field shipping_notification[] = {
    {"customerName", EMAIL_TEXT, true, 1, 100, "name of the customer"},
    {"carrier", EMAIL_TEXT, true, 1, 100, "who carries the parcel"},
    {"trackingNumber", EMAIL_TEXT, true, 1, 64, "the carrier's number of the parcel"},
    {"estimatedDelivery", EMAIL_DATE, false, 0, 0, "when the parcel should arrive"},
    {"trackingUrl", EMAIL_URL, false, 1, URL_CHARS, "page that shows where the parcel is"},
};

static const struct email_field password_reset[] = {
    {"userName", EMAIL_TEXT, true, 1, 100, "name of the user"},
    {"resetUrl", EMAIL_URL, true, 1, URL_CHARS, "page to set a new password at"},
    {"expiresIn", EMAIL_MINUTES, true, 1, MAX_MINUTES, "minutes the page is valid for"},
};

static const struct email_field promotional[] = {
    {"customerName", EMAIL_TEXT, true, 1, 100, "name of the customer"},
    {"subject", EMAIL_SUBJECT, false, 1, 150, "subject, with or without its mark (광고)"},
    {"title", EMAIL_TEXT, true, 1, 150, "headline of the mail"},
    {"discount", EMAIL_PERCENT, false, 1, 100, "percent off"},
    {"promoTitle", EMAIL_TEXT, true, 1, 150, "name of the offer"},
    {"description", EMAIL_LINES, true, 1, 4000, "what the offer is"},
    {"promoCode", EMAIL_TEXT, false, 1, 64, "code to type at the checkout"},
    {"validUntil", EMAIL_DATE, false, 0, 0, "last day of the offer"},
    {"shopUrl", EMAIL_URL, true, 1, URL_CHARS, "page of the offer"},
    {"unsubscribeUrl", EMAIL_URL, true, 1, (int64_t)EMAIL_MAX_UNSUBSCRIBE_URL_BYTES,
     "page and RFC 8058 endpoint to refuse further advertising"},
};

static const struct email_field settlement_report[] = {
    {"sellerName", EMAIL_TEXT, true, 1, 100, "name of the seller"},
    {"businessName", EMAIL_TEXT, false, 1, 100, "name of the seller's business"},
    {"period", EMAIL_TEXT, true, 1, 64, "the days reported, for people"},
    {"totalOrders", EMAIL_COUNT, true, 0, MAX_COUNT, "orders settled"},
    {"totalSales", EMAIL_MONEY, true, -MAX_MONEY, MAX_MONEY, "gross sales in won"},
    {"totalCommission", EMAIL_MONEY, true, -MAX_MONEY, MAX_MONEY, "commission in won"},
    {"netAmount", EMAIL_MONEY, true, -MAX_MONEY, MAX_MONEY, "amount paid out in won"},
    {"reportUrl", EMAIL_URL, false, 1, URL_CHARS, "page of the report"},
};

#define FIELDS(table) (table), sizeof(table) / sizeof((table)[0])

static const struct email_template_info templates[EMAIL_TEMPLATES] = {
    [EMAIL_ORDER_CONFIRMATION] = {"ORDER_CONFIRMATION", "order_confirmation",
                                  FIELDS(order_confirmation), true, false},
    [EMAIL_SHIPPING_NOTIFICATION] = {"SHIPPING_NOTIFICATION", "shipping_notification",
                                     FIELDS(shipping_notification), true, false},
    /* A reset link in a second mailbox is a key to the account. */
    [EMAIL_PASSWORD_RESET] = {"PASSWORD_RESET", "password_reset", FIELDS(password_reset), false,
                              false},
    /* A copy's one-click unsubscribe would unsubscribe the customer. */
    [EMAIL_PROMOTIONAL] = {"PROMOTIONAL", "promotional", FIELDS(promotional), false, true},
    [EMAIL_SETTLEMENT_REPORT] = {"SETTLEMENT_REPORT", "settlement_report",
                                 FIELDS(settlement_report), true, false},
};

_Static_assert(sizeof(promotional) / sizeof(promotional[0]) <= EMAIL_MAX_FIELDS, "the longest");

const struct email_template_info *email_template_info(enum email_template id) {
    return &templates[id];
}

bool email_template_find(const char *name, enum email_template *id) {
    for (int i = 0; i < EMAIL_TEMPLATES; i++) {
        if (strcmp(templates[i].name, name) == 0) {
            *id = (enum email_template)i;
            return true;
        }
    }
    return false;
}

int email_field_find(const struct email_template_info *info, const char *name) {
    for (size_t i = 0; i < info->field_count; i++) {
        if (strcmp(info->fields[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static const char *const language_names[EMAIL_LANGUAGES] = {"ko", "en"};

const char *email_language_name(enum email_language language) {
    return language_names[language];
}

bool email_language_find(const char *name, enum email_language *language) {
    for (int i = 0; i < EMAIL_LANGUAGES; i++) {
        if (strcmp(language_names[i], name) == 0) {
            *language = (enum email_language)i;
            return true;
        }
    }
    return false;
}

bool email_type_is_number(enum email_type type) {
    return type >= EMAIL_MONEY && type <= EMAIL_DATE;
}

bool email_type_is_text(enum email_type type) {
    return type == EMAIL_TEXT || type == EMAIL_LINES || type == EMAIL_SUBJECT;
}
