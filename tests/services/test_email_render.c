/* Mails as they are rendered: subjects, headers, what absent fields leave out, the largest message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "services/email/mime.h"
#include "services/email/templates.h"
#include "tests/services/email_support.h"

#define PROMOTION                                                                                  \
    "\"customerName\":\"a\",\"title\":\"b\",\"promoTitle\":\"c\",\"description\":\"d\","           \
    "\"shopUrl\":\"https://b.kr/?a=1&b=2\",\"unsubscribeUrl\":\"https://b.kr/u?a=1&b=2\""

static struct email_error error;

static void render_text(const char *template_name, const char *language, const char *data,
                        struct email_rendered *rendered) {
    char text[8192];
    struct email_message message;
    snprintf(
        text, sizeof(text),
        "{\"template\":\"%s\",\"toEmail\":\"kim@example.com\",\"language\":\"%s\",\"data\":{%s}}",
        template_name, language, data);
    if (email_message_parse(text, strlen(text), &message, &error) != SVC_OK ||
        email_render(&message, &test_sender, TEST_NOW_MS, rendered, &error) != SVC_OK) {
        fail_msg("%s: %s", text, error.detail);
    }
    email_message_clear(&message);
}

static void assert_subject(const char *template_name, const char *language, const char *data,
                           const char *subject) {
    struct email_rendered rendered;
    render_text(template_name, language, data, &rendered);
    assert_string_equal(svc_buf_text(&rendered.subject), subject);
    email_rendered_clear(&rendered);
}

static void test_subjects(void **state) {
    (void)state;
    static const char order[] = "\"customerName\":\"a\",\"orderNumber\":\"1\"";
    static const char shipping[] =
        "\"customerName\":\"a\",\"carrier\":\"b\",\"trackingNumber\":\"c\"";
    static const char reset[] =
        "\"userName\":\"a\",\"resetUrl\":\"https://b.kr/r\",\"expiresIn\":30";
    static const char report[] = "\"sellerName\":\"a\",\"period\":\"b\",\"totalOrders\":1,"
                                 "\"totalSales\":2,\"totalCommission\":3,\"netAmount\":4";
    assert_subject("ORDER_CONFIRMATION", "ko", order, "주문이 완료되었습니다 - OpenMarket");
    assert_subject("SHIPPING_NOTIFICATION", "ko", shipping, "상품이 발송되었습니다 - OpenMarket");
    assert_subject("PASSWORD_RESET", "ko", reset, "비밀번호 재설정 - OpenMarket");
    assert_subject("SETTLEMENT_REPORT", "ko", report, "정산 리포트 - OpenMarket");
    assert_subject("PROMOTIONAL", "ko", PROMOTION, "(광고) 특별한 혜택을 확인하세요 - OpenMarket");
    assert_subject("ORDER_CONFIRMATION", "en", order, "Your order is confirmed - OpenMarket");
    assert_subject("SHIPPING_NOTIFICATION", "en", shipping, "Your order has shipped - OpenMarket");
    assert_subject("PASSWORD_RESET", "en", reset, "Reset your password - OpenMarket");
    assert_subject("SETTLEMENT_REPORT", "en", report, "Settlement report - OpenMarket");
    assert_subject("PROMOTIONAL", "en", PROMOTION, "(광고) Special offers for you - OpenMarket");
}

static void test_the_mark_of_advertising_stands_once(void **state) {
    (void)state;
    static const char *const subjects[][2] = {
        {"가을 특가", "(광고) 가을 특가"},
        {"(광고) 가을 특가", "(광고) 가을 특가"},
        {"(광고)가을 특가 (광고)", "(광고) 가을 특가"},
        {"（광고） [광고] 가을 특가", "(광고) 가을 특가"},
        {"가을\\r\\nBcc: x@y.example", "(광고) 가을 Bcc: x@y.example"},
        {"<b>&amp;</b>", "(광고) <b>&amp;</b>"}};
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        char data[1000];
        snprintf(data, sizeof(data), "%s,\"subject\":\"%s\"", PROMOTION, subjects[i][0]);
        assert_subject("PROMOTIONAL", "ko", data, subjects[i][1]);
        assert_subject("PROMOTIONAL", "en", data, subjects[i][1]);
    }
    char data[1000];
    snprintf(data, sizeof(data), "%s,\"subject\":\" (광고) \"", PROMOTION);
    assert_subject("PROMOTIONAL", "ko", data, "(광고) 특별한 혜택을 확인하세요 - OpenMarket");
}

static void test_advertising_carries_what_the_law_asks(void **state) {
    (void)state;
    static const char *const languages[] = {"ko", "en"};
    for (size_t i = 0; i < 2; i++) {
        struct email_rendered rendered;
        render_text("PROMOTIONAL", languages[i], PROMOTION, &rendered);
        assert_int_equal(rendered.header_count, 2);
        assert_string_equal(rendered.headers[0].name, "List-Unsubscribe");
        assert_string_equal(rendered.headers[0].value, "<https://b.kr/u?a=1&b=2>");
        assert_string_equal(rendered.headers[1].name, "List-Unsubscribe-Post");
        assert_string_equal(rendered.headers[1].value, "List-Unsubscribe=One-Click");
        const char *html = svc_buf_text(&rendered.html), *text = svc_buf_text(&rendered.text);
        static const char *const in_html[] = {"오픈마켓 &amp; Co.",
                                              "help@openmarket.example",
                                              "+82-2-000-0000",
                                              "서울 &lt;중구&gt; 세종대로 110",
                                              "수신거부",
                                              "nsubscribe",
                                              "href=\"https://b.kr/u?a=1&amp;b=2\""};
        static const char *const in_text[] = {"오픈마켓 & Co.",
                                              "help@openmarket.example",
                                              "+82-2-000-0000",
                                              "서울 <중구> 세종대로 110",
                                              "수신거부",
                                              "nsubscribe",
                                              "https://b.kr/u?a=1&b=2"};
        for (size_t k = 0; k < 7; k++) {
            assert_non_null(strstr(html, in_html[k]));
            assert_non_null(strstr(text, in_text[k]));
        }
        email_rendered_clear(&rendered);
    }
}

static void test_advertising_without_its_sender_is_not_rendered(void **state) {
    (void)state;
    struct email_message message;
    struct email_rendered rendered;
    static const char text[] =
        "{\"template\":\"PROMOTIONAL\",\"toEmail\":\"a@b.kr\",\"data\":{" PROMOTION "}}";
    assert_int_equal(email_message_parse(text, strlen(text), &message, &error), SVC_OK);
    for (int i = 0; i < 6; i++) {
        struct email_sender sender = test_sender;
        const char **const settings[] = {&sender.name, &sender.email, &sender.phone,
                                         &sender.address};
        if (i < 4) {
            *settings[i] = i % 2 == 0 ? NULL : "";
        } else {
            sender.email = i == 4 ? "help" : "a@b.kr\r\nBcc: c@d.kr";
        }
        assert_int_equal(email_render(&message, &sender, TEST_NOW_MS, &rendered, &error),
                         SVC_CONFIGURATION);
        assert_int_equal(error.reason, EMAIL_REASON_BAD_SENDER);
        assert_null(rendered.html.bytes);
    }
    email_message_clear(&message);
}

/* A struct that no parser made: the link is looked for once more. */
static void test_advertising_without_a_way_out_is_not_rendered(void **state) {
    (void)state;
    struct email_message message;
    struct email_rendered rendered;
    static const char text[] =
        "{\"template\":\"PROMOTIONAL\",\"toEmail\":\"a@b.kr\",\"data\":{" PROMOTION "}}";
    assert_int_equal(email_message_parse(text, strlen(text), &message, &error), SVC_OK);
    int index = email_field_find(email_template_info(EMAIL_PROMOTIONAL), "unsubscribeUrl");
    message.values[index].is_set = false;
    assert_int_equal(email_render(&message, &test_sender, TEST_NOW_MS, &rendered, &error),
                     SVC_MALFORMED);
    assert_string_equal(error.field, "data.unsubscribeUrl");
    email_message_clear(&message);
}

