/* A report's files: the same bytes each time, in memory and in a file, their checksums and figures;
 * full disks, lines that fail, every allocation failing in turn. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "services/base/crypto.h"
#include "services/settlement/csv.h"
#include "services/settlement/report.h"
#include "services/settlement/spool.h"
#include "tests/services/settlement_stand_in.h"
#include "tests/support/failing_malloc.h"

static struct settle_report *make(uint32_t version) {
    const struct settle_period period = stand_in_period("2026-09");
    const struct settle_seller seller = stand_in_seller();
    const struct settle_report_options options = stand_in_options();
    struct settle_report *report = NULL;
    struct svc_error error = {0};
    if (settle_report_make(NULL, &period, &seller, &options, version, &report, &error) != SVC_OK) {
        fail_msg("%s", error.detail);
    }
    assert_string_equal(error.detail, "");
    return report;
}

static bool append(void *user, const uint8_t *bytes, size_t size_bytes) {
    return svc_buf_append(user, bytes, size_bytes);
}

/* The file's bytes; checked against its size and checksum. */
static void read_file(const struct settle_report *report, enum settle_format format,
                      struct svc_buf *out) {
    uint8_t sha256[SVC_SHA256_BYTES];
    svc_buf_init(out, (size_t)64 * 1024 * 1024);
    assert_int_equal(settle_report_read(report, format, append, out, NULL), SVC_OK);
    assert_int_equal(svc_buf_status(out), SVC_OK);
    assert_int_equal(out->size_bytes, settle_report_bytes(report, format));
    assert_int_equal(svc_sha256(out->bytes, out->size_bytes, sha256), SVC_OK);
    assert_memory_equal(sha256, settle_report_figures(report)->sha256[format], sizeof(sha256));
}

static void assert_same_file(const struct settle_report *a, const struct settle_report *b,
                             enum settle_format format, bool is_same) {
    struct svc_buf first, second;
    read_file(a, format, &first);
    read_file(b, format, &second);
    assert_int_equal(first.size_bytes == second.size_bytes &&
                         memcmp(first.bytes, second.bytes, first.size_bytes) == 0,
                     is_same);
    svc_buf_clear(&first);
    svc_buf_clear(&second);
}

static void the_same_lines_give_the_same_files(void **state) {
    (void)state;
    stand_in_reset(300);
    stand_in.refunds = 20;
    struct settle_report *first = make(1), *second = make(1);
    for (int format = 0; format < SETTLE_FORMATS; format++) {
        assert_same_file(first, second, (enum settle_format)format, true);
    }
    settle_report_destroy(first);
    settle_report_destroy(second);
}

static void figures_are_those_of_the_lines(void **state) {
    (void)state;
    int64_t gross_won = 0, refund_won = 0;
    stand_in_reset(300);
    stand_in.refunds = 20;
    struct settle_report *report = make(3);
    const struct settle_version *figures = settle_report_figures(report);
    for (int64_t i = 0; i < 300; i++) {
        const int64_t won = 10000 + i % 7 - i % 3;
        gross_won += won;
        refund_won -= i < 20 ? won : 0;
    }
    assert_int_equal(figures->version, 3);
    assert_int_equal(figures->order_count, 300);
    assert_int_equal(figures->all.lines, 320);
    assert_int_equal(figures->all.amounts.gross_won, gross_won + refund_won);
    assert_int_equal(figures->refund_gross_won, refund_won);
    assert_int_equal(figures->csv_bytes, settle_report_bytes(report, SETTLE_CSV));
    assert_true(figures->has_payout);
    assert_int_equal(figures->payout.payable_won, figures->all.amounts.net_won);
    assert_string_equal(figures->rules, "1 half-up down included gross 500 0");
    assert_string_equal(figures->seller_name, "이바다");
    assert_string_equal(figures->reason, "");
    assert_string_equal(figures->etags[SETTLE_CSV], "");
    assert_int_equal(settle_report_totals(report)->all.lines, 320);
    settle_report_destroy(report);
}

