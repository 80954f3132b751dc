/* The platform's webhooks: every field read, missing and wrong in turn; bodies that are no JSON;
 * amounts and times at their bounds; nothing of a body in an error. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/webhook/event.h"
#include "tests/services/webhook_support.h"
#include "tests/support/random.h"

#define PAID_MS INT64_C(1767290645000) /* 2026-01-02T03:04:05+09:00 */

static const char *const bodies[] = {
    "{\"type\":\"payment\",\"orderId\":\"ORD-20260102.1\",\"status\":\"completed\","
    "\"paymentMethod\":\"카드\",\"transactionId\":\"T_1=\",\"amount\":5000,"
    "\"paidAt\":\"2026-01-02T03:04:05+09:00\",\"other\":0}",
    "{\"type\":\"shipping\",\"orderId\":\"ORD-1\",\"status\":\"in_transit\","
    "\"trackingNumber\":\"1234-5678\",\"carrier\":\"CJ대한통운\",\"location\":\"서울\","
    "\"timestamp\":\"2026-01-01T18:04:05Z\",\"other\":0}",
    "{\"type\":\"refund\",\"orderId\":\"ORD-1\",\"status\":\"completed\",\"refundId\":\"R-1\","
    "\"amount\":2500.0,\"reason\":\"단순 변심\",\"processedAt\":\"2026-01-02T03:04:05.678+0900\","
    "\"other\":0}"};

static struct webhook_event event;
static struct webhook_error error;

static enum svc_status parse(const char *text, enum webhook_type type) {
    return webhook_event_parse(text, strlen(text), type, &event, &error);
}

static void assert_refused(const char *text, enum webhook_type type, enum webhook_reason reason,
                           const char *field) {
    static const struct webhook_event none;
    memset(&event, 0xa5, sizeof(event));
    const enum svc_status status = parse(text, type);
    if (status == SVC_OK || error.reason != reason || strcmp(error.field, field) != 0) {
        fail_msg("%s in \"%s\" instead of %s in \"%s\": %s", webhook_reason_name(error.reason),
                 error.field, webhook_reason_name(reason), field, text);
    }
    assert_int_equal(status, error.status);
    assert_memory_equal(&event, &none, sizeof(none));
    assert_true(webhook_http_status(reason) >= 400);
}

/* The same with one member of the body changed, or removed. */
static void assert_member(enum webhook_type type, const char *name, const char *value,
                          enum webhook_reason reason) {
    char *text = with_member(bodies[type], name, value);
    if (reason == WEBHOOK_REASON_NONE) {
        if (parse(text, type) != SVC_OK) {
            fail_msg("%s: %s", error.detail, text);
        }
    } else {
        assert_refused(text, type, reason, name);
    }
    free(text);
}

/* ---------------------------------------------------------------------- what is read */

static void test_a_payment(void **state) {
    (void)state;
    assert_int_equal(parse(bodies[WEBHOOK_PAYMENT], WEBHOOK_PAYMENT), SVC_OK);
    assert_int_equal(event.type, WEBHOOK_PAYMENT);
    assert_string_equal(event.order_id, "ORD-20260102.1");
    assert_int_equal(event.payment.status, WEBHOOK_PAYMENT_COMPLETED);
    assert_string_equal(event.payment.method, "카드");
    assert_string_equal(event.payment.transaction_id, "T_1=");
    assert_int_equal(event.payment.amount_won, 5000);
    assert_int_equal(event.payment.paid_at_ms, PAID_MS);
}

static void test_a_parcel(void **state) {
    (void)state;
    assert_int_equal(parse(bodies[WEBHOOK_SHIPPING], WEBHOOK_SHIPPING), SVC_OK);
    assert_int_equal(event.type, WEBHOOK_SHIPPING);
    assert_int_equal(event.shipping.status, WEBHOOK_SHIPPING_IN_TRANSIT);
    assert_string_equal(event.shipping.tracking_number, "1234-5678");
    assert_string_equal(event.shipping.carrier, "CJ대한통운");
    assert_string_equal(event.shipping.location, "서울");
    assert_int_equal(event.shipping.time_ms, PAID_MS);
}

