/* What Toss sends: events, payments, pages of transactions, and the hints that the function hands
 * to its twin. Exactly those bodies are accepted that the tables below accept
 * (fuzz/support/body_oracle.h), with the values that json-c reads; written again they are read as
 * the same; and the money of a payment's steps is conserved. */
#include <string.h>

#include "fuzz/support/body_oracle.h"
#include "services/webhook/toss_change.h"
#include "services/webhook/toss_confirmed.h"
#include "services/webhook/toss_transactions.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const statuses[] = {"READY",   "IN_PROGRESS", "WAITING_FOR_DEPOSIT",
                                       "DONE",    "CANCELED",    "PARTIAL_CANCELED",
                                       "ABORTED", "EXPIRED",     NULL};
static const char *const krw[] = {"KRW", NULL};
static const char *const payout[] = {"payout", NULL}, *const seller[] = {"seller", NULL};
static const char *const payouts[] = {"REQUESTED", "IN_PROGRESS", "COMPLETED",
                                      "FAILED",    "CANCELED",    NULL};
static const char *const sellers[] = {"APPROVAL_REQUIRED", "PARTIALLY_APPROVED", "KYC_REQUIRED",
                                      "APPROVED", NULL};
static const char *const cancel_statuses[] = {"DONE", "IN_PROGRESS", "ABORTED", NULL};

/* ---------------------------------------------------------------------- events */

#define EVENT(member) offsetof(struct webhook_toss_event, member)
#define WORD(path, member, words)                                                                  \
    { path, BODY_WORD, BODY_ALWAYS, member, 0, words }
#define ID(path, required_in, member, most)                                                        \
    { path, BODY_ID, required_in, member, most, NULL }
#define CREATED                                                                                    \
    { "createdAt", BODY_TIME_KST, BODY_ALWAYS, EVENT(created_at_ms), 0, NULL }

static const char *const changed_names[] = {"PAYMENT_STATUS_CHANGED", NULL};
static const char *const deposit_names[] = {"DEPOSIT_CALLBACK", NULL};
static const char *const payout_names[] = {"payout.changed", NULL};
static const char *const seller_names[] = {"seller.changed", NULL};
static const char *const event_names[] = {"PAYMENT_STATUS_CHANGED", "DEPOSIT_CALLBACK",
                                          "payout.changed", "seller.changed", NULL};

static const struct body_rule changed_rules[] = {
    WORD("eventType", BODY_NOT_KEPT, changed_names),
    CREATED,
    ID("data.paymentKey", BODY_ALWAYS, EVENT(hint.payment_key), 200),
    ID("data.orderId", BODY_ALWAYS, EVENT(hint.order_id), 64),
    WORD("data.status", EVENT(hint.status), statuses),
    ID("data.lastTransactionKey", 0, EVENT(hint.transaction_key), 64),
    ID("data.secret", 0, EVENT(hint.secret), 64),
};
static const struct body_rule named_deposit_rules[] = {
    WORD("eventType", BODY_NOT_KEPT, deposit_names),
    CREATED,
    ID("data.orderId", BODY_ALWAYS, EVENT(hint.order_id), 64),
    WORD("data.status", EVENT(hint.status), statuses),
    ID("data.transactionKey", 0, EVENT(hint.transaction_key), 64),
    ID("data.secret", BODY_ALWAYS, EVENT(hint.secret), 64),
};
static const struct body_rule deposit_rules[] = {
    CREATED,
    ID("orderId", BODY_ALWAYS, EVENT(hint.order_id), 64),
    WORD("status", EVENT(hint.status), statuses),
    ID("transactionKey", 0, EVENT(hint.transaction_key), 64),
    ID("secret", BODY_ALWAYS, EVENT(hint.secret), 64),
};
static const struct body_rule payout_rules[] = {
    WORD("eventType", BODY_NOT_KEPT, payout_names),
    CREATED,
    ID("eventId", BODY_ALWAYS, EVENT(event_id), 64),
    WORD("entityType", BODY_NOT_KEPT, payout),
    ID("entityBody.id", BODY_ALWAYS, EVENT(payout.payout_id), 64),
    ID("entityBody.refPayoutId", BODY_ALWAYS, EVENT(payout.reference), 64),
    ID("entityBody.destination", BODY_ALWAYS, EVENT(payout.seller_id), 64),
    WORD("entityBody.status", EVENT(payout.status), payouts),
    WORD("entityBody.amount.currency", BODY_NOT_KEPT, krw),
    {"entityBody.amount.value", BODY_WON, BODY_ALWAYS, EVENT(payout.amount_won), 1, NULL},
};
static const struct body_rule seller_rules[] = {
    WORD("eventType", BODY_NOT_KEPT, seller_names),
    CREATED,
    ID("eventId", BODY_ALWAYS, EVENT(event_id), 64),
    WORD("entityType", BODY_NOT_KEPT, seller),
    ID("entityBody.id", BODY_ALWAYS, EVENT(seller.seller_id), 64),
    ID("entityBody.refSellerId", BODY_ALWAYS, EVENT(seller.reference), 64),
    WORD("entityBody.status", EVENT(seller.status), sellers),
};