/* The ledger's column has 255 characters. */
static void a_long_name_fits_the_ledger(void **state) {
    (void)state;
    const struct settle_period period = stand_in_period("2026-09");
    const struct settle_report_options options = stand_in_options();
    static const struct {
        const char *character;
        size_t expected_bytes;
    } cases[] = {{"x", 255}, {"é", 510}, {"가", 510}};
    stand_in_reset(1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct settle_seller seller = stand_in_seller();
        struct settle_report *report = NULL;
        seller.name[0] = '\0';
        while (strlen(seller.name) + strlen(cases[i].character) < sizeof(seller.name)) {
            strcat(seller.name, cases[i].character);
        }
        assert_int_equal(settle_report_make(NULL, &period, &seller, &options, 1, &report, NULL),
                         SVC_OK);
        assert_int_equal(strlen(settle_report_figures(report)->seller_name),
                         cases[i].expected_bytes);
        settle_report_destroy(report);
    }
}

static void another_version_changes_the_page_alone(void **state) {
    (void)state;
    struct svc_error error;
    struct svc_buf page;
    stand_in_reset(30);
    struct settle_report *first = make(1), *second = make(1), *third = make(2);
    assert_int_equal(settle_report_set_version(second, 2, &error), SVC_OK);
    assert_same_file(first, second, SETTLE_CSV, true);
    assert_same_file(first, second, SETTLE_HTML, false);
    assert_same_file(first, second, SETTLE_JSON, false);
    read_file(second, SETTLE_HTML, &page);
    assert_non_null(strstr(svc_buf_text(&page), "정정본"));
    svc_buf_clear(&page);
    for (int format = 0; format < SETTLE_FORMATS; format++) {
        assert_same_file(second, third, (enum settle_format)format, true);
    }
    assert_int_equal(settle_report_set_version(second, 1, &error), SVC_OK);
    for (int format = 0; format < SETTLE_FORMATS; format++) {
        assert_same_file(first, second, (enum settle_format)format, true);
    }
    settle_report_destroy(first);
    settle_report_destroy(second);
    settle_report_destroy(third);
}

static void the_page_states_rules_and_payout(void **state) {
    (void)state;
    static const struct {
        enum email_language language;
        const char *texts[5];
    } cases[] = {
        {EMAIL_KO,
         {"지급 예정", "원 미만 반올림", "수수료율 5.00%", "2026년 10월 10일",
          "정산_2026-09_바다상회.csv"}},
        {EMAIL_EN,
         {"Scheduled", "rounded half up", "Rate where no other is agreed: 5.00 %",
          "October 10, 2026", "정산_2026-09_바다상회.csv"}},
    };
    stand_in_reset(300);
    for (size_t i = 0; i < 2; i++) {
        const struct settle_period period = stand_in_period("2026-09");
        const struct settle_report_options options = stand_in_options();
        struct settle_seller seller = stand_in_seller();
        struct settle_report *report = NULL;
        struct svc_buf page;
        seller.language = cases[i].language;
        assert_int_equal(settle_report_make(NULL, &period, &seller, &options, 1, &report, NULL),
                         SVC_OK);
        read_file(report, SETTLE_HTML, &page);
        for (size_t text = 0; text < 5; text++) {
            if (strstr(svc_buf_text(&page), cases[i].texts[text]) == NULL) {
                fail_msg("no %s", cases[i].texts[text]);
            }
        }
        svc_buf_clear(&page);
        settle_report_destroy(report);
    }
}

/* ---------------------------------------------------------------------- the CSV on disk */

/* Of about 3,000 bytes each: 1,600 are more than the memory of a spool. */
static void set_long_lines(int64_t count) {
    static char product[2900];
    memset(product, 'x', sizeof(product) - 1);
    stand_in_reset(count);
    stand_in.product = product;
}

/* The CSV of the stand-in's lines, written by csv.h alone. */
struct plain_csv {
    struct svc_buf bytes;
    struct settle_totals totals;
};

static enum svc_status add_plain(void *user, const struct settle_line *line,
                                 struct svc_error *error) {
    struct plain_csv *csv = user;
    (void)error;
    settle_totals_add(&csv->totals, line, NULL);
    return settle_csv_put_line(line, &csv->bytes) ? SVC_OK : SVC_TOO_LARGE;
}

