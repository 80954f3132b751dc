/* Messages of the mailer: what is taken, what is refused and how that is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/email/message.h"
#include "services/email/value.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define DAY_MS      (INT64_C(24) * 3600 * 1000)

static struct email_error error;

static enum svc_status parse(const char *text, struct email_message *message) {
    return email_message_parse(text, strlen(text), message, &error);
}

static const char *text_of(const struct email_message *message, const char *name) {
    const struct email_value *value = email_message_value(message, name);
    return value != NULL ? value->text : NULL;
}

static void test_a_whole_order(void **state) {
    (void)state;
    struct email_message message;
    assert_int_equal(
        parse(
            "{\"template\":\"ORDER_CONFIRMATION\",\"toEmail\":\"kim@한국.kr\",\"language\":\"en\","
            "\"messageId\":\"order-17:paid\",\"extra\":[1],\"data\":{\"customerName\":\" 김\\n하늘 "
            "\",\"orderNumber\":\"A-1\",\"orderDate\":\"2026-10-05\",\"items\":[{\"name\":\"cap\","
            "\"quantity\":\"2\",\"price\":15000.0,\"colour\":\"red\"}],\"totalAmount\":\"30,000\","
            "\"more\":null}}",
            &message),
        SVC_OK);
    assert_int_equal(message.template_id, EMAIL_ORDER_CONFIRMATION);
    assert_int_equal(message.language, EMAIL_EN);
    assert_string_equal(message.to, "kim@xn--3e0b707e.kr");
    assert_string_equal(message.id, "order-17:paid");
    assert_string_equal(text_of(&message, "customerName"), "김 하늘");
    /* Midnight in Seoul. */
    assert_int_equal(email_message_value(&message, "orderDate")->number, INT64_C(1791126000000));
    assert_int_equal(message.item_count, 1);
    assert_string_equal(message.items[0].name, "cap");
    assert_int_equal(message.items[0].quantity, 2);
    assert_int_equal(message.items[0].price, 15000);
    assert_int_equal(email_message_value(&message, "totalAmount")->number, 30000);
    assert_null(email_message_value(&message, "moreItems"));
    assert_null(email_message_value(&message, "colour"));
    email_message_clear(&message);
}

static void test_the_least_of_each_template(void **state) {
    (void)state;
    static const char *const least[] = {
        "{\"template\":\"ORDER_CONFIRMATION\",\"toEmail\":\"a@b.kr\",\"data\":{\"customerName\":"
        "\"a\","
        "\"orderNumber\":\"1\"}}",
        "{\"template\":\"SHIPPING_NOTIFICATION\",\"toEmail\":\"a@b.kr\",\"data\":{\"customerName\":"
        "\"a\",\"carrier\":\"b\",\"trackingNumber\":\"c\",\"trackingUrl\":\"\","
        "\"estimatedDelivery\":"
        "null}}",
        "{\"template\":\"PASSWORD_RESET\",\"toEmail\":\"a@b.kr\",\"language\":null,\"messageId\":"
        "null,"
        "\"data\":{\"userName\":\"a\",\"resetUrl\":\"https://b.kr\",\"expiresIn\":\"60\"}}",
        "{\"template\":\"PROMOTIONAL\",\"toEmail\":\"a@b.kr\",\"data\":{\"customerName\":\"a\","
        "\"title\":"
        "\"b\",\"promoTitle\":\"c\",\"description\":\"d\",\"shopUrl\":\"https://b.kr\","
        "\"unsubscribeUrl\":\"https://b.kr/u\"}}",
        "{\"template\":\"SETTLEMENT_REPORT\",\"toEmail\":\"a@b.kr\",\"data\":{\"sellerName\":\"a\","
        "\"period\":\"b\",\"totalOrders\":0,\"totalSales\":-1,\"totalCommission\":\"-2,000\","
        "\"netAmount\":1e3}}"};
    for (size_t i = 0; i < COUNT(least); i++) {
        struct email_message message;
        if (parse(least[i], &message) != SVC_OK) {
            fail_msg("%s: %s", least[i], error.detail);
        }
        assert_int_equal(message.template_id, i);
        assert_int_equal(message.language, EMAIL_KO);
        assert_string_equal(message.id, "");
        email_message_clear(&message);
    }
}

