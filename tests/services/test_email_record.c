/* The record of sent messages against a server that evaluates DynamoDB's conditions: every change
 * from every state, requests that are repeated or late, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/email/record.h"
#include "tests/services/email_record_support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct email_claim claim;

/* ---------------------------------------------------------------------- keys */

static void test_a_key_is_of_the_producer_or_of_the_queue(void **state) {
    (void)state;
    char key[EMAIL_MAX_KEY_BYTES + 1], most[EMAIL_MAX_ID_BYTES + 2];
    assert_true(email_record_key("order-1", "queue-1", key));
    assert_string_equal(key, "m:order-1");
    assert_true(email_record_key("", "order-1", key));
    assert_string_equal(key, "q:order-1");
    assert_true(email_record_key(NULL, "m:order-1", key));
    assert_string_equal(key, "q:m:order-1");
    memset(most, 'x', sizeof(most));
    most[EMAIL_MAX_ID_BYTES] = '\0';
    assert_true(email_record_key(NULL, most, key));
    assert_int_equal(strlen(key), EMAIL_MAX_KEY_BYTES);
    most[EMAIL_MAX_ID_BYTES] = 'x';
    most[EMAIL_MAX_ID_BYTES + 1] = '\0';
    static const char *const none[] = {NULL, "", "a\nb", "\xed\x95\x9c", "\xff"};
    assert_false(email_record_key(NULL, most, key));
    for (size_t i = 0; i < COUNT(none); i++) {
        assert_false(email_record_key(NULL, none[i], key));
        assert_string_equal(key, "");
    }
}

/* ---------------------------------------------------------------------- claims */

static void test_a_message_goes_through_its_states(void **state) {
    (void)state;
    const int64_t before_ms = svc_wall_ms(&record_clock);
    assert_int_equal(take(&claim, "m:1", DIGEST, false), EMAIL_CLAIM_OURS);
    const int64_t after_ms = svc_wall_ms(&record_clock);
    expect_state("m:1", "CLAIMED");
    assert_in_range(claim.until_ms, before_ms + LEFT_MS, after_ms + LEFT_MS);
    assert_int_equal(strtoll(attribute("m:1", "until"), NULL, 10), claim.until_ms);
    assert_in_range(strtoll(attribute("m:1", "expires"), NULL, 10), (before_ms + KEEP_MS) / 1000,
                    (after_ms + KEEP_MS) / 1000 + 1);
    assert_string_equal(attribute("m:1", "owner"), claim.owner);
    assert_string_equal(attribute("m:1", "digest"), DIGEST);
    assert_int_equal(email_record_sending(&claim, &failure), SVC_OK);
    expect_state("m:1", "SENDING");
    assert_int_equal(email_record_sent(&claim, "ses-1", &failure), SVC_OK);
    expect_state("m:1", "SENT");
    assert_string_equal(attribute("m:1", "sesMessageId"), "ses-1");
    assert_string_equal(attribute("m:1", "digest"), DIGEST);
    assert_int_equal(take(&claim, "m:1", DIGEST, false), EMAIL_CLAIM_SENT);
    assert_int_equal(aws_requests(&f), 1); /* one a step: no state is read before it is changed */
}

/* Past `until` by the margin, and just not. */
#define LIVE     INT64_C(20000)
#define MARGINAL (1000 - EMAIL_RECORD_MARGIN_MS)
#define PAST     (-1000 - EMAIL_RECORD_MARGIN_MS)
#define KEPT     INT64_C(86400)
#define EXPIRED  INT64_C(-2)

static void put_state(const char *state, const char *owner, const char *digest, int64_t until_ms,
                      int64_t expires_s) {
    const int64_t now_ms = svc_wall_ms(&record_clock);
    put_item(
        "m:1",
        ",\"state\":{\"S\":\"%s\"},\"owner\":{\"S\":\"%s\"},\"digest\":{\"S\":\"%s\"},\"until\":"
        "{\"N\":\"%lld\"},\"expires\":{\"N\":\"%lld\"}",
        state, owner, digest, (long long)(now_ms + until_ms),
        (long long)(now_ms / 1000 + expires_s));
}