struct table {
    const struct body_rule *rules;
    size_t count;
    enum webhook_toss_kind kind;
};
static const struct table tables[] = {
    {changed_rules, COUNT(changed_rules), WEBHOOK_TOSS_PAYMENT_STATUS_CHANGED},
    {named_deposit_rules, COUNT(named_deposit_rules), WEBHOOK_TOSS_DEPOSIT_CALLBACK},
    {payout_rules, COUNT(payout_rules), WEBHOOK_TOSS_PAYOUT_CHANGED},
    {seller_rules, COUNT(seller_rules), WEBHOOK_TOSS_SELLER_CHANGED},
    {deposit_rules, COUNT(deposit_rules), WEBHOOK_TOSS_DEPOSIT_CALLBACK},
};

/* A hint goes through the queue unchanged, but for its time, and is that of its payment alone. */
static void check_hint(const struct webhook_toss_event *event) {
    struct webhook_toss_event again;
    struct webhook_toss_payment payment = {.status = WEBHOOK_TOSS_DONE};
    struct webhook_error error;
    struct svc_buf message;
    svc_buf_init(&message, WEBHOOK_MAX_HINT_BYTES);
    FUZZ_CHECK(webhook_toss_hint_write(event, &message) == SVC_OK, "a hint is not written");
    FUZZ_CHECK(webhook_toss_hint_parse(message.bytes, message.size_bytes, &again, &error) == SVC_OK,
               "%s: %s", error.detail, svc_buf_text(&message));
    again.created_at_ms = event->created_at_ms;
    FUZZ_CHECK(!memcmp(&again, event, sizeof(again)), "another hint: %s", svc_buf_text(&message));
    svc_buf_clear(&message);
    memcpy(payment.payment_key, event->hint.payment_key, sizeof(payment.payment_key));
    memcpy(payment.order_id, event->hint.order_id, sizeof(payment.order_id));
    memcpy(payment.secret, event->hint.secret, sizeof(payment.secret));
    FUZZ_CHECK(webhook_toss_hint_matches(event, &payment), "not its own payment");
    payment.secret[63] ^= 1;
    FUZZ_CHECK(webhook_toss_hint_matches(event, &payment) == !event->hint.secret[0],
               "the secret of another payment");
    payment.secret[63] ^= 1;
    payment.order_id[0] ^= 1;
    FUZZ_CHECK(!webhook_toss_hint_matches(event, &payment), "another order");
    payment.order_id[0] ^= 1;
    payment.payment_key[0] ^= 1;
    FUZZ_CHECK(webhook_toss_hint_matches(event, &payment) == !event->hint.payment_key[0],
               "another payment");
}

static const char *word_name(const struct webhook_toss_event *event) {
    return event->kind == WEBHOOK_TOSS_PAYOUT_CHANGED
               ? webhook_payout_status_name(event->payout.status)
           : event->kind == WEBHOOK_TOSS_SELLER_CHANGED
               ? webhook_seller_status_name(event->seller.status)
               : webhook_toss_status_name(event->hint.status);
}