/* A good message with one member written otherwise. */
static char *with(const char *member, const char *json) {
    static const char *const members[][2] = {{"template", "\"PROMOTIONAL\""},
                                             {"toEmail", "\"a@b.kr\""},
                                             {"language", "\"ko\""},
                                             {"messageId", "\"1\""}};
    static const char *const data[][2] = {{"customerName", "\"a\""},
                                          {"title", "\"b\""},
                                          {"promoTitle", "\"c\""},
                                          {"description", "\"d\""},
                                          {"discount", "10"},
                                          {"validUntil", "\"2026-10-05\""},
                                          {"shopUrl", "\"https://b.kr\""},
                                          {"unsubscribeUrl", "\"https://b.kr\""}};
    size_t capacity = strlen(json) + 2000;
    char *text = malloc(capacity), *at = text;
    bool has_data = strcmp(member, "data") == 0;
    assert_non_null(text);
    at += sprintf(at, "{");
    for (size_t i = 0; i < COUNT(members); i++) {
        bool is_other = strcmp(members[i][0], member) == 0;
        if (!is_other || *json != '\0') {
            at += sprintf(at, "\"%s\":%s,", members[i][0], is_other ? json : members[i][1]);
        }
    }
    at += sprintf(at, "\"data\":%s", has_data ? json : "{");
    for (size_t i = 0; i < COUNT(data) && !has_data; i++) {
        bool is_other = strcmp(data[i][0], member) == 0;
        if (!is_other || *json != '\0') {
            at += sprintf(at, "\"%s\":%s,", data[i][0], is_other ? json : data[i][1]);
        }
    }
    strcpy(at, has_data ? "}" : "\"x\":0}}");
    return text;
}

