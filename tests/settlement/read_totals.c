/* read_totals HOST PORT USER DATABASE CA_FILE: the totals of sellers and periods, as the settlement
 * reads and computes them, for comparison with another computation. The password is the
 * environment's DB_PASSWORD.
 *
 * Each line of standard input is a report, its words as settle_rules_text has them, the period's
 * name and the seller:
 *
 *   half-up down included gross 500 0 2026-09 42
 *
 * and gives a line of JSON, in which a sum is lines, quantity and the amounts of amounts.h in their
 * order: {"all":[...],"kinds":[[...],...],"sales":[[...],...],"lines":2,"orders":1,"ms":0.4}, or
 * {"error":"MALFORMED: ..."}. The last line has what all took: {"statements":...,"roundTrips":...,
 * "peakKib":...}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "services/base/clock.h"
#include "services/base/json.h"
#include "services/settlement/amounts.h"
#include "services/settlement/reader.h"
#include "services/settlement/totals.h"

#define NOW_MS      INT64_C(4102444800000) /* 2100: every period is over */
#define DEADLINE_MS 600000
enum { LINE_BYTES = 512, WORDS = 8, MAX_OUTPUT_BYTES = 1 << 20 };

static enum svc_status get_secret(void *user, enum db_secret_stage stage, bool refresh,
                                  struct svc_buf *out, struct svc_error *error) {
    char *const *arguments = user;
    struct svc_json_writer writer;
    (void)refresh;
    (void)error;
    if (stage != DB_SECRET_CURRENT) {
        return SVC_NOT_FOUND;
    }
    svc_json_writer_init(&writer, out);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "host", arguments[1]);
    svc_json_add_int(&writer, "port", strtol(arguments[2], NULL, 10));
    svc_json_add_text(&writer, "username", arguments[3]);
    svc_json_add_text(&writer, "password", getenv("DB_PASSWORD"));
    svc_json_end_object(&writer);
    return SVC_OK;
}

static enum svc_status take_line(void *user, const struct settle_line *line,
                                 struct svc_error *error) {
    struct settle_error detail = {0};
    const enum svc_status status = settle_totals_add(user, line, &detail);
    return status == SVC_OK ? SVC_OK : svc_fail(error, status, "a line cannot be added");
}

static bool parse_rules(char *const words[WORDS], struct settle_rules *rules) {
    struct settle_error error;
    settle_rules_default(rules);
    rules->rates_include_vat = strcmp(words[2], "included") == 0;
    rules->default_rate_bp = (int32_t)strtol(words[4], NULL, 10);
    rules->shipping_rate_bp = (int32_t)strtol(words[5], NULL, 10);
    return settle_rounding_parse(words[0], &rules->fee_rounding) &&
           settle_rounding_parse(words[1], &rules->vat_rounding) &&
           (rules->rates_include_vat || strcmp(words[2], "excluded") == 0) &&
           settle_basis_parse(words[3], &rules->basis) &&
           settle_rules_check(rules, &error) == SVC_OK;
}

static void put_sum(struct svc_json_writer *writer, const struct settle_sum *sum) {
    svc_json_begin_array(writer);
    svc_json_put_int(writer, sum->lines);
    svc_json_put_int(writer, sum->quantity);
    for (size_t i = 0; i < SETTLE_AMOUNTS; i++) {
        svc_json_put_int(writer, settle_amount_of(&sum->amounts, i));
    }
    svc_json_end_array(writer);
}

