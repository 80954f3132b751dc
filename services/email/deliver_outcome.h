/* What a failure means for a message: pure functions of the failure. Included by deliver.c. */
#ifndef EMAIL_DELIVER_OUTCOME_H
#define EMAIL_DELIVER_OUTCOME_H

#include <stdint.h>

#include "services/aws/error.h"
#include "services/base/random.h"
#include "services/email/deliver.h"

/* Seconds until the next delivery, that grow with the deliveries: random, so that messages that
 * failed together do not come back together. From EMAIL_MIN_RETRY_S to 5 x 2^receive_count, at most
 * EMAIL_MAX_RETRY_S. */
#define EMAIL_MIN_RETRY_S 5
int email_backoff_s(int64_t receive_count, const struct svc_random *random);
/* Seconds that last `ms`, rounded up, from 1 to EMAIL_MAX_RETRY_S. */
int email_retry_after_ms(int64_t ms);

void email_outcome_set(struct email_delivery *delivery, enum email_outcome outcome,
                       const char *reason, int retry_s, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* The body cannot be made into a mail. */
void email_outcome_of_message(struct email_delivery *delivery, const struct email_error *error,
                              int backoff_s);
/* SES took no mail, or none for certain (EMAIL_UNKNOWN). */
void email_outcome_of_ses(struct email_delivery *delivery, const struct awsc_error *error,
                          int backoff_s);
/* The table of the record failed; nothing was sent. */
void email_outcome_of_table(struct email_delivery *delivery, const struct awsc_error *error,
                            int backoff_s);

#endif
