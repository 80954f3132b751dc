/* Entire events through the mail function, without AWS: what SES reports, messages that can never
 * be sent, events of other kinds; metrics and logs of each, without an address in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/email/email.h"
#include "tests/lambda/event_examples.h"
#include "tests/lambda/handle_support.h"
#include "tests/services/support.h"
#include "tests/support/failing_malloc.h"

/* While the function works, allocation number `failing` fails; 0: none does. */
static int failing;

static void start(struct email_function *function, const struct svc_clock *clock,
                  struct test_environment *environment, struct test_log *log,
                  struct outcome *outcome) {
    memset(function, 0, sizeof(*function));
    memset(outcome, 0, sizeof(*outcome));
    svc_buf_init(&outcome->result.body, LRT_MAX_RESPONSE_BYTES);
    test_environment_init(environment);
    test_environment_set(environment, "AWS_REGION", "eu-west-1");
    test_environment_set(environment, "AWS_ACCESS_KEY_ID", "id");
    test_environment_set(environment, "AWS_SECRET_ACCESS_KEY", "secret");
    test_environment_set(environment, "FROM_EMAIL", "no-reply@example.com");
    test_log_init(log, clock);
    const struct awsc_client_options options = {.environment = &environment->environment,
                                                .clock = clock,
                                                .transport = &no_transport,
                                                .log = &log->log};
    assert_int_equal(awsc_client_create(&options, &function->aws, NULL), SVC_OK);
    assert_int_equal(email_settings_read(&environment->environment, &function->settings, NULL),
                     SVC_OK);
    assert_int_equal(email_address_hash_init(&function->hash, NULL), SVC_OK);
    function->clock = clock;
    function->log = &log->log;
    function->metrics = &outcome->metrics;
    function->mailer = (struct email_mailer){
        .settings = &function->settings.mailer, .client = function->aws, .clock = clock};
    function->mailer.record.client = function->aws;
    function->mailer.record.clock = clock;
    email_rate_init(&function->mailer.rate, 0, clock);
}

static void handle(struct outcome *outcome, const char *example) {
    struct test_clock clock;
    struct test_environment environment;
    struct test_log log;
    struct email_function function;
    char *text = example_text(example);
    test_clock_init(&clock, INT64_C(1767323045000));
    start(&function, &clock.clock, &environment, &log, outcome);
    const struct lrt_invocation invocation = {.request_id = "r",
                                              .deadline_ms = SVC_NO_DEADLINE,
                                              .event = (const uint8_t *)text,
                                              .event_bytes = strlen(text)};
    failing_malloc_arm(failing, false);
    email_handle(&function, &invocation, &outcome->result);
    failing_malloc_disarm();
    svc_buf_init(&outcome->log, 1 << 20);
    svc_buf_append_text(&outcome->log, svc_buf_text(&log.lines));
    test_log_clear(&log);
    awsc_client_destroy(function.aws);
    free(text);
}

static int64_t metric(const struct outcome *outcome, const char *name) {
    for (size_t i = 0; i < outcome->metrics.count; i++) {
        if (strcmp(outcome->metrics.values[i].name, name) == 0) {
            return outcome->metrics.values[i].value;
        }
    }
    return 0;
}

static int64_t metric_by(const struct outcome *outcome, const char *name, const char *dimension,
                         const char *value) {
    for (size_t i = 0; i < outcome->metrics.by_count; i++) {
        if (strcmp(outcome->metrics.by[i].name, name) == 0 &&
            strcmp(outcome->metrics.by[i].dimension, dimension) == 0 &&
            strcmp(outcome->metrics.by[i].dimension_value, value) == 0) {
            return outcome->metrics.by[i].value;
        }
    }
    return 0;
}

/* ---------------------------------------------------------------------- events of SES */

#define MAIL                                                                                       \
    "'mail':{'messageId':'0100-abc','destination':['kim@example.com'],"                            \
    "'tags':{'template':['PROMOTIONAL']}}"
#define BOUNCE(type, subtype)                                                                      \
    "{'eventType':'Bounce','bounce':{'bounceType':'" type "','bounceSubType':'" subtype "',"       \
    "'bouncedRecipients':[{'emailAddress':'kim@example.com','status':'5.1.1',"                     \
    "'diagnosticCode':'550 kim@example.com unknown'}]}," MAIL "}"