static void test_who_may_claim_what(void **state) {
    (void)state;
    static const struct {
        const char *state, *digest;
        int64_t until_ms, expires_s;
        enum email_claim_result result, by_override;
    } cases[] = {
        {"CLAIMED", DIGEST, LIVE, KEPT, EMAIL_CLAIM_BUSY, EMAIL_CLAIM_BUSY},
        {"CLAIMED", DIGEST, MARGINAL, KEPT, EMAIL_CLAIM_BUSY, EMAIL_CLAIM_BUSY},
        {"CLAIMED", DIGEST, PAST, KEPT, EMAIL_CLAIM_OURS, EMAIL_CLAIM_OURS},
        {"CLAIMED", "d2", LIVE, KEPT, EMAIL_CLAIM_REUSED, EMAIL_CLAIM_REUSED},
        {"CLAIMED", "d2", PAST, KEPT, EMAIL_CLAIM_OURS, EMAIL_CLAIM_OURS},
        {"SENDING", DIGEST, LIVE, KEPT, EMAIL_CLAIM_BUSY, EMAIL_CLAIM_BUSY},
        {"SENDING", DIGEST, MARGINAL, KEPT, EMAIL_CLAIM_BUSY, EMAIL_CLAIM_BUSY},
        {"SENDING", DIGEST, PAST, KEPT, EMAIL_CLAIM_UNKNOWN, EMAIL_CLAIM_OURS},
        {"SENDING", "d2", LIVE, KEPT, EMAIL_CLAIM_REUSED, EMAIL_CLAIM_REUSED},
        {"SENDING", "d2", PAST, KEPT, EMAIL_CLAIM_REUSED, EMAIL_CLAIM_REUSED},
        {"SENT", DIGEST, LIVE, KEPT, EMAIL_CLAIM_SENT, EMAIL_CLAIM_SENT},
        {"SENT", DIGEST, PAST, KEPT, EMAIL_CLAIM_SENT, EMAIL_CLAIM_SENT},
        {"SENT", "d2", PAST, KEPT, EMAIL_CLAIM_REUSED, EMAIL_CLAIM_REUSED},
        /* TTL deletes late. */
        {"CLAIMED", "d2", LIVE, EXPIRED, EMAIL_CLAIM_OURS, EMAIL_CLAIM_OURS},
        {"SENDING", DIGEST, PAST, EXPIRED, EMAIL_CLAIM_OURS, EMAIL_CLAIM_OURS},
        {"SENT", "d2", PAST, EXPIRED, EMAIL_CLAIM_OURS, EMAIL_CLAIM_OURS},
        /* Nothing of ours. */
        {"sent", DIGEST, PAST, KEPT, EMAIL_CLAIM_FAILED, EMAIL_CLAIM_FAILED},
        {"", DIGEST, PAST, KEPT, EMAIL_CLAIM_FAILED, EMAIL_CLAIM_FAILED},
    };
    for (size_t i = 0; i < 2 * COUNT(cases); i++) {
        const size_t n = i / 2;
        const bool overrides = i % 2 == 1;
        const enum email_claim_result expected = overrides ? cases[n].by_override : cases[n].result;
        put_state(cases[n].state, "another", cases[n].digest, cases[n].until_ms,
                  cases[n].expires_s);
        const enum email_claim_result result = take(&claim, "m:1", DIGEST, overrides);
        if (result != expected) {
            fail_msg("case %zu, override %d: %d, not %d", n, overrides, result, expected);
        }
        if (result == EMAIL_CLAIM_OURS) {
            expect_state("m:1", "CLAIMED");
            assert_string_equal(attribute("m:1", "owner"), claim.owner);
            assert_string_equal(attribute("m:1", "digest"), DIGEST);
        } else {
            expect_state("m:1", cases[n].state);
            assert_string_equal(attribute("m:1", "owner"), "another");
        }
        if (result == EMAIL_CLAIM_BUSY) { /* until it may be taken over */
            const int64_t until_ms = strtoll(attribute("m:1", "until"), NULL, 10);
            assert_int_equal(claim.until_ms, until_ms + EMAIL_RECORD_MARGIN_MS);
        }
    }
}

