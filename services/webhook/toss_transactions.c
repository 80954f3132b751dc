/* Toss's list of transactions: see toss_transactions.h. */
#include "services/webhook/toss_transactions.h"

#include <stdio.h>
#include <string.h>

#include "services/base/json.h"

#define KST_MS        INT64_C(32400000)
#define MAX_ATTEMPTS  3
#define RETRY_WAIT_MS 1000

/* ---------------------------------------------------------------------- a page */

static void read_transaction(struct webhook_fields *fields,
                             struct webhook_toss_transaction *transaction) {
    char currency[WEBHOOK_MAX_NAME_BYTES + 1];
    int status = 0;
    webhook_field_id(fields, "transactionKey", WEBHOOK_REQUIRED, transaction->transaction_key,
                     sizeof(transaction->transaction_key));
    webhook_field_id(fields, "paymentKey", WEBHOOK_REQUIRED, transaction->payment_key,
                     sizeof(transaction->payment_key));
    webhook_field_id(fields, "orderId", WEBHOOK_REQUIRED, transaction->order_id,
                     sizeof(transaction->order_id));
    webhook_field_word(fields, "status", webhook_toss_statuses, WEBHOOK_TOSS_STATUSES, &status);
    transaction->status = (enum webhook_toss_status)status;
    webhook_field_id(fields, "currency", WEBHOOK_REQUIRED, currency, sizeof(currency));
    transaction->is_won = strcmp(currency, "KRW") == 0;
    if (transaction->is_won) {
        webhook_field_won(fields, "amount", -WEBHOOK_MAX_AMOUNT_WON, &transaction->amount_won);
    }
    if (transaction->amount_won < 0) {
        transaction->amount_won = -transaction->amount_won;
    }
    webhook_field_time(fields, "transactionAt", WEBHOOK_REQUIRED, &transaction->happened_ms);
}

/* Reads all entries; gives them to `each` unless it is NULL. */
static enum svc_status read_list(const struct svc_json *list, webhook_toss_transaction_fn *each,
                                 void *user, struct webhook_error *error) {
    const size_t count = svc_json_count(list);
    for (size_t i = 0; i < count; i++) {
        char prefix[32];
        struct webhook_toss_transaction transaction = {.amount_won = 0};
        snprintf(prefix, sizeof(prefix), "[%zu].", i);
        struct webhook_fields fields = {svc_json_at(list, i), prefix, error, SVC_OK};
        read_transaction(&fields, &transaction);
        if (fields.status != SVC_OK) {
            return fields.status;
        }
        if (each != NULL && !each(user, &transaction)) {
            break;
        }
    }
    return SVC_OK;
}

enum svc_status webhook_toss_transactions_parse(const void *bytes, size_t size_bytes,
                                                webhook_toss_transaction_fn *each, void *user,
                                                size_t *count, struct webhook_error *error) {
    struct svc_json *list = NULL;
    struct svc_error fault;
    *count = 0;
    webhook_error_clear(error);
    svc_error_clear(&fault);
    if (size_bytes > WEBHOOK_MAX_TOSS_BYTES ||
        svc_json_exceeds(bytes, size_bytes, WEBHOOK_MAX_CONTAINERS, WEBHOOK_MAX_VALUES)) {
        return webhook_refuse(error, WEBHOOK_REASON_TOO_LARGE, "", "a page that is too large");
    }
    enum svc_status status =
        svc_json_parse(bytes, size_bytes, WEBHOOK_MAX_TOSS_BYTES, &list, &fault);
    if (status != SVC_OK) {
        return webhook_refuse(
            error, status == SVC_NO_MEMORY ? WEBHOOK_REASON_NO_MEMORY : WEBHOOK_REASON_BAD_JSON, "",
            "%s", fault.detail);
    }
    if (svc_json_type(list) != SVC_JSON_ARRAY) {
        status = webhook_refuse(error, WEBHOOK_REASON_BAD_JSON, "", "the page is not a list");
    } else if (svc_json_count(list) > WEBHOOK_TOSS_PAGE) {
        status = webhook_refuse(error, WEBHOOK_REASON_TOO_LARGE, "", "more than %d transactions",
                                WEBHOOK_TOSS_PAGE);
    } else {
        status = read_list(list, NULL, NULL, error);
    }
    if (status == SVC_OK) {
        *count = svc_json_count(list);
        status = read_list(list, each, user, error);
    }
    svc_json_wipe(list);
    return status;
}

/* ---------------------------------------------------------------------- all pages */

struct listing {
    struct webhook_toss_client *client;
    const char *secret_key;
    int64_t deadline_ms;
    webhook_toss_transaction_fn *each; /* NULL: none */
    webhook_toss_page_fn *page;        /* NULL: none */
    void *user;                        /* of the two */
    size_t count, max_count;
    bool has_ended; /* `each` wants no more */
    bool is_full;   /* there is one more than max_count */
    char last_key[WEBHOOK_MAX_ID_BYTES + 1];
};

