/* Toss's webhooks and payments: every field read, missing and wrong in turn; what makes a hint
 * belong to a payment; the inbox keys; money that does not add up. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/webhook/toss.h"
#include "tests/services/webhook_support.h"
#include "tests/support/random.h"

#define PAID_MS INT64_C(1767290645000) /* 2026-01-02T03:04:05+09:00 */
#define TIME    "\"2026-01-02T03:04:05+09:00\""
#define PAYMENT                                                                                    \
    "{\"mId\":\"m\",\"paymentKey\":\"5EnNZRJGvaBX7zk2\",\"orderId\":\"ORD-1\",\"status\":"         \
    "\"PARTIAL_CANCELED\",\"lastTransactionKey\":\"T-3\",\"method\":\"가상계좌\","             \
    "\"requestedAt\":\"2026-01-02T03:00:00+09:00\",\"approvedAt\":" TIME ",\"secret\":\"ps_1\","   \
    "\"currency\":\"KRW\",\"totalAmount\":10000,\"balanceAmount\":6000.0,\"easyPay\":null,"        \
    "\"cancels\":[{\"transactionKey\":\"T-2\",\"cancelAmount\":1000,\"canceledAt\":" TIME ","      \
    "\"cancelReason\":\"변심\",\"cancelStatus\":\"DONE\"},{\"transactionKey\":\"T-3\","          \
    "\"cancelAmount\":3000,\"canceledAt\":" TIME "},{\"transactionKey\":\"T-4\",\"cancelAmount\":" \
    "500,\"canceledAt\":" TIME ",\"cancelStatus\":\"IN_PROGRESS\"}]}"

static const char payment_body[] = PAYMENT;
static const char changed_body[] =
    "{\"eventType\":\"PAYMENT_STATUS_CHANGED\",\"createdAt\":\"2026-01-02T03:04:05.65327\","
    "\"data\":" PAYMENT "}";
static const char deposit_body[] =
    "{\"createdAt\":\"2026-01-02T03:04:05.000000\",\"secret\":\"ps_1\",\"orderId\":\"ORD-1\","
    "\"status\":\"DONE\",\"transactionKey\":\"T-9\"}";
static const char payout_body[] =
    "{\"eventType\":\"payout.changed\",\"createdAt\":" TIME ",\"version\":\"2022-11-16\","
    "\"eventId\":\"evt-1\",\"entityType\":\"payout\",\"entityBody\":{\"id\":\"FPA_1\","
    "\"refPayoutId\":\"ref-1\",\"destination\":\"FSL_1\",\"scheduleType\":\"SCHEDULED\","
    "\"amount\":{\"currency\":\"KRW\",\"value\":5000.0},\"status\":\"COMPLETED\",\"error\":null}}";
static const char seller_body[] =
    "{\"eventType\":\"seller.changed\",\"createdAt\":" TIME ",\"eventId\":\"evt-2\","
    "\"entityType\":\"seller\",\"entityBody\":{\"id\":\"FSL_1\",\"refSellerId\":\"seller-1\","
    "\"status\":\"APPROVED\"}}";

static struct webhook_toss_event event;
static struct webhook_toss_payment payment;
static struct webhook_error error;

static enum svc_status parse_event(const char *text) {
    return webhook_toss_event_parse(text, strlen(text), &event, &error);
}

static enum svc_status parse_payment(const char *text) {
    return webhook_toss_payment_parse(text, strlen(text), &payment, &error);
}

static void assert_result(const char *text, bool is_payment, enum webhook_reason reason,
                          const char *field) {
    static const struct webhook_toss_event no_event;
    static const struct webhook_toss_payment no_payment;
    memset(&event, 0xa5, sizeof(event));
    memset(&payment, 0xa5, sizeof(payment));
    const enum svc_status status = is_payment ? parse_payment(text) : parse_event(text);
    if (error.reason != reason || (status == SVC_OK) != (reason == WEBHOOK_REASON_NONE) ||
        strcmp(error.field, field) != 0) {
        fail_msg("%s in \"%s\" instead of %s in \"%s\": %s", webhook_reason_name(error.reason),
                 error.field, webhook_reason_name(reason), field, text);
    }
    if (reason != WEBHOOK_REASON_NONE && is_payment) {
        assert_memory_equal(&payment, &no_payment, sizeof(payment));
    } else if (reason != WEBHOOK_REASON_NONE) {
        assert_memory_equal(&event, &no_event, sizeof(event));
    }
}