static void test_what_is_absent_leaves_its_part_out(void **state) {
    (void)state;
    struct email_rendered rendered;
    render_text("ORDER_CONFIRMATION", "ko", "\"customerName\":\"김\",\"orderNumber\":\"N1\"",
                &rendered);
    assert_non_null(strstr(svc_buf_text(&rendered.text), "주문번호: N1\n"));
    static const char *const absent[] = {"주문일", "총 결제 금액", "×", "외 "};
    for (size_t i = 0; i < 4; i++) {
        assert_null(strstr(svc_buf_text(&rendered.text), absent[i]));
        assert_null(strstr(svc_buf_text(&rendered.html), absent[i]));
    }
    email_rendered_clear(&rendered);
    render_text("ORDER_CONFIRMATION", "ko",
                "\"customerName\":\"김\",\"orderNumber\":\"N1\",\"orderDate\":"
                "\"2026-10-04T15:00:00Z\",\"moreItems\":3,\"totalAmount\":\"58,000\",\"items\":[{"
                "\"name\":\"cap\",\"quantity\":2,\"price\":15000}]",
                &rendered);
    static const char *const present[] = {"주문일: 2026년 10월 5일\n", "총 결제 금액: 58,000원\n",
                                          "15,000원 × 2개 = 30,000원\n", "외 3개 상품\n"};
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(strstr(svc_buf_text(&rendered.text), present[i]));
    }
    assert_int_equal(rendered.header_count, 0);
    email_rendered_clear(&rendered);
}

