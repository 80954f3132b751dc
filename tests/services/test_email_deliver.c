/* A message from the queue to SES and into the record, against a server of both: what the mail is,
 * what is not sent at all, the key, the time, the rate, the digest. Failures:
 * test_email_outcomes.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/services/email_deliver_support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---------------------------------------------------------------------- what is sent */

static void test_a_message_is_sent_once(void **state) {
    (void)state;
    assert_int_equal(deliver(ORDER(CUSTOMER, "1")), EMAIL_SENT);
    assert_string_equal(delivery.ses_message_id, "mail-1");
    assert_string_equal(delivery.key, "m:1");
    assert_string_equal(delivery.to, CUSTOMER);
    assert_true(delivery.has_template && !delivery.is_record_incomplete);
    assert_int_equal(delivery.template_id, EMAIL_ORDER_CONFIRMATION);
    assert_int_equal(delivery.language, EMAIL_KO);
    assert_int_equal(aws_requests(&f), 4); /* claim, SENDING, the mail, SENT */
    expect_state("m:1", "SENT");
    assert_string_equal(attribute("m:1", "sesMessageId"), "mail-1");
    assert_int_equal(deliver(ORDER(CUSTOMER, "1")), EMAIL_SENT_BEFORE);
    assert_string_equal(delivery.key, "m:1");
    assert_int_equal(aws_requests(&f), 1);
    assert_int_equal(mail_count(), 1);
}

static const struct svc_json *mail_part(size_t i, const char *name) {
    return svc_json_get(svc_json_at(svc_json_get(f.report, "mails"), i), name);
}

static void expect_pair(const struct svc_json *pairs, size_t i, const char *name,
                        const char *value) {
    const struct svc_json *pair = svc_json_at(pairs, i);
    assert_string_equal(svc_json_get_text(pair, "Name"), name);
    assert_string_equal(svc_json_get_text(pair, "Value"), value);
}

static void test_the_mail_has_sender_tags_and_headers(void **state) {
    (void)state;
    static const char *const bodies[] = {ORDER(CUSTOMER, "1"), RESET(CUSTOMER, "2"),
                                         PROMOTION(CUSTOMER, "3")};
    for (size_t i = 0; i < COUNT(bodies); i++) {
        assert_int_equal(deliver(bodies[i]), EMAIL_SENT);
        assert_int_equal(mail_count(), i + 1);
        const struct svc_json *to = mail_part(i, "Destination");
        const struct svc_json *simple = svc_json_get(mail_part(i, "Content"), "Simple");
        const struct svc_json *tags = mail_part(i, "EmailTags");
        const struct svc_json *headers = svc_json_get(simple, "Headers");
        assert_string_equal(svc_json_text(mail_part(i, "FromEmailAddress")), settings.from);
        assert_string_equal(svc_json_text(svc_json_at(mail_part(i, "ReplyToAddresses"), 0)),
                            settings.reply_to);
        assert_string_equal(svc_json_text(mail_part(i, "ConfigurationSetName")), "mails");
        assert_string_equal(svc_json_text(svc_json_at(svc_json_get(to, "ToAddresses"), 0)),
                            CUSTOMER);
        assert_int_equal(svc_json_count(svc_json_get(to, "ToAddresses")), 1);
        /* A copy goes of orders alone: not of secrets, not of advertising. */
        assert_int_equal(svc_json_count(svc_json_get(to, "BccAddresses")), i == 0);
        assert_int_equal(svc_json_count(tags), 2);
        expect_pair(tags, 0, "template", email_template_info(delivery.template_id)->name);
        expect_pair(tags, 1, "environment", "dev");
        assert_int_equal(svc_json_count(headers), i == 2 ? 2 : 0);
        if (i == 2) {
            expect_pair(headers, 0, "List-Unsubscribe", "<https://shop.example/u?u=1>");
            expect_pair(headers, 1, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        }
        const struct svc_json *html = svc_json_get(svc_json_get(simple, "Body"), "Html");
        const struct svc_json *text = svc_json_get(svc_json_get(simple, "Body"), "Text");
        assert_non_null(strstr(svc_json_get_text(html, "Data"), NAME));
        assert_non_null(strstr(svc_json_get_text(text, "Data"), NAME));
        assert_string_equal(svc_json_get_text(text, "Charset"), "UTF-8");
    }
}

static void test_optional_settings_are_left_out(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        settings.reply_to = settings.bcc = i == 0 ? NULL : "";
        settings.configuration_set = settings.environment = NULL;
        assert_int_equal(deliver(i == 0 ? ORDER(CUSTOMER, "1") : ORDER(CUSTOMER, "2")), EMAIL_SENT);
        assert_int_equal(mail_count(), i + 1);
        assert_null(mail_part((size_t)i, "ReplyToAddresses"));
        assert_null(mail_part((size_t)i, "ConfigurationSetName"));
        assert_null(svc_json_get(mail_part((size_t)i, "Destination"), "BccAddresses"));
        assert_int_equal(svc_json_count(mail_part((size_t)i, "EmailTags")), 1);
    }
}

