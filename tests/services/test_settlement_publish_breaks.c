/* Publishing that breaks after any request, loses responses, or is overtaken: nothing that the
 * ledger has is lost, old and new are never mixed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/services/settlement_publish_support.h"

/* ---------------------------------------------------------------------- breaks */

/* A second version with a break after each request in turn: what the ledger has is never lost, and
 * the next attempt, whose lines may have changed again, ends it. */
static void break_everywhere(uint32_t versions, bool is_lost, bool changes_again) {
    for (int good = 0;; good++) {
        struct svc_error error;
        struct settle_version old[4] = {{0}};
        aws_set(&f, "{\"objects\":{},\"faults\":[]}");
        stand_in_reset(3);
        struct ledger ledger = new_ledger("2026-09");
        for (uint32_t version = 1; version < versions; version++) {
            publish(&ledger);
            old[version] = ledger.newest;
            stand_in.refunds++;
        }
        set_break(good, is_lost, 20);
        const enum svc_status status = attempt(&ledger, &error);
        aws_set(&f, "{\"faults\":[]}");
        if (status == SVC_OK) {
            assert_true(good >= 3);
            return;
        }
        assert_int_equal(status, SVC_ACCESS_DENIED);
        stand_in.refunds += changes_again;
        publish(&ledger);
        assert_objects(&ledger, 0, &ledger.newest);
        for (uint32_t version = 1; version < versions; version++) {
            assert_objects(&ledger, version, &old[version]);
        }
        assert_int_equal(object_count(), 3 * versions);
    }
}

static void an_attempt_after_a_break_ends_the_work(void **state) {
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        break_everywhere(1, kind % 2 == 1, kind / 2 == 1);
        break_everywhere(2, kind % 2 == 1, kind / 2 == 1);
    }
    break_everywhere(3, false, true);
}

/* Every request loses its response once, or fails once after it was carried out. */
static void lost_responses_change_nothing(void **state) {
    (void)state;
    for (int lost = 0; lost < 12; lost++) {
        char line[512];
        stand_in_reset(3);
        struct ledger ledger = new_ledger("2026-09");
        aws_set(&f, "{\"objects\":{},\"faults\":[]}");
        publish(&ledger);
        const struct settle_version first = ledger.newest;
        int size = snprintf(line, sizeof(line), "{\"faults\":[");
        for (int i = 0; i < lost; i++) {
            size += snprintf(line + size, sizeof(line) - (size_t)size, "\"\",");
        }
        snprintf(line + size, sizeof(line) - (size_t)size, "\"lost\"]}");
        aws_set(&f, line);
        stand_in.refunds = 1;
        publish(&ledger);
        assert_objects(&ledger, 0, &ledger.newest);
        assert_objects(&ledger, 1, &first);
    }
}

/* ---------------------------------------------------------------------- two writers */

/* A transport that runs `between` before request `at` of the client that has it. */
static struct {
    struct svc_transport *real;
    int requests, at;
    struct ledger *other;
    enum svc_status status;
    bool is_running;
} switcher;

static void run_other(void) {
    struct svc_error error;
    switcher.is_running = true;
    switcher.status = attempt(switcher.other, &error);
}

static enum svc_status switching_start(void *self, const struct svc_http_request *request,
                                       struct svc_http_exchange **exchange) {
    (void)self;
    if (++switcher.requests == switcher.at && !switcher.is_running) {
        run_other();
    }
    return switcher.real->start(switcher.real->self, request, exchange);
}

static enum svc_status switching_poll(void *self, int64_t until_ms) {
    (void)self;
    return switcher.real->poll(switcher.real->self, until_ms);
}

static void switching_close(void *self, struct svc_http_exchange *exchange) {
    (void)self;
    switcher.real->close(switcher.real->self, exchange);
}

static struct awsc_client *switching_client(void) {
    static struct svc_transport transport = {NULL, switching_start, switching_poll,
                                             switching_close};
    struct awsc_client *client = NULL;
    struct awsc_error error;
    const struct awsc_client_options options = {
        .environment = &f.environment.environment,
        .clock = &f.clock.clock,
        .random = &f.random.random,
        .transport = &transport,
    };
    assert_int_equal(awsc_client_create(&options, &client, &error), SVC_OK);
    return client;
}