static void test_each_fault_is_named(void **state) {
    (void)state;
    static const struct {
        const char *member, *json;
        enum email_reason reason;
        const char *field;
    } cases[] = {
        {"template", "", EMAIL_REASON_MISSING_FIELD, "template"},
        {"template", "null", EMAIL_REASON_MISSING_FIELD, "template"},
        {"template", "\"promotional\"", EMAIL_REASON_UNKNOWN_TEMPLATE, "template"},
        {"template", "\"PROMOTIONAL \"", EMAIL_REASON_UNKNOWN_TEMPLATE, "template"},
        {"template", "3", EMAIL_REASON_UNKNOWN_TEMPLATE, "template"},
        {"toEmail", "", EMAIL_REASON_MISSING_FIELD, "toEmail"},
        {"toEmail", "\"\"", EMAIL_REASON_MISSING_FIELD, "toEmail"},
        {"toEmail", "[\"a@b.kr\"]", EMAIL_REASON_BAD_ADDRESS, "toEmail"},
        {"toEmail", "\"a@b.kr, c@d.kr\"", EMAIL_REASON_BAD_ADDRESS, "toEmail"},
        {"toEmail", "\"a@b.kr\\r\\nBcc: c@d.kr\"", EMAIL_REASON_BAD_ADDRESS, "toEmail"},
        {"toEmail", "\"a@b.kr\\u0000\"", EMAIL_REASON_BAD_ADDRESS, "toEmail"},
        {"language", "\"fr\"", EMAIL_REASON_BAD_FIELD, "language"},
        {"language", "1", EMAIL_REASON_BAD_FIELD, "language"},
        {"messageId", "\"\"", EMAIL_REASON_BAD_FIELD, "messageId"},
        {"messageId", "\"a b\"", EMAIL_REASON_BAD_FIELD, "messageId"},
        {"messageId", "\"주문\"", EMAIL_REASON_BAD_FIELD, "messageId"},
        {"messageId", "7", EMAIL_REASON_BAD_FIELD, "messageId"},
        {"data", "null", EMAIL_REASON_MISSING_FIELD, "data"},
        {"data", "[]", EMAIL_REASON_BAD_FIELD, "data"},
        {"data", "\"{}\"", EMAIL_REASON_BAD_FIELD, "data"},
        {"customerName", "", EMAIL_REASON_MISSING_FIELD, "data.customerName"},
        {"customerName", "null", EMAIL_REASON_MISSING_FIELD, "data.customerName"},
        {"customerName", "\" \\n\\u202e\"", EMAIL_REASON_MISSING_FIELD, "data.customerName"},
        {"customerName", "5", EMAIL_REASON_BAD_FIELD, "data.customerName"},
        {"customerName", "\"a\\u0000b\"", EMAIL_REASON_BAD_FIELD, "data.customerName"},
        {"customerName", "{\"a\":1}", EMAIL_REASON_BAD_FIELD, "data.customerName"},
        {"discount", "0", EMAIL_REASON_BAD_FIELD, "data.discount"},
        {"discount", "101", EMAIL_REASON_BAD_FIELD, "data.discount"},
        {"discount", "\"ten\"", EMAIL_REASON_BAD_FIELD, "data.discount"},
        {"discount", "12.5", EMAIL_REASON_BAD_FIELD, "data.discount"},
        {"discount", "true", EMAIL_REASON_BAD_FIELD, "data.discount"},
        {"validUntil", "20261005", EMAIL_REASON_BAD_FIELD, "data.validUntil"},
        {"validUntil", "\"2026-02-29\"", EMAIL_REASON_BAD_FIELD, "data.validUntil"},
        {"validUntil", "\"2026-10-05T25:00:00Z\"", EMAIL_REASON_BAD_FIELD, "data.validUntil"},
        {"shopUrl", "\"http://b.kr\"", EMAIL_REASON_BAD_FIELD, "data.shopUrl"},
        {"shopUrl", "\"javascript:alert(1)\"", EMAIL_REASON_BAD_FIELD, "data.shopUrl"},
        {"shopUrl", "\"\"", EMAIL_REASON_MISSING_FIELD, "data.shopUrl"},
        {"unsubscribeUrl", "", EMAIL_REASON_MISSING_FIELD, "data.unsubscribeUrl"},
        {"unsubscribeUrl", "\"mailto:a@b.kr\"", EMAIL_REASON_BAD_FIELD, "data.unsubscribeUrl"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct email_message message;
        char *text = with(cases[i].member, cases[i].json);
        enum svc_status status = parse(text, &message);
        if (status != SVC_MALFORMED || error.reason != cases[i].reason ||
            strcmp(error.field, cases[i].field) != 0) {
            fail_msg("%s: %s %s %s", text, svc_status_name(status), email_reason_name(error.reason),
                     error.detail);
        }
        assert_int_equal(strncmp(error.detail, error.field, strlen(error.field)), 0);
        assert_null(message.texts);
        free(text);
    }
    char *good = with("none", "");
    struct email_message message;
    assert_int_equal(parse(good, &message), SVC_OK);
    email_message_clear(&message);
    free(good);
}

static void test_what_is_no_message(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "null",
                                      "[]",
                                      "\"a\"",
                                      "{",
                                      "{\"template\":\"\\ud800\"}",
                                      "{\"a\":1,\"a\":2}",
                                      "{'a':1}",
                                      "{\"a\":NaN}",
                                      "\xff"};
    struct email_message message;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(parse(bad[i], &message), SVC_MALFORMED);
        assert_int_equal(error.reason, EMAIL_REASON_BAD_JSON);
        assert_string_equal(error.field, "");
    }
    char *large = malloc(EMAIL_MAX_MESSAGE_BYTES + 1);
    assert_non_null(large);
    memset(large, ' ', EMAIL_MAX_MESSAGE_BYTES + 1);
    assert_int_equal(email_message_parse(large, EMAIL_MAX_MESSAGE_BYTES + 1, &message, &error),
                     SVC_TOO_LARGE);
    assert_int_equal(error.reason, EMAIL_REASON_TOO_LARGE);
    free(large);
}

/* An ignored field with `count` times `value`. */
static enum svc_status parse_many(const char *value, size_t count) {
    char *text = malloc(count * (strlen(value) + 1) + 300), *at = text;
    struct email_message message;
    assert_non_null(text);
    at += sprintf(at, "{\"template\":\"ORDER_CONFIRMATION\",\"toEmail\":\"a@b.kr\",\"x\":[0");
    for (size_t i = 0; i < count; i++) {
        at += sprintf(at, ",%s", value);
    }
    sprintf(at, "],\"data\":{\"customerName\":\"a\",\"orderNumber\":\"[{,\\\"[{,\"}}");
    enum svc_status status = parse(text, &message);
    email_message_clear(&message);
    free(text);
    return status;
}

static void test_too_many_values_are_refused_before_they_are_built(void **state) {
    (void)state;
    static const char *const values[] = {"{}", "[]", "1", "\"\"", "{\"a\":1}"};
    for (size_t i = 0; i < COUNT(values); i++) {
        assert_int_equal(parse_many(values[i], 1000), SVC_OK);
        assert_int_equal(parse_many(values[i], 20000), SVC_TOO_LARGE);
        assert_int_equal(error.reason, EMAIL_REASON_TOO_LARGE);
    }
    assert_int_equal(parse_many("{}", 1021), SVC_OK);
    assert_int_equal(parse_many("{}", 1022), SVC_TOO_LARGE);
    assert_int_equal(parse_many("\"[[[{{{,,,\"", 5000), SVC_OK);
}