/* ---------------------------------------------------------------------- what is not */

static void test_what_can_never_be_sent_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *body, *reason;
        bool has_template;
    } cases[] = {
        {"", "BAD_JSON", false},
        {"[]", "BAD_JSON", false},
        {"{\"template\":\"ORDER_CONFIRMATION\"", "BAD_JSON", false},
        {"{}", "MISSING_FIELD", false},
        {MESSAGE("NONESUCH", CUSTOMER, "1", "{}"), "UNKNOWN_TEMPLATE", false},
        {MESSAGE("ORDER_CONFIRMATION", "a@example.com, b@example.com", "1", "{}"), "BAD_ADDRESS",
         true},
        {MESSAGE("ORDER_CONFIRMATION", CUSTOMER, "1", "{}"), "MISSING_FIELD", true},
        {MESSAGE("PASSWORD_RESET", CUSTOMER, "1",
                 "{\"userName\":\"" NAME
                 "\",\"resetUrl\":\"javascript:canary()\",\"expiresIn\":30}"),
         "BAD_FIELD", true},
        {ORDER(CUSTOMER, "a b"), "BAD_FIELD", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        expect_outcome(cases[i].body, EMAIL_REFUSED, cases[i].reason);
        assert_int_equal(delivery.has_template, cases[i].has_template);
        assert_string_equal(delivery.key, "");
        assert_string_equal(delivery.to, "");
    }
    expect_outcome("{\"template\":\"PASSWORD_RESET\",\"language\":\"en\",\"toEmail\":\"" CUSTOMER
                   "\"}",
                   EMAIL_REFUSED, "MISSING_FIELD");
    assert_int_equal(delivery.template_id, EMAIL_PASSWORD_RESET);
    assert_int_equal(delivery.language, EMAIL_EN);
    assert_int_equal(aws_requests(&f), 0);
}

static void test_a_reset_whose_link_has_ended_is_not_sent(void **state) {
    (void)state;
    struct email_job job = job_of(RESET(CUSTOMER, "1"));
    job.queued_at_ms = svc_wall_ms(&record_clock) - 30 * 60000;
    assert_int_equal(deliver_job(&job), EMAIL_OUTDATED);
    assert_string_equal(delivery.reason, "LINK_EXPIRED");
    assert_int_equal(aws_requests(&f), 0);
    job.queued_at_ms += 60000;
    assert_int_equal(deliver_job(&job), EMAIL_SENT);
    job = job_of(ORDER(CUSTOMER, "2"));
    job.queued_at_ms = 0;
    assert_int_equal(deliver_job(&job), EMAIL_SENT);
}

static void test_settings_that_are_not_valid_stop_all_mails(void **state) {
    (void)state;
    const struct email_mailer_settings good = settings;
    for (int i = 0; i < 5; i++) {
        settings = good;
        const char **const fields[] = {&settings.from, &settings.reply_to, &settings.bcc,
                                       &settings.configuration_set, &settings.environment};
        *fields[i] = "no good";
        expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_UNAVAILABLE, "CONFIGURATION");
        assert_int_equal(delivery.retry_s, EMAIL_MAX_RETRY_S);
    }
    settings = good;
    settings.sender.phone = NULL; /* advertising alone needs it */
    expect_outcome(PROMOTION(CUSTOMER, "2"), EMAIL_RETRY, "BAD_SENDER");
    assert_int_equal(delivery.retry_s, EMAIL_MAX_RETRY_S);
    assert_int_equal(aws_requests(&f), 0);
    assert_int_equal(deliver(ORDER(CUSTOMER, "1")), EMAIL_SENT);
}

