/* What becomes of a message when SES or the record's table fails, by each failure: the outcome, the
 * state in the record, and what the next delivery does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/email/deliver_outcome.h"
#include "tests/services/email_deliver_support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---------------------------------------------------------------------- SES refuses */

static const struct {
    const char *reply; /* status, code, message */
    enum email_outcome outcome;
    const char *reason;
    int low_s, high_s;
} refusals[] = {
    {"429,\"TooManyRequestsException\",\"Maximum sending rate exceeded.\"", EMAIL_RETRY, "SES_RATE",
     5, 10},
    {"429,\"\",\"\"", EMAIL_RETRY, "SES_RATE", 5, 10},
    {"429,\"TooManyRequestsException\",\"Daily message quota exceeded.\"", EMAIL_UNAVAILABLE,
     "SES_QUOTA", 600, 600},
    {"400,\"LimitExceededException\",\"\"", EMAIL_UNAVAILABLE, "SES_QUOTA", 600, 600},
    {"400,\"MessageRejected\",\"Email address is not verified: refused@example.com\"", EMAIL_RETRY,
     "SES_NOT_VERIFIED", 600, 600},
    {"400,\"MailFromDomainNotVerifiedException\",\"x\"", EMAIL_RETRY, "SES_NOT_VERIFIED", 600, 600},
    {"400,\"AccountSuspendedException\",\"x\"", EMAIL_UNAVAILABLE, "SES_SUSPENDED", 600, 600},
    {"400,\"SendingPausedException\",\"x\"", EMAIL_UNAVAILABLE, "SES_PAUSED", 600, 600},
    {"404,\"NotFoundException\",\"Configuration set <mails> does not exist\"", EMAIL_UNAVAILABLE,
     "SES_NO_CONFIGURATION_SET", 600, 600},
    {"403,\"AccessDeniedException\",\"User x is not authorized for refused@example.com\"",
     EMAIL_UNAVAILABLE, "ACCESS_DENIED", 600, 600},
    {"403,\"InvalidSignatureException\",\"x\"", EMAIL_UNAVAILABLE, "ACCESS_DENIED", 600, 600},
    {"400,\"ExpiredTokenException\",\"x\"", EMAIL_UNAVAILABLE, "ACCESS_DENIED", 600, 600},
    {"400,\"MessageRejected\",\"Illegal address refused@example.com\"", EMAIL_REFUSED,
     "SES_REJECTED", 0, 0},
    {"400,\"BadRequestException\",\"" NAME " <refused@example.com>\"", EMAIL_REFUSED,
     "SES_REJECTED", 0, 0},
    {"400,\"ValidationException\",\"x\"", EMAIL_REFUSED, "SES_REJECTED", 0, 0},
    /* Not about the mail, or without a code. */
    {"400,\"RequestExpired\",\"x\"", EMAIL_RETRY, "REJECTED", 5, 10},
    {"400,\"\",\"\"", EMAIL_RETRY, "REJECTED", 5, 10},
    {"413,\"\",\"\"", EMAIL_RETRY, "REJECTED", 5, 10},
    {"404,\"\",\"\"", EMAIL_RETRY, "NOT_FOUND", 5, 10},
    {"409,\"ConflictException\",\"\"", EMAIL_RETRY, "CONFLICT", 5, 10},
};

static void test_a_refused_mail_was_not_sent(void **state) {
    (void)state;
    char line[256];
    for (size_t i = 0; i < COUNT(refusals); i++) {
        snprintf(line, sizeof(line), "{\"ses_refusal\":[%s]}", refusals[i].reply);
        aws_set(&f, line);
        begin_mailer();
        aws_new_client(&f); /* with all its tokens for retries */
        mailer.client = mailer.record.client = f.client;
        email_rate_init(&mailer.rate, 10000, &record_clock);
        expect_outcome(ORDER(REFUSED_CUSTOMER, "1"), refusals[i].outcome, refusals[i].reason);
        if (delivery.retry_s < refusals[i].low_s || delivery.retry_s > refusals[i].high_s) {
            fail_msg("%s: %d s", refusals[i].reason, delivery.retry_s);
        }
        expect_state("m:1", NULL); /* released */
        assert_int_equal(mail_count(), 0);
        /* A throttled request empties the bucket. Its level is that of the last call: the time that
         * has passed since is not in it. */
        const bool is_rate = strcmp(refusals[i].reason, "SES_RATE") == 0;
        assert_true(is_rate ? mailer.rate.level_us <= 0 : mailer.rate.level_us > 0);
    }
    aws_set(&f, "{\"ses_refusal\":[400,\"SendingPausedException\",\"x\"]}");
    expect_outcome(ORDER(REFUSED_CUSTOMER, "1"), EMAIL_UNAVAILABLE, "SES_PAUSED");
    mailer.record.name = NULL;
    expect_outcome(ORDER(REFUSED_CUSTOMER, "1"), EMAIL_UNAVAILABLE, "SES_PAUSED");
}

