/* Producer and consumer of mails, held together: whatever the producer makes is rendered, and what
 * would be refused is refused before it is queued. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "services/base/text.h"
#include "tests/services/email_support.h"

static void test_whatever_is_produced_is_rendered(void **state) {
    (void)state;
    uint64_t random = 9;
    struct svc_buf body;
    svc_buf_init(&body, EMAIL_MAX_MESSAGE_BYTES);
    for (int round = 0; round < 400; round++) {
        const enum email_template id = (enum email_template)(round % EMAIL_TEMPLATES);
        const enum email_language language = (enum email_language)(round / 5 % EMAIL_LANGUAGES);
        struct email_message message;
        struct email_rendered rendered;
        struct email_error error;
        svc_buf_reset(&body);
        if (random_message(&random, id, language, &body, &error) != SVC_OK) {
            fail_msg("round %d: %s", round, error.detail);
        }
        assert_int_equal(email_message_parse(body.bytes, body.size_bytes, &message, &error),
                         SVC_OK);
        assert_int_equal(message.template_id, id);
        for (int k = 0; k < EMAIL_LANGUAGES; k++) {
            message.language = (enum email_language)k;
            if (email_render(&message, &test_sender, TEST_NOW_MS, &rendered, &error) != SVC_OK) {
                fail_msg("round %d: %s", round, error.detail);
            }
            const struct svc_buf *parts[] = {&rendered.subject, &rendered.html, &rendered.text};
            for (size_t i = 0; i < 3; i++) {
                assert_true(parts[i]->size_bytes > 0);
                assert_true(svc_utf8_valid(parts[i]->bytes, parts[i]->size_bytes));
                assert_null(memchr(parts[i]->bytes, '\0', parts[i]->size_bytes));
            }
            assert_null(strpbrk(svc_buf_text(&rendered.subject), "\r\n"));
            email_rendered_clear(&rendered);
        }
        email_message_clear(&message);
    }
    svc_buf_clear(&body);
}

/* Random bytes of a queue instead: refused with a reason, or rendered. */
static void test_damaged_messages_are_refused_or_rendered(void **state) {
    (void)state;
    uint64_t random = 4;
    struct svc_buf body;
    int taken = 0, refused = 0;
    svc_buf_init(&body, EMAIL_MAX_MESSAGE_BYTES);
    for (int round = 0; round < 2000; round++) {
        struct email_message message;
        struct email_rendered rendered;
        struct email_error error;
        svc_buf_reset(&body);
        random_message(&random, (enum email_template)(round % EMAIL_TEMPLATES), EMAIL_KO, &body,
                       &error);
        for (uint32_t i = random_between(&random, 1, 3); i > 0; i--) {
            size_t at = random_next(&random) % body.size_bytes;
            body.bytes[at] = (uint8_t) "\"{}[],:0a\\u\xed<"[random_next(&random) % 14];
        }
        if (email_message_parse(body.bytes, body.size_bytes, &message, &error) == SVC_OK) {
            assert_int_equal(email_render(&message, &test_sender, TEST_NOW_MS, &rendered, &error),
                             SVC_OK);
            email_rendered_clear(&rendered);
            taken++;
        } else {
            assert_true(error.reason > EMAIL_REASON_NONE && error.reason < EMAIL_REASON_BAD_SENDER);
            refused++;
        }
        email_message_clear(&message);
    }
    assert_true(taken > 50 && refused > 50);
    svc_buf_clear(&body);
}

struct fault {
    const char *field;
    enum email_reason reason;
};

