/* Results as JSON: see result.h. */
#include "lambda/handlers/settlement/result.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "services/settlement/publish.h"

#define MAX_LINK_BYTES ((size_t)8 * 1024)
/* 100 entries of 4 KB at most. */
#define MAX_LIST_BYTES ((size_t)1024 * 1024)

/* null if it cannot be made: a result states what is done, whether or not it can be linked. */
static void add_link(const struct settlement_function *function, const struct settle_period *period,
                     const struct settlement_seller *seller, enum settle_format format,
                     const char *name, struct svc_json_writer *writer) {
    const struct settle_publisher publisher = {
        .aws = function->aws,
        .bucket = function->settings.bucket,
        .deadline_ms = SVC_NO_DEADLINE,
        .attempt = 1,
    };
    struct svc_buf link;
    svc_buf_init(&link, MAX_LINK_BYTES);
    const bool is_made =
        seller->has_links && seller->version->version > 0 &&
        settle_link_put(&publisher, function->settings.link_template, period, seller->seller_id,
                        format, seller->version->version, &link, NULL) == SVC_OK;
    svc_json_add_text(writer, name, is_made ? svc_buf_text(&link) : NULL);
    svc_buf_clear(&link);
}

void settlement_put_seller(const struct settlement_function *function,
                           const struct settle_period *period,
                           const struct settlement_seller *seller, struct svc_json_writer *writer) {
    const struct settle_version *version = seller->version;
    const bool has_version = version->version > 0;
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "sellerId", seller->seller_id);
    svc_json_add_text(writer, "sellerName", has_version ? version->seller_name : NULL);
    settle_figures_put_period(writer, period);
    svc_json_name(writer, "summary");
    if (has_version) {
        svc_json_begin_object(writer);
        settle_figures_put(writer, version);
        svc_json_end_object(writer);
    } else {
        svc_json_put_null(writer);
    }
    add_link(function, period, seller, SETTLE_CSV, "csvUrl", writer);
    add_link(function, period, seller, SETTLE_HTML, "htmlUrl", writer);
    svc_json_add_text(writer, "status", seller->status);
    svc_json_add_int(writer, "version", version->version);
    if (seller->outcome != NULL) {
        svc_json_add_text(writer, "outcome", seller->outcome);
    }
    if (has_version && version->reason != NULL) {
        svc_json_add_text(writer, "reason", version->reason);
    }
    if (seller->failure[0] != '\0') {
        svc_json_add_text(writer, "failure", seller->failure);
    }
    svc_json_end_object(writer);
}

void settlement_put_run(const struct settle_run *run, struct svc_json_writer *writer) {
    char run_id[24];
    (void)snprintf(run_id, sizeof(run_id), "%" PRIu64, run->run_id);
    svc_json_add_text(writer, "runId", run_id);
    settle_figures_put_period(writer, &run->period);
    svc_json_add_int(writer, "generation", run->generation);
}

/* ---------------------------------------------------------------------- gathering */

static void begin_list(struct svc_buf *text, struct svc_json_writer *writer) {
    svc_buf_init(text, MAX_LIST_BYTES);
    svc_json_writer_init(writer, text);
    svc_json_begin_array(writer);
}

void settlement_gather_begin(struct settlement_gathered *gathered,
                             const struct settlement_function *function,
                             const struct settle_period *period, bool has_results) {
    memset(gathered, 0, sizeof(*gathered));
    gathered->function = function;
    gathered->period = period;
    gathered->has_results = has_results;
    begin_list(&gathered->results_text, &gathered->results_writer);
    begin_list(&gathered->failures_text, &gathered->failures_writer);
}