static void test_lengths_count_characters(void **state) {
    (void)state;
    for (int count = 99; count <= 101; count++) {
        char name[600] = "\"", *at = name + 1;
        for (int i = 0; i < count; i++) {
            at += sprintf(at, "한");
        }
        strcpy(at, "\"");
        char *text = with("customerName", name);
        struct email_message message;
        assert_int_equal(parse(text, &message), count <= 100 ? SVC_OK : SVC_MALFORMED);
        if (count > 100) {
            assert_string_equal(error.detail, "data.customerName is longer than 100 characters");
        }
        email_message_clear(&message);
        free(text);
    }
}

/* As the JSON of items with one entry's member written otherwise. */
static enum svc_status parse_items(const char *items) {
    char text[20000];
    struct email_message message;
    snprintf(
        text, sizeof(text),
        "{\"template\":\"ORDER_CONFIRMATION\",\"toEmail\":\"a@b.kr\",\"data\":{\"customerName\":"
        "\"a\",\"orderNumber\":\"1\",\"items\":%s}}",
        items);
    enum svc_status status = parse(text, &message);
    email_message_clear(&message);
    return status;
}

static void test_faults_in_items_name_the_entry(void **state) {
    (void)state;
    static const struct {
        const char *items;
        enum email_reason reason;
        const char *field;
    } cases[] = {
        {"{}", EMAIL_REASON_BAD_FIELD, "data.items"},
        {"[1]", EMAIL_REASON_BAD_FIELD, "data.items[0]"},
        {"[null]", EMAIL_REASON_BAD_FIELD, "data.items[0]"},
        {"[{\"name\":\"a\",\"quantity\":1,\"price\":1},{\"name\":\"a\",\"quantity\":1}]",
         EMAIL_REASON_MISSING_FIELD, "data.items[1].price"},
        {"[{\"name\":\"\",\"quantity\":1,\"price\":1}]", EMAIL_REASON_MISSING_FIELD,
         "data.items[0].name"},
        {"[{\"name\":\"a\",\"quantity\":-1,\"price\":1}]", EMAIL_REASON_BAD_FIELD,
         "data.items[0].quantity"},
        {"[{\"name\":\"a\",\"quantity\":1,\"price\":0.5}]", EMAIL_REASON_BAD_FIELD,
         "data.items[0].price"},
        {"[{\"name\":\"a\",\"quantity\":1,\"price\":1000000000000}]", EMAIL_REASON_BAD_FIELD,
         "data.items[0].price"},
        {"[{\"name\":\"a\",\"quantity\":1,\"price\":123456789012345678901234567890}]",
         EMAIL_REASON_BAD_FIELD, "data.items[0].price"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(parse_items(cases[i].items), SVC_MALFORMED);
        assert_int_equal(error.reason, cases[i].reason);
        assert_string_equal(error.field, cases[i].field);
    }
    assert_int_equal(parse_items("[]"), SVC_OK);
    assert_int_equal(parse_items("null"), SVC_OK);
    char many[20000] = "[", *at = many + 1;
    for (int i = 0; i < EMAIL_MAX_ITEMS; i++) {
        at += sprintf(at, "{\"name\":\"a\",\"quantity\":1,\"price\":1},");
    }
    strcpy(at - 1, "]");
    assert_int_equal(parse_items(many), SVC_OK);
    strcpy(at - 1, ",{\"name\":\"a\",\"quantity\":1,\"price\":1}]");
    assert_int_equal(parse_items(many), SVC_MALFORMED);
    assert_string_equal(error.field, "data.items");
}

static void test_numbers_as_strings(void **state) {
    (void)state;
    static const struct {
        enum email_type type;
        int64_t low, high;
        const char *text;
        int64_t number; /* -1: refused */
    } cases[] = {
        {EMAIL_MONEY, 0, 999999999999, "58000", 58000},
        {EMAIL_MONEY, 0, 999999999999, "58,000", 58000},
        {EMAIL_MONEY, 0, 999999999999, "999,999,999,999", 999999999999},
        {EMAIL_MONEY, 0, 999999999999, "0", 0},
        {EMAIL_MONEY, 0, 999999999999, "", -1},
        {EMAIL_MONEY, 0, 999999999999, "00", -1},
        {EMAIL_MONEY, 0, 999999999999, "5,80,00", -1},
        {EMAIL_MONEY, 0, 999999999999, ",580", -1},
        {EMAIL_MONEY, 0, 999999999999, "58,", -1},
        {EMAIL_MONEY, 0, 999999999999, "5,8000", -1},
        {EMAIL_MONEY, 0, 999999999999, "58000원", -1},
        {EMAIL_MONEY, 0, 999999999999, "58000.0", -1},
        {EMAIL_MONEY, 0, 999999999999, "5e4", -1},
        {EMAIL_MONEY, 0, 999999999999, " 5", -1},
        {EMAIL_MONEY, 0, 999999999999, "+5", -1},
        {EMAIL_MONEY, 0, 999999999999, "-5", -1},
        {EMAIL_MONEY, 0, 999999999999, "0x10", -1},
        {EMAIL_MONEY, 0, 999999999999, "1000000000000", -1},
        {EMAIL_MONEY, 0, 999999999999, "99999999999999999999999999", -1},
        {EMAIL_PERCENT, 1, 100, "30%", 30},
        {EMAIL_PERCENT, 1, 100, "100", 100},
        {EMAIL_PERCENT, 1, 100, "%", -1},
        {EMAIL_PERCENT, 1, 100, "30%%", -1},
        {EMAIL_MINUTES, 1, 9999, "1,000", -1},
        {EMAIL_MINUTES, 1, 9999, "60", 60},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct email_field field = {"f",          cases[i].type, true,
                                          cases[i].low, cases[i].high, ""};
        const char *why = NULL;
        int64_t number = -1;
        bool is_good = email_read_digits(&field, cases[i].text, &number, &why);
        if (is_good != (cases[i].number >= 0) || (is_good && number != cases[i].number)) {
            fail_msg("%s", cases[i].text);
        }
    }
    const struct email_field signed_field = {"f", EMAIL_MONEY, true, -1000, 1000, ""};
    const char *why = NULL;
    int64_t number = 0;
    assert_true(email_read_digits(&signed_field, "-1,000", &number, &why));
    assert_int_equal(number, -1000);
    assert_false(email_read_digits(&signed_field, "--5", &number, &why));
}

static void test_dates(void **state) {
    (void)state;
    const int64_t midnight = INT64_C(1791126000000); /* 2026-10-05T00:00+09:00 */
    static const struct {
        const char *text;
        int64_t after_ms; /* midnight */
    } good[] = {
        {"2026-10-05", 0},
        {"2026-10-05T00:00", 0},
        {"2026-10-05 00:00:00", 0},
        {"2026-10-04T15:00:00Z", 0},
        {"2026-10-05T00:00:00.250+09:00", 250},
        {"2026-10-05T01:02:03+0900", 3723000},
        {"2026-10-05T10:20Z", 19 * 3600000 + 20 * 60000},
        {"2026-10-05 10:20:30.123456", 10 * 3600000 + 20 * 60000 + 30123},
    };
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-10-5",
                                      "2026/10/05",
                                      "2026-13-01",
                                      "2026-00-01",
                                      "2026-10-32",
                                      "2026-02-30",
                                      "05-10-2026",
                                      "2026-10-05T",
                                      "2026-10-05T10",
                                      "2026-10-05T10:2",
                                      "0026-10-05",
                                      "3026-10-05",
                                      "2026-10-05Z",
                                      "2026-10-05T10:20:30+25:00",
                                      "tomorrow",
                                      "2026-10-05 x",
                                      "2026-10-05T1:2:3",
                                      "2026-10-05T10:20:30Z trailing text, long"};
    int64_t found = 0;
    for (size_t i = 0; i < COUNT(good); i++) {
        if (!email_read_date(good[i].text, &found) || found != midnight + good[i].after_ms) {
            fail_msg("%s: %lld", good[i].text, (long long)found);
        }
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (email_read_date(bad[i], &found)) {
            fail_msg("%s is taken", bad[i]);
        }
    }
}