static void test_the_back_off_doubles_within_its_bounds(void **state) {
    (void)state;
    static const struct {
        int64_t receive_count;
        int high_s;
    } cases[] = {{INT64_MIN, 5}, {0, 5},   {1, 10},   {2, 20},   {3, 40},         {6, 320},
                 {7, 600},       {8, 600}, {20, 600}, {64, 600}, {INT64_MAX, 600}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        f.random.unit = 0;
        assert_int_equal(email_backoff_s(cases[i].receive_count, &f.random.random), 5);
        f.random.unit = 0.9999999;
        assert_int_equal(email_backoff_s(cases[i].receive_count, &f.random.random),
                         cases[i].high_s);
    }
    assert_int_equal(email_retry_after_ms(INT64_MIN), 1);
    assert_int_equal(email_retry_after_ms(1000), 1);
    assert_int_equal(email_retry_after_ms(1001), 2);
    assert_int_equal(email_retry_after_ms(599001), 600);
    assert_int_equal(email_retry_after_ms(INT64_MAX), 600);
}

/* ---------------------------------------------------------------------- SES's response is lost */

static void test_a_mail_that_may_be_out_is_not_sent_again(void **state) {
    (void)state;
    static const struct {
        const char *fault;
        size_t mails;
    } cases[] = {
        {"status:500:InternalFailure", 0},
        {"status:502:", 0},
        {"status:503:ServiceUnavailable", 0},
        {"status:504:", 0},
        {"status:400:RequestTimeout", 0}, /* asks for another attempt: no refusal */
        {"reset", 0},
        {"close", 0},
        {"garbage", 0},
        {"lost", 1},
        {"truncate", 1},
        {"truncate-reset", 1},
    };
    char line[256];
    for (size_t i = 0; i < COUNT(cases); i++) {
        snprintf(line, sizeof(line), "{\"mails\":[],\"faults\":[\"\",\"\",\"%s\"]}",
                 cases[i].fault);
        aws_set(&f, line);
        aws_set(&f, "{\"tables\":{\"mails\":{\"key\":[\"id\"],\"items\":[]}}}");
        expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_UNKNOWN, "UNKNOWN_OUTCOME");
        assert_int_equal(aws_requests(&f), 4); /* one to SES */
        assert_int_equal(mail_count(), cases[i].mails);
        expect_state("m:1", "SENDING");
        later_ms += 10; /* it is past its time as of now */
        expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_UNKNOWN, "UNKNOWN_OUTCOME");
        assert_int_equal(mail_count(), cases[i].mails);
        struct email_job job = job_of(ORDER(CUSTOMER, "1"));
        job.overrides_unknown = true;
        assert_int_equal(deliver_job(&job), EMAIL_SENT);
        assert_int_equal(mail_count(), cases[i].mails + 1);
        assert_int_equal(deliver_job(&job), EMAIL_SENT_BEFORE);
    }
}

/* SES does not respond within the time of the invocation: its outcome is recorded in what is left.
 */
static void test_a_peer_that_hangs(void **state) {
    (void)state;
    struct email_job job = job_of(ORDER(CUSTOMER, "1"));
    job.deadline_ms = svc_deadline_in(&record_clock, EMAIL_MIN_SEND_MS + 200);
    aws_set(&f, "{\"faults\":[\"\",\"\",\"hang\"]}");
    const int64_t begun_ms = svc_monotonic_ms(&record_clock);
    assert_int_equal(deliver_job(&job), EMAIL_UNKNOWN);
    assert_true(svc_monotonic_ms(&record_clock) - begun_ms >= EMAIL_MIN_POST_MS);
    expect_state("m:1", "SENDING");
    later_ms += 10;
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_UNKNOWN, "UNKNOWN_OUTCOME");
}