/* What the sender would refuse, one fault each. */
static void put_fault(struct email_producer *producer, int number) {
    char long_name[200];
    memset(long_name, 'n', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    switch (number) {
    case 0:
        email_message_put_text(producer, "orderNumber", "1"); /* no customer */
        break;
    case 1:
        email_message_put_text(producer, "customerName", long_name);
        break;
    case 2:
        email_message_put_text(producer, "customerName", "\xff");
        break;
    case 3:
        email_message_put_text(producer, "customername", "a");
        break;
    case 4:
        email_message_put_number(producer, "orderNumber", 17);
        break;
    case 5:
        email_message_put_number(producer, "totalAmount", -1);
        break;
    case 6:
        email_message_put_item(producer, "cap", 1, -1);
        break;
    case 7:
        email_message_put_item(producer, "", 1, 1);
        break;
    case 8:
        email_message_put_text(producer, "orderNumber", "again");
        break;
    default:
        email_message_put_item(producer, "cap", 1, 1);
        email_message_put_number(producer, "totalAmount", 1);
        email_message_put_item(producer, "cap", 1, 1);
        break;
    }
}

static void test_what_would_be_refused_is_not_produced(void **state) {
    (void)state;
    static const struct fault faults[] = {
        {"data.customerName", EMAIL_REASON_MISSING_FIELD},
        {"data.customerName", EMAIL_REASON_BAD_FIELD},
        {"customerName", EMAIL_REASON_BAD_FIELD},
        {"customername", EMAIL_REASON_INTERNAL},
        {"orderNumber", EMAIL_REASON_INTERNAL},
        {"data.totalAmount", EMAIL_REASON_BAD_FIELD},
        {"data.items[0].price", EMAIL_REASON_BAD_FIELD},
        {"data.items[0].name", EMAIL_REASON_MISSING_FIELD},
        {"", EMAIL_REASON_BAD_JSON},
        {"items", EMAIL_REASON_INTERNAL},
    };
    struct svc_buf body;
    svc_buf_init(&body, EMAIL_MAX_MESSAGE_BYTES);
    svc_buf_append_text(&body, "before");
    for (int i = 0; i < (int)(sizeof(faults) / sizeof(faults[0])); i++) {
        struct email_producer producer;
        struct email_error error;
        email_message_begin(&producer, &body, EMAIL_ORDER_CONFIRMATION, "a@b.kr", EMAIL_KO, NULL);
        if (i > 2) {
            email_message_put_text(&producer, "customerName", "a");
        }
        if (i > 0 && i != 4) {
            email_message_put_text(&producer, "orderNumber", "1");
        }
        put_fault(&producer, i);
        assert_true(email_message_finish(&producer, &error) != SVC_OK);
        assert_int_equal(error.reason, faults[i].reason);
        assert_string_equal(error.field, faults[i].field);
        assert_string_equal(svc_buf_text(&body), "before");
    }
    static const char *const addresses[] = {"", "a", "a@b.kr,c@d.kr", "a@b.kr\r\nX: y",
                                            "\xff@b.kr"};
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct email_producer producer;
        struct email_error error;
        email_message_begin(&producer, &body, EMAIL_ORDER_CONFIRMATION, addresses[i], EMAIL_KO,
                            NULL);
        email_message_put_text(&producer, "customerName", "a");
        email_message_put_text(&producer, "orderNumber", "1");
        assert_int_equal(email_message_finish(&producer, &error), SVC_MALFORMED);
        assert_string_equal(error.field, "toEmail");
    }
    svc_buf_clear(&body);
}

static void test_long_names_are_cut(void **state) {
    (void)state;
    struct svc_buf body;
    struct email_producer producer;
    struct email_message message;
    struct email_error error;
    char name[3 * 300 + 10] = "";
    for (int i = 0; i < 300; i++) {
        strcat(name, "한");
    }
    svc_buf_init(&body, EMAIL_MAX_MESSAGE_BYTES);
    email_message_begin(&producer, &body, EMAIL_ORDER_CONFIRMATION, "a@b.kr", EMAIL_KO, NULL);
    email_message_put_text_cut(&producer, "customerName", name);
    email_message_put_text(&producer, "orderNumber", "1");
    email_message_put_item(&producer, "bad \xff\xfe bytes\x01", 1, 1);
    email_message_put_item(&producer, name, 1, 1);
    assert_int_equal(email_message_finish(&producer, &error), SVC_OK);
    assert_int_equal(email_message_parse(body.bytes, body.size_bytes, &message, &error), SVC_OK);
    const char *cut = email_message_value(&message, "customerName")->text;
    assert_int_equal(strlen(cut), 3 * 100);
    assert_string_equal(cut + 3 * 99, "\u2026");
    assert_string_equal(message.items[0].name, "bad \ufffd\ufffd bytes");
    assert_int_equal(strlen(message.items[1].name), 3 * 200);
    email_message_clear(&message);
    svc_buf_clear(&body);
}