static void test_numbers_for_people(void **state) {
    (void)state;
    static const struct {
        enum email_type type;
        int64_t number;
        const char *ko, *en;
    } cases[] = {
        {EMAIL_MONEY, 58000, "58,000원", "₩58,000"},
        {EMAIL_MONEY, 0, "0원", "₩0"},
        {EMAIL_MONEY, -1234567, "-1,234,567원", "-₩1,234,567"},
        {EMAIL_COUNT, 999, "999", "999"},
        {EMAIL_COUNT, 1000, "1,000", "1,000"},
        {EMAIL_PERCENT, 30, "30%", "30%"},
        {EMAIL_MINUTES, 1, "1분", "1 minute"},
        {EMAIL_MINUTES, 30, "30분", "30 minutes"},
        {EMAIL_MINUTES, 60, "1시간", "1 hour"},
        {EMAIL_MINUTES, 90, "1시간 30분", "1 hour 30 minutes"},
        {EMAIL_MINUTES, 1440, "24시간", "24 hours"},
        {EMAIL_DATE, INT64_C(1791126000000), "2026년 10월 5일", "October 5, 2026"},
        {EMAIL_DATE, INT64_C(1791126000000) - 1, "2026년 10월 4일", "October 4, 2026"},
        {EMAIL_DATE, INT64_C(1791126000000) + 89 * DAY_MS, "2027년 1월 2일", "January 2, 2027"},
    };
    struct svc_buf out;
    svc_buf_init(&out, 100);
    for (size_t i = 0; i < COUNT(cases); i++) {
        svc_buf_reset(&out);
        email_put_number(cases[i].type, cases[i].number, EMAIL_KO, &out);
        assert_string_equal(svc_buf_text(&out), cases[i].ko);
        svc_buf_reset(&out);
        email_put_number(cases[i].type, cases[i].number, EMAIL_EN, &out);
        assert_string_equal(svc_buf_text(&out), cases[i].en);
    }
    svc_buf_clear(&out);
}