static void check_accepted_event(const struct webhook_toss_event *event,
                                 const struct table *table) {
    char key[WEBHOOK_MAX_INBOX_KEY_BYTES + 1], expected[128] = "";
    struct webhook_toss_event again;
    struct webhook_error error;
    const bool is_signed = event->kind >= WEBHOOK_TOSS_PAYOUT_CHANGED;
    FUZZ_CHECK(webhook_toss_is_signed(event->kind) == is_signed, "signed or not");
    webhook_toss_event_key(event, key);
    if (is_signed)
        snprintf(expected, sizeof(expected), "%s:%s", event_names[event->kind], event->event_id);
    FUZZ_CHECK(!strcmp(key, expected), "the key %s, not %s", key, expected);
    json_object *object = json_object_new_object();
    body_write(object, table->rules, table->count, event);
    const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
    FUZZ_CHECK(strstr(text, word_name(event)), "no %s in %s", word_name(event), text);
    FUZZ_CHECK(webhook_toss_event_parse(text, strlen(text), &again, &error) == SVC_OK, "%s: %s",
               error.detail, text);
    FUZZ_CHECK(!memcmp(&again, event, sizeof(again)), "%s is another event", text);
    json_object_put(object);
    if (!is_signed)
        check_hint(event);
}

static void check_event(const uint8_t *data, size_t size_bytes, json_object *document,
                        bool is_exact) {
    struct webhook_toss_event event;
    struct webhook_error error;
    const bool is_named = body_at(document, "eventType") != NULL;
    const struct table *table =
        is_named ? &tables[body_word(document, "eventType", event_names)] : &tables[4];
    const enum svc_status status = webhook_toss_event_parse(data, size_bytes, &event, &error);
    body_check_error(status, &error, &event, sizeof(event));
    if (is_exact || document == NULL) {
        const bool is_good = json_object_is_type(document, json_type_object) &&
                             body_accepts(document, table->rules, table->count, 0);
        FUZZ_CHECK(is_good == (status == SVC_OK), "%s: %s", is_good ? "refused" : "accepted",
                   status == SVC_OK ? "" : error.detail);
        if (is_good)
            body_compare(document, table->rules, table->count, &event);
    }
    if (status == SVC_OK) {
        FUZZ_CHECK(event.kind == table->kind &&
                       !strcmp(webhook_toss_kind_name(event.kind), event_names[event.kind]),
                   "another kind");
        check_accepted_event(&event, table);
    }
}

/* ---------------------------------------------------------------------- payments */

#define PAYMENT(member) offsetof(struct webhook_toss_payment, member)
#define CANCEL(member)  offsetof(struct webhook_toss_cancel, member)
#define PAID            (1u << WEBHOOK_TOSS_DONE | 1u << WEBHOOK_TOSS_PARTIAL_CANCELED)

static const struct body_rule payment_rules[] = {
    ID("paymentKey", BODY_ALWAYS, PAYMENT(payment_key), 200),
    ID("orderId", BODY_ALWAYS, PAYMENT(order_id), 64),
    WORD("status", PAYMENT(status), statuses),
    ID("lastTransactionKey", PAID, PAYMENT(last_transaction_key), 64),
    {"approvedAt", BODY_TIME, PAID, PAYMENT(approved_at_ms), 0, NULL},
    {"method", BODY_NAME, 0, PAYMENT(method), 64, NULL},
    ID("secret", 0, PAYMENT(secret), 64),
    WORD("currency", BODY_NOT_KEPT, krw),
    {"totalAmount", BODY_WON, BODY_ALWAYS, PAYMENT(total_won), 0, NULL},
    {"balanceAmount", BODY_WON, BODY_ALWAYS, PAYMENT(balance_won), 0, NULL},
};
static const struct body_rule cancel_rules[] = {
    ID("transactionKey", BODY_ALWAYS, CANCEL(transaction_key), 64),
    {"cancelStatus", BODY_WORD, 0, CANCEL(status), 0, cancel_statuses},
    {"cancelAmount", BODY_WON, BODY_ALWAYS, CANCEL(amount_won), 1, NULL},
    {"canceledAt", BODY_TIME, BODY_ALWAYS, CANCEL(canceled_at_ms), 0, NULL},
    {"cancelReason", BODY_TEXT, 0, CANCEL(reason), 255, NULL},
};

static json_object *cancel_at(json_object *document, size_t index) {
    return json_object_array_get_idx(body_at(document, "cancels"), index);
}

