/* Sellers and their rates: see seller.h. */
#include "services/settlement/seller.h"

#include <stdlib.h>
#include <string.h>

#include "services/base/text.h"
#include "services/db/statement.h"
#include "services/settlement/error.h"
#include "services/settlement/limits.h"
#include "services/settlement/money.h"
#include "services/settlement/orders.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---------------------------------------------------------------------- the seller */

struct wanted {
    const char *id;
    struct settle_seller *seller;
    bool is_found;
};

/* Cut at a character where it does not fit. */
static void copy_cut(char *out, size_t out_bytes, const struct db_value *value) {
    svc_copy_cut(out, out_bytes, value->type == DB_NULL ? "" : value->bytes);
}

static bool take_seller(void *user, const struct db_value *row) {
    struct wanted *wanted = user;
    struct settle_seller *seller = wanted->seller;
    if (row[0].type == DB_NULL || strcmp(row[0].bytes, wanted->id) != 0) {
        return true; /* another one that the database's collation takes for it */
    }
    *seller = (struct settle_seller){.language = EMAIL_KO};
    (void)svc_copy_text(seller->id, sizeof(seller->id), wanted->id);
    copy_cut(seller->name, sizeof(seller->name), &row[1]);
    copy_cut(seller->email, sizeof(seller->email), &row[2]);
    copy_cut(seller->business_name, sizeof(seller->business_name), &row[3]);
    copy_cut(seller->business_number, sizeof(seller->business_number), &row[4]);
    if (row[5].type != DB_NULL && strcmp(row[5].bytes, "en") == 0) {
        seller->language = EMAIL_EN;
    }
    wanted->is_found = true;
    return false;
}

enum svc_status settle_seller_read(struct db *db, const char *seller_id,
                                   struct settle_seller *seller, struct svc_error *error) {
    static const struct db_column columns[] = {
        {.type = DB_TEXT, .nullable = true, .max_bytes = 1024},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 4096},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 4096},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 4096},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 4096},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 64},
    };
    static const struct db_statement statement = {
        "SELECT CONVERT(seller_id USING utf8mb4), LEFT(seller_name, 500), email, "
        "LEFT(business_name, 500), LEFT(business_number, 100), language FROM settlement_sellers "
        "WHERE seller_id = ?",
        columns, COUNT(columns)};
    struct wanted wanted = {.id = seller_id, .seller = seller};
    const struct db_value value = db_text(seller_id);
    const struct db_query query = {&statement, &value, 1, take_seller, &wanted};
    struct db_error db_error;
    if (!settle_seller_id_valid(seller_id)) {
        return svc_fail(error, SVC_NOT_FOUND, "there is no such seller");
    }
    if (db_run(db, &query, NULL, &db_error) != SVC_OK) {
        return settle_fail_db(error, &db_error);
    }
    return wanted.is_found ? SVC_OK
                           : svc_fail(error, SVC_NOT_FOUND, "there is no seller %s", seller_id);
}

/* ---------------------------------------------------------------------- rates */

struct collecting {
    const char *seller_id;
    struct svc_buf texts; /* seller id and category of each row, each with its NUL */
    struct svc_buf rows;  /* of struct settle_rate: its texts are filled at the end */
    enum svc_status status;
    struct svc_error *error;
};

static const char *text_of(const struct db_value *value) {
    return value->type == DB_NULL ? "" : value->bytes;
}