static void test_a_reset_link_expires(void **state) {
    (void)state;
    struct email_message message;
    const int64_t queued = INT64_C(1791126000000);
    assert_int_equal(
        parse(
            "{\"template\":\"PASSWORD_RESET\",\"toEmail\":\"a@b.kr\",\"data\":{\"userName\":\"a\","
            "\"resetUrl\":\"https://b.kr\",\"expiresIn\":30}}",
            &message),
        SVC_OK);
    assert_false(email_message_expired(&message, queued, queued));
    assert_false(email_message_expired(&message, queued, queued + 30 * 60000 - 1));
    assert_true(email_message_expired(&message, queued, queued + 30 * 60000));
    assert_false(email_message_expired(&message, queued, queued - 60000)); /* clocks differ */
    email_message_clear(&message);
    assert_int_equal(parse("{\"template\":\"ORDER_CONFIRMATION\",\"toEmail\":\"a@b.kr\",\"data\":{"
                           "\"customerName\":\"a\",\"orderNumber\":\"1\"}}",
                           &message),
                     SVC_OK);
    assert_false(email_message_expired(&message, 0, queued));
    email_message_clear(&message);
}

static void test_copies_go_only_where_they_may(void **state) {
    (void)state;
    for (int i = 0; i < EMAIL_TEMPLATES; i++) {
        const struct email_template_info *info = email_template_info((enum email_template)i);
        assert_int_equal(info->may_bcc, i != EMAIL_PASSWORD_RESET && i != EMAIL_PROMOTIONAL);
        assert_int_equal(info->is_promotional, i == EMAIL_PROMOTIONAL);
    }
}

static void test_errors_hold_nothing_of_the_message(void **state) {
    (void)state;
    static const char *const members[] = {"template", "toEmail", "language",   "messageId",
                                          "discount", "shopUrl", "validUntil", "customerName"};
    for (size_t i = 0; i < COUNT(members); i++) {
        char *text = with(members[i], "\"canary canary@x,y \\u0000\"");
        struct email_message message;
        assert_int_equal(parse(text, &message), SVC_MALFORMED);
        assert_null(strstr(error.detail, "canary"));
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_order),
        cmocka_unit_test(test_the_least_of_each_template),
        cmocka_unit_test(test_each_fault_is_named),
        cmocka_unit_test(test_what_is_no_message),
        cmocka_unit_test(test_too_many_values_are_refused_before_they_are_built),
        cmocka_unit_test(test_lengths_count_characters),
        cmocka_unit_test(test_faults_in_items_name_the_entry),
        cmocka_unit_test(test_numbers_as_strings),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_numbers_for_people),
        cmocka_unit_test(test_a_reset_link_expires),
        cmocka_unit_test(test_copies_go_only_where_they_may),
        cmocka_unit_test(test_errors_hold_nothing_of_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