static size_t cancel_count(json_object *document) {
    json_object *cancels = body_at(document, "cancels");
    return json_object_is_type(cancels, json_type_array) ? json_object_array_length(cancels) : 0;
}

static int64_t won_at(json_object *object, const char *path) {
    return (int64_t)json_object_get_double(body_at(object, path));
}

static bool is_done(json_object *cancel) {
    return body_word(cancel, "cancelStatus", cancel_statuses) == 0;
}

static bool accepts_cancels(json_object *document) {
    json_object *cancels = body_at(document, "cancels");
    if (cancels != NULL && !json_object_is_type(cancels, json_type_array))
        return false;
    const size_t count = cancel_count(document);
    for (size_t i = 0; count <= 100 && i < count; i++) {
        if (!body_accepts(cancel_at(document, i), cancel_rules, COUNT(cancel_rules), 0))
            return false;
        const char *key = json_object_get_string(body_at(cancel_at(document, i), "transactionKey"));
        for (size_t k = 0; k < i; k++)
            if (!strcmp(json_object_get_string(body_at(cancel_at(document, k), "transactionKey")),
                        key))
                return false;
    }
    return count <= 100;
}

static bool accepts_money(json_object *document, unsigned status) {
    const int64_t total = won_at(document, "totalAmount");
    const int64_t balance = won_at(document, "balanceAmount");
    const char *approved = json_object_get_string(body_at(document, "approvedAt"));
    const bool explains =
        approved && *approved &&
        (status == WEBHOOK_TOSS_CANCELED || status == WEBHOOK_TOSS_PARTIAL_CANCELED);
    int64_t canceled = 0;
    for (size_t i = 0; i < cancel_count(document); i++)
        if (is_done(cancel_at(document, i)))
            canceled += won_at(cancel_at(document, i), "cancelAmount");
    return balance <= total && canceled <= total && (!explains || canceled + balance == total);
}

static void check_payment_again(const struct webhook_toss_payment *payment) {
    static struct webhook_toss_payment again;
    char key[WEBHOOK_MAX_INBOX_KEY_BYTES + 1], expected[WEBHOOK_MAX_INBOX_KEY_BYTES + 1];
    struct webhook_error error;
    json_object *object = json_object_new_object(), *cancels = json_object_new_array();
    body_write(object, payment_rules, COUNT(payment_rules), payment);
    for (size_t i = 0; i < payment->cancel_count; i++) {
        json_object *cancel = json_object_new_object();
        body_write(cancel, cancel_rules, COUNT(cancel_rules), &payment->cancels[i]);
        json_object_array_add(cancels, cancel);
    }
    json_object_object_add(object, "cancels", cancels);
    const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
    FUZZ_CHECK(webhook_toss_payment_parse(text, strlen(text), &again, &error) == SVC_OK, "%s: %s",
               error.detail, text);
    FUZZ_CHECK(!memcmp(&again, payment, sizeof(again)), "%s is another payment", text);
    json_object_put(object);
    webhook_toss_payment_key(payment, key);
    snprintf(expected, sizeof(expected), "%s:%s:%s", payment->payment_key,
             statuses[payment->status], payment->last_transaction_key);
    FUZZ_CHECK(!strcmp(key, expected), "the key %s, not %s", key, expected);
}

