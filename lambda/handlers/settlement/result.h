/* Results of the function as JSON. */
#ifndef SETTLEMENT_RESULT_H
#define SETTLEMENT_RESULT_H

#include "lambda/handlers/settlement/function.h"
#include "services/base/json.h"
#include "services/settlement/figures.h"

/* Sellers of which each has an entry of its own; the rest is in the summary object. */
#define SETTLEMENT_MAX_RESULTS 100

/* A seller as the result has it. */
struct settlement_seller {
    const char *seller_id, *status; /* "done", "failed", "open"; by hand "dryRun" as well */
    const char *outcome;            /* of this invocation; NULL: not stated */
    const char *failure;            /* "": none */
    const struct settle_version *version;
    bool has_links; /* its objects are written */
};

/* {"sellerId","sellerName","reportType","period",...,"summary":{...},"csvUrl","htmlUrl","status",
 * "version",...}; without a version name, summary and URLs are null. */
void settlement_put_seller(const struct settlement_function *function,
                           const struct settle_period *period,
                           const struct settlement_seller *seller, struct svc_json_writer *writer);

/* "reportType", "period", ..., "runId", "generation" into the open object. */
void settlement_put_run(const struct settle_run *run, struct svc_json_writer *writer);

/* The run as the ledger has it: counts, totals, "failures" (the first SETTLEMENT_MAX_RESULTS), and
 * "results" while the sellers are at most SETTLEMENT_MAX_RESULTS. `status`: of the result. */
enum svc_status settlement_put_ledger(struct settlement_function *function,
                                      const struct settle_run *run, const char *status,
                                      struct lrt_result *result, struct svc_error *error);

/* Sums and entries, gathered while sellers are worked on or read. */
struct settlement_gathered {
    const struct settlement_function *function;
    const struct settle_period *period;
    struct settle_run_totals totals;
    bool has_results;
    int64_t results, failures;
    struct svc_buf results_text, failures_text; /* lists of JSON */
    struct svc_json_writer results_writer, failures_writer;
    enum svc_status status; /* TOO_LARGE: a total beyond its limit */
};
void settlement_gather_begin(struct settlement_gathered *gathered,
                             const struct settlement_function *function,
                             const struct settle_period *period, bool has_results);
void settlement_gather(struct settlement_gathered *gathered,
                       const struct settlement_seller *seller);
/* Writes "sellers", "done", "failed", "left", "totals", "failures", "results" into the open object,
 * and gives the memory back. left: of sellers beyond those that were gathered. */
enum svc_status settlement_gather_end(struct settlement_gathered *gathered, int64_t left,
                                      struct svc_json_writer *writer);

#endif