static enum svc_status collect(struct collecting *collecting, const struct db_value *row) {
    struct settle_rate rate = {
        .from_ms = row[2].type == DB_NULL ? DB_TIME_MIN_US / 1000 : row[2].integer / 1000,
        .to_ms = row[3].type == DB_NULL ? SETTLE_NO_END : row[3].integer / 1000,
    };
    const char *seller_id = text_of(&row[0]), *category = text_of(&row[1]);
    struct settle_error why = {0};
    /* Of another seller, whom the database's collation takes for this one. */
    if (seller_id[0] != '\0' && strcmp(seller_id, collecting->seller_id) != 0) {
        return SVC_OK;
    }
    if (settle_rate_from_text(row[4].type == DB_NULL ? NULL : row[4].bytes, &rate.rate_bp, &why) !=
        SVC_OK) {
        return svc_fail(collecting->error, why.status, "a rate of category %.40s: %s", category,
                        why.detail);
    }
    return svc_buf_append(&collecting->texts, seller_id, strlen(seller_id) + 1) &&
                   svc_buf_append(&collecting->texts, category, strlen(category) + 1) &&
                   svc_buf_append(&collecting->rows, &rate, sizeof(rate))
               ? SVC_OK
               : svc_fail(collecting->error, SVC_TOO_LARGE, "there are too many rates");
}

static bool on_rate(void *user, const struct db_value *row) {
    struct collecting *collecting = user;
    collecting->status = collect(collecting, row);
    return collecting->status == SVC_OK;
}

static int compare_rates(const void *left, const void *right) {
    const struct settle_rate *a = left, *b = right;
    int order = strcmp(a->seller_id, b->seller_id);
    if (order == 0) {
        order = strcmp(a->category, b->category);
    }
    return order != 0 ? order : (a->from_ms > b->from_ms) - (a->from_ms < b->from_ms);
}

static enum svc_status select_rates(struct db *db, struct collecting *collecting) {
    static const struct db_column columns[] = {
        {.type = DB_TEXT, .nullable = true, .max_bytes = 1024},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 1024},
        {.type = DB_TIME, .nullable = true},
        {.type = DB_TIME, .nullable = true},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 256},
    };
    static const struct db_statement statement = {
        "SELECT CONVERT(seller_id USING utf8mb4), CONVERT(category USING utf8mb4), from_at, to_at, "
        "CAST(rate_percent AS CHAR) FROM settlement_rates WHERE seller_id = ? OR seller_id IS NULL",
        columns, COUNT(columns)};
    const struct db_value value = db_text(collecting->seller_id);
    const struct db_query query = {&statement, &value, 1, on_rate, collecting};
    struct db_error db_error;
    return db_run(db, &query, NULL, &db_error) == SVC_OK
               ? collecting->status
               : settle_fail_db(collecting->error, &db_error);
}

enum svc_status settle_seller_rates_read(struct db *db, const char *seller_id,
                                         struct settle_seller_rates *rates,
                                         struct svc_error *error) {
    struct collecting collecting = {.seller_id = seller_id, .error = error};
    struct settle_error why = {0};
    svc_buf_init(&collecting.texts, SETTLE_MAX_RATE_BYTES);
    svc_buf_init(&collecting.rows, SETTLE_MAX_RATE_BYTES);
    enum svc_status status = select_rates(db, &collecting);
    if (status != SVC_OK || collecting.rows.size_bytes == 0) {
        svc_buf_clear(&collecting.texts);
        svc_buf_clear(&collecting.rows);
        return status;
    }
    rates->rows = (struct settle_rate *)(void *)collecting.rows.bytes;
    rates->texts = (char *)collecting.texts.bytes;
    const size_t count = collecting.rows.size_bytes / sizeof(struct settle_rate);
    const char *text = rates->texts;
    for (size_t i = 0; i < count; i++) {
        rates->rows[i].seller_id = text;
        text += strlen(text) + 1;
        rates->rows[i].category = text;
        text += strlen(text) + 1;
    }
    qsort(rates->rows, count, sizeof(*rates->rows), compare_rates);
    rates->rates = (struct settle_rates){rates->rows, count};
    return settle_rates_check(&rates->rates, &why) == SVC_OK
               ? SVC_OK
               : svc_fail(error, why.status, "the rates: %s", why.detail);
}

void settle_seller_rates_clear(struct settle_seller_rates *rates) {
    free(rates->rows);
    free(rates->texts);
    *rates = (struct settle_seller_rates){0};
}
