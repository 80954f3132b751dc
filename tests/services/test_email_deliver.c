/* A message from the queue to SES and into the record, against a server of both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/email/deliver.h"
#include "tests/services/email_record_support.h"
#include "tests/services/email_support.h"

#define ORDER(to, id)                                                                              \
    "{\"template\":\"ORDER_CONFIRMATION\",\"toEmail\":\"" to "\",\"messageId\":\"" id              \
    "\",\"data\":{\"customerName\":\"김하늘\",\"orderNumber\":\"ORD-17\",\"totalAmount\":58000}}"

static struct email_mailer_settings settings;
static struct email_mailer mailer;
static struct email_delivery delivery;

static int set_up(void **state) {
    record_setup(state);
    settings = (struct email_mailer_settings){
        .sender = test_sender,
        .from = "\"Shop\" <no-reply@openmarket.example>",
        .reply_to = "help@openmarket.example",
        .bcc = "archive@openmarket.example",
        .configuration_set = "mails",
        .environment = "dev",
    };
    mailer = (struct email_mailer){
        .settings = &settings,
        .client = f.client,
        .clock = &f.clock.clock,
        .record = *record_table(),
    };
    email_rate_init(&mailer.rate, 0, &f.clock.clock);
    return 0;
}

#define TEST(name) cmocka_unit_test_prestate_setup_teardown(name, set_up, aws_teardown, &f)

static struct email_job job_of(const char *body) {
    return (struct email_job){
        .body = body,
        .body_bytes = strlen(body),
        .queue_id = "queue-1",
        .queued_at_ms = -1,
        .receive_count = 1,
        .deadline_ms = svc_deadline_in(&f.clock.clock, LEFT_MS),
    };
}

static enum email_outcome deliver(const char *body) {
    const struct email_job job = job_of(body);
    email_deliver(&mailer, &job, &delivery);
    return delivery.outcome;
}

static size_t mails(void) {
    aws_set(&f, "{}");
    return svc_json_count(svc_json_get(f.report, "mails"));
}

static void test_a_message_is_sent_once(void **state) {
    (void)state;
    assert_int_equal(deliver(ORDER("customer@example.com", "1")), EMAIL_SENT);
    assert_string_equal(delivery.ses_message_id, "mail-1");
    assert_string_equal(delivery.key, "m:1");
    assert_string_equal(delivery.to, "customer@example.com");
    assert_string_equal(delivery.reason, "");
    assert_true(delivery.has_template && !delivery.is_record_incomplete);
    expect_state("m:1", "SENT");
    assert_int_equal(deliver(ORDER("customer@example.com", "1")), EMAIL_SENT_BEFORE);
    assert_int_equal(mails(), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_message_is_sent_once),
    };
    return AWS_RUN(tests);
}