static void test_an_unknown_outcome_without_a_record(void **state) {
    (void)state;
    mailer.record.name = NULL;
    aws_set(&f, "{\"faults\":[\"lost\"]}");
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_UNKNOWN, "UNKNOWN_OUTCOME");
    assert_int_equal(mail_count(), 1);
}

static void test_an_unknown_outcome_that_cannot_be_recorded_is_one_after_its_time(void **state) {
    (void)state;
    aws_set(&f, "{\"faults\":[\"\",\"\",\"lost\",\"reset\",\"reset\",\"reset\"]}");
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_UNKNOWN, "UNKNOWN_OUTCOME");
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_RETRY, "IN_PROGRESS");
    later_ms = LEFT_MS + EMAIL_RECORD_MARGIN_MS + 1000;
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_UNKNOWN, "UNKNOWN_OUTCOME");
    assert_int_equal(mail_count(), 1);
}

/* ---------------------------------------------------------------------- SES is not reached */

static void test_a_mail_that_never_left_was_not_sent(void **state) {
    (void)state;
    test_environment_set(&f.environment, "AWS_ENDPOINT_URL_SESV2", "http://127.0.0.1:1");
    aws_new_client(&f);
    begin_mailer();
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_RETRY, "CONNECT_FAILED");
    expect_state("m:1", NULL);
    test_environment_set(&f.environment, "AWS_ENDPOINT_URL_SESV2", "https://127.0.0.1:1");
    aws_new_client(&f);
    begin_mailer();
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_RETRY, "CONNECT_FAILED");
    expect_state("m:1", NULL);
}

/* ---------------------------------------------------------------------- the table fails */

static void test_failures_of_the_table_before_the_mail(void **state) {
    (void)state;
    static const struct {
        const char *fault;
        enum email_outcome outcome;
        const char *reason;
        int low_s, attempts;
    } cases[] = {
        {"status:400:ProvisionedThroughputExceededException", EMAIL_RETRY, "THROTTLED", 5, 3},
        {"status:500:InternalServerError", EMAIL_RETRY, "SERVER_ERROR", 5, 3},
        {"reset", EMAIL_RETRY, "CONNECTION_LOST", 5, 3},
        {"lost", EMAIL_RETRY, "CONNECTION_LOST", 5, 3},
        {"flip", EMAIL_RETRY, "CHECKSUM_MISMATCH", 5, 3},
        {"status:400:ResourceNotFoundException", EMAIL_UNAVAILABLE, "NO_RESOURCE", 600, 1},
        {"status:400:AccessDeniedException", EMAIL_UNAVAILABLE, "ACCESS_DENIED", 600, 1},
        {"status:400:ValidationException", EMAIL_UNAVAILABLE, "REJECTED", 600, 1},
        {"status:400:TransactionConflictException", EMAIL_RETRY, "CONFLICT", 5, 1},
    };
    char line[512];
    for (size_t i = 0; i < 2 * COUNT(cases); i++) {
        const size_t n = i / 2;
        const bool is_claim = i % 2 == 0; /* else the write of SENDING */
        const char *fault = cases[n].fault;
        aws_new_client(&f);
        begin_mailer();
        int size =
            snprintf(line, sizeof(line), "{\"faults\":[%s\"%s\"", is_claim ? "" : "\"\",", fault);
        for (int k = 1; k < cases[n].attempts; k++) {
            size += snprintf(line + size, sizeof(line) - (size_t)size, ",\"%s\"", fault);
        }
        snprintf(line + size, sizeof(line) - (size_t)size, "]}");
        aws_set(&f, line);
        const enum email_outcome outcome = deliver(ORDER(CUSTOMER, "1"));
        if (outcome != cases[n].outcome || strcmp(delivery.reason, cases[n].reason) != 0 ||
            delivery.retry_s < cases[n].low_s ||
            delivery.retry_s > (cases[n].low_s == 5 ? 10 : 600)) {
            fail_msg("%s: %s %s, %d s", fault, outcome_name(outcome), delivery.reason,
                     delivery.retry_s);
        }
        aws_set(&f, "{\"faults\":[]}");
        expect_state("m:1", NULL); /* released, also where it may have been written */
        assert_int_equal(mail_count(), 0);
    }
    assert_int_equal(deliver(ORDER(CUSTOMER, "1")), EMAIL_SENT);
}