/* SQS takes neither U+FFFE nor U+FFFF; what stands in front of the message is the caller's. */
static void test_what_sqs_refuses_is_replaced(void **state) {
    (void)state;
    struct svc_buf body;
    struct email_producer producer;
    struct email_error error;
    svc_buf_init(&body, EMAIL_MAX_MESSAGE_BYTES);
    assert_true(svc_buf_append_text(&body, "\xef\xbf\xbf"));
    email_message_begin(&producer, &body, EMAIL_ORDER_CONFIRMATION, "a@example.com", EMAIL_KO, "m");
    email_message_put_text_cut(&producer, "customerName",
                               "a\xef\xbf\xbe"
                               "b\xef\xbf\xbf");
    email_message_put_text(&producer, "orderNumber", "1\xef\xbf\xbd");
    assert_int_equal(email_message_finish(&producer, &error), SVC_OK);
    assert_int_equal(memcmp(body.bytes, "\xef\xbf\xbf{", 4), 0);
    assert_non_null(strstr(svc_buf_text(&body), "a\xef\xbf\xbd"
                                                "b\xef\xbf\xbd\""));
    assert_non_null(strstr(svc_buf_text(&body), "\"1\xef\xbf\xbd\""));
    svc_buf_clear(&body);
}

static void test_items_beyond_the_limit_are_counted(void **state) {
    (void)state;
    struct svc_buf body;
    struct email_producer producer;
    struct email_message message;
    struct email_error error;
    svc_buf_init(&body, EMAIL_MAX_MESSAGE_BYTES);
    email_message_begin(&producer, &body, EMAIL_ORDER_CONFIRMATION, "a@b.kr", EMAIL_KO, NULL);
    email_message_put_text(&producer, "customerName", "a");
    email_message_put_text(&producer, "orderNumber", "1");
    for (int i = 0; i < EMAIL_MAX_ITEMS + 7; i++) {
        email_message_put_item(&producer, "cap", 1, 1);
    }
    assert_int_equal(email_message_finish(&producer, &error), SVC_OK);
    assert_int_equal(email_message_parse(body.bytes, body.size_bytes, &message, &error), SVC_OK);
    assert_int_equal(message.item_count, EMAIL_MAX_ITEMS);
    assert_int_equal(email_message_value(&message, "moreItems")->number, 7);
    email_message_clear(&message);
    svc_buf_clear(&body);
}

static void test_a_message_that_does_not_fit_leaves_nothing(void **state) {
    (void)state;
    struct svc_buf body;
    struct email_producer producer;
    struct email_error error;
    svc_buf_init(&body, 100);
    email_message_begin(&producer, &body, EMAIL_ORDER_CONFIRMATION, "a@b.kr", EMAIL_KO, NULL);
    email_message_put_text(&producer, "customerName", "a name that is too long for a hundred");
    email_message_put_text(&producer, "orderNumber", "1");
    assert_int_equal(email_message_finish(&producer, &error), SVC_TOO_LARGE);
    assert_int_equal(body.size_bytes, 0);
    assert_int_equal(svc_buf_status(&body), SVC_OK);
    svc_buf_clear(&body);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whatever_is_produced_is_rendered),
        cmocka_unit_test(test_damaged_messages_are_refused_or_rendered),
        cmocka_unit_test(test_what_would_be_refused_is_not_produced),
        cmocka_unit_test(test_long_names_are_cut),
        cmocka_unit_test(test_what_sqs_refuses_is_replaced),
        cmocka_unit_test(test_items_beyond_the_limit_are_counted),
        cmocka_unit_test(test_a_message_that_does_not_fit_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