static void test_a_refund(void **state) {
    (void)state;
    assert_int_equal(parse(bodies[WEBHOOK_REFUND], WEBHOOK_REFUND), SVC_OK);
    assert_int_equal(event.type, WEBHOOK_REFUND);
    assert_int_equal(event.refund.status, WEBHOOK_REFUND_COMPLETED);
    assert_string_equal(event.refund.refund_id, "R-1");
    assert_string_equal(event.refund.reason, "단순 변심");
    assert_int_equal(event.refund.amount_won, 2500);
    assert_int_equal(event.refund.processed_at_ms, PAID_MS + 678);
}

static void test_each_status_and_no_other(void **state) {
    (void)state;
    static const char *const statuses[3][8] = {
        {"completed", "failed", "cancelled", "pending"},
        {"preparing", "in_transit", "out_for_delivery", "delivered", "failed"},
        {"pending", "processing", "completed", "rejected"}};
    static const char *const bad[] = {"\"\xed\x95\x9c\"", "\"Completed\"", "\"completed \"",
                                      "\"canceled\"",     "\"refunded\"",  "\"complete\""};
    for (int type = 0; type < 3; type++) {
        for (int i = 0; statuses[type][i] != NULL; i++) {
            char value[32];
            snprintf(value, sizeof(value), "\"%s\"", statuses[type][i]);
            assert_member((enum webhook_type)type, "status", value, WEBHOOK_REASON_NONE);
            assert_int_equal(type == 0   ? (int)event.payment.status
                             : type == 1 ? (int)event.shipping.status
                                         : (int)event.refund.status,
                             i);
            assert_string_equal(
                type == 0   ? webhook_payment_status_name((enum webhook_payment_status)i)
                : type == 1 ? webhook_shipping_status_name((enum webhook_shipping_status)i)
                            : webhook_refund_status_name((enum webhook_refund_status)i),
                statuses[type][i]);
        }
        for (size_t i = 0; i < COUNT(bad); i++) {
            assert_member((enum webhook_type)type, "status", bad[i], WEBHOOK_REASON_UNKNOWN_STATUS);
        }
    }
    assert_string_equal(webhook_payment_status_name((enum webhook_payment_status)4), "");
    assert_string_equal(webhook_type_name((enum webhook_type)3), "");
}

/* ---------------------------------------------------------------------- what is refused */

enum kind { ID, NAME, TEXT, WON, TIME, WORD };
static const struct {
    enum webhook_type type;
    const char *name;
    enum kind kind;
    bool is_required;
    const char *laxer; /* the status with which it may be absent; NULL: none */
} fields[] = {
    {WEBHOOK_PAYMENT, "orderId", ID, true, NULL},
    {WEBHOOK_PAYMENT, "status", WORD, true, NULL},
    {WEBHOOK_PAYMENT, "paymentMethod", NAME, true, "failed"},
    {WEBHOOK_PAYMENT, "transactionId", ID, true, "pending"},
    {WEBHOOK_PAYMENT, "amount", WON, true, NULL},
    {WEBHOOK_PAYMENT, "paidAt", TIME, true, "cancelled"},
    {WEBHOOK_SHIPPING, "orderId", ID, true, NULL},
    {WEBHOOK_SHIPPING, "status", WORD, true, NULL},
    {WEBHOOK_SHIPPING, "trackingNumber", ID, true, "preparing"},
    {WEBHOOK_SHIPPING, "carrier", NAME, true, "preparing"},
    {WEBHOOK_SHIPPING, "location", TEXT, false, NULL},
    {WEBHOOK_SHIPPING, "timestamp", TIME, true, NULL},
    {WEBHOOK_REFUND, "orderId", ID, true, NULL},
    {WEBHOOK_REFUND, "status", WORD, true, NULL},
    {WEBHOOK_REFUND, "refundId", ID, true, NULL},
    {WEBHOOK_REFUND, "amount", WON, true, NULL},
    {WEBHOOK_REFUND, "reason", TEXT, false, NULL},
    {WEBHOOK_REFUND, "processedAt", TIME, true, "processing"},
};

