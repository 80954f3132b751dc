/* Rows of settlement_lines: see rows.h. */
#include "services/settlement/rows.h"

#include <string.h>

#include "services/base/text.h"
#include "services/settlement/error.h"
#include "services/settlement/limits.h"
#include "services/settlement/money.h"

#define TEXT_OF(bytes)                                                                             \
    { .type = DB_TEXT, .nullable = true, .max_bytes = (bytes) }

enum column {
    SELLER_ID,
    ORDER_ID,
    ITEM_ID,
    EVENT_ID,
    KIND,
    SCOPE,
    ORDERED_AT,
    SETTLED_AT,
    PRODUCT_NAME,
    CATEGORY,
    TAX,
    PAYMENT,
    QUANTITY,
    UNIT_PRICE,
    LIST,
    SELLER_COUPON,
    SELLER_POINTS,
    PLATFORM_COUPON,
    PLATFORM_POINTS,
    REFUND,
    RATE
};

const struct db_column settle_row_columns[SETTLE_ROW_COLUMN_COUNT] = {
    [SELLER_ID] = TEXT_OF(1024),
    [ORDER_ID] = TEXT_OF(1024),
    [ITEM_ID] = TEXT_OF(1024),
    [EVENT_ID] = TEXT_OF(1024),
    [KIND] = TEXT_OF(64),
    [SCOPE] = TEXT_OF(64),
    [ORDERED_AT] = {.type = DB_TIME, .nullable = true},
    [SETTLED_AT] = {.type = DB_TIME, .nullable = true},
    [PRODUCT_NAME] = TEXT_OF(4000),
    [CATEGORY] = TEXT_OF(1024),
    [TAX] = TEXT_OF(64),
    [PAYMENT] = TEXT_OF(64),
    [QUANTITY] = TEXT_OF(256),
    [UNIT_PRICE] = TEXT_OF(256),
    [LIST] = TEXT_OF(256),
    [SELLER_COUPON] = TEXT_OF(256),
    [SELLER_POINTS] = TEXT_OF(256),
    [PLATFORM_COUPON] = TEXT_OF(256),
    [PLATFORM_POINTS] = TEXT_OF(256),
    [REFUND] = TEXT_OF(256),
    [RATE] = TEXT_OF(256),
};

static const char *text_of(const struct db_value *value) {
    return value->type == DB_NULL ? "" : value->bytes;
}

const char *settle_row_order_id(const struct db_value *values) {
    return text_of(&values[ORDER_ID]);
}

/* What is being read, for errors. */
struct place {
    const struct db_value *values;
    struct svc_error *error;
};

static enum svc_status refuse(const struct place *place, const char *field, const char *sentence) {
    return svc_fail(place->error, SVC_MALFORMED, "order %.64s, item %.40s: %s %s",
                    text_of(&place->values[ORDER_ID]), text_of(&place->values[ITEM_ID]), field,
                    sentence);
}

/* A text with a NUL in it would be another text to all that read it as a string. */
static enum svc_status check_texts(const struct place *place) {
    static const struct {
        enum column column;
        const char *field;
        bool is_required;
    } texts[] = {
        {SELLER_ID, "seller_id", true},
        {ORDER_ID, "order_id", true},
        {ITEM_ID, "item_id", true},
        {EVENT_ID, "event_id", false},
        {PRODUCT_NAME, "product_name", false},
        {CATEGORY, "category", false},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct db_value *value = &place->values[texts[i].column];
        if (texts[i].is_required && text_of(value)[0] == '\0') {
            return refuse(place, texts[i].field, "is missing");
        }
        if (value->type != DB_NULL && strlen(value->bytes) != value->size_bytes &&
            texts[i].column != PRODUCT_NAME) {
            return refuse(place, texts[i].field, "holds a NUL");
        }
    }
    return SVC_OK;
}

static enum svc_status read_choice(const struct place *place, enum column column, const char *field,
                                   const char *const *names, size_t count, int *choice) {
    const char *text = text_of(&place->values[column]);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, names[i]) == 0) {
            *choice = (int)i;
            return SVC_OK;
        }
    }
    return refuse(place, field, "is none of its values");
}