/* ---------------------------------------------------------------------- the key */

static void test_without_an_id_the_queue_gives_the_key(void **state) {
    (void)state;
    static char long_id[EMAIL_MAX_ID_BYTES + 2];
    static const char body[] = "{\"template\":\"ORDER_CONFIRMATION\",\"toEmail\":\"" CUSTOMER
                               "\",\"data\":{\"customerName\":\"x\",\"orderNumber\":\"y\"}}";
    struct email_job job = job_of(body);
    assert_int_equal(deliver_job(&job), EMAIL_SENT);
    assert_string_equal(delivery.key, "q:queue-1");
    assert_int_equal(deliver_job(&job), EMAIL_SENT_BEFORE);
    /* A producer's id that is the queue's of another message is another key. */
    assert_int_equal(deliver(ORDER(CUSTOMER, "queue-1")), EMAIL_SENT);
    memset(long_id, 'x', sizeof(long_id) - 1);
    static const char *const none[] = {NULL, "", "a\nb", long_id};
    for (size_t i = 0; i < COUNT(none); i++) {
        job.queue_id = none[i];
        assert_int_equal(deliver_job(&job), EMAIL_REFUSED);
        assert_string_equal(delivery.reason, "INVALID_ARGUMENT");
    }
    assert_int_equal(mail_count(), 2);
    mailer.record.name = NULL; /* nothing needs a key then */
    assert_int_equal(deliver_job(&job), EMAIL_SENT);
    assert_string_equal(delivery.key, "");
}

static void test_an_id_that_is_used_again_is_noticed(void **state) {
    (void)state;
    assert_int_equal(deliver(ORDER(CUSTOMER, "1")), EMAIL_SENT);
    expect_outcome(ORDER("another@example.com", "1"), EMAIL_REFUSED, "ID_REUSED");
    struct email_job job = job_of(RESET(CUSTOMER, "1"));
    job.overrides_unknown = true;
    assert_int_equal(deliver_job(&job), EMAIL_REFUSED);
    job = job_of(ORDER(CUSTOMER, "1"));
    job.overrides_unknown = true;
    assert_int_equal(deliver_job(&job), EMAIL_SENT_BEFORE);
    assert_int_equal(mail_count(), 1);
}

static void test_without_a_record_nothing_is_remembered(void **state) {
    (void)state;
    mailer.record.name = NULL;
    assert_int_equal(deliver(ORDER(CUSTOMER, "1")), EMAIL_SENT);
    assert_int_equal(deliver(ORDER(CUSTOMER, "1")), EMAIL_SENT);
    assert_int_equal(aws_requests(&f), 2);
    assert_int_equal(mail_count(), 2);
}

static void test_another_delivery_is_waited_for(void **state) {
    (void)state;
    struct email_claim claim;
    char digest[EMAIL_DIGEST_BYTES];
    struct email_message message;
    const char *body = ORDER(CUSTOMER, "1");
    assert_int_equal(email_message_parse(body, strlen(body), &message, NULL), SVC_OK);
    assert_int_equal(email_message_digest(&message, digest), SVC_OK);
    email_message_clear(&message);
    assert_int_equal(take(&claim, "m:1", digest, false), EMAIL_CLAIM_OURS);
    for (int i = 0; i < 2; i++) {
        expect_outcome(body, EMAIL_RETRY, "IN_PROGRESS");
        const int64_t wait_ms = LEFT_MS + EMAIL_RECORD_MARGIN_MS;
        assert_in_range(delivery.retry_s, wait_ms / 1000 - 20, wait_ms / 1000);
        assert_int_equal(email_record_sending(&claim, &failure), SVC_OK);
    }
    later_ms = LEFT_MS + EMAIL_RECORD_MARGIN_MS + 1000;
    expect_outcome(body, EMAIL_UNKNOWN, "UNKNOWN_OUTCOME");
    assert_int_equal(mail_count(), 0);
    struct email_job job = job_of(body);
    job.overrides_unknown = true;
    assert_int_equal(deliver_job(&job), EMAIL_SENT);
    assert_int_equal(mail_count(), 1);
}

/* ---------------------------------------------------------------------- time and rate */