static void test_each_field_missing_in_turn(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(fields); i++) {
        const enum webhook_reason reason =
            fields[i].is_required ? WEBHOOK_REASON_MISSING_FIELD : WEBHOOK_REASON_NONE;
        assert_member(fields[i].type, fields[i].name, NULL, reason);
        assert_member(fields[i].type, fields[i].name, "null", reason);
        if (fields[i].kind != WON) {
            assert_member(fields[i].type, fields[i].name, "\"\"", reason);
        }
        if (fields[i].laxer != NULL) {
            char status[32];
            snprintf(status, sizeof(status), "\"%s\"", fields[i].laxer);
            char *other = with_member(bodies[fields[i].type], "status", status);
            char *text = with_member(other, fields[i].name, NULL);
            assert_int_equal(parse(text, fields[i].type), SVC_OK);
            free(text);
            free(other);
        }
    }
    char *rejected = with_member(bodies[WEBHOOK_REFUND], "status", "\"rejected\"");
    char *undated = with_member(rejected, "processedAt", NULL);
    assert_refused(undated, WEBHOOK_REFUND, WEBHOOK_REASON_MISSING_FIELD, "processedAt");
    free(undated);
    free(rejected);
    char *text = with_member(bodies[WEBHOOK_PAYMENT], "status", "\"failed\"");
    char *less = with_member(text, "paidAt", NULL);
    assert_int_equal(parse(less, WEBHOOK_PAYMENT), SVC_OK);
    assert_int_equal(event.payment.paid_at_ms, WEBHOOK_NO_TIME);
    free(less);
    free(text);
}

static void test_each_field_of_another_type_in_turn(void **state) {
    (void)state;
    static const char *const values[] = {"true", "false", "[]", "{}", "[1]", "\"a\\u0000b\"", "12"};
    for (size_t i = 0; i < COUNT(fields); i++) {
        const size_t count = COUNT(values) - (fields[i].kind == WON);
        for (size_t k = 0; k < count; k++) {
            assert_member(fields[i].type, fields[i].name, values[k], WEBHOOK_REASON_BAD_FIELD);
        }
    }
}

static void test_ids_names_and_texts_have_their_characters(void **state) {
    (void)state;
    static const char *const not_ids[] = {"\" a\"",    "\"a b\"",      "\"a\\n\"",    "\"한\"",
                                          "\"a/b\"",   "\"a:b\"",      "\"a'b\"",     "\"a;b\"",
                                          "\"a<b\"",   "\"a\\u007f\"", "\"..%2f\"",   "\"a\\\\\"",
                                          "\"a\\\"\"", "\"a|b\"",      "\"a\\u0085\""};
    static const char *const not_names[] = {"\"a\\nb\"",    "\"a\\u0000b\"", "\"a\\u001b[0m\"",
                                            "\"a\\u007f\"", "\"a\\u0085\"",  "\"\\u009b\""};
    for (size_t i = 0; i < COUNT(fields); i++) {
        for (size_t k = 0; k < COUNT(not_ids) && fields[i].kind == ID; k++) {
            assert_member(fields[i].type, fields[i].name, not_ids[k], WEBHOOK_REASON_BAD_FIELD);
        }
        for (size_t k = 0; k < COUNT(not_names) && fields[i].kind == NAME; k++) {
            assert_member(fields[i].type, fields[i].name, not_names[k], WEBHOOK_REASON_BAD_FIELD);
        }
    }
    assert_member(WEBHOOK_REFUND, "reason", "\"a\\nb\\u009b한\\u007f\"", WEBHOOK_REASON_NONE);
    assert_string_equal(event.refund.reason, "a b 한 ");
}

static void test_lengths_end_at_their_bounds(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(fields); i++) {
        char value[WEBHOOK_MAX_TEXT_BYTES + 16] = "\"";
        if (fields[i].kind == ID || fields[i].kind == NAME) {
            memset(value + 1, 'a', WEBHOOK_MAX_ID_BYTES);
            strcpy(value + 1 + WEBHOOK_MAX_ID_BYTES, "\"");
            assert_member(fields[i].type, fields[i].name, value, WEBHOOK_REASON_NONE);
            strcpy(value + 1 + WEBHOOK_MAX_ID_BYTES, "a\"");
            assert_member(fields[i].type, fields[i].name, value, WEBHOOK_REASON_BAD_FIELD);
        }
    }
    /* 255 bytes end in the middle of a character of three. */
    char value[WEBHOOK_MAX_TEXT_BYTES + 16] = "\"a";
    for (size_t i = 0; i < 86; i++) {
        strcat(value, "한");
    }
    strcat(value, "\"");
    assert_member(WEBHOOK_SHIPPING, "location", value, WEBHOOK_REASON_NONE);
    assert_int_equal(strlen(event.shipping.location), 1 + 84 * 3);
}