static void put_totals(struct svc_json_writer *writer, const struct settle_totals *totals,
                       const struct settle_read_counts *counts) {
    svc_json_name(writer, "all");
    put_sum(writer, &totals->all);
    svc_json_name(writer, "kinds");
    svc_json_begin_array(writer);
    for (int kind = 0; kind < SETTLE_KINDS; kind++) {
        put_sum(writer, &totals->by_kind[kind]);
    }
    svc_json_end_array(writer);
    svc_json_name(writer, "sales");
    svc_json_begin_array(writer);
    for (int tax = 0; tax < SETTLE_TAXES; tax++) {
        svc_json_begin_array(writer);
        for (int payment = 0; payment < SETTLE_PAYMENTS; payment++) {
            svc_json_put_int(writer, totals->sales_won[tax][payment]);
        }
        svc_json_end_array(writer);
    }
    svc_json_end_array(writer);
    svc_json_add_int(writer, "lines", counts->lines);
    svc_json_add_int(writer, "orders", counts->orders);
}

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void report(struct db *db, char *const words[WORDS], struct svc_json_writer *writer) {
    struct settle_rules rules;
    struct settle_period period;
    struct svc_error error = {0};
    struct settle_error detail = {0};
    struct settle_totals totals = {0};
    struct settle_read_counts counts = {0};
    const struct settle_read read = {.rules = &rules,
                                     .period = &period,
                                     .seller_id = words[7],
                                     .take = take_line,
                                     .user = &totals};
    enum svc_status status = SVC_INVALID_ARGUMENT;
    const double begin_ms = now_ms();
    if (parse_rules(words, &rules)) {
        status = settle_period_parse(words[6], NOW_MS, &period, &error);
    }
    if (status == SVC_OK) {
        db_set_deadline(db, svc_deadline_in(svc_clock_system(), DEADLINE_MS));
        status = settle_read_lines(db, &read, &counts, &error);
    }
    if (status == SVC_OK) {
        status = settle_totals_check(&totals, &detail);
    }
    svc_json_begin_object(writer);
    if (status == SVC_OK) {
        put_totals(writer, &totals, &counts);
    } else {
        char text[SVC_ERROR_DETAIL_BYTES + 64];
        snprintf(text, sizeof(text), "%s: %s", svc_status_name(status), error.detail);
        svc_json_add_text(writer, "error", text);
    }
    svc_json_name(writer, "ms");
    svc_json_put_double(writer, now_ms() - begin_ms);
    svc_json_end_object(writer);
}

static size_t split(char *line, char *words[WORDS]) {
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " \n", &rest); word != NULL;
         word = strtok_r(NULL, " \n", &rest)) {
        if (count < WORDS) {
            words[count] = word;
        }
        count++;
    }
    return count;
}

/* Of this program: getrusage counts what called it as well. 0: not known. */
static int64_t peak_kib(void) {
    static const char name[] = "VmHWM:";
    char line[256];
    int64_t kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, name, sizeof(name) - 1) == 0) {
            kib = strtol(line + sizeof(name) - 1, NULL, 10);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return kib;
}

static void put_counts(struct db *db, struct svc_json_writer *writer) {
    const struct db_counts counts = db_counts(db);
    svc_json_begin_object(writer);
    svc_json_add_int(writer, "statements", (int64_t)counts.executed);
    svc_json_add_int(writer, "roundTrips", (int64_t)counts.round_trips);
    svc_json_add_int(writer, "peakKib", peak_kib());
    svc_json_end_object(writer);
}

static int print(struct svc_buf *out) {
    const bool is_written = out->status == SVC_OK &&
                            fwrite(out->bytes, 1, out->size_bytes, stdout) == out->size_bytes &&
                            fputc('\n', stdout) != EOF && fflush(stdout) == 0;
    svc_buf_clear(out);
    return is_written ? 0 : 1;
}

int main(int argc, char **argv) {
    char line[LINE_BYTES];
    struct db *db = NULL;
    struct db_error error;
    if (argc != 6 || getenv("DB_PASSWORD") == NULL) {
        fputs("read_totals HOST PORT USER DATABASE CA_FILE, with DB_PASSWORD in the environment\n",
              stderr);
        return 2;
    }
    const struct db_options options = {
        .secret = {get_secret, argv}, .name = argv[4], .ca_file = argv[5]};
    if (db_create(&options, &db, &error) != SVC_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    int status = 0;
    while (status == 0 && fgets(line, sizeof(line), stdin) != NULL) {
        char *words[WORDS];
        struct svc_buf out;
        struct svc_json_writer writer;
        svc_buf_init(&out, MAX_OUTPUT_BYTES);
        if (split(line, words) != WORDS) {
            fputs("a report has 8 words\n", stderr);
            status = 2;
            break;
        }
        svc_json_writer_init(&writer, &out);
        report(db, words, &writer);
        status = print(&out);
    }
    if (status == 0) {
        struct svc_buf out;
        struct svc_json_writer writer;
        svc_buf_init(&out, MAX_OUTPUT_BYTES);
        svc_json_writer_init(&writer, &out);
        put_counts(db, &writer);
        status = print(&out);
    }
    db_destroy(db);
    return status;
}
