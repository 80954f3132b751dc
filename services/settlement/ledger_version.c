/* Rows of settlement_versions. */
#include <string.h>

#include "services/base/text.h"
#include "services/settlement/ledger_internal.h"

#define MAX_NAME_CHARACTERS 255
#define MAX_NAME_BYTES      ((size_t)4 * MAX_NAME_CHARACTERS)

static const char *const reasons[] = {"first", "lines", "rules", "facts", "forced"};

enum {
    VERSION,
    SELLER_NAME,
    REASON,
    RULES,
    MADE_AT,
    ORDER_COUNT,
    LINE_COUNT,
    QUANTITY,
    LIST,
    SELLER_COUPON,
    SELLER_POINTS,
    PLATFORM_COUPON,
    PLATFORM_POINTS,
    GROSS,
    PAID,
    COMMISSION,
    SUPPLY,
    VAT,
    NET,
    REFUND_GROSS,
    CARRIED_IN,
    PAYABLE,
    CARRIED_OUT,
    SHA256,
    ETAG = SHA256 + SETTLE_FORMATS,
    CSV_BYTES = ETAG + SETTLE_FORMATS
};

#define WON                                                                                        \
    { .type = DB_INT, .nullable = true }
#define DIGEST                                                                                     \
    { .type = DB_BYTES, .nullable = true, .max_bytes = SETTLE_SHA256_BYTES }
#define TAG                                                                                        \
    { .type = DB_TEXT, .nullable = true, .max_bytes = SETTLE_ETAG_BYTES - 1 }

const struct db_column settle_version_columns[SETTLE_VERSION_COLUMN_COUNT] = {
    [VERSION] = {.type = DB_UINT, .nullable = true},
    [SELLER_NAME] = {.type = DB_TEXT, .nullable = true, .max_bytes = MAX_NAME_BYTES},
    [REASON] = {.type = DB_TEXT, .nullable = true, .max_bytes = 64},
    [RULES] = {.type = DB_TEXT, .nullable = true, .max_bytes = SETTLE_RULES_TEXT_BYTES - 1},
    [MADE_AT] = {.type = DB_TIME, .nullable = true},
    [ORDER_COUNT] = WON,
    [LINE_COUNT] = WON,
    [QUANTITY] = WON,
    [LIST] = WON,
    [SELLER_COUPON] = WON,
    [SELLER_POINTS] = WON,
    [PLATFORM_COUPON] = WON,
    [PLATFORM_POINTS] = WON,
    [GROSS] = WON,
    [PAID] = WON,
    [COMMISSION] = WON,
    [SUPPLY] = WON,
    [VAT] = WON,
    [NET] = WON,
    [REFUND_GROSS] = WON,
    [CARRIED_IN] = WON,
    [PAYABLE] = WON,
    [CARRIED_OUT] = WON,
    [SHA256 + SETTLE_CSV] = DIGEST,
    [SHA256 + SETTLE_HTML] = DIGEST,
    [SHA256 + SETTLE_JSON] = DIGEST,
    [ETAG + SETTLE_CSV] = TAG,
    [ETAG + SETTLE_HTML] = TAG,
    [ETAG + SETTLE_JSON] = TAG,
    [CSV_BYTES] = {.type = DB_UINT, .nullable = true},
};

/* "?": a reason that this version of the code does not have. */
static const char *reason_of(const char *text) {
    for (size_t i = 0; i < SETTLE_COUNT(reasons); i++) {
        if (strcmp(text, reasons[i]) == 0) {
            return reasons[i];
        }
    }
    return "?";
}

/* ---------------------------------------------------------------------- reading */

static void take_amounts(const struct db_value *row, struct settle_version *version) {
    struct settle_amounts *amounts = &version->all.amounts;
    version->order_count = row[ORDER_COUNT].integer;
    version->all.lines = row[LINE_COUNT].integer;
    version->all.quantity = row[QUANTITY].integer;
    amounts->list_won = row[LIST].integer;
    amounts->seller_coupon_won = row[SELLER_COUPON].integer;
    amounts->seller_points_won = row[SELLER_POINTS].integer;
    amounts->platform_coupon_won = row[PLATFORM_COUPON].integer;
    amounts->platform_points_won = row[PLATFORM_POINTS].integer;
    amounts->gross_won = row[GROSS].integer;
    amounts->paid_won = row[PAID].integer;
    amounts->commission_won = row[COMMISSION].integer;
    amounts->supply_won = row[SUPPLY].integer;
    amounts->vat_won = row[VAT].integer;
    amounts->net_won = row[NET].integer;
    version->refund_gross_won = row[REFUND_GROSS].integer;
    version->has_payout = row[CARRIED_IN].type != DB_NULL;
    if (version->has_payout) {
        version->payout = (struct settle_payout){
            .carried_in_won = row[CARRIED_IN].integer,
            .net_won = amounts->net_won,
            .payable_won = row[PAYABLE].integer,
            .carried_out_won = row[CARRIED_OUT].integer,
        };
    }
}

void settle_version_of_row(const struct db_value *row, struct settle_version *version) {
    memset(version, 0, sizeof(*version));
    version->reason = "";
    if (row[VERSION].type == DB_NULL) {
        return;
    }
    version->version = (uint32_t)row[VERSION].unsigned_integer;
    svc_copy_cut(version->seller_name, sizeof(version->seller_name), row[SELLER_NAME].bytes);
    version->reason = reason_of(row[REASON].bytes);
    (void)svc_copy_text(version->rules, sizeof(version->rules), row[RULES].bytes);
    version->made_ms = row[MADE_AT].integer / 1000;
    take_amounts(row, version);
    for (size_t i = 0; i < SETTLE_FORMATS; i++) {
        memcpy(version->sha256[i], row[SHA256 + i].bytes, row[SHA256 + i].size_bytes);
        (void)svc_copy_text(version->etags[i], sizeof(version->etags[i]), row[ETAG + i].bytes);
    }
    version->csv_bytes = row[CSV_BYTES].unsigned_integer;
}

