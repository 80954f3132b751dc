/* The table of sent messages, and a claim on it, for the tests of the record and of the delivery.
 * Included once by each test program. */
#ifndef TESTS_EMAIL_RECORD_SUPPORT_H
#define TESTS_EMAIL_RECORD_SUPPORT_H

#include <stdio.h>
#include <string.h>

#include "services/email/record.h"
#include "tests/services/aws_support.h"

#define DIGEST  "d1"
#define LEFT_MS INT64_C(30000)
#define KEEP_MS (INT64_C(30) * 86400 * 1000)

static struct aws_fixture f;
static struct awsc_error failure;

/* The record's wall clock: real time, and what a test adds. The client's stays as it is, because a
 * server refuses requests of another time. */
static int64_t later_ms;

static inline int64_t record_wall_ms(void *user) {
    (void)user;
    return svc_wall_ms(&f.clock.clock) + later_ms;
}

static inline int64_t record_monotonic_ms(void *user) {
    (void)user;
    return svc_monotonic_ms(&f.clock.clock);
}

static inline void record_sleep_ms(void *user, int64_t duration_ms) {
    (void)user;
    svc_sleep_ms(&f.clock.clock, duration_ms);
}

static const struct svc_clock record_clock = {record_wall_ms, record_monotonic_ms, record_sleep_ms,
                                              NULL};

static inline int record_setup(void **state) {
    aws_setup(state);
    later_ms = 0;
    aws_set(&f, "{\"tables\":{\"mails\":{\"key\":[\"id\"],\"items\":[]}}}");
    return 0;
}

#define RECORD_TEST(name)                                                                          \
    cmocka_unit_test_prestate_setup_teardown(name, record_setup, aws_teardown, &f)

static inline const struct email_record_table *record_table(void) {
    static struct email_record_table table;
    table = (struct email_record_table){
        .client = f.client, .clock = &record_clock, .name = "mails", .keep_ms = KEEP_MS};
    return &table;
}

static inline enum email_claim_result take(struct email_claim *claim, const char *id,
                                           const char *digest, bool overrides_unknown) {
    return email_record_claim(claim, record_table(), id, digest, overrides_unknown, LEFT_MS,
                              &failure);
}

/* Puts one item into the table, in place of all others, with what `format` makes behind its id. */
static inline void put_item(const char *id, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline void put_item(const char *id, const char *format, ...) {
    char line[1024], rest[512];
    va_list args;
    va_start(args, format);
    vsnprintf(rest, sizeof(rest), format, args);
    va_end(args);
    snprintf(line, sizeof(line),
             "{\"tables\":{\"mails\":{\"key\":[\"id\"],\"items\":[{\"id\":{\"S\":\"%s\"}%s}]}}}",
             id, rest);
    aws_set(&f, line);
}

/* The items in the table now. */
static inline const struct svc_json *record_items(void) {
    aws_set(&f, "{}");
    return svc_json_get(svc_json_get(svc_json_get(f.report, "tables"), "mails"), "items");
}

/* An attribute's text, of a number too; NULL: the item or the attribute is not there. */
static inline const char *attribute(const char *id, const char *name) {
    const struct svc_json *items = record_items();
    for (size_t i = 0; i < svc_json_count(items); i++) {
        const struct svc_json *item = svc_json_at(items, i);
        if (strcmp(svc_json_get_text(svc_json_get(item, "id"), "S"), id) == 0) {
            const struct svc_json *value = svc_json_get(item, name);
            const char *text = svc_json_get_text(value, "S");
            return text != NULL ? text : svc_json_get_text(value, "N");
        }
    }
    return NULL;
}

/* `state` NULL: there is no such item. */
static inline void expect_state(const char *id, const char *state) {
    const char *there = attribute(id, "state");
    if (there == NULL || state == NULL) {
        assert_ptr_equal(there, state);
    } else {
        assert_string_equal(there, state);
    }
}

#endif
