/* A seller and the rates that apply to it, as the views settlement_sellers and settlement_rates
 * have them (sql/README.md). */
#ifndef SETTLE_SELLER_H
#define SETTLE_SELLER_H

#include <stdbool.h>

#include "services/base/status.h"
#include "services/db/db.h"
#include "services/email/schema.h"
#include "services/settlement/rate.h"
#include "services/settlement/request.h"

/* UTF-8, longer names are cut at a character. "": not known. */
struct settle_seller {
    char id[SETTLE_MAX_SELLER_ID_BYTES + 1];
    char name[512], business_name[512];
    char email[321];
    char business_number[32];
    enum email_language language;
};

/* Errors: NOT_FOUND (no seller has exactly this id); those of db_run. */
enum svc_status settle_seller_read(struct db *db, const char *seller_id,
                                   struct settle_seller *seller, struct svc_error *error);

/* The rates of one seller, and those of all sellers. Owns its texts; zeroed before the first use.
 */
struct settle_seller_rates {
    struct settle_rates rates;
    struct settle_rate *rows;
    char *texts;
};
/* Read, sorted and checked. Errors: MALFORMED (a rate is not whole basis points, periods overlap),
 * TOO_LARGE, NO_MEMORY, those of db_run. */
enum svc_status settle_seller_rates_read(struct db *db, const char *seller_id,
                                         struct settle_seller_rates *rates,
                                         struct svc_error *error);
void settle_seller_rates_clear(struct settle_seller_rates *rates);

#endif
