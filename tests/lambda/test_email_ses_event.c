/* Events of SES, in the forms in which they arrive. The events are those of the SES guide,
 * "Examples of event data that Amazon SES publishes to Amazon SNS", cut to what is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/email/ses_event.h"
#include "tests/lambda/event_examples.h"

#define MAIL                                                                                       \
    "'mail':{'timestamp':'2017-08-05T00:40:02.012Z','source':'Shop <sender@example.com>',"         \
    "'messageId':'EXAMPLE7c191be45-e9aedb9a-02f9','destination':['Kim <kim@example.com>'],"        \
    "'headersTruncated':false,'headers':[{'name':'From','value':'sender@example.com'}],"           \
    "'tags':{'ses:configuration-set':['ConfigSet'],'template':['ORDER_CONFIRMATION']}}"
#define BOUNCE(type, subtype)                                                                      \
    "{'eventType':'Bounce','bounce':{'bounceType':'" type "','bounceSubType':'" subtype "',"       \
    "'bouncedRecipients':[{'emailAddress':'kim@example.com','action':'failed','status':'5.1.1',"   \
    "'diagnosticCode':'smtp; 550 5.1.1 kim@example.com... User unknown'}],"                        \
    "'timestamp':'2017-08-05T00:41:02.669Z','feedbackId':'01000157c44f053b'}," MAIL "}"
#define OF_TYPE(type) "{'eventType':'" type "'," MAIL "}"

/* Read, and `event` valid until the document is freed. */
static enum svc_status read_example(const char *example, struct svc_json **document,
                                    struct email_ses_event *event) {
    char *text = example_text(example);
    *document = NULL;
    assert_int_equal(svc_json_parse(text, strlen(text), 0, document, NULL), SVC_OK);
    free(text);
    struct svc_error error = {0};
    const enum svc_status status = email_ses_event_read(*document, event, &error);
    assert_int_equal(status != SVC_OK, error.detail[0] != '\0');
    assert_null(strchr(error.detail, '@'));
    return status;
}

static void test_a_bounce(void **state) {
    (void)state;
    struct svc_json *document;
    struct email_ses_event event;
    assert_int_equal(read_example(BOUNCE("Permanent", "General"), &document, &event), SVC_OK);
    assert_int_equal(event.type, EMAIL_SES_BOUNCE);
    assert_string_equal(email_ses_event_name(&event), "Bounce");
    assert_string_equal(email_ses_event_bounce_type(&event), "Permanent");
    assert_string_equal(email_ses_event_bounce_subtype(&event), "General");
    assert_string_equal(email_ses_event_template(&event), "ORDER_CONFIRMATION");
    assert_string_equal(email_ses_event_message_id(&event), "EXAMPLE7c191be45-e9aedb9a-02f9");
    assert_false(email_ses_event_is_suppressed(&event));
    assert_int_equal(email_ses_event_recipients(&event), 1);
    assert_string_equal(email_ses_event_recipient(&event, 0), "kim@example.com");
    assert_string_equal(email_ses_event_status(&event, 0), "5.1.1");
    assert_null(email_ses_event_recipient(&event, 1));
    email_ses_event_clear(&event);
    svc_json_free(document);
}

static void test_all_types_by_their_words(void **state) {
    (void)state;
    static const struct {
        const char *word, *name;
        enum email_ses_event_type type;
    } words[] = {
        {"Send", "Send", EMAIL_SES_SEND},
        {"Delivery", "Delivery", EMAIL_SES_DELIVERY},
        {"Reject", "Reject", EMAIL_SES_REJECT},
        {"Rendering Failure", "RenderingFailure", EMAIL_SES_RENDERING_FAILURE},
        {"DeliveryDelay", "DeliveryDelay", EMAIL_SES_DELIVERY_DELAY},
        {"Subscription", "Subscription", EMAIL_SES_SUBSCRIPTION},
        {"Open", "Open", EMAIL_SES_OPEN},
        {"Click", "Click", EMAIL_SES_CLICK},
        {"bounce", "Other", EMAIL_SES_OTHER},
        {"Sent to kim@example.com", "Other", EMAIL_SES_OTHER},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char text[1024];
        struct svc_json *document;
        struct email_ses_event event;
        (void)snprintf(text, sizeof(text), "{'eventType':'%s'," MAIL "}", words[i].word);
        assert_int_equal(read_example(text, &document, &event), SVC_OK);
        assert_int_equal(event.type, words[i].type);
        assert_string_equal(email_ses_event_name(&event), words[i].name);
        /* Nothing more precise is stated: those to whom the mail went. */
        assert_int_equal(email_ses_event_recipients(&event), 1);
        assert_string_equal(email_ses_event_recipient(&event, 0), "Kim <kim@example.com>");
        assert_null(email_ses_event_status(&event, 0));
        email_ses_event_clear(&event);
        svc_json_free(document);
    }
}

