/* Making a seller's report in one pass over its lines: see report.h. */
#include "services/settlement/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/crypto.h"
#include "services/base/text.h"
#include "services/settlement/csv.h"
#include "services/settlement/json.h"
#include "services/settlement/report_text.h"
#include "services/settlement/spool.h"

#define MAX_FILE_NAME_BYTES    256
#define LEDGER_NAME_CHARACTERS 255 /* settlement_versions.seller_name */

struct settle_report {
    struct settle_seller seller;
    struct settle_rules rules;
    char rules_sentence[SETTLE_RULES_SENTENCE_BYTES], rates_sentence[SETTLE_RULES_SENTENCE_BYTES];
    char platform_name[256], platform_business_number[64], payout_state[16];
    struct svc_buf csv_name;
    struct settle_html *html; /* what the page and the JSON are written from */
    struct settle_totals totals;
    struct settle_version figures;
    struct settle_spool csv;
    struct svc_buf page, json;
};

static enum svc_status refuse(const struct settle_error *cause, struct svc_error *error) {
    return svc_fail(error, cause->status, "%s", cause->detail);
}

/* Cuts a text to what a column of the ledger takes. */
static void cut_characters(char *text, int characters) {
    size_t at = 0, left = strlen(text);
    while (left > 0 && characters-- > 0) {
        const size_t length = svc_utf8_length((const uint8_t *)text + at, left);
        const size_t step = length == 0 ? 1 : length;
        at += step;
        left -= step;
    }
    text[at] = '\0';
}

/* ---------------------------------------------------------------------- beginning */

static enum svc_status create_html(struct settle_report *report, const struct settle_period *period,
                                   const struct settle_report_options *options, uint32_t version,
                                   struct svc_error *error) {
    const struct settle_seller *seller = &report->seller;
    if (!settle_put_file_name(period, seller->business_name, SETTLE_CSV, &report->csv_name)) {
        return svc_fail(error, svc_buf_status(&report->csv_name), "the name of the CSV");
    }
    const struct settle_html_facts facts = {
        .period = *period,
        .language = seller->language,
        .moment = options->moment,
        .seller_id = seller->id,
        .seller_name = seller->name,
        .business_name = seller->business_name,
        .business_number = seller->business_number,
        .platform_name = report->platform_name,
        .platform_business_number = report->platform_business_number,
        .csv_name = svc_buf_text(&report->csv_name),
        .rules = report->rules_sentence,
        .more_rules = report->rates_sentence,
        .version = version,
        .order_count = -1,
        .has_payout_day = options->has_payout_day,
        .payout_day = options->payout_day,
        .payout_state = settle_payout_state_text(report->payout_state, seller->language),
    };
    const enum svc_status status = settle_html_create(&facts, &report->html);
    return status == SVC_OK ? SVC_OK : svc_fail(error, status, "no memory for the page");
}

static enum svc_status begin(struct settle_report *report, const struct settle_period *period,
                             const struct settle_seller *seller,
                             const struct settle_report_options *options, uint32_t version,
                             struct svc_error *error) {
    report->seller = *seller;
    report->rules = *options->rules;
    settle_rules_sentence(&report->rules, seller->language, report->rules_sentence);
    settle_rates_sentence(&report->rules, seller->language, report->rates_sentence);
    svc_copy_cut(report->platform_name, sizeof(report->platform_name), options->platform_name);
    svc_copy_cut(report->platform_business_number, sizeof(report->platform_business_number),
                 options->platform_business_number);
    if (settle_payout_state_text(options->payout_state, seller->language)[0] != '\0') {
        svc_copy_cut(report->payout_state, sizeof(report->payout_state), options->payout_state);
    }
    svc_buf_init(&report->csv_name, MAX_FILE_NAME_BYTES);
    svc_buf_init(&report->page, SETTLE_MAX_HTML_BYTES);
    svc_buf_init(&report->json, SETTLE_MAX_JSON_BYTES);
    report->figures.version = version;
    report->figures.reason = "";
    svc_copy_cut(report->figures.rules, sizeof(report->figures.rules), options->rules_text);
    svc_copy_cut(report->figures.seller_name, sizeof(report->figures.seller_name), seller->name);
    cut_characters(report->figures.seller_name, LEDGER_NAME_CHARACTERS);
    enum svc_status status =
        settle_spool_init(&report->csv, SETTLE_SPOOL_MEMORY_BYTES, SETTLE_MAX_CSV_BYTES, error);
    status = status == SVC_OK ? create_html(report, period, options, version, error) : status;
    if (status == SVC_OK) {
        status = settle_spool_reserve(&report->csv, SETTLE_MAX_CSV_APPEND_BYTES, error);
    }
    if (status == SVC_OK) {
        settle_csv_put_head(options->moment, &report->csv.pending);
    }
    return status;
}