/* An attempt stands still before each of its requests in turn, while a later one, with newer lines,
 * does all its work and records it. The earlier one goes on: it changes nothing of that. */
static void overtake_everywhere(uint32_t versions) {
    for (int at = 1;; at++) {
        struct svc_error error;
        aws_set(&f, "{\"objects\":{},\"faults\":[]}");
        stand_in_reset(3);
        struct ledger ledger = new_ledger("2026-09");
        for (uint32_t version = 1; version < versions; version++) {
            publish(&ledger);
            stand_in.refunds++;
        }
        const struct settle_version before = ledger.newest;
        struct ledger late = ledger; /* as the first attempt has read it */
        ledger.attempt++;
        struct settle_report *report = NULL;
        char etags[SETTLE_FORMATS][SETTLE_ETAG_BYTES];
        late.attempt = ledger.attempt;
        report = make(&late, late.newest.version + 1);
        stand_in.refunds++;
        switcher.requests = 0;
        switcher.at = at;
        switcher.is_running = false;
        switcher.other = &ledger;
        struct settle_publisher publisher = publisher_of(&late);
        publisher.aws = switching_client();
        const enum svc_status status = settle_publish(&publisher, &late.period, &late.seller,
                                                      &late.newest, report, etags, &error);
        awsc_client_destroy(publisher.aws);
        settle_report_destroy(report);
        if (!switcher.is_running) {
            assert_int_equal(status, SVC_OK);
            assert_true(at > 3);
            return;
        }
        assert_int_equal(switcher.status, SVC_OK);
        assert_int_equal(status, SVC_CONFLICT);
        assert_objects(&ledger, 0, &ledger.newest);
        if (versions > 1) {
            assert_objects(&ledger, versions - 1, &before);
        }
        assert_int_equal(object_count(), 3 * versions);
    }
}

static void an_overtaken_attempt_changes_nothing(void **state) {
    (void)state;
    struct svc_error error;
    const struct svc_http_options options = {.clock = &f.clock.clock,
                                             .environment = &f.environment.environment};
    assert_int_equal(svc_http_create(&options, &switcher.real, &error), SVC_OK);
    for (uint32_t versions = 1; versions <= 3; versions++) {
        overtake_everywhere(versions);
    }
    svc_http_destroy(switcher.real);
}

/* ---------------------------------------------------------------------- random runs */

#define RANDOM_VERSIONS 24

/* What the bucket must have: of each version the ledger recorded, each file, unless it was deleted
 * on purpose. */
struct model {
    struct settle_version versions[RANDOM_VERSIONS + 1];
    bool is_deleted[RANDOM_VERSIONS + 1][SETTLE_FORMATS];
};

static bool has_bytes(const struct ledger *ledger, int format, uint32_t key_version,
                      const struct settle_version *version) {
    char sha256[SVC_SHA256_HEX_BYTES];
    const struct svc_json *object = aws_object(&f, key_of(ledger, format, key_version));
    svc_hex(version->sha256[format], SVC_SHA256_BYTES, sha256);
    return object != NULL && strcmp(svc_json_get_text(object, "body"), sha256) == 0;
}

/* Newest: under the contract's key or, while a change is under way, kept already. */
static void assert_nothing_lost(const struct ledger *ledger, const struct model *model) {
    aws_set(&f, "{}");
    for (uint32_t version = 1; version <= ledger->newest.version; version++) {
        for (int format = 0; format < SETTLE_FORMATS; format++) {
            const struct settle_version *figures = &model->versions[version];
            if (!model->is_deleted[version][format] &&
                !has_bytes(ledger, format, version, figures) &&
                !(version == ledger->newest.version && has_bytes(ledger, format, 0, figures))) {
                fail_msg("version %u of format %d is lost", (unsigned)version, format);
            }
        }
    }
}