static void test_items_of_others_are_not_touched(void **state) {
    (void)state;
    static const char *const items[] = {
        "",
        ",\"state\":{\"S\":\"SENT\"}",
        ",\"state\":{\"N\":\"1\"},\"digest\":{\"S\":\"d1\"},\"until\":{\"N\":\"1\"}",
        ",\"state\":{\"S\":\"SENT\"},\"digest\":{\"S\":\"d1\"},\"until\":{\"S\":\"1\"}",
        ",\"state\":{\"S\":\"SENT\"},\"digest\":{\"S\":\"d1\"},\"until\":{\"N\":\"1e30\"}",
        ",\"state\":{\"S\":\"CLAIMED\"},\"digest\":{\"S\":\"d1\"}"};
    for (size_t i = 0; i < COUNT(items); i++) {
        put_item("m:1", "%s", items[i]);
        assert_int_equal(take(&claim, "m:1", DIGEST, true), EMAIL_CLAIM_FAILED);
        assert_int_equal(failure.status, SVC_BAD_RESPONSE);
        assert_null(attribute("m:1", "owner"));
    }
    put_item("m:1", "%s",
             ",\"state\":{\"S\":\"CLAIMED\"},\"digest\":{\"S\":\"d1\"},\"until\":"
             "{\"N\":\"9223372036854775807\"}");
    assert_int_equal(take(&claim, "m:1", DIGEST, true), EMAIL_CLAIM_BUSY);
    assert_true(claim.until_ms == INT64_MAX);
}

/* ---------------------------------------------------------------------- changes of one's own item
 */

enum change { SENDING_NOW, SENT_NOW, RELEASE, UNKNOWN_NOW, CHANGES };

static enum svc_status run_change(enum change change) {
    switch (change) {
    case SENDING_NOW:
        return email_record_sending(&claim, &failure);
    case SENT_NOW:
        return email_record_sent(&claim, "ses-2", &failure);
    case RELEASE:
        return email_record_release(&claim, &failure);
    default:
        return email_record_unknown(&claim, &failure);
    }
}

/* From each state, of one's own and another's: what becomes of the item. */
static void test_each_change_from_each_state(void **state) {
    (void)state;
    static const struct {
        const char *state;
        bool is_ours;
        int64_t until_ms;
        const char *after[CHANGES]; /* NULL: gone; "": refused, and as it was */
    } cases[] = {
        {"CLAIMED", true, LIVE, {"SENDING", "", NULL, ""}},
        {"CLAIMED", true, -1, {"", "", NULL, ""}}, /* ended while its owner waited */
        {"CLAIMED", false, LIVE, {"", "", "", ""}},
        {"CLAIMED", false, PAST, {"", "", "", ""}},
        {"SENDING", true, LIVE, {"SENDING", "SENT", NULL, "SENDING"}},
        {"SENDING", true, PAST, {"", "SENT", NULL, "SENDING"}},
        {"SENDING", false, LIVE, {"", "", "", ""}},
        {"SENT", true, LIVE, {"", "SENT", "", ""}},
        {"SENT", false, LIVE, {"", "", "", ""}},
    };
    for (size_t i = 0; i < CHANGES * COUNT(cases); i++) {
        const size_t n = i / CHANGES;
        const enum change change = (enum change)(i % CHANGES);
        const char *after = cases[n].after[change];
        const bool is_refused = after != NULL && after[0] == '\0';
        assert_int_equal(take(&claim, "m:2", DIGEST, false), EMAIL_CLAIM_OURS);
        put_state(cases[n].state, cases[n].is_ours ? claim.owner : "another", DIGEST,
                  cases[n].until_ms, KEPT);
        strcpy(claim.id, "m:1");
        const enum svc_status status = run_change(change);
        const enum svc_status expected =
            is_refused && change != RELEASE ? SVC_PRECONDITION_FAILED : SVC_OK;
        if (status != expected) {
            fail_msg("case %zu, change %d: %s", n, (int)change, svc_status_name(status));
        }
        expect_state("m:1", is_refused ? cases[n].state : after);
    }
}

static void test_nothing_of_an_absent_item_changes(void **state) {
    (void)state;
    assert_int_equal(take(&claim, "m:1", DIGEST, false), EMAIL_CLAIM_OURS);
    assert_int_equal(email_record_release(&claim, &failure), SVC_OK);
    for (int change = 0; change < CHANGES; change++) {
        assert_int_equal(run_change((enum change)change),
                         change == RELEASE ? SVC_OK : SVC_PRECONDITION_FAILED);
        assert_int_equal(svc_json_count(record_items()), 0);
    }
}