static void test_recipients_of_each_type(void **state) {
    (void)state;
    static const char *const events[] = {
        "{'eventType':'Delivery','delivery':{'recipients':['a@example.com','b@example.com']}," MAIL
        "}",
        "{'eventType':'DeliveryDelay','deliveryDelay':{'delayType':'MailboxFull',"
        "'delayedRecipients':[{'emailAddress':'a@example.com'},{'emailAddress':'b@example.com',"
        "'status':'4.2.2'}]}," MAIL "}",
        "{'eventType':'Complaint','complaint':{'complainedRecipients':["
        "{'emailAddress':'a@example.com'},{'emailAddress':'b@example.com'}]}," MAIL "}",
        "{'notificationType':'Bounce','bounce':{'bounceType':'Transient','bouncedRecipients':["
        "{'emailAddress':'a@example.com'},{'emailAddress':'b@example.com'}]}," MAIL "}",
    };
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        struct svc_json *document;
        struct email_ses_event event;
        assert_int_equal(read_example(events[i], &document, &event), SVC_OK);
        assert_int_equal(email_ses_event_recipients(&event), 2);
        assert_string_equal(email_ses_event_recipient(&event, 0), "a@example.com");
        assert_string_equal(email_ses_event_recipient(&event, 1), "b@example.com");
        email_ses_event_clear(&event);
        svc_json_free(document);
    }
}

static void test_suppressed_bounces(void **state) {
    (void)state;
    static const struct {
        const char *example;
        bool is_suppressed;
    } bounces[] = {{BOUNCE("Permanent", "OnAccountSuppressionList"), true},
                   {BOUNCE("Permanent", "Suppressed"), true},
                   {BOUNCE("Permanent", "NoEmail"), false},
                   {BOUNCE("Transient", "MailboxFull"), false},
                   {OF_TYPE("Send"), false}};
    for (size_t i = 0; i < sizeof(bounces) / sizeof(bounces[0]); i++) {
        struct svc_json *document;
        struct email_ses_event event;
        assert_int_equal(read_example(bounces[i].example, &document, &event), SVC_OK);
        assert_int_equal(email_ses_event_is_suppressed(&event), bounces[i].is_suppressed);
        email_ses_event_clear(&event);
        svc_json_free(document);
    }
}

/* Words of events reach metrics and logs: only those of our own tables do. */
static void test_hostile_words(void **state) {
    (void)state;
    struct svc_json *document;
    struct email_ses_event event;
    assert_int_equal(
        read_example("{'eventType':'Bounce','bounce':{'bounceType':'kim@example.com',"
                     "'bounceSubType':'a\\nb','bouncedRecipients':[{'emailAddress':'k@example.com',"
                     "'status':'5.1.1 kim@example.com'}]},'mail':{'messageId':'id kim@example.com',"
                     "'destination':7,'tags':{'template':['kim@example.com']}}}",
                     &document, &event),
        SVC_OK);
    assert_string_equal(email_ses_event_bounce_type(&event), "Other");
    assert_string_equal(email_ses_event_bounce_subtype(&event), "Other");
    assert_null(email_ses_event_status(&event, 0));
    assert_null(email_ses_event_message_id(&event));
    assert_null(email_ses_event_template(&event));
    email_ses_event_clear(&event);
    svc_json_free(document);
    assert_int_equal(read_example("{'eventType':'Complaint','complaint':{"
                                  "'complaintFeedbackType':'kim'},'mail':{'destination':7}}",
                                  &document, &event),
                     SVC_OK);
    assert_string_equal(email_ses_event_feedback(&event), "Other");
    assert_int_equal(email_ses_event_recipients(&event), 0);
    email_ses_event_clear(&event);
    svc_json_free(document);
}

