/* The mails that events owe: their ids, one for an order and effect and never that of another, and
 * what is done if the platform's data allows none. */
#include "services/aws/sqs.h"
#include "services/webhook/limits.h"
#include "services/webhook/mail.h"
#include "tests/services/webhook_store_support.h"

static const char *id_of(const char *order_id, const char *tracking_number) {
    static char ids[4][WEBHOOK_MESSAGE_ID_BYTES];
    static int next;
    char *id = ids[next++ % 4];
    assert_int_equal(webhook_mail_id(order_id, tracking_number, id), SVC_OK);
    assert_in_range(strlen(id), 1, EMAIL_MAX_ID_BYTES);
    return id;
}

static void ids_name_order_and_effect(void **state) {
    (void)state;
    assert_string_equal(id_of("ORD-1", NULL), "order-ORD-1-paid");
    assert_string_equal(id_of("ORD-1", "1234"), "order-ORD-1-shipped-1234");
    assert_string_equal(id_of("ORD-1", ""), "order-ORD-1-shipped-");
}

static void long_ids_are_hashed(void **state) {
    (void)state;
    char longest[WEBHOOK_MAX_ORDER_ID_BYTES + 1], other[WEBHOOK_MAX_ID_BYTES + 1];
    memset(longest, 'x', sizeof(longest) - 1);
    memset(other, 'y', sizeof(other) - 1);
    longest[sizeof(longest) - 1] = other[sizeof(other) - 1] = '\0';
    const char *id = id_of(longest, other);
    assert_int_equal(strlen(id), strlen("order-sha256-") + 64);
    assert_string_equal(id, id_of(longest, other));
    other[63] = 'z';
    assert_string_not_equal(id, id_of(longest, other));
    /* Without a number it fits. */
    assert_int_equal(strlen(id_of(longest, NULL)), strlen("order--paid") + 64);
    /* 128 bytes fit, 129 do not. */
    other[128 - strlen("order--shipped-") - 64] = '\0';
    assert_int_equal(strlen(id_of(longest, other)), 128);
    longest[0] = 'a';
    other[0] = 'a';
    assert_non_null(strstr(id_of(longest, other), "-shipped-ay"));
}

/* An order and a number whose ids could be those of another order and number. */
static void ids_can_be_read_in_one_way_only(void **state) {
    (void)state;
    static const char *const texts[] = {"A",
                                        "A-shipped-B",
                                        "B",
                                        "B-shipped-C",
                                        "C",
                                        "shipped",
                                        "A-shipped",
                                        "shipped-B",
                                        "-shipped-",
                                        "-shipped-shipped-",
                                        "A-paid",
                                        "paid",
                                        "B-paid",
                                        "A-shipped-B-paid",
                                        "",
                                        "sha256-0123",
                                        "A-shipped-shipped"};
    enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };
    static char ids[TEXTS * (TEXTS + 1)][WEBHOOK_MESSAGE_ID_BYTES];
    size_t count = 0;
    for (size_t i = 0; i < TEXTS; i++) {
        assert_int_equal(webhook_mail_id(texts[i], NULL, ids[count++]), SVC_OK);
        for (size_t k = 0; k < TEXTS; k++) {
            assert_int_equal(webhook_mail_id(texts[i], texts[k], ids[count++]), SVC_OK);
        }
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(ids[i], ids[k]);
        }
    }
}

/* ---------------------------------------------------------------------- mails that cannot be made
 */