static void assert_member(const char *body, bool is_payment, const char *prefix, const char *name,
                          const char *value, enum webhook_reason reason) {
    char field[96];
    char *text = with_member(body, name, value);
    snprintf(field, sizeof(field), "%s%s", prefix, name);
    assert_result(text, is_payment, reason, reason == WEBHOOK_REASON_NONE ? "" : field);
    free(text);
}

/* ---------------------------------------------------------------------- what is read */

static void test_a_payment_with_its_cancellations(void **state) {
    (void)state;
    assert_int_equal(parse_payment(payment_body), SVC_OK);
    assert_string_equal(payment.payment_key, "5EnNZRJGvaBX7zk2");
    assert_string_equal(payment.order_id, "ORD-1");
    assert_int_equal(payment.status, WEBHOOK_TOSS_PARTIAL_CANCELED);
    assert_string_equal(payment.method, "가상계좌");
    assert_string_equal(payment.last_transaction_key, "T-3");
    assert_int_equal(payment.total_won, 10000);
    assert_int_equal(payment.balance_won, 6000);
    assert_int_equal(payment.approved_at_ms, PAID_MS);
    assert_string_equal(payment.secret, "ps_1");
    assert_int_equal(payment.cancel_count, 3);
    assert_string_equal(payment.cancels[0].transaction_key, "T-2");
    assert_int_equal(payment.cancels[0].amount_won, 1000);
    assert_int_equal(payment.cancels[0].canceled_at_ms, PAID_MS);
    assert_string_equal(payment.cancels[0].reason, "변심");
    assert_int_equal(payment.cancels[0].status, WEBHOOK_CANCEL_DONE);
    assert_int_equal(payment.cancels[1].status, WEBHOOK_CANCEL_DONE);
    assert_string_equal(payment.cancels[1].reason, "");
    assert_int_equal(payment.cancels[2].status, WEBHOOK_CANCEL_IN_PROGRESS);
}

static void test_a_changed_payment_is_a_hint(void **state) {
    (void)state;
    assert_int_equal(parse_event(changed_body), SVC_OK);
    assert_int_equal(event.kind, WEBHOOK_TOSS_PAYMENT_STATUS_CHANGED);
    assert_int_equal(event.created_at_ms, PAID_MS + 653);
    assert_string_equal(event.event_id, "");
    assert_string_equal(event.hint.payment_key, "5EnNZRJGvaBX7zk2");
    assert_string_equal(event.hint.order_id, "ORD-1");
    assert_int_equal(event.hint.status, WEBHOOK_TOSS_PARTIAL_CANCELED);
    assert_string_equal(event.hint.transaction_key, "T-3");
    assert_string_equal(event.hint.secret, "ps_1");
    assert_false(webhook_toss_is_signed(event.kind));
}

static void test_a_deposit_is_a_hint_in_either_form(void **state) {
    (void)state;
    char *inner = replaced(deposit_body, "\"createdAt\":\"2026-01-02T03:04:05.000000\",", "");
    char wrapped[512];
    snprintf(
        wrapped, sizeof(wrapped),
        "{\"eventType\":\"DEPOSIT_CALLBACK\",\"createdAt\":\"2026-01-02T03:04:05\",\"data\":%s}",
        inner);
    const char *const forms[] = {deposit_body, wrapped};
    for (size_t i = 0; i < COUNT(forms); i++) {
        assert_int_equal(parse_event(forms[i]), SVC_OK);
        assert_int_equal(event.kind, WEBHOOK_TOSS_DEPOSIT_CALLBACK);
        assert_int_equal(event.created_at_ms, PAID_MS);
        assert_string_equal(event.hint.payment_key, "");
        assert_string_equal(event.hint.order_id, "ORD-1");
        assert_int_equal(event.hint.status, WEBHOOK_TOSS_DONE);
        assert_string_equal(event.hint.transaction_key, "T-9");
        assert_string_equal(event.hint.secret, "ps_1");
        assert_false(webhook_toss_is_signed(event.kind));
    }
    free(inner);
}