void settlement_gather(struct settlement_gathered *gathered,
                       const struct settlement_seller *seller) {
    const struct settle_run_seller row = {
        .seller_id = seller->seller_id,
        .state = seller->status,
        .failure = seller->failure,
        .newest = seller->version,
    };
    if (!settle_run_totals_add(&gathered->totals, &row)) {
        gathered->status = SVC_TOO_LARGE;
    }
    if (seller->failure[0] != '\0' && gathered->failures < SETTLEMENT_MAX_RESULTS) {
        struct svc_json_writer *writer = &gathered->failures_writer;
        gathered->failures++;
        svc_json_begin_object(writer);
        svc_json_add_text(writer, "sellerId", seller->seller_id);
        svc_json_add_text(writer, "failure", seller->failure);
        svc_json_end_object(writer);
    }
    if (gathered->has_results && gathered->results < SETTLEMENT_MAX_RESULTS) {
        gathered->results++;
        settlement_put_seller(gathered->function, gathered->period, seller,
                              &gathered->results_writer);
    }
}

/* A list that was written elsewhere, as a value. */
static void add_list(struct svc_json_writer *writer, const char *name,
                     struct svc_json_writer *list_writer, struct svc_buf *list) {
    svc_json_end_array(list_writer);
    if (svc_json_writer_status(list_writer) != SVC_OK) {
        writer->broken = true;
        return;
    }
    struct svc_json *document = NULL;
    if (svc_json_parse(list->bytes, list->size_bytes, MAX_LIST_BYTES, &document, NULL) != SVC_OK) {
        writer->broken = true;
    }
    svc_json_name(writer, name);
    svc_json_put_value(writer, document);
    svc_json_free(document);
}

enum svc_status settlement_gather_end(struct settlement_gathered *gathered, int64_t left,
                                      struct svc_json_writer *writer) {
    const struct settle_run_totals *totals = &gathered->totals;
    svc_json_add_int(writer, "sellers", totals->sellers + left);
    svc_json_add_int(writer, "done", totals->done);
    svc_json_add_int(writer, "failed", totals->failed);
    svc_json_add_int(writer, "left", totals->open + left);
    svc_json_name(writer, "totals");
    svc_json_begin_object(writer);
    settle_figures_put(writer, &totals->sum);
    svc_json_end_object(writer);
    add_list(writer, "failures", &gathered->failures_writer, &gathered->failures_text);
    if (gathered->has_results) {
        add_list(writer, "results", &gathered->results_writer, &gathered->results_text);
    }
    svc_buf_clear(&gathered->results_text);
    svc_buf_clear(&gathered->failures_text);
    return gathered->status;
}

/* ---------------------------------------------------------------------- from the ledger */

static bool gather_row(void *user, const struct settle_run_seller *row) {
    struct settlement_gathered *gathered = user;
    const struct settlement_seller seller = {
        .seller_id = row->seller_id,
        .status = row->state,
        .failure = row->failure,
        .version = row->newest,
        .has_links = true,
    };
    settlement_gather(gathered, &seller);
    return gathered->status == SVC_OK;
}

enum svc_status settlement_put_ledger(struct settlement_function *function,
                                      const struct settle_run *run, const char *status_text,
                                      struct lrt_result *result, struct svc_error *error) {
    struct settle_ledger ledger = settlement_ledger(function);
    struct settlement_gathered gathered;
    struct svc_json_writer writer;
    settlement_gather_begin(&gathered, function, &run->period,
                            run->sellers <= SETTLEMENT_MAX_RESULTS);
    enum svc_status status = settle_ledger_each_seller(&ledger, run, gather_row, &gathered, error);
    svc_json_writer_init(&writer, &result->body);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "status", status_text);
    settlement_put_run(run, &writer);
    const enum svc_status gathering = settlement_gather_end(&gathered, 0, &writer);
    svc_json_end_object(&writer);
    if (status == SVC_OK && gathering != SVC_OK) {
        status = svc_fail(error, gathering, "a total of the run is beyond its limit");
    }
    if (status == SVC_OK && svc_json_writer_status(&writer) != SVC_OK) {
        status = svc_fail(error, svc_json_writer_status(&writer), "the result cannot be written");
    }
    return status;
}