static void a_csv_in_a_file_is_that_in_memory(void **state) {
    (void)state;
    static const int64_t counts[] = {0, 1, 500, 1600}; /* up to about 5 MB */
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct plain_csv plain = {.totals = {.all = {0}}};
        struct settle_read_counts read_counts;
        struct svc_buf file;
        const struct settle_report_options options = stand_in_options();
        const struct settle_read read = {
            .rules = options.rules, .seller_id = "42", .take = add_plain, .user = &plain};
        set_long_lines(counts[i]);
        svc_buf_init(&plain.bytes, (size_t)64 * 1024 * 1024);
        settle_csv_put_head(SETTLE_AT_CONFIRMATION, &plain.bytes);
        assert_int_equal(settle_read_lines(NULL, &read, &read_counts, NULL), SVC_OK);
        settle_csv_put_totals(&plain.totals, &plain.bytes);
        struct settle_report *report = make(1);
        read_file(report, SETTLE_CSV, &file);
        assert_int_equal(file.size_bytes, plain.bytes.size_bytes);
        assert_memory_equal(file.bytes, plain.bytes.bytes, file.size_bytes);
        assert_int_equal(file.size_bytes > SETTLE_SPOOL_MEMORY_BYTES, counts[i] > 500);
        svc_buf_clear(&file);
        svc_buf_clear(&plain.bytes);
        settle_report_destroy(report);
    }
}

static void a_spool_takes_any_sizes(void **state) {
    (void)state;
    static const size_t memory[] = {0, 1, 100000, 2000000};
    uint32_t random = 7;
    for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
        struct settle_spool spool;
        struct svc_buf expected, found;
        uint8_t sha256[SVC_SHA256_BYTES], expected_sha256[SVC_SHA256_BYTES];
        svc_buf_init(&expected, 4000000);
        svc_buf_init(&found, 4000000);
        assert_int_equal(settle_spool_init(&spool, memory[i], 4000000, NULL), SVC_OK);
        while (expected.size_bytes < 700000) {
            random = random * 1103515245 + 12345;
            const size_t size = random >> 8 & 0x3fff;
            assert_int_equal(settle_spool_reserve(&spool, size, NULL), SVC_OK);
            for (size_t k = 0; k < size; k++) {
                svc_buf_append_char(&expected, (char)(random >> k % 24));
            }
            svc_buf_append(&spool.pending, expected.bytes + expected.size_bytes - size, size);
        }
        assert_int_equal(settle_spool_read(&spool, append, &found, NULL), SVC_INTERNAL);
        assert_int_equal(settle_spool_finish(&spool, sha256, NULL), SVC_OK);
        assert_int_equal(spool.file >= 0, memory[i] < expected.size_bytes);
        assert_int_equal(settle_spool_bytes(&spool), expected.size_bytes);
        for (int again = 0; again < 2; again++) {
            svc_buf_reset(&found);
            assert_int_equal(settle_spool_read(&spool, append, &found, NULL), SVC_OK);
            assert_int_equal(found.size_bytes, expected.size_bytes);
            assert_memory_equal(found.bytes, expected.bytes, found.size_bytes);
        }
        svc_sha256(expected.bytes, expected.size_bytes, expected_sha256);
        assert_memory_equal(sha256, expected_sha256, sizeof(sha256));
        settle_spool_clear(&spool);
        svc_buf_clear(&expected);
        svc_buf_clear(&found);
    }
}

static enum svc_status make_fails(struct svc_error *error) {
    const struct settle_period period = stand_in_period("2026-09");
    const struct settle_seller seller = stand_in_seller();
    const struct settle_report_options options = stand_in_options();
    struct settle_report *report = NULL;
    const enum svc_status status =
        settle_report_make(NULL, &period, &seller, &options, 1, &report, error);
    assert_null(report);
    return status;
}

/* A limit of files stands for a disk that fills up: the write fails in the same way. */
static void a_full_disk_is_reported(void **state) {
    (void)state;
    struct rlimit before, small = {.rlim_cur = 1000000};
    struct svc_error error = {0};
    set_long_lines(1600);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const enum svc_status status = make_fails(&error);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, SVC_IO);
    assert_non_null(strstr(error.detail, "write"));
    assert_non_null(strstr(error.detail, "TMPDIR"));
    struct settle_report *report = make(1);
    settle_report_destroy(report);
}

static void a_missing_folder_is_reported(void **state) {
    (void)state;
    struct svc_error error = {0};
    const char *before = getenv("TMPDIR");
    char kept[4096] = "";
    snprintf(kept, sizeof(kept), "%s", before != NULL ? before : "");
    set_long_lines(1600);
    assert_int_equal(setenv("TMPDIR", "/no/such/folder", 1), 0);
    const enum svc_status status = make_fails(&error);
    if (before != NULL) {
        setenv("TMPDIR", kept, 1);
    } else {
        unsetenv("TMPDIR");
    }
    assert_int_equal(status, SVC_IO);
    assert_non_null(strstr(error.detail, "open"));
}