static void test_more_recipients_than_a_mail_has(void **state) {
    (void)state;
    struct svc_buf text;
    svc_buf_init(&text, 1 << 20);
    svc_buf_append_text(&text, "{\"eventType\":\"Send\",\"mail\":{\"destination\":[\"a@b.c\"");
    for (int i = 0; i < 900; i++) {
        svc_buf_append_text(&text, ",\"a@b.c\"");
    }
    svc_buf_append_text(&text, "]}}");
    struct email_ses_event event;
    assert_int_equal(email_ses_event_parse(svc_buf_text(&text), text.size_bytes, &event, NULL),
                     SVC_OK);
    assert_int_equal(email_ses_event_recipients(&event), EMAIL_MAX_SES_RECIPIENTS);
    email_ses_event_clear(&event);
    svc_buf_clear(&text);
}

#define BRIDGE(event)                                                                              \
    "{'version':'0','id':'8e8f1bd7','detail-type':'Email Bounced','source':'aws.ses',"             \
    "'detail':" event "}"

static void test_the_ways_that_lead_here(void **state) {
    (void)state;
    char *in_topic = example_wrap(EXAMPLE_SNS_ENVELOPE("@"), BOUNCE("Permanent", "General"));
    char *bus_in_topic =
        example_wrap(EXAMPLE_SNS_ENVELOPE("@"), BRIDGE(BOUNCE("Permanent", "General")));
    const char *const examples[] = {BOUNCE("Permanent", "General"),
                                    BRIDGE(BOUNCE("Permanent", "General")), EXAMPLE_SES_EVENTBRIDGE,
                                    in_topic, bus_in_topic};
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct svc_json *document;
        struct email_ses_event event;
        char *text = example_text(examples[i]);
        assert_true(email_ses_event_is(text, strlen(text)));
        const enum svc_status status = read_example(examples[i], &document, &event);
        /* The guide's example is cut: it has no bounce. */
        assert_int_equal(status, i == 2 ? SVC_MALFORMED : SVC_OK);
        assert_int_equal(event.type, EMAIL_SES_BOUNCE);
        email_ses_event_clear(&event);
        svc_json_free(document);
        free(text);
    }
    free(in_topic);
    free(bus_in_topic);
}

static void test_notices(void **state) {
    (void)state;
    char *validated = example_wrap(EXAMPLE_SNS_ENVELOPE("@"),
                                   "Successfully validated SNS topic for Amazon SES event "
                                   "publishing.");
    const char *const notices[] = {
        validated,
        "{'notificationType':'AmazonSnsSubscriptionSucceeded','message':'You have successfully "
        "subscribed your Amazon SNS topic'}",
        "{'source':'aws.ses','detail-type':'Advisor Recommendation Status Open','detail':{}}"};
    for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
        struct svc_json *document;
        struct email_ses_event event;
        assert_int_equal(read_example(notices[i], &document, &event), SVC_OK);
        assert_int_equal(event.type, EMAIL_SES_NOTICE);
        assert_string_equal(email_ses_event_name(&event), "Notice");
        assert_int_equal(email_ses_event_recipients(&event), 0);
        email_ses_event_clear(&event);
        svc_json_free(document);
    }
    free(validated);
}