/* The response to SENDING is lost once: the repeated write finds its own, and the mail is sent. */
static void test_lost_responses_do_not_stop_a_mail(void **state) {
    (void)state;
    aws_set(&f, "{\"faults\":[\"lost\",\"\",\"lost\",\"\",\"\",\"lost\"]}");
    assert_int_equal(deliver(ORDER(CUSTOMER, "1")), EMAIL_SENT);
    assert_false(delivery.is_record_incomplete);
    expect_state("m:1", "SENT");
    assert_int_equal(mail_count(), 1);
}

static void test_a_claim_that_cannot_be_released_ends_by_its_time(void **state) {
    (void)state;
    /* SENDING is written, but its response is lost each time, and so is the release. */
    aws_set(&f, "{\"faults\":[\"\",\"lost\",\"lost\",\"lost\",\"reset\",\"reset\",\"reset\"]}");
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_RETRY, "CONNECTION_LOST");
    expect_state("m:1", "SENDING");
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_RETRY, "IN_PROGRESS");
    later_ms = LEFT_MS + EMAIL_RECORD_MARGIN_MS + 1000;
    /* Nothing was sent, but the record does not show it. */
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_UNKNOWN, "UNKNOWN_OUTCOME");
    /* The same with a claim. */
    aws_new_client(&f);
    begin_mailer();
    aws_set(&f, "{\"faults\":[\"lost\",\"reset\",\"reset\",\"reset\",\"reset\",\"reset\"]}");
    expect_outcome(ORDER(CUSTOMER, "2"), EMAIL_RETRY, "CONNECTION_LOST");
    expect_state("m:2", "CLAIMED");
    expect_outcome(ORDER(CUSTOMER, "2"), EMAIL_RETRY, "IN_PROGRESS");
    later_ms *= 2;
    assert_int_equal(deliver(ORDER(CUSTOMER, "2")), EMAIL_SENT);
    assert_int_equal(mail_count(), 1);
}

static void test_a_claim_that_is_lost_before_the_mail(void **state) {
    (void)state;
    /* The table is emptied, or the message taken over, between claim and SENDING. */
    aws_set(&f, "{\"faults\":[\"\",\"status:400:ConditionalCheckFailedException\"]}");
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_RETRY, "IN_PROGRESS");
    expect_state("m:1", NULL);
    assert_int_equal(mail_count(), 0);
}

static void test_a_mail_whose_end_is_not_recorded_is_sent(void **state) {
    (void)state;
    aws_set(&f, "{\"faults\":[\"\",\"\",\"\",\"reset\",\"reset\",\"reset\"]}");
    assert_int_equal(deliver(ORDER(CUSTOMER, "1")), EMAIL_SENT);
    assert_true(delivery.is_record_incomplete);
    assert_string_equal(delivery.ses_message_id, "mail-1");
    expect_state("m:1", "SENDING");
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_RETRY, "IN_PROGRESS");
    later_ms = LEFT_MS + EMAIL_RECORD_MARGIN_MS + 1000;
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_UNKNOWN, "UNKNOWN_OUTCOME");
    assert_int_equal(mail_count(), 1);
}

static void test_a_table_that_is_none_of_ours(void **state) {
    (void)state;
    mailer.record.name = "nonesuch";
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_UNAVAILABLE, "NO_RESOURCE");
    aws_set(&f, "{\"tables\":{\"mails\":{\"key\":[\"pk\"],\"items\":[]}}}");
    mailer.record.name = "mails";
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_UNAVAILABLE, "REJECTED");
    put_item("m:1", ",\"state\":{\"S\":\"other\"}");
    expect_outcome(ORDER(CUSTOMER, "1"), EMAIL_RETRY, "BAD_RESPONSE");
    assert_int_equal(mail_count(), 0);
}

/* ---------------------------------------------------------------------- all of it */