static void test_without_time_nothing_is_begun(void **state) {
    (void)state;
    struct email_job job = job_of(ORDER(CUSTOMER, "1"));
    job.deadline_ms = svc_deadline_in(&record_clock, EMAIL_MIN_SEND_MS - 1);
    assert_int_equal(deliver_job(&job), EMAIL_UNAVAILABLE);
    assert_string_equal(delivery.reason, "NO_TIME");
    job.deadline_ms = INT64_MIN;
    assert_int_equal(deliver_job(&job), EMAIL_UNAVAILABLE);
    assert_int_equal(aws_requests(&f), 0);
    job.deadline_ms = SVC_NO_DEADLINE;
    assert_int_equal(deliver_job(&job), EMAIL_SENT);
}

/* Two attempts of the write of SENDING are throttled and waited for: then the mail is not begun. */
static void test_a_slow_record_takes_the_time_of_the_mail(void **state) {
    (void)state;
    struct email_job job = job_of(ORDER(CUSTOMER, "1"));
    job.deadline_ms = svc_deadline_in(&record_clock, 2 * EMAIL_MIN_SEND_MS);
    f.random.unit = 0.99;
    aws_set(&f, "{\"faults\":[\"\",\"status:400:ThrottlingException:4500\","
                "\"status:400:ThrottlingException\"]}");
    assert_int_equal(deliver_job(&job), EMAIL_UNAVAILABLE);
    assert_string_equal(delivery.reason, "NO_TIME");
    assert_int_equal(mail_count(), 0);
    expect_state("m:1", NULL); /* released: the next delivery need not wait */
    assert_int_equal(deliver(ORDER(CUSTOMER, "1")), EMAIL_SENT);
}

static void test_the_rate_is_waited_for(void **state) {
    (void)state;
    email_rate_init(&mailer.rate, 200, &record_clock);
    assert_int_equal(deliver(ORDER(CUSTOMER, "1")), EMAIL_SENT);
    assert_int_equal(f.clock.sleeps, 0);
    assert_int_equal(deliver(ORDER(CUSTOMER, "2")), EMAIL_SENT);
    assert_in_range(test_clock_slept_ms(&f.clock), 1, 5000);
    /* A message that is not sent takes no token. */
    assert_int_equal(deliver(ORDER(CUSTOMER, "2")), EMAIL_SENT_BEFORE);
    const int64_t wait_ms = email_rate_wait_ms(&mailer.rate, &record_clock);
    assert_in_range(wait_ms, 1, 5000);
    /* The wait ends before the time is used up, but not before a mail could still be sent. */
    struct email_job job = job_of(ORDER(CUSTOMER, "3"));
    email_rate_empty(&mailer.rate, &record_clock);
    job.deadline_ms = svc_deadline_in(&record_clock, 5000 + EMAIL_MIN_SEND_MS - 100);
    const size_t sleeps = f.clock.sleeps;
    email_rate_empty(&mailer.rate, &record_clock);
    assert_int_equal(deliver_job(&job), EMAIL_UNAVAILABLE);
    assert_string_equal(delivery.reason, "NO_TIME");
    assert_in_range(delivery.retry_s, 1, 5);
    assert_int_equal(f.clock.sleeps, sleeps);
    expect_state("m:3", NULL);
    assert_int_equal(mail_count(), 2);
}

/* ---------------------------------------------------------------------- the digest */

static void digest_of(const char *body, char out[EMAIL_DIGEST_BYTES]) {
    struct email_message message;
    assert_int_equal(email_message_parse(body, strlen(body), &message, NULL), SVC_OK);
    assert_int_equal(email_message_digest(&message, out), SVC_OK);
    assert_int_equal(strlen(out), EMAIL_DIGEST_BYTES - 1);
    email_message_clear(&message);
}

#define ITEMS(items)                                                                               \
    MESSAGE("ORDER_CONFIRMATION", CUSTOMER, "1",                                                   \
            "{\"customerName\":\"a\",\"orderNumber\":\"b\",\"items\":" items "}")
#define NAMES(customer, order, more)                                                               \
    MESSAGE("ORDER_CONFIRMATION", CUSTOMER, "1",                                                   \
            "{\"customerName\":\"" customer "\",\"orderNumber\":\"" order "\"" more "}")