/* The steps: of a payment that was paid its total and its refunds, whose sum leaves the balance. */
static void check_steps(const struct webhook_toss_payment *payment) {
    static const char *const last_events[] = {"pending",   "pending",   "deposit_reversed",
                                              "completed", "cancelled", "completed",
                                              "failed",    "failed"};
    struct webhook_step steps[WEBHOOK_MAX_STEPS];
    const size_t count = webhook_toss_steps(payment, steps);
    const enum webhook_toss_status status = payment->status;
    const bool is_canceled = status == WEBHOOK_TOSS_CANCELED;
    const bool is_paid =
        PAID >> status & 1 || (is_canceled && payment->approved_at_ms != WEBHOOK_NO_TIME);
    int64_t refunded_won = 0, last_ms = WEBHOOK_NO_TIME;
    size_t refunds = 0, done = 0;
    const char *last = "";
    FUZZ_CHECK(count >= 1 && count <= WEBHOOK_MAX_STEPS, "%zu steps", count);
    for (size_t i = 0; i < count; i++) {
        const bool is_refund = steps[i].subject == WEBHOOK_SUBJECT_REFUND;
        FUZZ_CHECK(is_refund || steps[i].amount_won == payment->total_won, "another total");
        refunded_won += is_refund ? steps[i].amount_won : 0;
        refunds += is_refund;
        last = is_refund ? last : webhook_step_event_name(&steps[i]);
    }
    for (size_t i = 0; i < payment->cancel_count; i++) {
        const struct webhook_toss_cancel *cancel = &payment->cancels[i];
        done += cancel->status == WEBHOOK_CANCEL_DONE;
        if (cancel->status == WEBHOOK_CANCEL_DONE && cancel->canceled_at_ms > last_ms)
            last_ms = cancel->canceled_at_ms;
    }
    FUZZ_CHECK(!strcmp(last, last_events[status]), "%s became %s", statuses[status], last);
    FUZZ_CHECK(refunds == (is_paid ? done : 0), "%zu refunds of %zu", refunds, done);
    FUZZ_CHECK(count == refunds + (is_paid && is_canceled ? 2 : 1), "%zu steps", count);
    FUZZ_CHECK(!is_paid || steps[0].happened_ms == payment->approved_at_ms, "paid at another time");
    FUZZ_CHECK(!is_canceled || steps[count - 1].happened_ms == last_ms, "another cancellation");
    FUZZ_CHECK(!is_paid || status == WEBHOOK_TOSS_DONE ||
                   payment->total_won - refunded_won == payment->balance_won,
               "%lld is refunded of %lld, %lld is left", (long long)refunded_won,
               (long long)payment->total_won, (long long)payment->balance_won);
}

static void check_payment(const uint8_t *data, size_t size_bytes, json_object *document,
                          bool is_exact) {
    static struct webhook_toss_payment payment;
    struct webhook_error error;
    const enum svc_status status = webhook_toss_payment_parse(data, size_bytes, &payment, &error);
    body_check_error(status, &error, &payment, sizeof(payment));
    if (is_exact || document == NULL) {
        const unsigned word = body_word(document, "status", statuses);
        const bool is_good = json_object_is_type(document, json_type_object) &&
                             body_accepts(document, payment_rules, COUNT(payment_rules), word) &&
                             accepts_cancels(document) && accepts_money(document, word);
        FUZZ_CHECK(is_good == (status == SVC_OK), "%s: %s", is_good ? "refused" : "accepted",
                   status == SVC_OK ? "" : error.detail);
        if (is_good) {
            body_compare(document, payment_rules, COUNT(payment_rules), &payment);
            FUZZ_CHECK(payment.cancel_count == cancel_count(document), "cancellations");
        }
        for (size_t i = 0; is_good && i < payment.cancel_count; i++)
            body_compare(cancel_at(document, i), cancel_rules, COUNT(cancel_rules),
                         &payment.cancels[i]);
    }
    if (status == SVC_OK) {
        check_payment_again(&payment);
        check_steps(&payment);
    }
}

/* ---------------------------------------------------------------------- hints */

static const char *const hint_kinds[] = {"PAYMENT_STATUS_CHANGED", "DEPOSIT_CALLBACK", NULL};
static const struct body_rule hint_rules[] = {
    WORD("kind", EVENT(kind), hint_kinds),
    ID("paymentKey", 1u << 0, EVENT(hint.payment_key), 200),
    ID("orderId", BODY_ALWAYS, EVENT(hint.order_id), 64),
    WORD("status", EVENT(hint.status), statuses),
    ID("transactionKey", 0, EVENT(hint.transaction_key), 64),
    ID("secret", 1u << 1, EVENT(hint.secret), 64),
};

static void check_message(const uint8_t *data, size_t size_bytes, json_object *document,
                          bool is_exact) {
    struct webhook_toss_event event;
    struct webhook_error error;
    const enum svc_status status = webhook_toss_hint_parse(data, size_bytes, &event, &error);
    body_check_error(status, &error, &event, sizeof(event));
    if (!is_exact && document != NULL)
        return;
    const bool is_good = size_bytes <= 1024 && json_object_is_type(document, json_type_object) &&
                         body_accepts(document, hint_rules, COUNT(hint_rules),
                                      body_word(document, "kind", hint_kinds));
    FUZZ_CHECK(is_good == (status == SVC_OK), "%s: %s", is_good ? "refused" : "accepted",
               status == SVC_OK ? "" : error.detail);
    if (is_good)
        body_compare(document, hint_rules, COUNT(hint_rules), &event);
}

