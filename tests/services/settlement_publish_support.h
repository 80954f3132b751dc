/* A report's objects against an S3 endpoint on loopback: a ledger of its own, attempts, breaks. */
#ifndef TESTS_SERVICES_SETTLEMENT_PUBLISH_SUPPORT_H
#define TESTS_SERVICES_SETTLEMENT_PUBLISH_SUPPORT_H

#include <string.h>

#include "services/aws/s3.h"
#include "services/settlement/publish.h"
#include "tests/services/aws_support.h"
#include "tests/services/settlement_stand_in.h"

static struct aws_fixture f;

/* The ledger's part: what it has of a report. */
struct ledger {
    struct settle_period period;
    struct settle_seller seller;
    struct settle_version newest;
    uint32_t attempt;
};

static inline struct ledger new_ledger(const char *period) {
    struct ledger ledger = {.period = stand_in_period(period), .seller = stand_in_seller()};
    return ledger;
}

static inline struct settle_publisher publisher_of(const struct ledger *ledger) {
    const struct settle_publisher publisher = {.aws = f.client,
                                               .bucket = "bucket",
                                               .deadline_ms = SVC_NO_DEADLINE,
                                               .attempt = ledger->attempt};
    return publisher;
}

static inline struct settle_report *make(const struct ledger *ledger, uint32_t version) {
    const struct settle_report_options options = stand_in_options();
    struct settle_report *report = NULL;
    struct svc_error error;
    assert_int_equal(settle_report_make(NULL, &ledger->period, &ledger->seller, &options, version,
                                        &report, &error),
                     SVC_OK);
    return report;
}

/* One attempt at a new version: claims, makes, publishes; records it in the ledger if it is done.
 */
static inline enum svc_status attempt(struct ledger *ledger, struct svc_error *error) {
    char etags[SETTLE_FORMATS][SETTLE_ETAG_BYTES] = {""};
    ledger->attempt++;
    struct settle_report *report = make(ledger, ledger->newest.version + 1);
    const struct settle_publisher publisher = publisher_of(ledger);
    const enum svc_status status = settle_publish(&publisher, &ledger->period, &ledger->seller,
                                                  &ledger->newest, report, etags, error);
    if (status == SVC_OK) {
        ledger->newest = *settle_report_figures(report);
        memcpy(ledger->newest.etags, etags, sizeof(etags));
    }
    settle_report_destroy(report);
    return status;
}

static inline void publish(struct ledger *ledger) {
    struct svc_error error;
    if (attempt(ledger, &error) != SVC_OK) {
        fail_msg("%s", error.detail);
    }
}

static inline void check(struct ledger *ledger, int expected_rewritten) {
    struct svc_error error = {0};
    int rewritten = -1;
    ledger->attempt++;
    struct settle_report *report = make(ledger, ledger->newest.version);
    const struct settle_publisher publisher = publisher_of(ledger);
    assert_int_equal(settle_publish_check(&publisher, &ledger->period, &ledger->seller,
                                          &ledger->newest, report, &rewritten, ledger->newest.etags,
                                          &error),
                     SVC_OK);
    assert_int_equal(rewritten, expected_rewritten);
    settle_report_destroy(report);
}

static inline const char *key_of(const struct ledger *ledger, int format, uint32_t version) {
    static char name[SETTLE_OBJECT_KEY_BYTES + 8];
    char key[SETTLE_OBJECT_KEY_BYTES];
    assert_true(settle_object_key(&ledger->period, ledger->seller.id, (enum settle_format)format,
                                  version, key));
    snprintf(name, sizeof(name), "bucket/%s", key);
    return name;
}

/* The objects under the contract's keys (key_version 0) or older ones are exactly `version`. */
static inline void assert_objects(const struct ledger *ledger, uint32_t key_version,
                                  const struct settle_version *version) {
    aws_set(&f, "{}");
    for (int format = 0; format < SETTLE_FORMATS; format++) {
        char sha256[SVC_SHA256_HEX_BYTES], number[16];
        const struct svc_json *object = aws_object(&f, key_of(ledger, format, key_version));
        const struct svc_json *meta = svc_json_get(object, "meta");
        if (object == NULL) {
            fail_msg("%s is missing", key_of(ledger, format, key_version));
        }
        svc_hex(version->sha256[format], SVC_SHA256_BYTES, sha256);
        snprintf(number, sizeof(number), "%u", (unsigned)version->version);
        assert_string_equal(svc_json_get_text(object, "body"), sha256);
        assert_string_equal(svc_json_get_text(meta, "x-amz-meta-sha256"), sha256);
        assert_string_equal(svc_json_get_text(meta, "x-amz-meta-version"), number);
        if (key_version == 0) {
            assert_string_equal(svc_json_get_text(object, "etag"), version->etags[format]);
        }
    }
}

static inline size_t object_count(void) {
    aws_set(&f, "{}");
    return svc_json_count(svc_json_get(f.report, "objects"));
}

/* The first `good` requests pass, one may lose its response, and then some are denied. */
static inline void set_break(int good, bool is_lost, int denied) {
    char line[2048];
    int size = snprintf(line, sizeof(line), "{\"faults\":[");
    for (int i = 0; i < good; i++) {
        size += snprintf(line + size, sizeof(line) - (size_t)size, "\"\",");
    }
    if (is_lost) {
        size += snprintf(line + size, sizeof(line) - (size_t)size, "\"lost\",");
    }
    for (int i = 0; i < denied; i++) {
        size += snprintf(line + size, sizeof(line) - (size_t)size, "%s\"status:403:AccessDenied\"",
                         i > 0 ? "," : "");
    }
    snprintf(line + size, sizeof(line) - (size_t)size, "]}");
    aws_set(&f, line);
}

/* Lines for a CSV of at least that size. */
static inline void set_csv_bytes(int64_t size_bytes) {
    static char product[3000];
    memset(product, 'x', sizeof(product) - 1);
    stand_in.product = product;
    stand_in.count = size_bytes / (int64_t)sizeof(product) + 1;
}

#endif
