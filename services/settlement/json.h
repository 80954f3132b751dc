/* A report as JSON, for machines: the figures of the HTML page, from what html.h has gathered.
 * report.schema.json describes it. Amounts are whole won, up to 10^18: readers that keep numbers as
 * floating point lose digits beyond 2^53. Times are in UTC. The same lines give the same bytes. */
#ifndef SETTLE_JSON_H
#define SETTLE_JSON_H

#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/crypto.h"
#include "services/settlement/html.h"
#include "services/settlement/rules.h"

#define SETTLE_MAX_JSON_BYTES ((size_t)2 * 1024 * 1024)

/* What the page has in words, or not at all. */
struct settle_json_facts {
    const struct settle_rules *rules;
    const char *rules_text;   /* settle_rules_text */
    const char *payout_state; /* "scheduled", ...; "": not known */
    uint64_t csv_bytes;
    const uint8_t *csv_sha256; /* SVC_SHA256_BYTES */
};

/* Appends the document and a line end. `totals`: as for settle_html_write. Errors: TOO_LARGE,
 * NO_MEMORY of `out` (SETTLE_MAX_JSON_BYTES suffice). */
enum svc_status settle_json_write(struct settle_html *html, const struct settle_totals *totals,
                                  const struct settle_json_facts *facts, struct svc_buf *out);

#endif
