/* The event that asks for reports:
 *
 *   {"reportType":"daily","time":"2026-09-02T00:00:00Z"}     a schedule
 *   {"reportType":"weekly","date":"2026-09-03"}              by hand: the week that contains the
 * day
 *   {"reportType":"custom","startDate":"2026-09-01","endDate":"2026-09-15"}
 *
 * and with any of them "sellerId" (one seller, a number or a text), "force": true (a new version
 * and a mail also without a change), "dryRun": true (figures only). A member of another name is
 * refused: a misspelt "sellerId" must not become a run for all sellers. null counts as absent.
 *
 * Pure, nothing is allocated or kept of the document. */
#ifndef SETTLE_REQUEST_H
#define SETTLE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/json.h"
#include "services/base/status.h"
#include "services/settlement/period.h"

/* Letters, digits, '-' and '_': a part of object keys and of the platform's own ids. */
#define SETTLE_MAX_SELLER_ID_BYTES 64

struct settle_request {
    enum settle_period_type type;
    bool has_time, has_date;
    int64_t time_ms;                                /* has_time: UTC, since 1970 */
    int32_t day;                                    /* has_date; a day of the period */
    int32_t first_day, last_day;                    /* SETTLE_CUSTOM */
    char seller_id[SETTLE_MAX_SELLER_ID_BYTES + 1]; /* "": all sellers */
    bool force, dry_run;
};

/* Whether `text` (NULL is allowed) can be a seller's id: 1 to 64 of the characters above. */
bool settle_seller_id_valid(const char *text);

/* Reads the event. Errors: MALFORMED, with a sentence that names the member. */
enum svc_status settle_request_read(const struct svc_json *event, struct settle_request *request,
                                    struct svc_error *error);

/* The period of the request. `arrived_ms` (UTC, since 1970) stands for the time of an event that
 * has none, to refuse days that are not over; it never decides which days are meant: an event
 * with neither time, date nor days is refused. Errors: MALFORMED (that), those of period.h. */
enum svc_status settle_request_period(const struct settle_request *request, int64_t arrived_ms,
                                      struct settle_period *period, struct svc_error *error);

#endif
