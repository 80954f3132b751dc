/* A seller's report as files: CSV, HTML and JSON of the same lines, with their checksums. Made in
 * one pass over the lines; nothing is written to S3 before the totals are checked. The CSV is kept
 * in memory up to SETTLE_SPOOL_MEMORY_BYTES and in an unlinked file of TMPDIR (/tmp) beyond. */
#ifndef SETTLE_REPORT_H
#define SETTLE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/status.h"
#include "services/settlement/html.h"
#include "services/settlement/ledger.h"
#include "services/settlement/reader.h"
#include "services/settlement/seller.h"

#define SETTLE_SPOOL_MEMORY_BYTES ((size_t)4 * 1024 * 1024)
#define SETTLE_MAX_CSV_BYTES      ((uint64_t)400 * 1024 * 1024) /* of the 512 MB of /tmp */

struct settle_report_options {
    const struct settle_rules *rules;
    const char *rules_text; /* settle_rules_text: for machines, in the JSON and the ledger */
    enum settle_moment moment;
    const char *platform_name, *platform_business_number; /* "": not known */
    bool has_payout;                                      /* a payout cycle of this type */
    int64_t carried_in_won;
    bool has_payout_day;
    int32_t payout_day;
    const char *payout_state; /* "scheduled", "held", "paid", "failed"; "": not known */
};

struct settle_report;

/* Makes the three files as `version`; nothing of the arguments is borrowed. Errors: those of
 * settle_read_lines; TOO_LARGE; IO. *report is given back with settle_report_destroy. */
enum svc_status settle_report_make(struct db *db, const struct settle_period *period,
                                   const struct settle_seller *seller,
                                   const struct settle_report_options *options, uint32_t version,
                                   struct settle_report **report, struct svc_error *error);
/* Writes HTML and JSON again, as another version: the CSV has none. */
enum svc_status settle_report_set_version(struct settle_report *report, uint32_t version,
                                          struct svc_error *error);
void settle_report_destroy(struct settle_report *report); /* NULL is allowed */

/* Totals, counts, payout and checksums, with version, rules and name; no ETags, no reason. */
const struct settle_version *settle_report_figures(const struct settle_report *report);
const struct settle_totals *settle_report_totals(const struct settle_report *report);

/* One file of it, front to back, in pieces: a function that is given each; false ends it. A file in
 * memory is one piece, which lives until the report changes. */
typedef bool settle_piece_fn(void *user, const uint8_t *bytes, size_t size_bytes);
uint64_t settle_report_bytes(const struct settle_report *report, enum settle_format format);
enum svc_status settle_report_read(const struct settle_report *report, enum settle_format format,
                                   settle_piece_fn *take, void *user, struct svc_error *error);

#endif