/* Which metrics stand beside MailEvents, each once. */
static void check_event(const char *example, const char *event_type, const char *metric_name) {
    static const char *const names[] = {"MailsBounced", "MailsComplained", "MailsSuppressed"};
    struct outcome outcome;
    handle(&outcome, example);
    assert_false(outcome.result.failed);
    assert_string_equal(svc_buf_text(&outcome.result.body), "{\"events\":1}");
    assert_int_equal(metric_by(&outcome, "MailEvents", "EventType", event_type), 1);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const bool is_it = metric_name != NULL && strcmp(metric_name, names[i]) == 0;
        assert_int_equal(metric(&outcome, names[i]), is_it ? 1 : 0);
    }
    assert_int_equal(lines(&outcome, "\"mail event\""), 1);
    assert_int_equal(lines(&outcome, "\"sesMessageId\":\"0100-abc\""), 1);
    assert_int_equal(lines(&outcome, "\"template\":\"PROMOTIONAL\""), 1);
    assert_int_equal(lines(&outcome, "kim"), 0);
    clear(&outcome);
}

static void test_events_of_ses_become_metrics(void **state) {
    (void)state;
    check_event("{'eventType':'Send'," MAIL "}", "Send", NULL);
    check_event("{'eventType':'Open'," MAIL "}", "Open", NULL);
    check_event("{'eventType':'Click','click':{'link':'https://a.b/kim'}," MAIL "}", "Click", NULL);
    check_event("{'eventType':'Reject','reject':{'reason':'kim'}," MAIL "}", "Reject", NULL);
    check_event("{'eventType':'Rendering Failure','failure':{'errorMessage':'kim'}," MAIL "}",
                "RenderingFailure", NULL);
    check_event(BOUNCE("Permanent", "General"), "Bounce", "MailsBounced");
    check_event(BOUNCE("Transient", "MailboxFull"), "Bounce", NULL);
    check_event(BOUNCE("Permanent", "OnAccountSuppressionList"), "Suppressed", "MailsSuppressed");
    check_event("{'eventType':'Complaint','complaint':{'complaintFeedbackType':'abuse'}," MAIL "}",
                "Complaint", "MailsComplained");
    check_event("{'detail-type':'Email Bounced','source':'aws.ses','detail':" BOUNCE("Permanent",
                                                                                     "NoEmail") "}",
                "Bounce", "MailsBounced");
}

static void test_bounces_by_their_kind(void **state) {
    (void)state;
    struct outcome outcome;
    handle(&outcome, BOUNCE("Permanent", "NoEmail"));
    assert_int_equal(metric_by(&outcome, "MailBounces", "BounceType", "Permanent.NoEmail"), 1);
    assert_int_equal(lines(&outcome, "\"bounceType\":\"Permanent\""), 1);
    assert_int_equal(lines(&outcome, "\"bounceSubType\":\"NoEmail\""), 1);
    assert_int_equal(lines(&outcome, "\"status\":\"5.1.1\""), 1);
    assert_int_equal(lines(&outcome, "\"WARN\""), 1);
    clear(&outcome);
    handle(&outcome, BOUNCE("Permanent", "OnAccountSuppressionList"));
    assert_int_equal(outcome.metrics.by_count, 1);
    clear(&outcome);
}

/* Of a topic: one that cannot be read fails the invocation, the others are reported. */
static void test_messages_of_a_topic(void **state) {
    (void)state;
    struct outcome outcome;
    char *good = example_wrap(EXAMPLE_SNS("@"), BOUNCE("Permanent", "General"));
    handle(&outcome, good);
    assert_false(outcome.result.failed);
    assert_string_equal(svc_buf_text(&outcome.result.body), "{\"events\":1}");
    assert_int_equal(metric(&outcome, "MailsBounced"), 1);
    clear(&outcome);
    free(good);

    struct svc_buf text;
    char *inner = example_string(BOUNCE("Permanent", "General"));
    svc_buf_init(&text, 1 << 16);
    svc_buf_printf(&text,
                   "{'Records':[{'EventSource':'aws:sns','Sns':{'Type':'Notification',"
                   "'MessageId':'1','Message':'kim@example.com'}},{'EventSource':'aws:sns','Sns':{"
                   "'Type':'Notification','MessageId':'2','Message':%s}}]}",
                   inner);
    handle(&outcome, svc_buf_text(&text));
    assert_true(outcome.result.failed);
    assert_string_equal(outcome.result.error_type, "Email.MALFORMED");
    assert_null(strstr(outcome.result.error_message, "kim"));
    assert_int_equal(metric(&outcome, "MailsBounced"), 1);
    assert_int_equal(metric(&outcome, "MailEventsMalformed"), 1);
    clear(&outcome);
    svc_buf_clear(&text);
    free(inner);
}

/* ---------------------------------------------------------------------- messages of a queue */

