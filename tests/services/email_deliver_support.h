/* A mailer with its record against the server of aws_support.h, and deliveries by it. Included once
 * by each test program. */
#ifndef TESTS_EMAIL_DELIVER_SUPPORT_H
#define TESTS_EMAIL_DELIVER_SUPPORT_H

#include "services/email/deliver.h"
#include "tests/services/email_record_support.h"
#include "tests/services/email_support.h"

#define CUSTOMER "customer@example.com"
/* The address that the server's `ses_refusal` is for. */
#define REFUSED_CUSTOMER "refused@example.com"
#define NAME             "김하늘"

#define MESSAGE(template, to, id, data)                                                            \
    "{\"template\":\"" template "\",\"toEmail\":\"" to "\",\"messageId\":\"" id                    \
                                "\",\"data\":" data "}"
#define ORDER(to, id)                                                                              \
    MESSAGE("ORDER_CONFIRMATION", to, id,                                                          \
            "{\"customerName\":\"" NAME "\",\"orderNumber\":\"ORD-17\",\"totalAmount\":58000}")
#define RESET(to, id)                                                                              \
    MESSAGE("PASSWORD_RESET", to, id,                                                              \
            "{\"userName\":\"" NAME                                                                \
            "\",\"resetUrl\":\"https://shop.example/r?token=canary\",\"expiresIn\":30}")
#define PROMOTION(to, id)                                                                          \
    MESSAGE("PROMOTIONAL", to, id,                                                                 \
            "{\"customerName\":\"" NAME                                                            \
            "\",\"title\":\"T\",\"promoTitle\":\"P\",\"description\":\"D\",\"shopUrl\":"           \
            "\"https://shop.example/\",\"unsubscribeUrl\":\"https://shop.example/u?u=1\"}")

static struct email_mailer_settings settings;
static struct email_mailer mailer;
static struct email_delivery delivery;

static inline void begin_mailer(void) {
    mailer = (struct email_mailer){
        .settings = &settings,
        .client = f.client,
        .clock = &record_clock,
        .record = *record_table(),
    };
    email_rate_init(&mailer.rate, 0, &record_clock);
}

static inline int mailer_setup(void **state) {
    record_setup(state);
    settings = (struct email_mailer_settings){
        .sender = test_sender,
        .from = "\"Shop\" <no-reply@openmarket.example>",
        .reply_to = "help@openmarket.example",
        .bcc = "archive@openmarket.example",
        .configuration_set = "mails",
        .environment = "dev",
    };
    begin_mailer();
    return 0;
}

#define MAILER_TEST(name)                                                                          \
    cmocka_unit_test_prestate_setup_teardown(name, mailer_setup, aws_teardown, &f)

static inline struct email_job job_of(const char *body) {
    return (struct email_job){
        .body = body,
        .body_bytes = strlen(body),
        .queue_id = "queue-1",
        .queued_at_ms = -1,
        .receive_count = 1,
        .deadline_ms = svc_deadline_in(&record_clock, LEFT_MS),
    };
}

/* What a log or a dead letter would hold of the outcome has nothing of a message or a secret. */
static inline void expect_impersonal(void) {
    static const char *const personal[] = {"@example.com", NAME, "ORD-17", "token", "canary", "58"};
    for (size_t i = 0; i < sizeof(personal) / sizeof(personal[0]); i++) {
        if (strstr(delivery.reason, personal[i]) != NULL ||
            strstr(delivery.detail, personal[i]) != NULL) {
            fail_msg("%s: %s", delivery.reason, delivery.detail);
        }
    }
}

static inline enum email_outcome deliver_job(const struct email_job *job) {
    memset(&delivery, 0xa5, sizeof(delivery));
    email_deliver(&mailer, job, &delivery);
    expect_impersonal();
    const bool is_good = delivery.outcome == EMAIL_SENT || delivery.outcome == EMAIL_SENT_BEFORE;
    assert_int_equal(delivery.reason[0] == '\0', is_good);
    assert_int_equal(delivery.detail[0] == '\0', is_good);
    assert_int_equal(delivery.ses_message_id[0] != '\0', delivery.outcome == EMAIL_SENT);
    if (delivery.outcome == EMAIL_RETRY || delivery.outcome == EMAIL_UNAVAILABLE) {
        assert_in_range(delivery.retry_s, 1, EMAIL_MAX_RETRY_S);
    } else {
        assert_int_equal(delivery.retry_s, 0);
    }
    return delivery.outcome;
}

static inline enum email_outcome deliver(const char *body) {
    const struct email_job job = job_of(body);
    return deliver_job(&job);
}

static inline const char *outcome_name(enum email_outcome outcome) {
    static const char *const names[] = {"SENT",    "SENT_BEFORE", "OUTDATED",   "REFUSED",
                                        "UNKNOWN", "RETRY",       "UNAVAILABLE"};
    return names[outcome];
}

static inline void expect_outcome(const char *body, enum email_outcome outcome,
                                  const char *reason) {
    if (deliver(body) != outcome || strcmp(delivery.reason, reason) != 0) {
        fail_msg("%s %s (%s), not %s %s", outcome_name(delivery.outcome), delivery.reason,
                 delivery.detail, outcome_name(outcome), reason);
    }
}

static inline size_t mail_count(void) {
    aws_set(&f, "{}");
    return svc_json_count(svc_json_get(f.report, "mails"));
}

#endif