static void test_an_unknown_outcome_is_past_its_time_at_once(void **state) {
    (void)state;
    assert_int_equal(take(&claim, "m:1", DIGEST, false), EMAIL_CLAIM_OURS);
    assert_int_equal(email_record_sending(&claim, &failure), SVC_OK);
    struct email_claim other;
    assert_int_equal(take(&other, "m:1", DIGEST, true), EMAIL_CLAIM_BUSY);
    assert_int_equal(email_record_unknown(&claim, &failure), SVC_OK);
    later_ms = 1; /* the clock need not go on between the two calls */
    assert_int_equal(take(&other, "m:1", DIGEST, false), EMAIL_CLAIM_UNKNOWN);
    assert_int_equal(take(&other, "m:1", DIGEST, true), EMAIL_CLAIM_OURS);
    /* The first owner has lost it, whatever it learns later. */
    assert_int_equal(email_record_sent(&claim, "late", &failure), SVC_PRECONDITION_FAILED);
    assert_int_equal(email_record_release(&claim, &failure), SVC_OK);
    expect_state("m:1", "CLAIMED");
}

static void test_a_claim_that_ended_is_taken_over_and_lost(void **state) {
    (void)state;
    struct email_claim other;
    assert_int_equal(take(&claim, "m:1", DIGEST, false), EMAIL_CLAIM_OURS);
    later_ms = LEFT_MS + EMAIL_RECORD_MARGIN_MS - 1000;
    assert_int_equal(take(&other, "m:1", DIGEST, false), EMAIL_CLAIM_BUSY);
    later_ms += 2000;
    assert_int_equal(take(&other, "m:1", DIGEST, false), EMAIL_CLAIM_OURS);
    /* The first owner's clock is far behind: it still cannot send. */
    later_ms = 0;
    assert_int_equal(email_record_sending(&claim, &failure), SVC_PRECONDITION_FAILED);
    assert_int_equal(email_record_release(&claim, &failure), SVC_OK);
    later_ms = LEFT_MS + EMAIL_RECORD_MARGIN_MS + 1000;
    assert_int_equal(email_record_sending(&other, &failure), SVC_OK);
    assert_int_equal(email_record_sent(&other, "ses", &failure), SVC_OK);
}

/* ---------------------------------------------------------------------- repeated and late requests
 */

/* The first attempt is carried out and its response lost, damaged, or a server error: the second
 * finds what the first did. */
static void test_each_request_may_be_repeated(void **state) {
    (void)state;
    static const char *const faults[] = {"{\"faults\":[\"lost\"]}", "{\"faults\":[\"flip\"]}",
                                         "{\"faults\":[\"lost\",\"truncate\"]}"};
    for (size_t i = 0; i < COUNT(faults); i++) {
        char id[8];
        snprintf(id, sizeof(id), "m:%zu", i);
        aws_set(&f, faults[i]);
        assert_int_equal(take(&claim, id, DIGEST, false), EMAIL_CLAIM_OURS);
        expect_state(id, "CLAIMED");
        aws_set(&f, faults[i]);
        assert_int_equal(email_record_sending(&claim, &failure), SVC_OK);
        expect_state(id, "SENDING");
        aws_set(&f, faults[i]);
        assert_int_equal(email_record_unknown(&claim, &failure), SVC_OK);
        expect_state(id, "SENDING");
        aws_set(&f, faults[i]);
        assert_int_equal(email_record_sent(&claim, "ses", &failure), SVC_OK);
        expect_state(id, "SENT");
        snprintf(id, sizeof(id), "n:%zu", i);
        assert_int_equal(take(&claim, id, DIGEST, false), EMAIL_CLAIM_OURS);
        aws_set(&f, faults[i]);
        assert_int_equal(email_record_release(&claim, &failure), SVC_OK);
        expect_state(id, NULL);
    }
}

/* A request that was given up may still arrive, after what followed it. With a random source that
 * is constant the same call is the same request. */