static void test_amounts_are_whole_won(void **state) {
    (void)state;
    static const struct {
        const char *value;
        int64_t payment, refund; /* -1: refused */
    } amounts[] = {{"5000", 5000, 5000},
                   {"5000.0", 5000, 5000},
                   {"5e3", 5000, 5000},
                   {"0.5e1", 5, 5},
                   {"1", 1, 1},
                   {"0", 0, -1},
                   {"0.0", 0, -1},
                   {"1000000000000", 1000000000000, 1000000000000},
                   {"1000000000000.0", 1000000000000, 1000000000000},
                   {"1000000000001", -1, -1},
                   {"1000000000000.5", -1, -1},
                   {"-1", -1, -1},
                   {"-0.1", -1, -1},
                   {"0.1", -1, -1},
                   {"4999.999", -1, -1},
                   {"5000.01", -1, -1},
                   {"1e12", 1000000000000, 1000000000000},
                   {"1e13", -1, -1},
                   {"1e308", -1, -1},
                   {"1e400", -1, -1},
                   {"-1e400", -1, -1},
                   {"9223372036854775807", -1, -1},
                   {"9223372036854775808", -1, -1},
                   {"18446744073709551616", -1, -1},
                   {"-9223372036854775809", -1, -1},
                   {"\"5000\"", -1, -1}};
    for (size_t i = 0; i < COUNT(amounts); i++) {
        assert_member(WEBHOOK_PAYMENT, "amount", amounts[i].value,
                      amounts[i].payment < 0 ? WEBHOOK_REASON_BAD_FIELD : WEBHOOK_REASON_NONE);
        if (amounts[i].payment >= 0) {
            assert_int_equal(event.payment.amount_won, amounts[i].payment);
        }
        assert_member(WEBHOOK_REFUND, "amount", amounts[i].value,
                      amounts[i].refund < 0 ? WEBHOOK_REASON_BAD_FIELD : WEBHOOK_REASON_NONE);
        if (amounts[i].refund >= 0) {
            assert_int_equal(event.refund.amount_won, amounts[i].refund);
        }
    }
}

static void test_times_need_an_offset(void **state) {
    (void)state;
    static const char *const bad[] = {"\"2026-01-02T03:04:05\"",
                                      "\"2026-01-02 03:04:05Z\"",
                                      "\"2026-01-02\"",
                                      "\"2026-02-29T00:00:00Z\"",
                                      "\"2026-13-01T00:00:00Z\"",
                                      "\"2026-01-02T24:00:00Z\"",
                                      "\"2026-01-02T03:04:05+9\"",
                                      "\"2026-01-02T03:04:05 Z\"",
                                      "\"2026-01-02T03:04:05+24:00\"",
                                      "\"2026-01-02T03:04:05.Z\"",
                                      "\"1767290645\"",
                                      "1767290645",
                                      "\"2026-01-02T03:04:05+09:00a\"",
                                      "\"2026-01-02T03:04:05Zone\""};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_member(WEBHOOK_PAYMENT, "paidAt", bad[i], WEBHOOK_REASON_BAD_FIELD);
        assert_member(WEBHOOK_SHIPPING, "timestamp", bad[i], WEBHOOK_REASON_BAD_FIELD);
    }
    assert_member(WEBHOOK_PAYMENT, "paidAt", "\"2026-01-01T13:04:05.9-05:00\"",
                  WEBHOOK_REASON_NONE);
    assert_int_equal(event.payment.paid_at_ms, PAID_MS + 900);
}

static void test_the_path_decides_the_type(void **state) {
    (void)state;
    for (int type = 0; type < 3; type++) {
        for (int path = 0; path < 3; path++) {
            if (type != path) {
                assert_refused(bodies[type], (enum webhook_type)path, WEBHOOK_REASON_WRONG_TYPE,
                               "type");
            }
        }
        assert_member((enum webhook_type)type, "type", NULL, WEBHOOK_REASON_MISSING_FIELD);
        assert_member((enum webhook_type)type, "type", "null", WEBHOOK_REASON_WRONG_TYPE);
        assert_member((enum webhook_type)type, "type", "1", WEBHOOK_REASON_WRONG_TYPE);
        assert_member((enum webhook_type)type, "type", "\"Payment\"", WEBHOOK_REASON_WRONG_TYPE);
    }
}