static uint32_t random_below(uint32_t *state, uint32_t bound) {
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % bound;
}

static void delete_newest(struct ledger *ledger, struct model *model, int format) {
    struct awsc_error error;
    const struct awsc_s3_delete what = {.bucket = "bucket",
                                        .key = key_of(ledger, format, 0) + strlen("bucket/")};
    aws_set(&f, "{}");
    /* While a change is under way it may be the next version's. */
    if (ledger->newest.version > 0 &&
        has_bytes(ledger, format, 0, &model->versions[ledger->newest.version]) &&
        !has_bytes(ledger, format, ledger->newest.version,
                   &model->versions[ledger->newest.version])) {
        model->is_deleted[ledger->newest.version][format] = true;
    }
    assert_int_equal(awsc_s3_delete(f.client, &what, NULL, &error), SVC_OK);
}

static void random_step(struct ledger *ledger, struct model *model, uint32_t *random) {
    struct svc_error error = {0};
    switch (random_below(random, 6)) {
    case 0:
        delete_newest(ledger, model, (int)random_below(random, SETTLE_FORMATS));
        return;
    case 1: /* the lines change, or change back */
        stand_in.refunds = random_below(random, 3);
        return;
    default:
        set_break((int)random_below(random, 16), random_below(random, 2) == 0,
                  random_below(random, 2) == 0 ? 1 : 20);
        break;
    }
    if (attempt(ledger, &error) == SVC_OK) {
        model->versions[ledger->newest.version] = ledger->newest;
        aws_set(&f, "{\"faults\":[]}");
        assert_objects(ledger, 0, &ledger->newest);
    } else if (error.status != SVC_ACCESS_DENIED) {
        fail_msg("%s", error.detail);
    }
    aws_set(&f, "{\"faults\":[]}");
}

static void a_random_run_loses_nothing(void **state) {
    (void)state;
    for (uint32_t seed = 1; seed <= 3; seed++) {
        static struct model model;
        uint32_t random = seed;
        memset(&model, 0, sizeof(model));
        aws_set(&f, "{\"objects\":{},\"faults\":[]}");
        stand_in_reset(3);
        struct ledger ledger = new_ledger("2026-09");
        for (int step = 0; step < 60 && ledger.newest.version < RANDOM_VERSIONS; step++) {
            random_step(&ledger, &model, &random);
            assert_nothing_lost(&ledger, &model);
        }
        assert_true(ledger.newest.version > 5);
    }
}

/* An older version of several parts is kept, or not at all: a break is not taken for its loss. */
static void a_break_while_a_large_csv_is_kept_loses_nothing(void **state) {
    (void)state;
    /* Page and JSON are kept with six requests; the CSV with HEAD, GET, create, and then the two
     * parts and the end, of which each fails in turn. */
    for (int good = 9; good < 12; good++) {
        struct svc_error error;
        int64_t uploads = -1;
        aws_set(&f, "{\"objects\":{},\"uploads\":{},\"faults\":[]}");
        stand_in_reset(0);
        set_csv_bytes(5300000);
        struct ledger ledger = new_ledger("2026-09");
        publish(&ledger);
        const struct settle_version first = ledger.newest;
        stand_in.refunds = 1;
        set_break(good, false, 1);
        assert_int_equal(attempt(&ledger, &error), SVC_ACCESS_DENIED);
        aws_set(&f, "{\"faults\":[]}");
        publish(&ledger);
        assert_objects(&ledger, 0, &ledger.newest);
        assert_objects(&ledger, 1, &first);
        assert_int_equal(object_count(), 6);
        assert_true(svc_json_get_int(f.report, "uploads", &uploads));
        assert_true(uploads <= 1); /* of the break: its abort was denied too */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(an_attempt_after_a_break_ends_the_work),
        AWS_TEST(lost_responses_change_nothing),
        AWS_TEST(an_overtaken_attempt_changes_nothing),
        AWS_TEST(a_random_run_loses_nothing),
        AWS_TEST(a_break_while_a_large_csv_is_kept_loses_nothing),
    };
    return AWS_RUN(tests);
}
