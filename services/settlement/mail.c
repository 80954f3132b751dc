/* The mail about a report: see publish.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "services/email/address.h"
#include "services/email/producer.h"
#include "services/email/url.h"
#include "services/settlement/publish.h"

#define MAX_PERIOD_BYTES ((size_t)256)

/* NULL: the mail has no link. */
static enum svc_status check_link(const char **report_url, struct svc_error *error) {
    char checked[EMAIL_URL_BYTES];
    const char *url = *report_url, *why = NULL;
    if (url[0] == '\0' || strncmp(url, "http://", 7) == 0) {
        *report_url = NULL;
        return SVC_OK;
    }
    return email_url_check(url, strlen(url), EMAIL_MAX_URL_BYTES, checked, &why)
               ? SVC_OK
               : svc_fail(error, SVC_CONFIGURATION, "no mail may hold the report's link: %s", why);
}

static enum svc_status put(const struct settle_run *run, const struct settle_seller *seller,
                           const struct settle_version *figures, const char *seller_name,
                           const char *period, const char *report_url, struct svc_buf *out,
                           struct email_error *error) {
    const struct settle_amounts *total = &figures->all.amounts;
    struct email_producer producer;
    char id[EMAIL_MAX_ID_BYTES + 1];
    snprintf(id, sizeof(id), "settlement-%" PRIu64 "-%s-v%u", run->run_id, seller->id,
             (unsigned)figures->version);
    email_message_begin(&producer, out, EMAIL_SETTLEMENT_REPORT, seller->email, seller->language,
                        id);
    email_message_put_text_cut(&producer, "sellerName", seller_name);
    email_message_put_text_cut(&producer, "businessName", seller->business_name);
    email_message_put_text(&producer, "period", period);
    email_message_put_number(&producer, "totalOrders", figures->order_count);
    email_message_put_number(&producer, "totalSales", total->gross_won);
    email_message_put_number(&producer, "totalCommission", total->commission_won);
    email_message_put_number(&producer, "netAmount", total->net_won);
    email_message_put_text(&producer, "reportUrl", report_url);
    return email_message_finish(&producer, error);
}

enum svc_status settle_mail_put(const struct settle_run *run, const struct settle_seller *seller,
                                const struct settle_version *figures, const char *report_url,
                                struct svc_buf *out, struct svc_error *error) {
    char address[EMAIL_ADDRESS_BYTES];
    const char *why = NULL;
    /* A name may be nothing but blanks and controls, of which a mail keeps nothing. */
    const char *const names[] = {seller->name, seller->business_name, seller->id};
    struct email_error cause = {0};
    struct svc_buf period;
    if (!email_address_check(seller->email, strlen(seller->email), address, &why)) {
        return svc_fail(error, SVC_MALFORMED, "the seller's address is not one of a mail: %s", why);
    }
    enum svc_status status = check_link(&report_url, error);
    if (status != SVC_OK) {
        return status;
    }
    svc_buf_init(&period, MAX_PERIOD_BYTES);
    settle_period_put_text(&run->period, seller->language, &period);
    /* Without memory the text is empty, which a mail refuses for good. */
    status = svc_buf_status(&period);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && svc_buf_status(&period) == SVC_OK;
         i++) {
        status =
            put(run, seller, figures, names[i], svc_buf_text(&period), report_url, out, &cause);
        if (status == SVC_OK || strstr(cause.field, "sellerName") == NULL) {
            break;
        }
    }
    svc_buf_clear(&period);
    return status == SVC_OK ? SVC_OK : svc_fail(error, status, "%s", cause.detail);
}