static enum svc_status read_choices(const struct place *place, struct settle_row *row) {
    static const char *const kinds[] = {"sale", "shipping", "refund", "cancel"};
    static const enum settle_kind kind_of[] = {SETTLE_SALE, SETTLE_SHIPPING, SETTLE_REFUND,
                                               SETTLE_CANCEL};
    static const char *const scopes[] = {"item", "order"};
    static const char *const taxes[] = {"", "taxable", "exempt"};
    static const enum settle_tax tax_of[] = {SETTLE_TAX_UNKNOWN, SETTLE_TAXABLE, SETTLE_TAX_EXEMPT};
    static const char *const payments[] = {"card", "cash_receipt", "other"};
    static const enum settle_payment payment_of[] = {
        SETTLE_PAID_BY_CARD, SETTLE_PAID_WITH_CASH_RECEIPT, SETTLE_PAID_OTHERWISE};
    int kind = 0, scope = 0, tax = 0, payment = 0;
    enum svc_status status = read_choice(place, KIND, "kind", kinds, 4, &kind);
    if (status == SVC_OK) {
        status = read_choice(place, SCOPE, "scope", scopes, 2, &scope);
    }
    if (status == SVC_OK) {
        status = read_choice(place, TAX, "tax", taxes, 3, &tax);
    }
    if (status == SVC_OK) {
        status = read_choice(place, PAYMENT, "payment", payments, 3, &payment);
    }
    row->line.kind = kind_of[kind];
    row->line.tax = tax_of[tax];
    row->line.payment = payment_of[payment];
    row->is_whole_order = scope == 1;
    return status;
}

static enum svc_status read_won(const struct place *place, enum column column, const char *field,
                                int64_t *won) {
    struct settle_error why = {0};
    const struct db_value *value = &place->values[column];
    if (value->type == DB_NULL) {
        return refuse(place, field, "is missing: unknown, or not in won");
    }
    return settle_won_from_text(value->bytes, field, won, &why) == SVC_OK
               ? SVC_OK
               : settle_fail_line(place->error, text_of(&place->values[ORDER_ID]),
                                  text_of(&place->values[ITEM_ID]), &why);
}

static enum svc_status read_sold(const struct place *place, struct settle_row *row) {
    struct settle_amounts *amounts = &row->line.amounts;
    const struct {
        enum column column;
        const char *field;
        int64_t *won;
    } fields[] = {
        {QUANTITY, "quantity", &row->line.quantity},
        {UNIT_PRICE, "unit_price_won", &row->line.unit_price_won},
        {LIST, "list_won", &amounts->list_won},
        {SELLER_COUPON, "seller_coupon_won", &amounts->seller_coupon_won},
        {SELLER_POINTS, "seller_points_won", &amounts->seller_points_won},
        {PLATFORM_COUPON, "platform_coupon_won", &amounts->platform_coupon_won},
        {PLATFORM_POINTS, "platform_points_won", &amounts->platform_points_won},
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const enum svc_status status =
            read_won(place, fields[i].column, fields[i].field, fields[i].won);
        if (status != SVC_OK) {
            return status;
        }
    }
    return SVC_OK;
}

/* Of what is taken back the view has a price for display, and of a refund its money. */
static enum svc_status read_taken_back(const struct place *place, struct settle_row *row) {
    enum svc_status status = SVC_OK;
    if (place->values[UNIT_PRICE].type != DB_NULL) {
        status = read_won(place, UNIT_PRICE, "unit_price_won", &row->line.unit_price_won);
    }
    if (status == SVC_OK && row->line.kind == SETTLE_REFUND) {
        status = read_won(place, REFUND, "refund_won", &row->refund_won);
        if (status == SVC_OK && row->refund_won < 0) {
            return refuse(place, "refund_won", "is below 0");
        }
    }
    if (status == SVC_OK && row->event_id[0] == '\0') {
        return refuse(place, "event_id", "is missing");
    }
    return status;
}

static int64_t ms_of(int64_t us) {
    return us >= 0 ? us / 1000 : (us - 999) / 1000;
}

enum svc_status settle_row_read(const struct db_value *values, struct settle_row *row,
                                struct svc_error *error) {
    const struct place place = {values, error};
    *row = (struct settle_row){.item_id = text_of(&values[ITEM_ID]),
                               .event_id = text_of(&values[EVENT_ID])};
    row->line.order_id = text_of(&values[ORDER_ID]);
    row->line.seller_id = text_of(&values[SELLER_ID]);
    row->line.product_name = text_of(&values[PRODUCT_NAME]);
    row->line.category = text_of(&values[CATEGORY]);
    enum svc_status status = check_texts(&place);
    if (status == SVC_OK) {
        status = read_choices(&place, row);
    }
    if (status != SVC_OK) {
        return status;
    }
    if (values[ORDERED_AT].type == DB_NULL || values[SETTLED_AT].type == DB_NULL) {
        return refuse(&place, "ordered_at or settled_at", "is missing");
    }
    row->line.ordered_at_ms = ms_of(values[ORDERED_AT].integer);
    row->line.settled_at_ms = ms_of(values[SETTLED_AT].integer);
    const bool is_sold = row->line.kind == SETTLE_SALE || row->line.kind == SETTLE_SHIPPING;
    status = is_sold ? read_sold(&place, row) : read_taken_back(&place, row);
    if (status == SVC_OK && values[RATE].type != DB_NULL) {
        struct settle_error why = {0};
        row->has_rate = true;
        if (settle_rate_from_text(values[RATE].bytes, &row->line.rate_bp, &why) != SVC_OK) {
            return settle_fail_line(error, row->line.order_id, row->item_id, &why);
        }
    }
    return status;
}
