/* The mail about a report, read and rendered by the mailer's own code; templates of links. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/email/render.h"
#include "services/settlement/publish.h"
#include "tests/services/settlement_stand_in.h"
#include "tests/support/failing_malloc.h"

#define LINK "https://shop.example/reports/42"

static struct settle_run some_run(void) {
    const struct settle_run run = {.run_id = 7, .period = stand_in_period("2026-09")};
    return run;
}

static struct settle_version some_figures(int64_t gross_won, int64_t commission_won) {
    const struct settle_version figures = {
        .version = 2,
        .order_count = 12,
        .all.amounts = {.gross_won = gross_won,
                        .commission_won = commission_won,
                        .net_won = gross_won - commission_won},
    };
    return figures;
}

static enum svc_status put(const struct settle_seller *seller, const struct settle_version *figures,
                           const char *link, struct svc_buf *out, struct svc_error *error) {
    const struct settle_run run = some_run();
    svc_buf_init(out, EMAIL_MAX_MESSAGE_BYTES);
    svc_buf_append_text(out, "before");
    const enum svc_status status = settle_mail_put(&run, seller, figures, link, out, error);
    if (status != SVC_OK) {
        assert_string_equal(svc_buf_text(out), "before");
        svc_buf_clear(out);
    } else {
        svc_buf_drop(out, strlen("before"));
    }
    return status;
}

static void parse(const struct settle_seller *seller, const struct settle_version *figures,
                  const char *link, struct email_message *message) {
    struct svc_buf out;
    struct svc_error error;
    struct email_error refusal;
    if (put(seller, figures, link, &out, &error) != SVC_OK) {
        fail_msg("%s", error.detail);
    }
    assert_int_equal(email_message_parse(out.bytes, out.size_bytes, message, &refusal), SVC_OK);
    svc_buf_clear(&out);
}

static int64_t number(const struct email_message *message, const char *name) {
    const struct email_value *value = email_message_value(message, name);
    assert_non_null(value);
    return value->number;
}

static const char *text(const struct email_message *message, const char *name) {
    const struct email_value *value = email_message_value(message, name);
    return value == NULL ? "" : value->text;
}

static void the_mail_has_the_figures(void **state) {
    (void)state;
    static const char *const periods[] = {"2026년 9월 1일 ~ 2026년 9월 30일",
                                          "September 1 – September 30, 2026"};
    for (int language = 0; language < EMAIL_LANGUAGES; language++) {
        const struct settle_version figures = some_figures(280000, 15400);
        struct settle_seller seller = stand_in_seller();
        struct email_message message;
        seller.language = (enum email_language)language;
        parse(&seller, &figures, LINK, &message);
        assert_int_equal(message.template_id, EMAIL_SETTLEMENT_REPORT);
        assert_int_equal(message.language, language);
        assert_string_equal(message.to, "sea@example.com");
        assert_string_equal(message.id, "settlement-7-42-v2");
        assert_string_equal(text(&message, "sellerName"), "이바다");
        assert_string_equal(text(&message, "businessName"), "바다상회");
        assert_string_equal(text(&message, "period"), periods[language]);
        assert_string_equal(text(&message, "reportUrl"), LINK);
        assert_int_equal(number(&message, "totalOrders"), 12);
        assert_int_equal(number(&message, "totalSales"), 280000);
        assert_int_equal(number(&message, "totalCommission"), 15400);
        assert_int_equal(number(&message, "netAmount"), 264600);
        email_message_clear(&message);
    }
}

static void negative_and_zero_amounts_are_rendered(void **state) {
    (void)state;
    static const struct {
        int64_t gross_won, commission_won;
        const char *net;
    } cases[] = {{0, 0, "0원"},
                 {-10000, -550, "-9,450원"},
                 {1, 2, "-1원"},
                 {INT64_C(999999999999), 0, "999,999,999,999원"}};
    const struct email_sender sender = {.name = "OpenMarket"};
    const struct settle_seller seller = stand_in_seller();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct settle_version figures =
            some_figures(cases[i].gross_won, cases[i].commission_won);
        struct email_message message;
        struct email_rendered rendered;
        struct email_error refusal;
        parse(&seller, &figures, LINK, &message);
        assert_int_equal(email_render(&message, &sender, 0, &rendered, &refusal), SVC_OK);
        if (strstr(svc_buf_text(&rendered.text), cases[i].net) == NULL) {
            fail_msg("no %s in %s", cases[i].net, svc_buf_text(&rendered.text));
        }
        assert_non_null(strstr(svc_buf_text(&rendered.text), LINK));
        assert_non_null(strstr(svc_buf_text(&rendered.html), cases[i].net));
        email_rendered_clear(&rendered);
        email_message_clear(&message);
    }
}

static void an_invalid_address_is_refused(void **state) {
    (void)state;
    static const char *const addresses[] = {
        "",
        "sea",
        "a@b@c",
        "a@example.com,b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "이@example.com",
    };
    const struct settle_version figures = some_figures(1, 0);
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct settle_seller seller = stand_in_seller();
        struct svc_buf out;
        struct svc_error error = {0};
        snprintf(seller.email, sizeof(seller.email), "%s", addresses[i]);
        assert_int_equal(put(&seller, &figures, LINK, &out, &error), SVC_MALFORMED);
        assert_non_null(strstr(error.detail, "the seller's address"));
        assert_null(strstr(error.detail, "example.com"));
    }
}

static void hostile_names_are_no_obstacle(void **state) {
    (void)state;
    char long_name[512];
    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    const struct {
        const char *name, *business_name, *expected;
    } cases[] = {
        {"", "바다상회", "바다상회"}, {"", "", "42"},          {" \t\r\n", " ", "42"},
        {"\x01", "\x02", "42"},       {"\xff\xfe", "", ""},    {long_name, "", ""},
        {"{{name}}<b>", "", ""},      {"a\r\nBcc: b", "", ""},
    };
    const struct settle_version figures = some_figures(1, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct settle_seller seller = stand_in_seller();
        struct email_message message;
        snprintf(seller.name, sizeof(seller.name), "%s", cases[i].name);
        snprintf(seller.business_name, sizeof(seller.business_name), "%s", cases[i].business_name);
        parse(&seller, &figures, "", &message);
        if (cases[i].expected[0] != '\0') {
            assert_string_equal(text(&message, "sellerName"), cases[i].expected);
        }
        assert_string_equal(text(&message, "reportUrl"), "");
        email_message_clear(&message);
    }
}

static void links_that_no_mail_may_hold(void **state) {
    (void)state;
    static const struct {
        const char *link;
        enum svc_status expected;
    } cases[] = {
        {"", SVC_OK},
        {"http://127.0.0.1:9000/bucket/key?X-Amz-Signature=1", SVC_OK},
        {"javascript:alert(1)", SVC_CONFIGURATION},
        {"https://user@shop.example/", SVC_CONFIGURATION},
        {"https://shop.example/\n", SVC_CONFIGURATION},
    };
    const struct settle_seller seller = stand_in_seller();
    const struct settle_version figures = some_figures(1, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct svc_buf out;
        assert_int_equal(put(&seller, &figures, cases[i].link, &out, NULL), cases[i].expected);
        if (cases[i].expected == SVC_OK) {
            assert_null(strstr(svc_buf_text(&out), "reportUrl"));
            svc_buf_clear(&out);
        }
    }
}

static void sums_beyond_a_mail_are_named(void **state) {
    (void)state;
    const struct settle_seller seller = stand_in_seller();
    const struct settle_version figures = some_figures(INT64_C(1000000000000), 0);
    struct svc_buf out;
    struct svc_error error = {0};
    assert_int_not_equal(put(&seller, &figures, LINK, &out, &error), SVC_OK);
    assert_non_null(strstr(error.detail, "totalSales"));
}

/* One that fails alone must not make a text of the mail empty: a mail that is refused for its
 * content is given up. */
