/* The words of a report for the values of a line, in Korean and English. Constant strings. */
#ifndef SETTLE_LABELS_H
#define SETTLE_LABELS_H

#include "services/email/schema.h"
#include "services/settlement/line.h"

/* Which event puts an order into a period: the platform's views decide (README). */
enum settle_moment { SETTLE_AT_CONFIRMATION, SETTLE_AT_PAYMENT };

const char *settle_kind_label(enum settle_kind kind, enum email_language language);
const char *settle_tax_label(enum settle_tax tax, enum email_language language);
const char *settle_payment_label(enum settle_payment payment, enum email_language language);
/* The moment that counts: "구매확정일시", "Purchase confirmed at". */
const char *settle_moment_label(enum settle_moment moment, enum email_language language);

#endif
