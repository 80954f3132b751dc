/* A report's objects in S3: the newest version under the contract's keys, older ones under .vN. Old
 * or new, never mixed: each write has a condition, and an attempt that a later one overtook stops.
 *
 * The ledger is the truth; what is found in the bucket is compared with it. An object that the
 * ledger does not have (of an attempt that broke off, of a ledger that was restored) is overwritten
 * by its ETag. One of another custom period that begins with the same day shares the contract's
 * key, and is kept under its own .vN first. A version that somebody else deleted or overwrote
 * before it was kept is lost, and stops nothing. */
#ifndef SETTLE_PUBLISH_H
#define SETTLE_PUBLISH_H

#include "services/aws/client.h"
#include "services/settlement/ledger.h"
#include "services/settlement/report.h"

struct settle_publisher {
    struct awsc_client *aws;
    const char *bucket;  /* REPORTS_BUCKET */
    int64_t deadline_ms; /* monotonic; AWSC_S3_ABORT_MS before the caller's own end */
    uint32_t attempt;    /* of the claim: objects of a later one are not overwritten */
};

/* Writes the report's files as version newest->version + 1 and fills etags[format]. newest: what
 * the ledger has (version 0: nothing yet). Before a file is overwritten, all three of `newest` are
 * kept under .vN. May be repeated after any break. Metadata of each object: version, sha256,
 * period, attempt, rules, generated-by. Errors: CONFLICT (another attempt writes at the same time,
 * or a later one has written: later); those of S3; INVALID_ARGUMENT (the report is not that
 * version). */
enum svc_status
settle_publish(const struct settle_publisher *publisher, const struct settle_period *period,
               const struct settle_seller *seller, const struct settle_version *newest,
               const struct settle_report *report, char etags[SETTLE_FORMATS][SETTLE_ETAG_BYTES],
               struct svc_error *error);
/* The report equals `newest` in version and checksums: objects that are missing, or are not those
 * of the ledger, are written again. *rewritten: how many; etags: as they are now. Errors: the same.
 */
enum svc_status
settle_publish_check(const struct settle_publisher *publisher, const struct settle_period *period,
                     const struct settle_seller *seller, const struct settle_version *newest,
                     const struct settle_report *report, int *rewritten,
                     char etags[SETTLE_FORMATS][SETTLE_ETAG_BYTES], struct svc_error *error);

/* ---------------------------------------------------------------------- links */

/* What REPORT_URL_TEMPLATE may hold: {sellerId} {reportType} {firstDay} {lastDay} {period} {format}
 * {version}. Values are percent-encoded. "" is allowed. Errors: CONFIGURATION (another name in
 * braces, a brace alone, not an absolute http or https URL that services/email takes, longer than a
 * mail's link with the longest values). */
enum svc_status settle_link_check(const char *template_text, struct svc_error *error);
/* Appends the link: of the template, or, with "", a presigned URL of the newest version's object,
 * which ends after seven days, or earlier with the role's session. Errors: those of
 * settle_link_check and awsc_s3_presign_get; INVALID_ARGUMENT (seller_id). */
enum svc_status settle_link_put(const struct settle_publisher *publisher, const char *template_text,
                                const struct settle_period *period, const char *seller_id,
                                enum settle_format format, uint32_t version, struct svc_buf *out,
                                struct svc_error *error);

/* ---------------------------------------------------------------------- mail */

/* Appends a message for the mail queue (services/email/producer.h): SETTLEMENT_REPORT in the
 * seller's language, messageId settlement-RUN-SELLER-vN. report_url "": no link; an http URL, which
 * no mail may hold, is left out. Errors: MALFORMED (the seller's address: no retry mends it),
 * CONFIGURATION (report_url is no URL of a mail), TOO_LARGE (a sum beyond what a mail states). */
enum svc_status settle_mail_put(const struct settle_run *run, const struct settle_seller *seller,
                                const struct settle_version *figures, const char *report_url,
                                struct svc_buf *out, struct svc_error *error);

#endif