/* ---------------------------------------------------------------------- lines */

static enum svc_status take_line(void *user, const struct settle_line *line,
                                 struct svc_error *error) {
    struct settle_report *report = user;
    struct settle_error refusal;
    if (settle_totals_add(&report->totals, line, &refusal) != SVC_OK) {
        return refuse(&refusal, error);
    }
    enum svc_status status = settle_spool_reserve(&report->csv, SETTLE_MAX_CSV_APPEND_BYTES, error);
    if (status != SVC_OK) {
        return status;
    }
    settle_csv_put_line(line, &report->csv.pending);
    status = settle_html_add(report->html, line);
    switch (status) {
    case SVC_OK:
        return SVC_OK;
    case SVC_INVALID_ARGUMENT: /* a fault of the reader, never of the caller */
        return svc_fail(error, SVC_INTERNAL, "a line is not of the period");
    default:
        return svc_fail(error, status, "the page: %s", svc_status_message(status));
    }
}

/* ---------------------------------------------------------------------- ending */

static void take_totals(struct settle_report *report, int64_t order_count) {
    struct settle_version *figures = &report->figures;
    static const enum settle_kind taken_back[] = {SETTLE_REFUND, SETTLE_CANCEL,
                                                  SETTLE_SHIPPING_REFUND};
    figures->order_count = order_count;
    figures->all = report->totals.all;
    for (size_t i = 0; i < sizeof(taken_back) / sizeof(taken_back[0]); i++) {
        figures->refund_gross_won += report->totals.by_kind[taken_back[i]].amounts.gross_won;
    }
}

static enum svc_status write_page(struct settle_report *report, struct svc_error *error) {
    svc_buf_reset(&report->page);
    enum svc_status status = settle_html_write(report->html, &report->totals, &report->page);
    if (status == SVC_OK) {
        status = svc_sha256(report->page.bytes, report->page.size_bytes,
                            report->figures.sha256[SETTLE_HTML]);
    }
    return status == SVC_OK ? SVC_OK : svc_fail(error, status, "the page cannot be written");
}

static enum svc_status write_json(struct settle_report *report, struct svc_error *error) {
    const struct settle_json_facts facts = {
        .rules = &report->rules,
        .rules_text = report->figures.rules,
        .payout_state = report->payout_state,
        .csv_bytes = report->figures.csv_bytes,
        .csv_sha256 = report->figures.sha256[SETTLE_CSV],
    };
    svc_buf_reset(&report->json);
    enum svc_status status =
        settle_json_write(report->html, &report->totals, &facts, &report->json);
    if (status == SVC_OK) {
        status = svc_sha256(report->json.bytes, report->json.size_bytes,
                            report->figures.sha256[SETTLE_JSON]);
    }
    return status == SVC_OK ? SVC_OK : svc_fail(error, status, "the JSON cannot be written");
}

static enum svc_status check_totals(struct settle_report *report,
                                    const struct settle_report_options *options,
                                    struct svc_error *error) {
    struct settle_error refusal;
    if (settle_totals_check(&report->totals, &refusal) != SVC_OK) {
        return refuse(&refusal, error);
    }
    if (options->has_payout) {
        struct settle_payout *payout = &report->figures.payout;
        if (settle_payout_compute(options->carried_in_won, report->totals.all.amounts.net_won,
                                  payout, &refusal) != SVC_OK) {
            return refuse(&refusal, error);
        }
        report->figures.has_payout = true;
        settle_html_set_payout(report->html, payout);
    }
    return settle_html_check(report->html, &report->totals, error);
}