static void test_a_digest_is_of_the_content_alone(void **state) {
    (void)state;
    static const char *const same[] = {
        ORDER(CUSTOMER, "1"), ORDER(CUSTOMER, "another-id"),
        "{ \"data\": {\"totalAmount\":\"58,000\", \"unknown\": [1], \"orderNumber\":\"ORD-17\",\n"
        "\"customerName\":\"\\uae40\\ud558\\ub298\", \"items\": null},\n"
        "\"language\":\"ko\",\"toEmail\":\"" CUSTOMER "\",\"template\":\"ORDER_CONFIRMATION\"}"};
    static const char *const different[] = {
        ORDER(CUSTOMER, "1"),
        ORDER("another@example.com", "1"),
        NAMES("ab", "c", ""),
        NAMES("a", "bc", ""),
        NAMES("aorderNumberb", "c", ""), /* the same bytes without their lengths */
        NAMES("a", "borderNumberc", ""),
        NAMES("a", "b", ""),
        NAMES("a", "b", ",\"totalAmount\":1"),
        NAMES("a", "b", ",\"totalAmount\":2"),
        NAMES("a", "b", ",\"totalAmount\":0"),
        NAMES("a", "b", ",\"moreItems\":1"),
        NAMES("a", "b", ",\"orderDate\":\"2026-10-05\""),
        "{\"template\":\"ORDER_CONFIRMATION\",\"language\":\"en\",\"toEmail\":\"" CUSTOMER
        "\",\"data\":{\"customerName\":\"a\",\"orderNumber\":\"b\"}}",
        ITEMS("[{\"name\":\"x\",\"quantity\":1,\"price\":2}]"),
        ITEMS("[{\"name\":\"x\",\"quantity\":2,\"price\":1}]"),
        ITEMS("[{\"name\":\"y\",\"quantity\":1,\"price\":2}]"),
        ITEMS("[{\"name\":\"x\",\"quantity\":1,\"price\":2},"
              "{\"name\":\"y\",\"quantity\":1,\"price\":2}]"),
        ITEMS("[{\"name\":\"y\",\"quantity\":1,\"price\":2},"
              "{\"name\":\"x\",\"quantity\":1,\"price\":2}]"),
        RESET(CUSTOMER, "1"),
        PROMOTION(CUSTOMER, "1"),
    };
    char first[EMAIL_DIGEST_BYTES], digest[COUNT(different)][EMAIL_DIGEST_BYTES];
    digest_of(same[0], first);
    for (size_t i = 1; i < COUNT(same); i++) {
        digest_of(same[i], digest[0]);
        assert_string_equal(digest[0], first);
    }
    for (size_t i = 0; i < COUNT(different); i++) {
        digest_of(different[i], digest[i]);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(digest[i], digest[k]) == 0) {
                fail_msg("messages %zu and %zu have one digest", k, i);
            }
        }
    }
}

/* Computed by Python's hashlib: a record outlives the program that wrote it, so the digest must not
 * change with the program. */
static void test_a_digest_stays_what_it_is(void **state) {
    (void)state;
    char digest[EMAIL_DIGEST_BYTES];
    digest_of(ITEMS("[{\"name\":\"x\",\"quantity\":1,\"price\":2}]"), digest);
    assert_string_equal(digest, "d112c557fe26126aaf36ccef34dc89ffc1c59b6c8d1296624f1e1a54f9072e8b");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        MAILER_TEST(test_a_message_is_sent_once),
        MAILER_TEST(test_the_mail_has_sender_tags_and_headers),
        MAILER_TEST(test_optional_settings_are_left_out),
        MAILER_TEST(test_what_can_never_be_sent_is_refused),
        MAILER_TEST(test_a_reset_whose_link_has_ended_is_not_sent),
        MAILER_TEST(test_settings_that_are_not_valid_stop_all_mails),
        MAILER_TEST(test_without_an_id_the_queue_gives_the_key),
        MAILER_TEST(test_an_id_that_is_used_again_is_noticed),
        MAILER_TEST(test_without_a_record_nothing_is_remembered),
        MAILER_TEST(test_another_delivery_is_waited_for),
        MAILER_TEST(test_without_time_nothing_is_begun),
        MAILER_TEST(test_a_slow_record_takes_the_time_of_the_mail),
        MAILER_TEST(test_the_rate_is_waited_for),
        cmocka_unit_test(test_a_digest_is_of_the_content_alone),
        cmocka_unit_test(test_a_digest_stays_what_it_is),
    };
    return AWS_RUN(tests);
}