static void test_a_payout_and_a_seller(void **state) {
    (void)state;
    char key[WEBHOOK_MAX_INBOX_KEY_BYTES + 1];
    assert_int_equal(parse_event(payout_body), SVC_OK);
    assert_int_equal(event.kind, WEBHOOK_TOSS_PAYOUT_CHANGED);
    assert_true(webhook_toss_is_signed(event.kind));
    assert_int_equal(event.created_at_ms, PAID_MS);
    assert_string_equal(event.event_id, "evt-1");
    assert_string_equal(event.payout.payout_id, "FPA_1");
    assert_string_equal(event.payout.reference, "ref-1");
    assert_string_equal(event.payout.seller_id, "FSL_1");
    assert_int_equal(event.payout.status, WEBHOOK_PAYOUT_COMPLETED);
    assert_int_equal(event.payout.amount_won, 5000);
    webhook_toss_event_key(&event, key);
    assert_string_equal(key, "payout.changed:evt-1");
    assert_int_equal(parse_event(seller_body), SVC_OK);
    assert_int_equal(event.kind, WEBHOOK_TOSS_SELLER_CHANGED);
    assert_true(webhook_toss_is_signed(event.kind));
    assert_string_equal(event.seller.seller_id, "FSL_1");
    assert_string_equal(event.seller.reference, "seller-1");
    assert_int_equal(event.seller.status, WEBHOOK_SELLER_APPROVED);
    webhook_toss_event_key(&event, key);
    assert_string_equal(key, "seller.changed:evt-2");
}