static void test_a_late_request_undoes_nothing(void **state) {
    (void)state;
    struct email_record_table table = *record_table();
    table.random = &f.random.random;
    struct email_claim late;
#define TAKE_LATE() email_record_claim(&late, &table, "m:1", DIGEST, false, LEFT_MS, &failure)
    assert_int_equal(TAKE_LATE(), EMAIL_CLAIM_OURS);
    claim = late;
    assert_int_equal(TAKE_LATE(), EMAIL_CLAIM_OURS); /* the same, and changes nothing */
    assert_string_equal(claim.owner, late.owner);
    assert_int_equal(email_record_sending(&claim, &failure), SVC_OK);
    assert_int_equal(TAKE_LATE(), EMAIL_CLAIM_BUSY);
    expect_state("m:1", "SENDING");
    assert_int_equal(email_record_sent(&claim, "ses", &failure), SVC_OK);
    assert_int_equal(TAKE_LATE(), EMAIL_CLAIM_SENT);
    assert_int_equal(email_record_sending(&claim, &failure), SVC_PRECONDITION_FAILED);
    assert_int_equal(email_record_unknown(&claim, &failure), SVC_PRECONDITION_FAILED);
    assert_int_equal(email_record_release(&claim, &failure), SVC_OK);
    expect_state("m:1", "SENT");
#undef TAKE_LATE
}

static void test_owners_differ(void **state) {
    (void)state;
    struct email_claim other;
    assert_int_equal(take(&claim, "m:1", DIGEST, false), EMAIL_CLAIM_OURS);
    assert_int_equal(take(&other, "m:2", DIGEST, false), EMAIL_CLAIM_OURS);
    assert_int_equal(strlen(claim.owner), EMAIL_OWNER_BYTES - 1);
    assert_string_not_equal(claim.owner, other.owner);
}

/* ---------------------------------------------------------------------- failures */

/* Of a change of a CLAIMED item. */
static enum svc_status expected_of(const char *fault, enum svc_status status, enum change change) {
    const bool is_lost = strcmp(fault, "lost") == 0;
    if (change == RELEASE && (is_lost || status == SVC_BAD_RESPONSE)) {
        return SVC_OK; /* refused: by the fault, or because the first attempt deleted the item */
    }
    const bool is_refused = status == SVC_BAD_RESPONSE || (is_lost && change != SENDING_NOW);
    return is_refused ? SVC_PRECONDITION_FAILED : status;
}

static void test_failures_of_the_table(void **state) {
    (void)state;
    static const struct {
        const char *fault;
        enum svc_status status;
        bool maybe_done;
    } cases[] = {
        {"status:400:ProvisionedThroughputExceededException", SVC_THROTTLED, false},
        {"status:500:InternalServerError", SVC_SERVER_ERROR, true},
        {"reset", SVC_CONNECTION_LOST, true},
        {"lost", SVC_CONNECTION_LOST, true},
        {"status:400:ResourceNotFoundException", SVC_NO_RESOURCE, false},
        {"status:400:AccessDeniedException", SVC_ACCESS_DENIED, false},
        {"status:400:ValidationException", SVC_REJECTED, false},
        {"status:400:ConditionalCheckFailedException", SVC_BAD_RESPONSE, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        aws_set(&f, "{\"tables\":{\"mails\":{\"key\":[\"id\"],\"items\":[]}}}");
        aws_set_fault(&f, cases[i].fault, 3);
        enum email_claim_result result = take(&claim, "m:1", DIGEST, false);
        if (result != EMAIL_CLAIM_FAILED || failure.status != cases[i].status ||
            failure.maybe_done != cases[i].maybe_done) {
            fail_msg("%s: %d, %s", cases[i].fault, result, svc_status_name(failure.status));
        }
        aws_set(&f, "{\"faults\":[]}");
        assert_int_equal(email_record_release(&claim, &failure), SVC_OK);
        assert_int_equal(svc_json_count(record_items()), 0);
        for (int change = 0; change < CHANGES; change++) {
            assert_int_equal(take(&claim, "m:1", DIGEST, false), EMAIL_CLAIM_OURS);
            aws_set_fault(&f, cases[i].fault, 3);
            assert_int_equal(run_change((enum change)change),
                             expected_of(cases[i].fault, cases[i].status, (enum change)change));
            aws_set(&f, "{\"faults\":[],\"tables\":{\"mails\":{\"key\":[\"id\"],\"items\":[]}}}");
        }
    }
}

static bool no_bytes(void *user, void *bytes, size_t size_bytes) {
    (void)user;
    (void)bytes;
    (void)size_bytes;
    return false;
}

static void test_what_fails_before_a_request(void **state) {
    (void)state;
    static const struct svc_random no_random = {no_bytes, NULL};
    char key[EMAIL_MAX_KEY_BYTES + 2];
    struct email_record_table table = *record_table();
    memset(key, 'x', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    assert_int_equal(take(&claim, key, DIGEST, false), EMAIL_CLAIM_FAILED);
    assert_int_equal(failure.status, SVC_INVALID_ARGUMENT);
    table.random = &no_random;
    assert_int_equal(email_record_claim(&claim, &table, "m:1", DIGEST, false, LEFT_MS, &failure),
                     EMAIL_CLAIM_FAILED);
    assert_int_equal(failure.status, SVC_IO);
    assert_int_equal(aws_requests(&f), 0);
    assert_int_equal(take(&claim, key + 1, DIGEST, false), EMAIL_CLAIM_OURS);
}

static void test_without_a_table_every_claim_succeeds(void **state) {
    (void)state;
    struct email_record_table table = *record_table();
    table.name = NULL;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            email_record_claim(&claim, &table, "m:1", DIGEST, false, LEFT_MS, &failure),
            EMAIL_CLAIM_OURS);
        for (int change = 0; change < CHANGES; change++) {
            assert_int_equal(run_change((enum change)change), SVC_OK);
        }
    }
    assert_int_equal(aws_requests(&f), 0);
}

