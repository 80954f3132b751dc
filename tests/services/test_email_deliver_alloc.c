/* A delivery in which each allocation fails in turn, once and from there on; and one whose
 * transport fails. The transport is the test's own: SES and the record as counters, so that what
 * was sent and recorded can be compared with what the delivery reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/email/deliver.h"
#include "tests/services/email_support.h"
#include "tests/services/support.h"
#include "tests/support/failing_malloc.h"

enum state { ABSENT, CLAIMED, SENDING, SENT };

/* Of the servers behind the transport. */
static enum state state;
static int mails, claims;
static bool is_refusing; /* SES */
static bool has_to_wait; /* a request to SES is sent, and then the transport fails */

/* ---------------------------------------------------------------------- a transport of our own */

static const char *table_reply(const char *body) {
    if (strstr(body, "\"Item\":") != NULL) {
        claims++;
        state = CLAIMED;
    } else if (strstr(body, "SET #state = :sending") != NULL) {
        state = SENDING;
    } else if (strstr(body, "SET #state = :sent") != NULL) {
        state = SENT;
    } else if (strstr(body, "UpdateExpression") == NULL) {
        state = ABSENT;
    }
    return "{}";
}

static enum svc_status fake_start(void *self, const struct svc_http_request *request,
                                  struct svc_http_exchange **out) {
    (void)self;
    struct svc_http_exchange *exchange = calloc(1, sizeof(*exchange));
    *out = exchange;
    if (exchange == NULL) {
        return SVC_NO_MEMORY;
    }
    const bool is_mail = strstr(request->url, "outbound-emails") != NULL;
    const char *reply = "{\"__type\":\"MessageRejected\",\"message\":\"Illegal content\"}";
    svc_buf_init(&exchange->headers, 4096);
    svc_buf_init(&exchange->body, 4096);
    exchange->http_status = is_mail && is_refusing ? 400 : 200;
    if (!is_mail) {
        reply = table_reply((const char *)request->body);
    } else if (!is_refusing) {
        mails++;
        reply = "{\"MessageId\":\"m\"}";
    }
    svc_buf_append_text(&exchange->body, reply);
    exchange->sent = true;
    exchange->state = is_mail && has_to_wait ? SVC_HTTP_SENDING : SVC_HTTP_DONE;
    exchange->status = svc_buf_status(&exchange->body);
    return SVC_OK;
}

static enum svc_status fake_poll(void *self, int64_t until_ms) {
    (void)self, (void)until_ms;
    return SVC_NO_MEMORY;
}

static void fake_close(void *self, struct svc_http_exchange *exchange) {
    (void)self;
    if (exchange != NULL) {
        svc_buf_clear(&exchange->headers);
        svc_buf_clear(&exchange->body);
        free(exchange);
    }
}

static const struct svc_transport fake = {NULL, fake_start, fake_poll, fake_close};

/* ---------------------------------------------------------------------- deliveries */

static struct test_clock clock;
static struct test_environment environment;
static struct awsc_client *client;
static struct email_delivery delivery;

static int set_up(void **unused) {
    (void)unused;
    const struct awsc_client_options options = {
        .environment = &environment.environment, .clock = &clock.clock, .transport = &fake};
    test_clock_init(&clock, TEST_NOW_MS);
    test_environment_init(&environment);
    test_environment_set(&environment, "AWS_REGION", "ap-northeast-2");
    test_environment_set(&environment, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    test_environment_set(&environment, "AWS_SECRET_ACCESS_KEY", "canary");
    assert_int_equal(awsc_client_create(&options, &client, NULL), SVC_OK);
    state = ABSENT;
    mails = claims = 0;
    is_refusing = has_to_wait = false;
    return 0;
}

static int tear_down(void **unused) {
    (void)unused;
    awsc_client_destroy(client);
    return 0;
}

static enum email_outcome deliver(void) {
    static const char body[] =
        "{\"template\":\"PROMOTIONAL\",\"toEmail\":\"customer@example.com\",\"data\":{"
        "\"customerName\":\"x\",\"title\":\"T\",\"promoTitle\":\"P\",\"description\":\"D\","
        "\"shopUrl\":\"https://shop.example/\",\"unsubscribeUrl\":\"https://shop.example/u\"}}";
    static const struct email_mailer_settings settings = {
        .sender = {"Shop", "help@shop.example", "+82-2-000-0000", "Seoul"},
        .from = "no-reply@shop.example",
        .environment = "dev",
    };
    struct email_mailer mailer = {
        .settings = &settings,
        .client = client,
        .clock = &clock.clock,
        .record = {.client = client, .clock = &clock.clock, .name = "mails", .keep_ms = 86400000},
    };
    const struct email_job job = {
        .body = body,
        .body_bytes = sizeof(body) - 1,
        .queue_id = "queue-1",
        .queued_at_ms = -1,
        .receive_count = 1,
        .deadline_ms = svc_deadline_in(&clock.clock, 30000),
    };
    email_rate_init(&mailer.rate, 0, &clock.clock);
    email_deliver(&mailer, &job, &delivery);
    return delivery.outcome;
}

/* What the delivery reports is what the servers saw. */
static void expect_truth(int n) {
    const bool is_sent = mails > 0;
    bool is_true = mails <= 1;
    switch (delivery.outcome) {
    case EMAIL_SENT:
        is_true &=
            is_sent && (state == SENT || (state == SENDING && delivery.is_record_incomplete));
        break;
    case EMAIL_UNKNOWN: /* SES's response could not be read */
        is_true &= (is_sent || is_refusing) && state == SENDING;
        break;
    case EMAIL_REFUSED: /* by SES, never for the lack of memory */
        is_true &= is_refusing && !is_sent && strcmp(delivery.reason, "SES_REJECTED") == 0;
        break;
    default:
        is_true &= delivery.outcome == EMAIL_RETRY && !is_sent && state != SENT;
        break;
    }
    if (!is_true) {
        fail_msg("allocation %d: outcome %d, %s: %s; %d mails, state %d", n, (int)delivery.outcome,
                 delivery.reason, delivery.detail, mails, (int)state);
    }
}

static void fail_each_in_turn(bool from_there_on, enum email_outcome expected) {
    int n = 0, failures = 1;
    while (failures > 0) {
        const long before = failing_malloc.live;
        state = ABSENT;
        mails = 0;
        failing_malloc_arm(++n, from_there_on);
        (void)deliver();
        failures = failing_malloc_disarm();
        assert_int_equal(failing_malloc.live, before);
        expect_truth(n);
        awsc_client_destroy(client); /* with all its tokens for retries */
        const bool is_refusing_now = is_refusing;
        set_up(NULL);
        is_refusing = is_refusing_now;
    }
    assert_int_equal(delivery.outcome, expected);
    assert_true(n > 40); /* there were that many to fail */
}

static void test_each_allocation_of_a_delivery_failing(void **unused) {
    (void)unused;
    for (int i = 0; i < 4; i++) {
        is_refusing = i % 2 == 1;
        fail_each_in_turn(i / 2 == 1, is_refusing ? EMAIL_REFUSED : EMAIL_SENT);
    }
}

/* The transport itself fails while the request to SES is out. */
static void test_a_transport_that_fails_after_the_request(void **unused) {
    (void)unused;
    has_to_wait = true;
    assert_int_equal(deliver(), EMAIL_UNKNOWN);
    assert_int_equal(state, SENDING);
    assert_int_equal(claims, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_allocation_of_a_delivery_failing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_transport_that_fails_after_the_request, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