static bool take_version(void *user, const struct db_value *row) {
    settle_version_of_row(row, user);
    return true;
}

enum svc_status settle_ledger_read_version(struct db *db, uint64_t run_id, const char *seller_id,
                                           uint32_t version, struct settle_version *found,
                                           struct db_error *error) {
    static const struct db_statement read = {"SELECT " SETTLE_VERSION_COLUMNS
                                             " FROM settlement_versions v WHERE v.run_id = ? AND "
                                             "v.seller_id = ? AND v.version = ?",
                                             settle_version_columns, SETTLE_VERSION_COLUMN_COUNT};
    const struct db_value values[] = {db_uint(run_id), db_text(seller_id), db_uint(version)};
    memset(found, 0, sizeof(*found));
    found->reason = "";
    const enum svc_status status = settle_ledger_sql(db, &read, values, SETTLE_COUNT(values),
                                                     take_version, found, NULL, error);
    return status != SVC_OK || found->version == version
               ? status
               : db_fail(error, SVC_NOT_FOUND, DB_FAULT_NONE,
                         "the ledger has no such version of the report");
}

/* ---------------------------------------------------------------------- writing */

bool settle_version_is_valid(const struct settle_version *made) {
    return made->version > 0 && made->reason != NULL && SVC_IS_ONE_OF(made->reason, reasons);
}

/* The first characters that the column holds. */
static struct db_value name_of(const char *name) {
    size_t size_bytes = 0;
    for (int i = 0; i < MAX_NAME_CHARACTERS && name[size_bytes] != '\0'; i++) {
        const size_t length =
            svc_utf8_length((const uint8_t *)name + size_bytes, strlen(name + size_bytes));
        if (length == 0) {
            break;
        }
        size_bytes += length;
    }
    return db_text_of(name, size_bytes);
}

/* In the order of the columns. */
static void put_values(const struct settle_version *made, int64_t made_ms,
                       struct db_value values[SETTLE_VERSION_COLUMN_COUNT]) {
    const struct settle_amounts *amounts = &made->all.amounts;
    const int64_t integers[] = {
        made->order_count,
        made->all.lines,
        made->all.quantity,
        amounts->list_won,
        amounts->seller_coupon_won,
        amounts->seller_points_won,
        amounts->platform_coupon_won,
        amounts->platform_points_won,
        amounts->gross_won,
        amounts->paid_won,
        amounts->commission_won,
        amounts->supply_won,
        amounts->vat_won,
        amounts->net_won,
        made->refund_gross_won,
        made->payout.carried_in_won,
        made->payout.payable_won,
        made->payout.carried_out_won,
    };
    values[VERSION] = db_uint(made->version);
    values[SELLER_NAME] = name_of(made->seller_name);
    values[REASON] = db_text(made->reason);
    values[RULES] = db_text(made->rules);
    values[MADE_AT] = db_time(made_ms * 1000);
    for (size_t i = 0; i < SETTLE_COUNT(integers); i++) {
        const size_t column = ORDER_COUNT + i;
        values[column] =
            column >= CARRIED_IN && !made->has_payout ? db_null() : db_int(integers[i]);
    }
    for (size_t i = 0; i < SETTLE_FORMATS; i++) {
        values[SHA256 + i] = db_bytes(made->sha256[i], SETTLE_SHA256_BYTES);
        values[ETAG + i] = db_text(made->etags[i]);
    }
    values[CSV_BYTES] = db_uint(made->csv_bytes);
}

enum svc_status settle_ledger_insert_version(struct db *db, uint64_t run_id, const char *seller_id,
                                             const struct settle_version *made, int64_t now_ms,
                                             struct db_error *error) {
    static const struct db_statement insert = {
        .sql = "INSERT INTO settlement_versions (run_id, seller_id, version, seller_name, reason, "
               "rules, made_at, order_count, line_count, quantity, list_won, seller_coupon_won, "
               "seller_points_won, platform_coupon_won, platform_points_won, gross_won, paid_won, "
               "commission_won, supply_won, vat_won, net_won, refund_gross_won, carried_in_won, "
               "payable_won, carried_out_won, csv_sha256, html_sha256, json_sha256, csv_etag, "
               "html_etag, json_etag, csv_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
               "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    struct db_value values[2 + SETTLE_VERSION_COLUMN_COUNT];
    values[0] = db_uint(run_id);
    values[1] = db_text(seller_id);
    put_values(made, now_ms, values + 2);
    return settle_ledger_sql(db, &insert, values, SETTLE_COUNT(values), NULL, NULL, NULL, error);
}

static bool is_equal(const struct db_value *a, const struct db_value *b) {
    return a->type == b->type && a->integer == b->integer &&
           a->unsigned_integer == b->unsigned_integer && a->size_bytes == b->size_bytes &&
           (a->size_bytes == 0 || memcmp(a->bytes, b->bytes, a->size_bytes) == 0);
}

bool settle_version_is_stored(const struct settle_version *made,
                              const struct settle_version *stored) {
    struct db_value a[SETTLE_VERSION_COLUMN_COUNT], b[SETTLE_VERSION_COLUMN_COUNT];
    put_values(made, 0, a);
    put_values(stored, 0, b);
    for (size_t i = 0; i < SETTLE_VERSION_COLUMN_COUNT; i++) {
        if (!is_equal(&a[i], &b[i])) {
            return false;
        }
    }
    return true;
}