static void test_each_status_and_no_other(void **state) {
    (void)state;
    static const char *const statuses[3][10] = {
        {"READY", "IN_PROGRESS", "WAITING_FOR_DEPOSIT", "DONE", "CANCELED", "PARTIAL_CANCELED",
         "ABORTED", "EXPIRED"},
        {"REQUESTED", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELED"},
        {"APPROVAL_REQUIRED", "PARTIALLY_APPROVED", "KYC_REQUIRED", "APPROVED"}};
    static const char *const texts[] = {deposit_body, payout_body, seller_body};
    for (int k = 0; k < 3; k++) {
        for (int i = 0; statuses[k][i] != NULL; i++) {
            char value[32];
            snprintf(value, sizeof(value), "\"%s\"", statuses[k][i]);
            assert_member(texts[k], false, "", "status", value, WEBHOOK_REASON_NONE);
            assert_int_equal(k == 0   ? (int)event.hint.status
                             : k == 1 ? (int)event.payout.status
                                      : (int)event.seller.status,
                             i);
            assert_string_equal(k == 0 ? webhook_toss_status_name((enum webhook_toss_status)i)
                                : k == 1
                                    ? webhook_payout_status_name((enum webhook_payout_status)i)
                                    : webhook_seller_status_name((enum webhook_seller_status)i),
                                statuses[k][i]);
        }
        assert_member(texts[k], false, k == 0 ? "" : "entityBody.", "status", "\"done\"",
                      WEBHOOK_REASON_UNKNOWN_STATUS);
    }
}

/* ---------------------------------------------------------------------- what is refused */

static const struct {
    const char *body;
    bool is_payment;
    const char *prefix, *name;
    bool is_required, is_won;
} fields[] = {
    {payment_body, true, "", "paymentKey", true, false},
    {payment_body, true, "", "orderId", true, false},
    {payment_body, true, "", "status", true, false},
    {payment_body, true, "", "lastTransactionKey", true, false},
    {payment_body, true, "", "approvedAt", true, false},
    {payment_body, true, "", "currency", true, false},
    {payment_body, true, "", "totalAmount", true, true},
    {payment_body, true, "", "balanceAmount", true, true},
    {payment_body, true, "", "secret", false, false},
    {payment_body, true, "", "method", false, false},
    {payment_body, true, "cancels[0].", "transactionKey", true, false},
    {payment_body, true, "cancels[0].", "cancelAmount", true, true},
    {payment_body, true, "cancels[0].", "canceledAt", true, false},
    {payment_body, true, "cancels[0].", "cancelReason", false, false},
    {changed_body, false, "", "createdAt", true, false},
    {changed_body, false, "data.", "paymentKey", true, false},
    {changed_body, false, "data.", "orderId", true, false},
    {changed_body, false, "data.", "status", true, false},
    {changed_body, false, "data.", "lastTransactionKey", false, false},
    {changed_body, false, "data.", "secret", false, false},
    {deposit_body, false, "", "createdAt", true, false},
    {deposit_body, false, "", "secret", true, false},
    {deposit_body, false, "", "orderId", true, false},
    {deposit_body, false, "", "status", true, false},
    {deposit_body, false, "", "transactionKey", false, false},
    {payout_body, false, "", "createdAt", true, false},
    {payout_body, false, "", "eventId", true, false},
    {payout_body, false, "", "entityType", true, false},
    {payout_body, false, "entityBody.", "id", true, false},
    {payout_body, false, "entityBody.", "refPayoutId", true, false},
    {payout_body, false, "entityBody.", "destination", true, false},
    {payout_body, false, "entityBody.", "status", true, false},
    {payout_body, false, "entityBody.amount.", "currency", true, false},
    {payout_body, false, "entityBody.amount.", "value", true, true},
    {seller_body, false, "", "createdAt", true, false},
    {seller_body, false, "", "eventId", true, false},
    {seller_body, false, "", "entityType", true, false},
    {seller_body, false, "entityBody.", "id", true, false},
    {seller_body, false, "entityBody.", "refSellerId", true, false},
    {seller_body, false, "entityBody.", "status", true, false},
};

static void test_each_field_missing_in_turn(void **state) {
    (void)state;
    static const char *const values[] = {NULL, "null", "\"\""};
    for (size_t i = 0; i < COUNT(fields); i++) {
        for (size_t k = 0; k < COUNT(values) - fields[i].is_won; k++) {
            assert_member(
                fields[i].body, fields[i].is_payment, fields[i].prefix, fields[i].name, values[k],
                fields[i].is_required ? WEBHOOK_REASON_MISSING_FIELD : WEBHOOK_REASON_NONE);
        }
    }
}

static void test_each_field_of_another_type_in_turn(void **state) {
    (void)state;
    static const char *const values[] = {"true", "[]", "{}", "\"a\\u0000b\"", "1"};
    for (size_t i = 0; i < COUNT(fields); i++) {
        for (size_t k = 0; k < COUNT(values) - fields[i].is_won; k++) {
            assert_member(fields[i].body, fields[i].is_payment, fields[i].prefix, fields[i].name,
                          values[k], WEBHOOK_REASON_BAD_FIELD);
        }
    }
}

static void test_events_that_are_not_listed(void **state) {
    (void)state;
    static const char *const unknown[] = {"\"CANCEL_STATUS_CHANGED\"", "\"payment_status_changed\"",
                                          "\"payout.changed \""};
    for (size_t i = 0; i < COUNT(unknown); i++) {
        assert_member(payout_body, false, "", "eventType", unknown[i],
                      WEBHOOK_REASON_UNKNOWN_EVENT);
    }
    assert_member(payout_body, false, "", "eventType", "1", WEBHOOK_REASON_BAD_FIELD);
    assert_member(payout_body, false, "", "entityType", "\"seller\"", WEBHOOK_REASON_INCONSISTENT);
    assert_member(seller_body, false, "", "entityType", "\"payout\"", WEBHOOK_REASON_INCONSISTENT);
    assert_member(seller_body, false, "", "entityBody", "1", WEBHOOK_REASON_BAD_FIELD);
    assert_member(seller_body, false, "", "entityBody", NULL, WEBHOOK_REASON_MISSING_FIELD);
    assert_member(changed_body, false, "", "data", NULL, WEBHOOK_REASON_MISSING_FIELD);
    assert_member(payout_body, false, "entityBody.amount.", "currency", "\"USD\"",
                  WEBHOOK_REASON_BAD_FIELD);
    /* Without its name a payout is a deposit without a secret. */
    assert_result("{\"createdAt\":" TIME ",\"orderId\":\"1\",\"status\":\"DONE\"}", false,
                  WEBHOOK_REASON_MISSING_FIELD, "secret");
}

static void test_what_is_no_json_object(void **state) {
    (void)state;
    static const char *const bad[] = {"", "null", "[]", "1", "{", "{}{}", "\xef\xbb\xbf{}"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_result(bad[i], false, WEBHOOK_REASON_BAD_JSON, "");
        assert_result(bad[i], true, WEBHOOK_REASON_BAD_JSON, "");
    }
    for (size_t i = 0; i < COUNT(invalid_values); i++) {
        char text[256];
        snprintf(text, sizeof(text), "\"a\":%s,\"mId\"", invalid_values[i]);
        char *whole = replaced(payment_body, "\"mId\"", text);
        assert_result(whole, true, WEBHOOK_REASON_BAD_JSON, "");
        free(whole);
        whole = replaced(changed_body, "\"mId\"", text);
        assert_result(whole, false, WEBHOOK_REASON_BAD_JSON, "");
        free(whole);
    }
}

/* ---------------------------------------------------------------------- money */

static void test_money_that_does_not_add_up(void **state) {
    (void)state;
    assert_member(payment_body, true, "", "currency", "\"USD\"", WEBHOOK_REASON_BAD_FIELD);
    assert_member(payment_body, true, "", "totalAmount", "10000.5", WEBHOOK_REASON_BAD_FIELD);
    assert_member(payment_body, true, "", "balanceAmount", "-1", WEBHOOK_REASON_BAD_FIELD);
    assert_member(payment_body, true, "cancels[0].", "cancelAmount", "0", WEBHOOK_REASON_BAD_FIELD);
    assert_member(payment_body, true, "", "balanceAmount", "10001", WEBHOOK_REASON_INCONSISTENT);
    assert_member(payment_body, true, "", "balanceAmount", "6001", WEBHOOK_REASON_INCONSISTENT);
    assert_member(payment_body, true, "", "balanceAmount", "5500", WEBHOOK_REASON_INCONSISTENT);
    char *done = with_member(payment_body, "status", "\"DONE\"");
    assert_member(done, true, "", "balanceAmount", "10001", WEBHOOK_REASON_INCONSISTENT);
    assert_member(done, true, "", "balanceAmount", "10000", WEBHOOK_REASON_NONE);
    free(done);
    char *text = with_member(payment_body, "cancelAmount", "7001");
    assert_result(text, true, WEBHOOK_REASON_INCONSISTENT, "cancels");
    free(text);
    text = with_member(payment_body, "transactionKey", "\"T-3\"");
    assert_result(text, true, WEBHOOK_REASON_INCONSISTENT, "cancels[1].transactionKey");
    free(text);
    text = with_member(payment_body, "cancelStatus", "\"ABORTED\"");
    assert_result(text, true, WEBHOOK_REASON_INCONSISTENT, "balanceAmount");
    free(text);
    assert_member(payment_body, true, "cancels[0].", "cancelStatus", "\"LOST\"",
                  WEBHOOK_REASON_UNKNOWN_STATUS);
}

static void test_the_list_of_cancellations(void **state) {
    (void)state;
    static char text[64 * 1024];
    assert_member(payment_body, true, "", "cancels", "1", WEBHOOK_REASON_BAD_FIELD);
    char *done = with_member(payment_body, "status", "\"DONE\"");
    assert_member(done, true, "", "cancels", "null", WEBHOOK_REASON_NONE);
    assert_int_equal(payment.cancel_count, 0);
    assert_member(done, true, "", "cancels", "[]", WEBHOOK_REASON_NONE);
    assert_int_equal(payment.cancel_count, 0);
    char *entry = with_member(done, "cancels", "[1]");
    assert_result(entry, true, WEBHOOK_REASON_MISSING_FIELD, "cancels[0].transactionKey");
    free(entry);
    for (size_t count = WEBHOOK_MAX_CANCELS; count <= WEBHOOK_MAX_CANCELS + 1; count++) {
        size_t used = (size_t)snprintf(text, sizeof(text), "[");
        for (size_t i = 0; i < count; i++) {
            used += (size_t)snprintf(text + used, sizeof(text) - used,
                                     "%s{\"transactionKey\":\"k%zu\",\"cancelAmount\":1,"
                                     "\"canceledAt\":" TIME "}",
                                     i > 0 ? "," : "", i);
        }
        snprintf(text + used, sizeof(text) - used, "]");
        const bool fits = count == WEBHOOK_MAX_CANCELS;
        assert_member(done, true, "", "cancels", text,
                      fits ? WEBHOOK_REASON_NONE : WEBHOOK_REASON_BAD_FIELD);
        assert_int_equal(payment.cancel_count, fits ? count : 0);
    }
    free(done);
}

static void test_only_paid_payments_need_a_time_of_approval(void **state) {
    (void)state;
    for (int i = 0; i < WEBHOOK_TOSS_STATUSES; i++) {
        char status[32];
        snprintf(status, sizeof(status), "\"%s\"", webhook_toss_statuses[i]);
        const bool is_needed = i == WEBHOOK_TOSS_DONE || i == WEBHOOK_TOSS_PARTIAL_CANCELED;
        char *text = with_member(payment_body, "status", status);
        assert_member(text, true, "", "approvedAt", "null",
                      is_needed ? WEBHOOK_REASON_MISSING_FIELD : WEBHOOK_REASON_NONE);
        assert_member(text, true, "", "lastTransactionKey", "null",
                      is_needed ? WEBHOOK_REASON_MISSING_FIELD : WEBHOOK_REASON_NONE);
        free(text);
    }
}

/* ---------------------------------------------------------------------- hints and keys */

static void test_a_hint_belongs_to_one_payment(void **state) {
    (void)state;
    assert_int_equal(parse_payment(payment_body), SVC_OK);
    assert_int_equal(parse_event(changed_body), SVC_OK);
    assert_true(webhook_toss_hint_matches(&event, &payment));
    strcpy(event.hint.order_id, "ORD-2");
    assert_false(webhook_toss_hint_matches(&event, &payment));
    assert_int_equal(parse_event(changed_body), SVC_OK);
    strcpy(event.hint.payment_key, "5EnNZRJGvaBX7zk3");
    assert_false(webhook_toss_hint_matches(&event, &payment));
    assert_int_equal(parse_event(changed_body), SVC_OK);
    strcpy(event.hint.secret, "ps_2");
    assert_false(webhook_toss_hint_matches(&event, &payment));
    strcpy(event.hint.secret, "ps_");
    event.hint.secret[4] = '\0';
    assert_false(webhook_toss_hint_matches(&event, &payment));
    memset(event.hint.secret, 0, sizeof(event.hint.secret));
    assert_true(webhook_toss_hint_matches(&event, &payment)); /* it may lack one */
    assert_int_equal(parse_event(deposit_body), SVC_OK);
    assert_true(webhook_toss_hint_matches(&event, &payment));
    strcpy(event.hint.secret, "ps_11");
    assert_false(webhook_toss_hint_matches(&event, &payment));
    memset(event.hint.secret, 0, sizeof(event.hint.secret));
    assert_false(webhook_toss_hint_matches(&event, &payment)); /* a deposit may not */
    memset(payment.secret, 0, sizeof(payment.secret));
    assert_false(webhook_toss_hint_matches(&event, &payment));
    assert_int_equal(parse_event(payout_body), SVC_OK);
    assert_false(webhook_toss_hint_matches(&event, &payment));
}

static void test_secrets_are_compared_in_constant_time(void **state) {
    (void)state;
    static const char *const secrets[] = {"ps_1", "ps_2", "xx", "ps_1ps_1ps_1ps_1"};
    assert_int_equal(parse_payment(payment_body), SVC_OK);
    assert_int_equal(parse_event(deposit_body), SVC_OK);
    for (size_t i = 0; i < COUNT(secrets); i++) {
        memset(event.hint.secret, 0, sizeof(event.hint.secret));
        strcpy(event.hint.secret, secrets[i]);
        memset(&counted, 0, sizeof(counted));
        assert_int_equal(webhook_toss_hint_matches(&event, &payment), i == 0);
        assert_int_equal(counted.comparisons, 1);
        assert_int_equal(counted.compared_bytes, WEBHOOK_MAX_PAYMENT_SECRET_BYTES + 1);
    }
}

static void test_both_events_of_a_change_have_one_key(void **state) {
    (void)state;
    char key[WEBHOOK_MAX_INBOX_KEY_BYTES + 1] = "x";
    assert_int_equal(parse_event(changed_body), SVC_OK);
    webhook_toss_event_key(&event, key);
    assert_string_equal(key, "");
    assert_int_equal(parse_event(deposit_body), SVC_OK);
    webhook_toss_event_key(&event, key);
    assert_string_equal(key, "");
    assert_int_equal(parse_payment(payment_body), SVC_OK);
    webhook_toss_payment_key(&payment, key);
    assert_string_equal(key, "5EnNZRJGvaBX7zk2:PARTIAL_CANCELED:T-3");
    /* The longest fits. */
    memset(payment.payment_key, 'a', WEBHOOK_MAX_PAYMENT_KEY_BYTES);
    memset(payment.last_transaction_key, 'b', WEBHOOK_MAX_ID_BYTES);
    payment.status = WEBHOOK_TOSS_WAITING_FOR_DEPOSIT;
    webhook_toss_payment_key(&payment, key);
    assert_int_equal(strlen(key), WEBHOOK_MAX_PAYMENT_KEY_BYTES + WEBHOOK_MAX_ID_BYTES + 2 +
                                      strlen("WAITING_FOR_DEPOSIT"));
}

static void test_nothing_of_a_payment_stays_or_leaks(void **state) {
    (void)state;
    static const struct webhook_toss_event no_event;
    static const struct webhook_toss_payment no_payment;
    for (size_t i = 0; i < COUNT(fields); i++) {
        char *text = with_member(fields[i].body, fields[i].name, "\"canary canary\\u0000\"");
        assert_int_equal(fields[i].is_payment ? parse_payment(text) : parse_event(text),
                         SVC_MALFORMED);
        assert_null(strstr(error.detail, "canary"));
        assert_null(strstr(error.detail, "ps_1"));
        free(text);
    }
    assert_int_equal(parse_payment(payment_body), SVC_OK);
    assert_int_equal(parse_event(changed_body), SVC_OK);
    webhook_toss_payment_clear(&payment);
    webhook_toss_event_clear(&event);
    assert_memory_equal(&payment, &no_payment, sizeof(payment));
    assert_memory_equal(&event, &no_event, sizeof(event));
}

static void test_cuts_and_random_damage(void **state) {
    (void)state;
    static const char *const bodies[] = {payment_body, changed_body, deposit_body, payout_body,
                                         seller_body};
    uint64_t random = 11;
    for (size_t b = 0; b < COUNT(bodies); b++) {
        const size_t whole = strlen(bodies[b]);
        for (size_t i = 0; i < whole + 600; i++) {
            const size_t size = i < whole ? i : whole;
            char *text = malloc(size + 1); /* the sanitizers see a read behind it */
            assert_non_null(text);
            memcpy(text, bodies[b], size);
            if (i >= whole) {
                text[random_next(&random) % whole] = (char)random_between(&random, 1, 255);
            }
            const enum svc_status status =
                b == 0 ? webhook_toss_payment_parse(text, size, &payment, &error)
                       : webhook_toss_event_parse(text, size, &event, &error);
            assert_true(status == SVC_MALFORMED || (status == SVC_OK && i >= whole));
            free(text);
        }
    }
}

/* A pair of surrogates takes a buffer of ours. */
static const char escaped[] =
    "{\"paymentKey\":\"1\",\"orderId\":\"1\",\"status\":\"READY\",\"currency\":\"KRW\","
    "\"totalAmount\":1,\"balanceAmount\":1,\"method\":\"\\ud83d\\ude00\"}";

static enum svc_status parse_escaped(void) {
    return parse_payment(escaped);
}

static void test_each_allocation_failing(void **state) {
    (void)state;
    fail_allocations(parse_escaped, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_payment_with_its_cancellations),
        cmocka_unit_test(test_a_changed_payment_is_a_hint),
        cmocka_unit_test(test_a_deposit_is_a_hint_in_either_form),
        cmocka_unit_test(test_a_payout_and_a_seller),
        cmocka_unit_test(test_each_status_and_no_other),
        cmocka_unit_test(test_each_field_missing_in_turn),
        cmocka_unit_test(test_each_field_of_another_type_in_turn),
        cmocka_unit_test(test_events_that_are_not_listed),
        cmocka_unit_test(test_what_is_no_json_object),
        cmocka_unit_test(test_money_that_does_not_add_up),
        cmocka_unit_test(test_the_list_of_cancellations),
        cmocka_unit_test(test_only_paid_payments_need_a_time_of_approval),
        cmocka_unit_test(test_a_hint_belongs_to_one_payment),
        cmocka_unit_test(test_secrets_are_compared_in_constant_time),
        cmocka_unit_test(test_both_events_of_a_change_have_one_key),
        cmocka_unit_test(test_nothing_of_a_payment_stays_or_leaks),
        cmocka_unit_test(test_cuts_and_random_damage),
        cmocka_unit_test(test_each_allocation_failing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