static bool take(void *user, const struct webhook_toss_transaction *transaction) {
    struct listing *listing = user;
    if (listing->count == listing->max_count) {
        listing->is_full = true;
        return false;
    }
    listing->count++;
    memcpy(listing->last_key, transaction->transaction_key, sizeof(listing->last_key));
    listing->has_ended = listing->each != NULL && !listing->each(listing->user, transaction);
    return !listing->has_ended;
}

/* "2026-01-02T12:04:05", as Toss takes it: in Korean time without an offset. */
static void write_time(int64_t wall_ms, char out[SVC_ISO8601_BYTES]) {
    svc_format_iso8601(wall_ms + KST_MS, out);
    out[sizeof("2026-01-02T03:04:05") - 1] = '\0';
}

/* A page, asked for again if Toss fails: one of hundreds must not end the run. */
static enum svc_status get_page(const struct listing *listing, const char *path,
                                struct svc_buf *page, struct svc_error *error) {
    struct webhook_toss_client *client = listing->client;
    int64_t asked_ms;
    for (int n = 1;; n++) {
        const enum svc_status status = webhook_toss_get(
            client, listing->secret_key, path, listing->deadline_ms, page, &asked_ms, error);
        const int64_t wait_ms = (int64_t)n * RETRY_WAIT_MS;
        if (svc_status_group(status) != SVC_GROUP_TRANSIENT || status == SVC_DEADLINE ||
            n == MAX_ATTEMPTS || svc_remaining_ms(client->clock, listing->deadline_ms) <= wait_ms) {
            return status;
        }
        svc_sleep_ms(client->clock, wait_ms);
    }
}

static enum svc_status read_page(struct listing *listing, const struct svc_buf *page, size_t *count,
                                 struct svc_error *error) {
    struct webhook_error fault;
    const enum svc_status status = webhook_toss_transactions_parse(page->bytes, page->size_bytes,
                                                                   take, listing, count, &fault);
    if (status == SVC_OK || fault.reason == WEBHOOK_REASON_BAD_JSON) {
        webhook_toss_report(listing->client, status == SVC_OK);
    }
    if (status != SVC_OK) {
        return svc_fail(error, status == SVC_NO_MEMORY ? status : SVC_BAD_RESPONSE,
                        "Toss's transactions are not as they must be: %s", fault.detail);
    }
    if (listing->is_full) {
        return svc_fail(error, SVC_TOO_LARGE, "more than %zu transactions", listing->max_count);
    }
    return listing->page != NULL && *count > 0 ? listing->page(listing->user, page, *count, error)
                                               : SVC_OK;
}

static enum svc_status list_page(struct listing *listing, const char *path, size_t *count,
                                 struct svc_error *error) {
    struct svc_buf page;
    svc_buf_init(&page, WEBHOOK_MAX_TOSS_BYTES);
    enum svc_status status = get_page(listing, path, &page, error);
    if (status == SVC_OK) {
        status = read_page(listing, &page, count, error);
    }
    svc_buf_clear(&page);
    return status;
}

static enum svc_status list_all(struct listing *listing, int64_t from_ms, int64_t to_ms,
                                struct svc_error *error) {
    char from[SVC_ISO8601_BYTES], to[SVC_ISO8601_BYTES];
    svc_error_clear(error);
    if (from_ms >= to_ms) {
        return svc_fail(error, SVC_INVALID_ARGUMENT, "the time ends before it begins");
    }
    write_time(from_ms, from);
    write_time(to_ms - 1, to); /* the second that it names belongs to the time */
    while (true) {
        char path[512], before[sizeof(listing->last_key)];
        size_t count = 0;
        memcpy(before, listing->last_key, sizeof(before));
        snprintf(path, sizeof(path), "/v1/transactions?startDate=%s&endDate=%s&limit=%d%s%s", from,
                 to, WEBHOOK_TOSS_PAGE, before[0] == '\0' ? "" : "&startingAfter=", before);
        const enum svc_status status = list_page(listing, path, &count, error);
        if (status != SVC_OK || listing->has_ended || count < WEBHOOK_TOSS_PAGE) {
            return status;
        }
        if (strcmp(before, listing->last_key) == 0) {
            return svc_fail(error, SVC_BAD_RESPONSE, "Toss's list of transactions does not go on");
        }
    }
}

enum svc_status webhook_toss_transactions(struct webhook_toss_client *client,
                                          const char *secret_key, int64_t from_ms, int64_t to_ms,
                                          size_t max_count, int64_t deadline_ms,
                                          webhook_toss_transaction_fn *each, void *user,
                                          struct svc_error *error) {
    struct listing listing = {.client = client,
                              .secret_key = secret_key,
                              .deadline_ms = deadline_ms,
                              .each = each,
                              .user = user,
                              .max_count = max_count};
    return list_all(&listing, from_ms, to_ms, error);
}

enum svc_status webhook_toss_pages(struct webhook_toss_client *client, const char *secret_key,
                                   int64_t from_ms, int64_t to_ms, int64_t deadline_ms,
                                   webhook_toss_page_fn *page, void *user,
                                   struct svc_error *error) {
    struct listing listing = {.client = client,
                              .secret_key = secret_key,
                              .deadline_ms = deadline_ms,
                              .page = page,
                              .user = user,
                              .max_count = SIZE_MAX};
    return list_all(&listing, from_ms, to_ms, error);
}