static void test_what_is_malformed(void **state) {
    (void)state;
    char *no_json = example_wrap(EXAMPLE_SNS_ENVELOPE("@"), "hello");
    char *other = example_wrap(EXAMPLE_SNS_ENVELOPE("@"), "{'a':1}");
    const char *const bad[] = {
        "{}",
        "{'eventType':'Send'}",
        "{'eventType':'Send','mail':'x'}",
        "{'eventType':7," MAIL "}",
        OF_TYPE("Bounce"),
        OF_TYPE("Complaint"),
        "{'eventType':'Bounce','bounce':[]," MAIL "}",
        "{'source':'aws.s3','detail-type':'Object Created','detail':" OF_TYPE("Send") "}",
        "{'Type':'SubscriptionConfirmation','MessageId':'m','TopicArn':'t','Message':'x'}",
        no_json,
        other,
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct svc_json *document;
        struct email_ses_event event;
        if (read_example(bad[i], &document, &event) != SVC_MALFORMED) {
            fail_msg("%s", bad[i]);
        }
        email_ses_event_clear(&event);
        svc_json_free(document);
    }
    free(no_json);
    free(other);
}

/* A mail to be sent is none, whatever its texts hold. */
static void test_what_is_a_mail(void **state) {
    (void)state;
    static const char *const mails[] = {
        "{'template':'PROMOTIONAL','toEmail':'a@b.c','data':{'title':'Send'}}",
        "{'template':'PROMOTIONAL','eventType':'Send','detail-type':'x'}",
        "{'data':{'eventType':'Send'}}",
        "['eventType']",
        "'eventType'",
        "{'eventType':",
        "{'eventType':7}",
        "",
    };
    for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
        char *text = example_text(mails[i]);
        assert_false(email_ses_event_is(text, strlen(text)));
        free(text);
    }
    assert_false(email_ses_event_is(NULL, 0));
}

/* A small text that takes much memory once it is parsed: it is not. */
static void test_a_flood_of_lists(void **state) {
    (void)state;
    struct svc_buf text;
    svc_buf_init(&text, 1 << 20);
    svc_buf_append_text(&text, "{\"eventType\":\"Send\",\"mail\":{},\"x\":[[]");
    for (int i = 0; i < 80000; i++) {
        svc_buf_append_text(&text, ",[]");
    }
    svc_buf_append_text(&text, "]}");
    struct email_ses_event event;
    assert_false(email_ses_event_is(svc_buf_text(&text), text.size_bytes));
    assert_int_equal(email_ses_event_parse(svc_buf_text(&text), text.size_bytes, &event, NULL),
                     SVC_TOO_LARGE);
    email_ses_event_clear(&event);
    svc_buf_clear(&text);
}

/* Cut at every byte, and with every byte replaced: read or refused, never beyond its end. */
static void test_damaged(void **state) {
    (void)state;
    char *whole = example_wrap(EXAMPLE_SNS_ENVELOPE("@"), BRIDGE(BOUNCE("Permanent", "General")));
    const size_t size = strlen(whole);
    for (size_t i = 0; i < 2 * size; i++) {
        const size_t cut = i < size ? i : size;
        char *text = malloc(cut > 0 ? cut : 1);
        assert_non_null(text);
        memcpy(text, whole, cut);
        if (i >= size) {
            text[i - size] = "{}[]\",:\\0"[i % 9];
        }
        struct svc_json *document = NULL;
        struct email_ses_event event;
        (void)email_ses_event_is(text, cut);
        if (svc_json_parse(text, cut, 0, &document, NULL) == SVC_OK) {
            if (email_ses_event_read(document, &event, NULL) == SVC_OK) {
                for (size_t n = 0; n < email_ses_event_recipients(&event); n++) {
                    (void)email_ses_event_recipient(&event, n);
                    (void)email_ses_event_status(&event, n);
                }
            }
            email_ses_event_clear(&event);
        }
        svc_json_free(document);
        free(text);
    }
    free(whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bounce),
        cmocka_unit_test(test_all_types_by_their_words),
        cmocka_unit_test(test_recipients_of_each_type),
        cmocka_unit_test(test_suppressed_bounces),
        cmocka_unit_test(test_hostile_words),
        cmocka_unit_test(test_more_recipients_than_a_mail_has),
        cmocka_unit_test(test_the_ways_that_lead_here),
        cmocka_unit_test(test_notices),
        cmocka_unit_test(test_what_is_malformed),
        cmocka_unit_test(test_what_is_a_mail),
        cmocka_unit_test(test_a_flood_of_lists),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