static void an_unusable_contact_does_not_stop_a_payment(void **state) {
    (void)state;
    static const struct {
        const char *sql, *reason, *field;
    } cases[] = {
        {"UPDATE orders SET email = NULL", "MISSING_FIELD", "toEmail"},
        {"UPDATE orders SET email = 'canary at home'", "BAD_ADDRESS", "toEmail"},
        {"UPDATE orders SET customer = NULL", "MISSING_FIELD", "data.customerName"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char part[80];
        store_fresh(NULL);
        db_command_of(&f, "sql %s", cases[i].sql);
        const struct webhook_stored stored = one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
        assert_int_equal(stored.outcome, WEBHOOK_STORED);
        assert_int_equal(stored.effects, WEBHOOK_MAIL_CONFIRMATION);
        assert_int_equal(stored.mails_not_made, 1);
        assert_int_equal(stored.mail_count, 0);
        assert_sql("paid", "SELECT pay FROM orders");
        const char *log = svc_buf_text(&f.log.lines);
        snprintf(part, sizeof(part), "\"reason\":\"%s\",\"field\":\"%s\"", cases[i].reason,
                 cases[i].field);
        assert_non_null(strstr(log, "\"level\":\"ERROR\""));
        assert_non_null(strstr(log, part));
        assert_non_null(strstr(log, "\"orderId\":\"ORD-1\""));
        assert_null(strstr(log, "canary"));
    }
}

static void an_order_without_a_contact_does_not_stop_a_payment(void **state) {
    (void)state;
    db_sql(&f, "CREATE OR REPLACE VIEW webhook_contacts AS SELECT number AS order_id, email, "
               "customer AS name, lang AS language FROM orders WHERE number = 'ORD-9'");
    const struct webhook_stored stored = one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    db_sql(&f, "CREATE OR REPLACE VIEW webhook_contacts AS SELECT number AS order_id, email, "
               "customer AS name, lang AS language FROM orders");
    assert_int_equal(stored.outcome, WEBHOOK_STORED);
    assert_int_equal(stored.mails_not_made, 1);
    assert_non_null(strstr(svc_buf_text(&f.log.lines), "NO_CONTACT"));
}

/* Lines that no mail can list: the confirmation goes without them. */
static void unusable_lines_do_not_stop_a_confirmation(void **state) {
    (void)state;
    static const char *const cases[] = {
        "UPDATE items SET price = -1", "UPDATE items SET price = 0.5", "UPDATE items SET name = ''",
        "UPDATE items SET price = NULL"};
    for (size_t i = 0; i < COUNT(cases); i++) {
        store_fresh(NULL);
        db_command_of(&f, "sql %s WHERE line = 2", cases[i]);
        const struct webhook_stored stored = one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
        assert_int_equal(stored.mail_count, 1);
        assert_int_equal(stored.mails_not_made, 0);
        assert_sql("{\"customerName\":\"canary \u91d1\",\"orderNumber\":\"ORD-1\",\"totalAmount\":"
                   "5000}",
                   "SELECT JSON_COMPACT(JSON_QUERY(body, '$.data')) FROM outbox");
    }
}

static void a_long_order_is_confirmed_in_part(void **state) {
    (void)state;
    db_sql(&f, "INSERT INTO items SELECT 'ORD-1', seq, REPEAT('\u91d1', 250), 1, 10 FROM "
               "seq_3_to_150");
    assert_int_equal(one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000)).mail_count, 1);
    assert_sql(
        "100\t50",
        "SELECT JSON_LENGTH(body, '$.data.items'), JSON_VALUE(body, '$.data.moreItems') FROM "
        "outbox");
}

/* SQS refuses two characters that UTF-8 and the database allow; the mail must not be refused for
 * ever because of a product's name. */
static void characters_that_sqs_refuses_are_replaced(void **state) {
    (void)state;
    struct awsc_error error;
    struct awsc_sqs_message message = {0};
    db_sql(&f, "UPDATE items SET name = CONCAT('a', UNHEX('EFBFBE'), 'b', UNHEX('EFBFBF'), "
               "CHAR(27), UNHEX('EFBFBD')) WHERE line = 1");
    db_sql(&f, "UPDATE orders SET customer = CONCAT('\u91d1', UNHEX('EFBFBF'))");
    assert_int_equal(one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000)).mail_count, 1);
    const char *body = db_sql(&f, "SELECT body FROM outbox");
    assert_non_null(strstr(body, "\"customerName\":\"\u91d1\ufffd\""));
    assert_non_null(strstr(body, "\"name\":\"a\ufffdb\ufffd"));
    message.body = body;
    assert_int_equal(awsc_sqs_check(&message, &error), SVC_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_name_order_and_effect),
        cmocka_unit_test(long_ids_are_hashed),
        cmocka_unit_test(ids_can_be_read_in_one_way_only),
        STORE_TEST(an_unusable_contact_does_not_stop_a_payment),
        STORE_TEST(an_order_without_a_contact_does_not_stop_a_payment),
        STORE_TEST(unusable_lines_do_not_stop_a_confirmation),
        STORE_TEST(a_long_order_is_confirmed_in_part),
        STORE_TEST(characters_that_sqs_refuses_are_replaced),
    };
    return cmocka_run_group_tests(tests, store_start, store_stop);
}