/* Messages whose bodies are `bodies`, with the ids 0, 1, ... */
static char *queue_of(const char *const *bodies, size_t count, const char *more) {
    struct svc_buf text;
    svc_buf_init(&text, 1 << 20);
    svc_buf_append_text(&text, "{\"Records\":[");
    for (size_t i = 0; i < count; i++) {
        char *body = example_string(bodies[i]);
        svc_buf_printf(&text, "%s{\"messageId\":\"%zu\",\"eventSource\":\"aws:sqs\"%s,\"body\":%s}",
                       i > 0 ? "," : "", i, more, body);
        free(body);
    }
    svc_buf_append_text(&text, "]}");
    assert_int_equal(svc_buf_status(&text), SVC_OK);
    return (char *)text.bytes;
}

#define TO_NOBODY "{'template':'PASSWORD_RESET','toEmail':'kim','data':{}}"

/* Without DEAD_LETTER_QUEUE_URL they come again, until the queue's redrive policy moves them. */
static void test_messages_that_are_refused(void **state) {
    (void)state;
    const char *const bodies[] = {"not json", TO_NOBODY, "{'template':'NEWS','toEmail':'a@b.kr'}",
                                  BOUNCE("Permanent", "General"), "{'eventType':'Send'}"};
    char *text = queue_of(bodies, 5, "");
    struct outcome outcome;
    handle(&outcome, text);
    assert_false(outcome.result.failed);
    assert_string_equal(svc_buf_text(&outcome.result.body),
                        "{\"batchItemFailures\":[{\"itemIdentifier\":\"0\"},"
                        "{\"itemIdentifier\":\"1\"},{\"itemIdentifier\":\"2\"},"
                        "{\"itemIdentifier\":\"4\"}]}");
    assert_int_equal(metric(&outcome, "MailsRefused"), 3);
    assert_int_equal(metric_by(&outcome, "MailsRefused", "Reason", "BAD_JSON"), 1);
    assert_int_equal(metric_by(&outcome, "MailsRefused", "Reason", "BAD_ADDRESS"), 1);
    assert_int_equal(metric_by(&outcome, "MailsRefused", "Reason", "UNKNOWN_TEMPLATE"), 1);
    assert_int_equal(metric(&outcome, "MailsBounced"), 1);
    assert_int_equal(metric(&outcome, "MailEventsMalformed"), 1);
    assert_int_equal(metric(&outcome, "DeadLettersSent"), 0);
    assert_int_equal(lines(&outcome, "\"message refused\""), 3);
    assert_int_equal(lines(&outcome, "\"template\":\"PASSWORD_RESET\""), 1);
    assert_int_equal(lines(&outcome, "kim"), 0);
    clear(&outcome);
    free(text);
}

static void test_an_outdated_mail_is_done(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "{'template':'PASSWORD_RESET','toEmail':'kim@example.com','data':{'userName':'Kim',"
        "'resetUrl':'https://example.com/r','expiresIn':30}}"};
    /* Queued 31 minutes ago. */
    char *text = queue_of(bodies, 1, ",\"attributes\":{\"SentTimestamp\":\"1767321185000\"}");
    struct outcome outcome;
    handle(&outcome, text);
    assert_string_equal(svc_buf_text(&outcome.result.body), "{\"batchItemFailures\":[]}");
    assert_int_equal(metric(&outcome, "MailsOutdated"), 1);
    assert_int_equal(lines(&outcome, "kim"), 0);
    clear(&outcome);
    free(text);
    /* Sent again by a person just now: what counts is when it was queued first. */
    text = queue_of(bodies, 1,
                    ",\"attributes\":{\"SentTimestamp\":\"1767323044000\"},\"messageAttributes\":"
                    "{\"queuedAt\":{\"dataType\":\"Number\",\"stringValue\":\"1767321185000\"}}");
    handle(&outcome, text);
    assert_string_equal(svc_buf_text(&outcome.result.body), "{\"batchItemFailures\":[]}");
    assert_int_equal(metric(&outcome, "MailsOutdated"), 1);
    clear(&outcome);
    free(text);
    /* An attribute cannot make it younger than the queue states. */
    text = queue_of(bodies, 1,
                    ",\"attributes\":{\"SentTimestamp\":\"1767321185000\"},\"messageAttributes\":"
                    "{\"queuedAt\":{\"dataType\":\"Number\",\"stringValue\":\"1767323044000\"}}");
    handle(&outcome, text);
    assert_int_equal(metric(&outcome, "MailsOutdated"), 1);
    clear(&outcome);
    free(text);
}

