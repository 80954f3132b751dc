/* The summary object of a run: every seller with state, version and figures, and the totals. Its
 * bytes are of the ledger alone, so that a repetition writes the same. */
#ifndef SETTLE_SUMMARY_H
#define SETTLE_SUMMARY_H

#include "services/aws/client.h"
#include "services/settlement/figures.h"
#include "services/settlement/ledger.h"

/* "settlements/monthly/2026-09-01/summary.json"; of a custom period with its last day:
 * "settlements/custom/2026-09-01/summary.2026-09-15.json". */
void settle_summary_key(const struct settle_period *period, char out[SETTLE_OBJECT_KEY_BYTES]);

/* Writes the object, streamed: 100,000 sellers take the memory of one part of an upload. state:
 * what the run is about to become. The object of a later plan of the run, or of its later end, is
 * left as it is: OK with totals of nothing, and settle_ledger_close finds the run changed. Errors:
 * those of the ledger and of S3; TOO_LARGE (a total beyond its limit); CONFLICT (others write it at
 * the same time, again and again). */
enum svc_status settle_summary_write(struct settle_ledger *ledger, struct awsc_client *aws,
                                     const char *bucket, const struct settle_run *run,
                                     enum settle_run_state state, int64_t deadline_ms,
                                     struct settle_run_totals *totals, struct svc_error *error);

#endif