static void test_what_is_no_json_object(void **state) {
    (void)state;
    static const char *const bad[] = {
        "", " ", "null", "[]", "1", "\"a\"", "{", "{}{}", "{},", "{\"type\"}", "\xef\xbb\xbf{}"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_refused(bad[i], WEBHOOK_PAYMENT, WEBHOOK_REASON_BAD_JSON, "");
    }
    for (size_t i = 0; i < COUNT(invalid_values); i++) {
        for (int type = 0; type < 3; type++) {
            char *text = replaced(bodies[type], "\"other\":0", "\"other\":");
            char *whole = with_member(text, "other", invalid_values[i]);
            assert_refused(whole, (enum webhook_type)type, WEBHOOK_REASON_BAD_JSON, "");
            free(whole);
            free(text);
        }
    }
    assert_int_equal(webhook_event_parse(NULL, 0, WEBHOOK_PAYMENT, &event, &error), SVC_MALFORMED);
    assert_refused("{\"type\":\"payment\",\"amount\":1,\"amount\":2}", WEBHOOK_PAYMENT,
                   WEBHOOK_REASON_BAD_JSON, "");
}

static void test_every_cut_is_refused(void **state) {
    (void)state;
    for (int type = 0; type < 3; type++) {
        for (size_t size = 0; size < strlen(bodies[type]); size++) {
            char *cut = malloc(size + 1); /* the sanitizers see a read behind it */
            assert_non_null(cut);
            memcpy(cut, bodies[type], size);
            assert_int_not_equal(
                webhook_event_parse(cut, size, (enum webhook_type)type, &event, &error), SVC_OK);
            free(cut);
        }
    }
}

static char *flood(const char *piece, size_t count) {
    const size_t size = strlen(piece);
    char *text = malloc(size * count + 64);
    assert_non_null(text);
    size_t used = (size_t)snprintf(text, 64, "{\"a\":[");
    for (size_t i = 0; i < count; i++) {
        memcpy(text + used, piece, size);
        used += size;
    }
    strcpy(text + used, "0]}");
    return text;
}

static void test_floods_are_refused_before_they_are_built(void **state) {
    (void)state;
    static const struct {
        const char *piece;
        size_t count;
        enum webhook_reason reason;
    } floods[] = {{"{},", 30000, WEBHOOK_REASON_TOO_LARGE},
                  {"[],", 1023, WEBHOOK_REASON_TOO_LARGE}, /* and two around them */
                  {"[],", 1022, WEBHOOK_REASON_MISSING_FIELD},
                  {"0,", 8191, WEBHOOK_REASON_TOO_LARGE},
                  {"0,", 8190, WEBHOOK_REASON_MISSING_FIELD},
                  {"\"[{,\\\"[\",", 1000, WEBHOOK_REASON_MISSING_FIELD},
                  {"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",", 2200,
                   WEBHOOK_REASON_TOO_LARGE}};
    for (size_t i = 0; i < COUNT(floods); i++) {
        char *text = flood(floods[i].piece, floods[i].count);
        assert_refused(text, WEBHOOK_PAYMENT, floods[i].reason,
                       floods[i].reason == WEBHOOK_REASON_MISSING_FIELD ? "type" : "");
        free(text);
    }
    char *large = malloc(WEBHOOK_MAX_BODY_BYTES + 2);
    assert_non_null(large);
    memset(large, ' ', WEBHOOK_MAX_BODY_BYTES + 1);
    large[WEBHOOK_MAX_BODY_BYTES + 1] = '\0';
    memcpy(large, bodies[0], strlen(bodies[0]));
    assert_refused(large, WEBHOOK_PAYMENT, WEBHOOK_REASON_TOO_LARGE, "");
    large[WEBHOOK_MAX_BODY_BYTES] = '\0';
    assert_int_equal(parse(large, WEBHOOK_PAYMENT), SVC_OK);
    free(large);
}