static void fail_allocations(bool goes_on) {
    const struct settle_seller seller = stand_in_seller();
    const struct settle_version figures = some_figures(1, 0);
    for (int n = 1;; n++) {
        const long live = failing_malloc.live;
        struct svc_buf out;
        struct svc_error error = {0};
        failing_malloc_arm(n, goes_on);
        const struct settle_run run = some_run();
        svc_buf_init(&out, EMAIL_MAX_MESSAGE_BYTES);
        const enum svc_status status = settle_mail_put(&run, &seller, &figures, LINK, &out, &error);
        const int failures = failing_malloc_disarm();
        svc_buf_clear(&out);
        assert_int_equal(failing_malloc.live, live);
        if (failures == 0) {
            assert_int_equal(status, SVC_OK);
            assert_true(n > 1);
            return;
        }
        assert_int_equal(status, SVC_NO_MEMORY);
    }
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    fail_allocations(true);
    fail_allocations(false);
}

/* Nor may it be taken for a wrong template. */
static void every_allocation_of_a_link_may_fail(void **state) {
    (void)state;
    const struct settle_period period = stand_in_period("2026-09");
    const struct settle_publisher publisher = {.bucket = "bucket"};
    int failures = 1;
    for (int n = 1; failures > 0; n++) {
        const long live = failing_malloc.live;
        struct svc_buf out;
        svc_buf_init(&out, 4096);
        failing_malloc_arm(n, false);
        const enum svc_status status =
            settle_link_put(&publisher, "https://shop.example/{sellerId}/{period}", &period, "42",
                            SETTLE_HTML, 12, &out, NULL);
        failures = failing_malloc_disarm();
        svc_buf_clear(&out);
        assert_int_equal(failing_malloc.live, live);
        assert_int_equal(status, failures > 0 ? SVC_NO_MEMORY : SVC_OK);
    }
}

/* ---------------------------------------------------------------------- links */