/* ---------------------------------------------------------------------- clocks */

static void test_a_wrong_clock_is_corrected(void **state) {
    (void)state;
    struct email_record_table table = *record_table();
    table.clock = &f.clock.clock;
    const int64_t true_ms = svc_wall_ms(svc_clock_system());
    f.clock.wall_ms = -600000;
    assert_int_equal(email_record_claim(&claim, &table, "m:0", DIGEST, false, LEFT_MS, &failure),
                     EMAIL_CLAIM_OURS); /* the first response shows the difference */
    assert_int_equal(email_record_claim(&claim, &table, "m:1", DIGEST, false, LEFT_MS, &failure),
                     EMAIL_CLAIM_OURS);
    assert_in_range(claim.until_ms, true_ms + LEFT_MS - 5000, true_ms + LEFT_MS + 60000);
    assert_int_equal(email_record_sending(&claim, &failure), SVC_OK);
    /* Another environment, of the correct time, respects it. */
    assert_int_equal(take(&claim, "m:1", DIGEST, false), EMAIL_CLAIM_BUSY);
}

static void test_a_claim_is_no_longer_than_an_invocation(void **state) {
    (void)state;
    const int64_t now_ms = svc_wall_ms(&record_clock);
    assert_int_equal(
        email_record_claim(&claim, record_table(), "m:1", DIGEST, false, INT64_MAX, &failure),
        EMAIL_CLAIM_OURS);
    assert_in_range(claim.until_ms, now_ms + EMAIL_RECORD_MAX_CLAIM_MS,
                    now_ms + EMAIL_RECORD_MAX_CLAIM_MS + 60000);
    /* A record that is kept for no time is kept as long as the claim. */
    struct email_record_table table = *record_table();
    table.keep_ms = 0;
    assert_int_equal(email_record_claim(&claim, &table, "m:2", DIGEST, false, LEFT_MS, &failure),
                     EMAIL_CLAIM_OURS);
    assert_true(strtoll(attribute("m:2", "expires"), NULL, 10) * 1000 > claim.until_ms);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        RECORD_TEST(test_a_key_is_of_the_producer_or_of_the_queue),
        RECORD_TEST(test_a_message_goes_through_its_states),
        RECORD_TEST(test_who_may_claim_what),
        RECORD_TEST(test_items_of_others_are_not_touched),
        RECORD_TEST(test_each_change_from_each_state),
        RECORD_TEST(test_nothing_of_an_absent_item_changes),
        RECORD_TEST(test_an_unknown_outcome_is_past_its_time_at_once),
        RECORD_TEST(test_a_claim_that_ended_is_taken_over_and_lost),
        RECORD_TEST(test_each_request_may_be_repeated),
        RECORD_TEST(test_a_late_request_undoes_nothing),
        RECORD_TEST(test_owners_differ),
        RECORD_TEST(test_failures_of_the_table),
        RECORD_TEST(test_what_fails_before_a_request),
        RECORD_TEST(test_without_a_table_every_claim_succeeds),
        RECORD_TEST(test_a_wrong_clock_is_corrected),
        RECORD_TEST(test_a_claim_is_no_longer_than_an_invocation),
    };
    return AWS_RUN(tests);
}