static void test_a_mail_without_sender_settings(void **state) {
    (void)state;
    struct email_message message;
    struct email_rendered rendered;
    const struct email_sender nobody = {NULL, NULL, "", NULL};
    static const char text[] =
        "{\"template\":\"ORDER_CONFIRMATION\",\"toEmail\":\"a@b.kr\",\"data\":{"
        "\"customerName\":\"a\",\"orderNumber\":\"1\"}}";
    assert_int_equal(email_message_parse(text, strlen(text), &message, &error), SVC_OK);
    assert_int_equal(email_render(&message, &nobody, TEST_NOW_MS, &rendered, &error), SVC_OK);
    assert_null(strstr(svc_buf_text(&rendered.html), "mailto:"));
    assert_null(strstr(svc_buf_text(&rendered.text), "문의"));
    email_rendered_clear(&rendered);
    email_message_clear(&message);
}

/* Every text at its longest, of the characters that take the most bytes, all items. */
static void test_the_largest_message_is_rendered(void **state) {
    (void)state;
    static char quotes[4001], emoji[4 * 4000 + 1];
    memset(quotes, '"', 4000);
    for (int i = 0; i < 4000; i++) {
        memcpy(emoji + 4 * i, "😀", 4);
    }
    struct svc_buf body;
    size_t largest = 0;
    svc_buf_init(&body, EMAIL_MAX_MESSAGE_BYTES);
    for (int i = 0; i < 2 * EMAIL_TEMPLATES; i++) {
        const enum email_template id = (enum email_template)(i / 2);
        const struct email_template_info *info = email_template_info(id);
        const char *filling = i % 2 == 0 ? quotes : emoji;
        struct email_producer producer;
        struct email_message message;
        struct email_rendered rendered;
        svc_buf_reset(&body);
        email_message_begin(&producer, &body, id, "a@b.kr", EMAIL_KO, NULL);
        for (size_t k = 0; k < info->field_count; k++) {
            const struct email_field *field = &info->fields[k];
            char text[4 * 4000 + 1];
            if (email_type_is_text(field->type)) {
                const size_t text_bytes = (size_t)field->high * (i % 2 == 0 ? 1 : 4);
                assert_true(text_bytes < sizeof(text));
                snprintf(text, text_bytes + 1, "%s", filling);
                email_message_put_text(&producer, field->name, text);
            } else if (field->type == EMAIL_URL) {
                snprintf(text, (size_t)field->high + 1, "https://b.kr/%0*d", 2040, 0);
                email_message_put_text(&producer, field->name, text);
            } else if (field->type == EMAIL_ITEM_LIST) {
                for (int item = 0; item < EMAIL_MAX_ITEMS; item++) {
                    email_message_put_item(&producer, filling, 999999, INT64_C(999999999999));
                }
            } else if (field->type != EMAIL_DATE) {
                email_message_put_number(&producer, field->name, field->high);
            }
        }
        if (email_message_finish(&producer, &error) != SVC_OK ||
            email_message_parse(body.bytes, body.size_bytes, &message, &error) != SVC_OK ||
            email_render(&message, &test_sender, TEST_NOW_MS, &rendered, &error) != SVC_OK) {
            fail_msg("%s: %s", info->name, error.detail);
        }
        largest = rendered.html.size_bytes > largest ? rendered.html.size_bytes : largest;
        email_rendered_clear(&rendered);
        email_message_clear(&message);
    }
    print_message("the largest HTML part has %zu bytes\n", largest);
    assert_true(largest > 100 * 1024 && largest < 400 * 1024);
    svc_buf_clear(&body);
}

