/* Each allocation of the mailer fails in turn, once and from there on: NO_MEMORY, nothing left
 * behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/email/json_schema.h"
#include "services/email/mime.h"
#include "services/email/mustache.h"
#include "services/email/producer.h"
#include "services/email/render.h"
#include "tests/support/failing_malloc.h"

static enum svc_status produce(struct svc_buf *body, struct email_error *error) {
    struct email_producer producer;
    email_message_begin(&producer, body, EMAIL_ORDER_CONFIRMATION, "a@b.kr", EMAIL_KO, "id");
    email_message_put_text_cut(&producer, "customerName", "김하늘");
    email_message_put_text(&producer, "orderNumber", "1");
    for (int i = 0; i < 5; i++) {
        email_message_put_item(&producer, "a product with \xf0\x9f\x98\x80", 2, 15000);
    }
    email_message_put_date(&producer, "orderDate", 0);
    return email_message_finish(&producer, error);
}

static enum svc_status write_raw(const struct email_message *message,
                                 const struct email_rendered *rendered) {
    struct svc_buf raw;
    const struct email_envelope envelope = {"오픈마켓 <a@b.kr>", message->to, NULL, NULL, 0};
    svc_buf_init(&raw, EMAIL_MAX_RAW_BYTES);
    enum svc_status status = email_write_mime(rendered, &envelope, &raw);
    svc_buf_clear(&raw);
    return status;
}

static const char promotion[] =
    "{\"template\":\"PROMOTIONAL\",\"toEmail\":\"a@b.kr\",\"data\":{\"customerName\":"
    "\"\\ud83d\\ude00\","
    "\"title\":\"b\",\"promoTitle\":\"c\",\"description\":\"d\",\"shopUrl\":\"https://b.kr/\","
    "\"unsubscribeUrl\":\"https://b.kr/u\"}}";

static enum svc_status consume(const void *bytes, size_t size_bytes, struct email_error *error) {
    static const struct email_sender sender = {"a", "b@c.kr", "1", "d"};
    struct email_message message;
    struct email_rendered rendered;
    enum svc_status status = email_message_parse(bytes, size_bytes, &message, error);
    if (status == SVC_OK) {
        status = email_render(&message, &sender, 0, &rendered, error);
        if (status == SVC_OK) {
            status = write_raw(&message, &rendered);
        }
        email_rendered_clear(&rendered);
    }
    email_message_clear(&message);
    return status;
}

static enum svc_status parse_template(void) {
    struct email_mustache_parsed parsed;
    struct email_mustache_error error;
    enum svc_status status =
        email_mustache_parse("{{#a}}{{b}}{{/a}}{{> c}}", "  ", NULL, &parsed, &error);
    email_mustache_clear(&parsed);
    return status;
}

static enum svc_status work(void) {
    struct svc_buf body, schema;
    struct email_error error;
    svc_buf_init(&body, EMAIL_MAX_MESSAGE_BYTES);
    svc_buf_init(&schema, (size_t)1024 * 1024);
    enum svc_status status = produce(&body, &error);
    if (status == SVC_OK) {
        status = consume(body.bytes, body.size_bytes, &error);
    }
    if (status == SVC_OK) {
        status = consume(promotion, strlen(promotion), &error);
    }
    if (status == SVC_OK) {
        status = parse_template();
    }
    if (status == SVC_OK) {
        status = email_write_json_schema(&schema);
    }
    svc_buf_clear(&body);
    svc_buf_clear(&schema);
    return status;
}

static void fail_each_in_turn(bool from_there_on) {
    for (int n = 1;; n++) {
        const long before = failing_malloc.live;
        failing_malloc_arm(n, from_there_on);
        enum svc_status status = work();
        const int failures = failing_malloc_disarm();
        assert_int_equal(failing_malloc.live, before);
        if (failures == 0) {
            assert_int_equal(status, SVC_OK);
            assert_true(n > 40); /* there were that many to fail */
            break;
        }
        if (status != SVC_NO_MEMORY) {
            fail_msg("allocation %d: %s", n, svc_status_name(status));
        }
    }
}

static void test_each_allocation_failing_once(void **state) {
    (void)state;
    fail_each_in_turn(false);
}

static void test_every_allocation_failing_from_one_on(void **state) {
    (void)state;
    fail_each_in_turn(true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_failing_once),
        cmocka_unit_test(test_every_allocation_failing_from_one_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