static void a_csv_over_its_limit_is_refused(void **state) {
    (void)state;
    struct settle_spool spool;
    struct svc_error error;
    uint8_t sha256[SVC_SHA256_BYTES];
    assert_int_equal(settle_spool_init(&spool, 100, 1000, NULL), SVC_OK);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(settle_spool_reserve(&spool, 100, &error), SVC_OK);
        for (int k = 0; k < 100; k++) {
            svc_buf_append_char(&spool.pending, 'x');
        }
    }
    assert_int_equal(settle_spool_reserve(&spool, 1, &error), SVC_OK);
    svc_buf_append_char(&spool.pending, 'x');
    assert_int_equal(settle_spool_reserve(&spool, 1, &error), SVC_TOO_LARGE);
    assert_int_equal(settle_spool_finish(&spool, sha256, &error), SVC_TOO_LARGE);
    settle_spool_clear(&spool);
}

/* ---------------------------------------------------------------------- failures */

static void failing_lines_make_no_report(void **state) {
    (void)state;
    static const enum svc_status statuses[] = {SVC_MALFORMED, SVC_DEADLINE, SVC_CONNECTION_LOST};
    struct svc_error error;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        stand_in_reset(10);
        stand_in.status = statuses[i];
        assert_int_equal(make_fails(&error), statuses[i]);
        assert_string_equal(error.detail, "as requested");
    }
    stand_in_reset(1);
    stand_in.settled_at_ms = STAND_IN_FIRST_MS - 1;
    assert_int_equal(make_fails(&error), SVC_INTERNAL);
}

static void a_debt_that_is_none_makes_no_report(void **state) {
    (void)state;
    const struct settle_period period = stand_in_period("2026-09");
    const struct settle_seller seller = stand_in_seller();
    struct settle_report_options options = stand_in_options();
    struct settle_report *report = NULL;
    stand_in_reset(1);
    options.carried_in_won = 1;
    assert_int_equal(settle_report_make(NULL, &period, &seller, &options, 1, &report, NULL),
                     SVC_MALFORMED);
    options.carried_in_won = -1000000;
    assert_int_equal(settle_report_make(NULL, &period, &seller, &options, 1, &report, NULL),
                     SVC_OK);
    assert_int_equal(settle_report_figures(report)->payout.payable_won, 0);
    assert_int_equal(settle_report_figures(report)->payout.carried_out_won,
                     settle_report_figures(report)->all.amounts.net_won - 1000000);
    settle_report_destroy(report);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    const struct settle_period period = stand_in_period("2026-09");
    const struct settle_seller seller = stand_in_seller();
    const struct settle_report_options options = stand_in_options();
    stand_in_reset(30);
    stand_in.refunds = 3;
    for (int goes_on = 0; goes_on < 2; goes_on++) {
        for (int n = 1;; n++) {
            const long live = failing_malloc.live;
            struct settle_report *report = NULL;
            struct svc_error error = {0};
            failing_malloc_arm(n, goes_on);
            enum svc_status status =
                settle_report_make(NULL, &period, &seller, &options, 1, &report, &error);
            status = status == SVC_OK ? settle_report_set_version(report, 2, &error) : status;
            const int failures = failing_malloc_disarm();
            settle_report_destroy(report);
            assert_int_equal(failing_malloc.live, live);
            if (failures == 0) {
                assert_int_equal(status, SVC_OK);
                assert_true(n > 10);
                break;
            }
            assert_int_equal(status, SVC_NO_MEMORY);
            assert_int_equal(error.status, SVC_NO_MEMORY);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_lines_give_the_same_files),
        cmocka_unit_test(figures_are_those_of_the_lines),
        cmocka_unit_test(a_long_name_fits_the_ledger),
        cmocka_unit_test(another_version_changes_the_page_alone),
        cmocka_unit_test(the_page_states_rules_and_payout),
        cmocka_unit_test(a_csv_in_a_file_is_that_in_memory),
        cmocka_unit_test(a_spool_takes_any_sizes),
        cmocka_unit_test(a_full_disk_is_reported),
        cmocka_unit_test(a_missing_folder_is_reported),
        cmocka_unit_test(a_csv_over_its_limit_is_refused),
        cmocka_unit_test(failing_lines_make_no_report),
        cmocka_unit_test(a_debt_that_is_none_makes_no_report),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