static enum svc_status end(struct settle_report *report,
                           const struct settle_report_options *options,
                           const struct settle_read_counts *counts, struct svc_error *error) {
    if (counts->lines != report->totals.all.lines) {
        return svc_fail(error, SVC_INTERNAL, "lines were read that the report does not have");
    }
    take_totals(report, counts->orders);
    settle_html_set_order_count(report->html, counts->orders);
    enum svc_status status = check_totals(report, options, error);
    if (status == SVC_OK) {
        status = settle_spool_reserve(&report->csv, SETTLE_MAX_CSV_APPEND_BYTES, error);
    }
    if (status == SVC_OK) {
        settle_csv_put_totals(&report->totals, &report->csv.pending);
        status = settle_spool_finish(&report->csv, report->figures.sha256[SETTLE_CSV], error);
    }
    report->figures.csv_bytes = settle_spool_bytes(&report->csv);
    status = status == SVC_OK ? write_page(report, error) : status;
    return status == SVC_OK ? write_json(report, error) : status;
}

enum svc_status settle_report_make(struct db *db, const struct settle_period *period,
                                   const struct settle_seller *seller,
                                   const struct settle_report_options *options, uint32_t version,
                                   struct settle_report **report, struct svc_error *error) {
    struct settle_read_counts counts = {0};
    struct settle_report *made = calloc(1, sizeof(*made));
    *report = NULL;
    if (made == NULL) {
        return svc_fail(error, SVC_NO_MEMORY, "no memory for a report");
    }
    enum svc_status status = begin(made, period, seller, options, version, error);
    const struct settle_read read = {.rules = &made->rules,
                                     .period = period,
                                     .seller_id = made->seller.id,
                                     .take = take_line,
                                     .user = made};
    status = status == SVC_OK ? settle_read_lines(db, &read, &counts, error) : status;
    status = status == SVC_OK ? end(made, options, &counts, error) : status;
    if (status != SVC_OK) {
        settle_report_destroy(made);
        return status;
    }
    *report = made;
    return SVC_OK;
}

/* ---------------------------------------------------------------------- use */

enum svc_status settle_report_set_version(struct settle_report *report, uint32_t version,
                                          struct svc_error *error) {
    report->figures.version = version;
    settle_html_set_version(report->html, version);
    const enum svc_status status = write_page(report, error);
    return status == SVC_OK ? write_json(report, error) : status;
}

void settle_report_destroy(struct settle_report *report) {
    if (report == NULL) {
        return;
    }
    settle_html_destroy(report->html);
    settle_spool_clear(&report->csv);
    svc_buf_clear(&report->csv_name);
    svc_buf_clear(&report->page);
    svc_buf_clear(&report->json);
    free(report);
}

const struct settle_version *settle_report_figures(const struct settle_report *report) {
    return &report->figures;
}

const struct settle_totals *settle_report_totals(const struct settle_report *report) {
    return &report->totals;
}

static const struct svc_buf *buffer_of(const struct settle_report *report,
                                       enum settle_format format) {
    return format == SETTLE_HTML ? &report->page : &report->json;
}

uint64_t settle_report_bytes(const struct settle_report *report, enum settle_format format) {
    return format == SETTLE_CSV ? settle_spool_bytes(&report->csv)
                                : buffer_of(report, format)->size_bytes;
}

enum svc_status settle_report_read(const struct settle_report *report, enum settle_format format,
                                   settle_piece_fn *take, void *user, struct svc_error *error) {
    if (format == SETTLE_CSV) {
        return settle_spool_read(&report->csv, take, user, error);
    }
    const struct svc_buf *file = buffer_of(report, format);
    take(user, file->bytes, file->size_bytes);
    return SVC_OK;
}