static void test_what_is_no_event_fails_the_invocation(void **state) {
    (void)state;
    static const struct {
        const char *example, *type;
    } bad[] = {
        {"", "Email.MALFORMED"},
        {"{", "Email.MALFORMED"},
        {"null", "Email.UNKNOWN_EVENT"},
        {"{}", "Email.UNKNOWN_EVENT"},
        {"{'Records':[{'eventSource':'aws:ses'}]}", "Email.UNKNOWN_EVENT"},
        {"{'Records':[{'EventSource':'aws:ses'}]}", "Email.UNKNOWN_EVENT"},
        {"{'Records':[{'eventSource':'aws:sqs','body':'{}'}]}", "Email.MALFORMED"},
        {"{'Records':[{'EventSource':'aws:sns','Sns':{}}]}", "Email.MALFORMED"},
        {"{'eventType':'Send'}", "Email.MALFORMED"},
        {EXAMPLE_S3, "Email.UNKNOWN_EVENT"},
        {EXAMPLE_SCHEDULE, "Email.UNKNOWN_EVENT"},
        {EXAMPLE_S3_EVENTBRIDGE, "Email.UNKNOWN_EVENT"},
        {EXAMPLE_SES_EVENTBRIDGE, "Email.MALFORMED"},
        {EXAMPLE_URL, "Email.UNKNOWN_EVENT"},
        {"{'template':'PASSWORD_RESET','toEmail':'a@b.kr','data':{}}", "Email.UNKNOWN_EVENT"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct outcome outcome;
        handle(&outcome, bad[i].example);
        assert_true(outcome.result.failed);
        assert_string_equal(outcome.result.error_type, bad[i].type);
        assert_int_equal(outcome.result.body.size_bytes, 0);
        clear(&outcome);
    }
}

/* ---------------------------------------------------------------------- hashes */

static void test_hashes_of_addresses(void **state) {
    (void)state;
    struct email_address_hash hash, other;
    char a[EMAIL_HASH_BYTES], b[EMAIL_HASH_BYTES];
    assert_int_equal(email_address_hash_init(&hash, NULL), SVC_OK);
    assert_int_equal(email_address_hash_init(&other, NULL), SVC_OK);
    email_address_hash_of(&hash, "kim@example.com", a);
    assert_int_equal(strlen(a), 16);
    assert_int_equal(strspn(a, "0123456789abcdef"), 16);
    static const char *const same[] = {"Kim@Example.COM", "<kim@example.com>",
                                       "\"Kim <x>\" <kim@example.com>"};
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        email_address_hash_of(&hash, same[i], b);
        assert_string_equal(a, b);
    }
    email_address_hash_of(&hash, "lim@example.com", b);
    assert_string_not_equal(a, b);
    /* Another environment has another key. */
    email_address_hash_of(&other, "kim@example.com", b);
    assert_string_not_equal(a, b);
    email_address_hash_of(&hash, "", a);
    assert_string_equal(a, "");
    email_address_hash_of(&hash, "<>", a);
    assert_string_equal(a, "");
    /* HMAC-SHA256 with a key of zeros, by Python. */
    memset(hash.key, 0, sizeof(hash.key));
    email_address_hash_of(&hash, "kim@example.com", a);
    assert_string_equal(a, "339ddf2e8137246f");
    char longest[4096];
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    email_address_hash_of(&hash, longest, a);
    assert_int_equal(strlen(a), 16);
    email_address_hash_clear(&hash);
    email_address_hash_clear(&other);
}

/* ---------------------------------------------------------------------- memory */

/* Every allocation fails in turn: a message is done, comes again, or the invocation fails; nothing
 * is lost, nothing leaks. */
static void test_every_allocation_failing(void **state) {
    (void)state;
    const char *const bodies[] = {BOUNCE("Permanent", "General"), TO_NOBODY};
    char *text = queue_of(bodies, 2, "");
    bool is_whole = false;
    for (failing = 1; !is_whole; failing++) {
        const long live = failing_malloc.live;
        struct outcome outcome;
        handle(&outcome, text);
        is_whole = failing_malloc.failures == 0;
        const char *body = svc_buf_text(&outcome.result.body);
        if (outcome.result.failed) {
            assert_int_equal(outcome.metrics.count + outcome.metrics.by_count, 0);
        } else {
            assert_non_null(strstr(body, "{\"itemIdentifier\":\"1\"}"));
            /* The event was reported, or comes again. */
            assert_true(metric(&outcome, "MailsBounced") == 1 ||
                        strstr(body, "{\"itemIdentifier\":\"0\"}") != NULL);
        }
        clear(&outcome);
        assert_int_equal(failing_malloc.live, live);
        assert_true(failing < 1000);
    }
    failing = 0;
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_of_ses_become_metrics),
        cmocka_unit_test(test_bounces_by_their_kind),
        cmocka_unit_test(test_messages_of_a_topic),
        cmocka_unit_test(test_messages_that_are_refused),
        cmocka_unit_test(test_an_outdated_mail_is_done),
        cmocka_unit_test(test_what_is_no_event_fails_the_invocation),
        cmocka_unit_test(test_hashes_of_addresses),
        cmocka_unit_test(test_every_allocation_failing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