static void test_errors_hold_nothing_of_the_body(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(fields); i++) {
        char *text = with_member(bodies[fields[i].type], fields[i].name, "[\"canary\"]");
        assert_int_equal(parse(text, fields[i].type), SVC_MALFORMED);
        assert_null(strstr(error.detail, "canary"));
        free(text);
    }
    assert_int_equal(webhook_event_parse("{\"canary\":canary}", 17, WEBHOOK_PAYMENT, &event, NULL),
                     SVC_MALFORMED);
    assert_int_equal(parse("{\"canary\":canary}", WEBHOOK_PAYMENT), SVC_MALFORMED);
    assert_null(strstr(error.detail, "canary"));
}

static void test_random_damage_is_refused_or_read_within_bounds(void **state) {
    (void)state;
    uint64_t random = 7;
    size_t read = 0;
    for (int i = 0; i < 6000; i++) {
        const enum webhook_type type = (enum webhook_type)(i % 3);
        char *text = strdup(bodies[type]);
        assert_non_null(text);
        for (uint32_t k = random_between(&random, 1, 3); k > 0; k--) {
            text[random_next(&random) % strlen(bodies[type])] =
                (char)random_between(&random, 1, 255);
        }
        if (webhook_event_parse(text, strlen(bodies[type]), type, &event, &error) == SVC_OK) {
            read++;
            assert_int_equal(event.type, type);
            assert_true(event.order_id[0] != '\0');
            assert_true(strlen(event.order_id) <= WEBHOOK_MAX_ORDER_ID_BYTES);
        } else {
            assert_int_equal(error.status, SVC_MALFORMED);
        }
        free(text);
    }
    assert_true(read > 100 && read < 5000);
}

/* A pair of surrogates takes a buffer of ours. */
static const char escaped[] = "{\"type\":\"shipping\",\"orderId\":\"1\",\"status\":\"preparing\","
                              "\"location\":\"\\ud83d\\ude00\","
                              "\"timestamp\":\"2026-01-01T18:04:05Z\"}";

static enum svc_status parse_escaped(void) {
    const enum svc_status status = parse(escaped, WEBHOOK_SHIPPING);
    if (status == SVC_OK) {
        assert_string_equal(event.shipping.location, "\xf0\x9f\x98\x80");
    } else {
        assert_int_equal(error.reason, WEBHOOK_REASON_NO_MEMORY);
        assert_int_equal(webhook_http_status(error.reason), 500);
    }
    return status;
}

static void test_each_allocation_failing(void **state) {
    (void)state;
    fail_allocations(parse_escaped, 1);
}

static void test_reasons_have_names_and_statuses(void **state) {
    (void)state;
    for (int i = WEBHOOK_REASON_NONE; i <= WEBHOOK_REASON_INTERNAL; i++) {
        const enum webhook_reason reason = (enum webhook_reason)i;
        const int http_status = webhook_http_status(reason);
        assert_true(strlen(webhook_reason_name(reason)) > 3);
        assert_true(strlen(webhook_reason_message(reason)) > 10);
        assert_true(http_status == 400 || http_status == 413 || http_status == 500 ||
                    (i == 0 && http_status == 200));
    }
    assert_string_equal(webhook_reason_name((enum webhook_reason)99), "INTERNAL");
    assert_int_equal(webhook_http_status((enum webhook_reason)99), 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_payment),
        cmocka_unit_test(test_a_parcel),
        cmocka_unit_test(test_a_refund),
        cmocka_unit_test(test_each_status_and_no_other),
        cmocka_unit_test(test_each_field_missing_in_turn),
        cmocka_unit_test(test_each_field_of_another_type_in_turn),
        cmocka_unit_test(test_ids_names_and_texts_have_their_characters),
        cmocka_unit_test(test_lengths_end_at_their_bounds),
        cmocka_unit_test(test_amounts_are_whole_won),
        cmocka_unit_test(test_times_need_an_offset),
        cmocka_unit_test(test_the_path_decides_the_type),
        cmocka_unit_test(test_what_is_no_json_object),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_floods_are_refused_before_they_are_built),
        cmocka_unit_test(test_errors_hold_nothing_of_the_body),
        cmocka_unit_test(test_random_damage_is_refused_or_read_within_bounds),
        cmocka_unit_test(test_each_allocation_failing),
        cmocka_unit_test(test_reasons_have_names_and_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