/* Random faults in a row for the next requests, whichever they are. */
static void put_random_faults(uint64_t *random) {
    static const char *const faults[] = {"",
                                         "",
                                         "",
                                         "lost",
                                         "reset",
                                         "truncate",
                                         "status:500:InternalServerError",
                                         "status:400:ThrottlingException",
                                         "status:503:ServiceUnavailable",
                                         "status:400:AccessDeniedException"};
    char line[1024];
    int size = snprintf(line, sizeof(line), "{\"faults\":[\"\"");
    for (uint32_t i = random_between(random, 0, 12); i > 0; i--) {
        size += snprintf(line + size, sizeof(line) - (size_t)size, ",\"%s\"",
                         faults[random_next(random) % COUNT(faults)]);
    }
    snprintf(line + size, sizeof(line) - (size_t)size, "]}");
    aws_set(&f, line);
}

/* Each message is delivered until its outcome is final, with faults in each delivery. None is sent
 * twice, and none counts as sent that was not. */
static void test_random_faults_lose_and_double_no_mail(void **state) {
    (void)state;
    int counts[EMAIL_UNAVAILABLE + 1] = {0};
    uint64_t random = 17;
    char body[512];
    for (int n = 0; n < 25; n++) {
        enum email_outcome outcome;
        snprintf(body, sizeof(body),
                 MESSAGE("ORDER_CONFIRMATION", CUSTOMER, "%d",
                         "{\"customerName\":\"x\",\"orderNumber\":\"y\"}"),
                 n);
        aws_new_client(&f); /* with all its tokens for retries */
        begin_mailer();
        aws_set(&f, "{\"mails\":[],\"tables\":{\"mails\":{\"key\":[\"id\"],\"items\":[]}}}");
        do {
            put_random_faults(&random);
            outcome = deliver(body);
            counts[outcome]++;
            /* A claim that could not be released may or may not have ended. */
            later_ms += random_next(&random) % 2 == 0 ? 10000 : 60000;
        } while (outcome == EMAIL_RETRY || outcome == EMAIL_UNAVAILABLE);
        aws_set(&f, "{\"faults\":[]}");
        const size_t mails = mail_count();
        const bool is_sent = outcome == EMAIL_SENT || outcome == EMAIL_SENT_BEFORE;
        if (mails > 1 || (is_sent && mails != 1) || (!is_sent && outcome != EMAIL_UNKNOWN)) {
            fail_msg("message %d: %s with %zu mails", n, outcome_name(outcome), mails);
        }
        const bool is_incomplete = delivery.is_record_incomplete;
        later_ms += 60000;
        outcome = deliver(body);
        assert_true(outcome == (is_sent ? EMAIL_SENT_BEFORE : EMAIL_UNKNOWN) ||
                    (is_incomplete && outcome == EMAIL_UNKNOWN));
        assert_int_equal(mail_count(), mails);
    }
    assert_true(counts[EMAIL_SENT] > 3 && counts[EMAIL_UNKNOWN] > 3 && counts[EMAIL_RETRY] > 3 &&
                counts[EMAIL_UNAVAILABLE] > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        MAILER_TEST(test_a_refused_mail_was_not_sent),
        MAILER_TEST(test_the_back_off_doubles_within_its_bounds),
        MAILER_TEST(test_a_mail_that_may_be_out_is_not_sent_again),
        MAILER_TEST(test_a_peer_that_hangs),
        MAILER_TEST(test_an_unknown_outcome_without_a_record),
        MAILER_TEST(test_an_unknown_outcome_that_cannot_be_recorded_is_one_after_its_time),
        MAILER_TEST(test_a_mail_that_never_left_was_not_sent),
        MAILER_TEST(test_failures_of_the_table_before_the_mail),
        MAILER_TEST(test_lost_responses_do_not_stop_a_mail),
        MAILER_TEST(test_a_claim_that_cannot_be_released_ends_by_its_time),
        MAILER_TEST(test_a_claim_that_is_lost_before_the_mail),
        MAILER_TEST(test_a_mail_whose_end_is_not_recorded_is_sent),
        MAILER_TEST(test_a_table_that_is_none_of_ours),
        MAILER_TEST(test_random_faults_lose_and_double_no_mail),
    };
    return AWS_RUN(tests);
}