static void test_the_raw_mail_fails_with_its_mailboxes(void **state) {
    (void)state;
    struct email_rendered rendered;
    struct svc_buf raw;
    render_text("ORDER_CONFIRMATION", "ko", "\"customerName\":\"a\",\"orderNumber\":\"1\"",
                &rendered);
    static const struct email_envelope bad[] = {
        {"no mailbox", "a@b.kr", NULL, NULL, 0},
        {"a@b.kr", "a@b.kr,c@d.kr", NULL, NULL, 0},
        {"a@b.kr", "a@b.kr", "x", NULL, 0},
        {"a@b.kr", "a@b.kr", NULL, "<a@b>\r\nBcc: c@d.kr", 0},
    };
    svc_buf_init(&raw, EMAIL_MAX_RAW_BYTES);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        svc_buf_reset(&raw);
        assert_int_equal(email_write_mime(&rendered, &bad[i], &raw), SVC_INVALID_ARGUMENT);
    }
    const struct email_envelope good = {"오픈마켓 <a@b.kr>", "c@d.kr", "e@f.kr", "<1@b.kr>",
                                        TEST_NOW_MS};
    svc_buf_reset(&raw);
    assert_int_equal(email_write_mime(&rendered, &good, &raw), SVC_OK);
    assert_non_null(strstr(svc_buf_text(&raw), "\r\nDate: Mon, 05 Oct 2026 09:26:40 +0900\r\n"));
    size_t size = raw.size_bytes;
    svc_buf_clear(&raw);
    svc_buf_init(&raw, size - 1);
    assert_int_equal(email_write_mime(&rendered, &good, &raw), SVC_TOO_LARGE);
    svc_buf_clear(&raw);
    email_rendered_clear(&rendered);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subjects),
        cmocka_unit_test(test_the_mark_of_advertising_stands_once),
        cmocka_unit_test(test_advertising_carries_what_the_law_asks),
        cmocka_unit_test(test_advertising_without_its_sender_is_not_rendered),
        cmocka_unit_test(test_advertising_without_a_way_out_is_not_rendered),
        cmocka_unit_test(test_what_is_absent_leaves_its_part_out),
        cmocka_unit_test(test_a_mail_without_sender_settings),
        cmocka_unit_test(test_the_largest_message_is_rendered),
        cmocka_unit_test(test_the_raw_mail_fails_with_its_mailboxes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