static void templates_are_checked(void **state) {
    (void)state;
    static const struct {
        const char *template_text;
        enum svc_status expected;
    } cases[] = {
        {"", SVC_OK},
        {"https://shop.example/{sellerId}/{reportType}/{firstDay}/{lastDay}/{period}?f={format}&v={"
         "version}",
         SVC_OK},
        {"http://localhost.example:8080/{sellerId}", SVC_OK},
        {"https://shop.example/", SVC_OK},
        {"https://{sellerId}.shop.example/", SVC_CONFIGURATION}, /* a label has 63 bytes */
        {"https://shop.example/{seller}", SVC_CONFIGURATION},
        {"https://shop.example/{sellerid}", SVC_CONFIGURATION},
        {"https://shop.example/{}", SVC_CONFIGURATION},
        {"https://shop.example/{sellerId", SVC_CONFIGURATION},
        {"https://shop.example/sellerId}", SVC_CONFIGURATION},
        {"https://shop.example/{{sellerId}}", SVC_CONFIGURATION},
        {"https://shop.example/{sellerId}}", SVC_CONFIGURATION},
        {"{sellerId}", SVC_CONFIGURATION},
        {"/reports/{sellerId}", SVC_CONFIGURATION},
        {"javascript:alert({sellerId})", SVC_CONFIGURATION},
        {"ftp://shop.example/", SVC_CONFIGURATION},
        {"https://", SVC_CONFIGURATION},
        {"http://", SVC_CONFIGURATION},
        {"https://user:pass@shop.example/", SVC_CONFIGURATION},
        {"https://shop.example/\r\n", SVC_CONFIGURATION},
        {"https://shop.example/\xff", SVC_CONFIGURATION},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct svc_error error = {0};
        if (settle_link_check(cases[i].template_text, &error) != cases[i].expected) {
            fail_msg("%s: %s", cases[i].template_text, error.detail);
        }
        assert_int_equal(strstr(error.detail, "REPORT_URL_TEMPLATE") != NULL,
                         cases[i].expected != SVC_OK);
    }
}

static void templates_of_any_length_are_checked_with_the_longest_values(void **state) {
    (void)state;
    char template_text[EMAIL_MAX_URL_BYTES + 100];
    const size_t most = EMAIL_MAX_URL_BYTES - SETTLE_MAX_SELLER_ID_BYTES;
    for (size_t size = most - 2; size <= most + 2; size++) {
        int head =
            snprintf(template_text, sizeof(template_text), "https://shop.example/{sellerId}");
        const size_t plain = (size_t)head - strlen("{sellerId}");
        memset(template_text + head, 'x', size - plain);
        template_text[(size_t)head + size - plain] = '\0';
        assert_int_equal(settle_link_check(template_text, NULL),
                         size <= most ? SVC_OK : SVC_CONFIGURATION);
    }
}

static void values_are_percent_encoded(void **state) {
    (void)state;
    static const struct {
        const char *period, *expected;
    } cases[] = {
        {"2026-09", "https://shop.example/a-b_C/monthly/2026-09-01/2026-09-30/2026-09/html/12"},
        {"2026-W36", "https://shop.example/a-b_C/weekly/2026-08-31/2026-09-06/2026-W36/html/12"},
        {"2026-09-01..2026-09-15", "https://shop.example/a-b_C/custom/2026-09-01/2026-09-15/"
                                   "2026-09-01..2026-09-15/html/12"},
    };
    const struct settle_publisher publisher = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct settle_period period = stand_in_period(cases[i].period);
        struct svc_buf out;
        svc_buf_init(&out, 4096);
        assert_int_equal(settle_link_put(&publisher,
                                         "https://shop.example/{sellerId}/{reportType}/{firstDay}/"
                                         "{lastDay}/{period}/{format}/{version}",
                                         &period, "a-b_C", SETTLE_HTML, 12, &out, NULL),
                         SVC_OK);
        assert_string_equal(svc_buf_text(&out), cases[i].expected);
        svc_buf_reset(&out);
        assert_int_equal(settle_link_put(&publisher, "https://shop.example/{sellerId}", &period,
                                         "../a", SETTLE_HTML, 12, &out, NULL),
                         SVC_INVALID_ARGUMENT);
        assert_int_equal(out.size_bytes, 0);
        svc_buf_clear(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mail_has_the_figures),
        cmocka_unit_test(negative_and_zero_amounts_are_rendered),
        cmocka_unit_test(an_invalid_address_is_refused),
        cmocka_unit_test(hostile_names_are_no_obstacle),
        cmocka_unit_test(links_that_no_mail_may_hold),
        cmocka_unit_test(sums_beyond_a_mail_are_named),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(every_allocation_of_a_link_may_fail),
        cmocka_unit_test(templates_are_checked),
        cmocka_unit_test(templates_of_any_length_are_checked_with_the_longest_values),
        cmocka_unit_test(values_are_percent_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