/* ---------------------------------------------------------------------- transactions */

#define OF(member) offsetof(struct webhook_toss_transaction, member)
static const struct body_rule transaction_rules[] = {
    ID("transactionKey", BODY_ALWAYS, OF(transaction_key), 64),
    ID("paymentKey", BODY_ALWAYS, OF(payment_key), 200),
    ID("orderId", BODY_ALWAYS, OF(order_id), 64),
    WORD("status", OF(status), statuses),
    ID("currency", BODY_ALWAYS, BODY_NOT_KEPT, 64),
    {"transactionAt", BODY_TIME, BODY_ALWAYS, OF(happened_ms), 0, NULL},
};
static const struct body_rule amount_rule = {"amount",      BODY_WON,       BODY_ALWAYS,
                                             BODY_NOT_KEPT, -1000000000000, NULL};

static bool is_won(json_object *entry) {
    json_object *currency = body_at(entry, "currency");
    return json_object_is_type(currency, json_type_string) &&
           !strcmp(json_object_get_string(currency), "KRW");
}

struct page {
    json_object *document;
    bool is_exact;
    size_t calls, stops_after;
};

static bool each(void *user, const struct webhook_toss_transaction *transaction) {
    struct page *page = user;
    json_object *entry = json_object_array_get_idx(page->document, page->calls++);
    const int64_t won = is_won(entry) ? won_at(entry, "amount") : 0;
    if (page->is_exact)
        body_compare(entry, transaction_rules, COUNT(transaction_rules), transaction);
    FUZZ_CHECK(transaction->is_won == is_won(entry) &&
                   transaction->amount_won == (won < 0 ? -won : won),
               "%lld won, not %lld", (long long)transaction->amount_won, (long long)won);
    return page->calls < page->stops_after;
}

static void check_page(const uint8_t *data, size_t size_bytes, json_object *document,
                       bool is_exact) {
    struct page page = {document, is_exact, 0, size_bytes % 2 ? 2 : SIZE_MAX};
    struct webhook_error error;
    size_t count = 0;
    const bool is_list = json_object_is_type(document, json_type_array);
    const size_t entries = is_list ? json_object_array_length(document) : 0;
    const enum svc_status status =
        webhook_toss_transactions_parse(data, size_bytes, each, &page, &count, &error);
    body_check_error(status, &error, NULL, 0);
    FUZZ_CHECK(count == (status == SVC_OK ? entries : 0), "%zu of %zu transactions", count,
               entries);
    FUZZ_CHECK(page.calls == (count < page.stops_after ? count : page.stops_after), "%zu calls",
               page.calls);
    if (!is_exact && document != NULL)
        return;
    bool is_good = is_list && entries <= 100;
    for (size_t i = 0; is_good && i < entries; i++) {
        json_object *entry = json_object_array_get_idx(document, i);
        is_good = body_accepts(entry, transaction_rules, COUNT(transaction_rules), 0) &&
                  (!is_won(entry) || body_accepts(entry, &amount_rule, 1, 0));
    }
    FUZZ_CHECK(is_good == (status == SVC_OK), "%s: %s", is_good ? "refused" : "accepted",
               status == SVC_OK ? "" : error.detail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    bool is_exact = false;
    json_object *document = body_parse(data, size_bytes, &is_exact);
    /* Each parser takes bodies of another, but not every time: parsing is what takes time. */
    const bool is_list = json_object_is_type(document, json_type_array);
    if (!is_list || size_bytes % 4 == 0)
        check_event(data, size_bytes, document, is_exact);
    if (body_at(document, "paymentKey") != NULL || size_bytes % 4 == 1)
        check_payment(data, size_bytes, document, is_exact);
    if (body_at(document, "kind") != NULL || size_bytes % 4 == 2)
        check_message(data, size_bytes, document, is_exact);
    if (is_list || size_bytes % 4 == 3)
        check_page(data, size_bytes, document, is_exact);
    json_object_put(document);
    return 0;
}
