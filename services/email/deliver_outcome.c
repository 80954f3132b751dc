/* Failures mapped to outcomes: see deliver_outcome.h. */
#include "services/email/deliver_outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "services/base/text.h"

int email_backoff_s(int64_t receive_count, const struct svc_random *random) {
    int64_t most = EMAIL_MIN_RETRY_S;
    for (int64_t i = 0; i < receive_count && most < EMAIL_MAX_RETRY_S; i++) {
        most *= 2;
    }
    most = most < EMAIL_MAX_RETRY_S ? most : EMAIL_MAX_RETRY_S;
    const double span = (double)(most - EMAIL_MIN_RETRY_S + 1);
    return EMAIL_MIN_RETRY_S + (int)(svc_random_unit(random) * span);
}

int email_retry_after_ms(int64_t ms) {
    if (ms >= EMAIL_MAX_RETRY_S * INT64_C(1000)) {
        return EMAIL_MAX_RETRY_S;
    }
    return ms <= 1000 ? 1 : (int)((ms + 999) / 1000);
}

void email_outcome_set(struct email_delivery *delivery, enum email_outcome outcome,
                       const char *reason, int retry_s, const char *format, ...) {
    char detail[2 * sizeof(delivery->detail)];
    va_list args;
    delivery->outcome = outcome;
    delivery->retry_s = retry_s;
    snprintf(delivery->reason, sizeof(delivery->reason), "%s", reason);
    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    detail[svc_utf8_fit(detail, sizeof(delivery->detail) - 1)] = '\0';
    (void)svc_copy_text(delivery->detail, sizeof(delivery->detail), detail);
    svc_replace_controls(delivery->detail);
}

void email_outcome_of_message(struct email_delivery *delivery, const struct email_error *error,
                              int backoff_s) {
    const char *reason = email_reason_name(error->reason);
    enum email_outcome outcome = EMAIL_RETRY;
    int retry_s = backoff_s;
    switch (error->reason) {
    case EMAIL_REASON_NO_MEMORY:
    case EMAIL_REASON_INTERNAL:
        break;
    case EMAIL_REASON_BAD_SENDER: /* of this template alone: the others may be sent */
        retry_s = EMAIL_MAX_RETRY_S;
        break;
    default:
        outcome = EMAIL_REFUSED;
        retry_s = 0;
        break;
    }
    email_outcome_set(delivery, outcome, reason, retry_s, "%s", error->detail);
}

/* ---------------------------------------------------------------------- SES */

static const struct {
    enum awsc_ses_refusal refusal;
    enum email_outcome outcome;
    int retry_s; /* 0: the back-off */
    const char *reason, *detail;
} refusals[] = {
    {AWSC_SES_RATE_EXCEEDED, EMAIL_RETRY, 0, "SES_RATE",
     "SES takes no more mails in this second: SES_SEND_RATE times the function's concurrency is "
     "more than the account's rate, or others send too"},
    {AWSC_SES_QUOTA_EXCEEDED, EMAIL_UNAVAILABLE, EMAIL_MAX_RETRY_S, "SES_QUOTA",
     "the account's quota of 24 hours is used up: ask AWS for a higher one, or wait"},
    {AWSC_SES_NOT_VERIFIED, EMAIL_RETRY, EMAIL_MAX_RETRY_S, "SES_NOT_VERIFIED",
     "SES has not verified the sender, or the account is in the sandbox and the recipient is not "
     "verified: verify FROM_EMAIL's domain, or ask AWS for production access"},
    {AWSC_SES_ACCOUNT_SUSPENDED, EMAIL_UNAVAILABLE, EMAIL_MAX_RETRY_S, "SES_SUSPENDED",
     "AWS has suspended the account's sending: see the SES console"},
    {AWSC_SES_SENDING_PAUSED, EMAIL_UNAVAILABLE, EMAIL_MAX_RETRY_S, "SES_PAUSED",
     "sending is paused for the account or the configuration set: resume it in SES"},
    {AWSC_SES_NO_CONFIGURATION_SET, EMAIL_UNAVAILABLE, EMAIL_MAX_RETRY_S,
     "SES_NO_CONFIGURATION_SET",
     "the configuration set does not exist: create it, or change SES_CONFIGURATION_SET"},
};

/* Whether a refusal with this code concerns the mail, so that the same mail is refused again. Other
 * codes concern the request's time, its form or the account. */
static bool is_about_mail(const struct awsc_error *error) {
    static const char *const codes[] = {"MessageRejected",       "BadRequestException",
                                        "InvalidParameterValue", "InvalidParameterValueException",
                                        "ValidationError",       "ValidationException"};
    return error->status == SVC_REJECTED && SVC_IS_ONE_OF(error->code, codes);
}

/* Failures of the setup: every message fails alike until a person acts. */
static bool is_setup(enum svc_status status) {
    return status == SVC_ACCESS_DENIED || status == SVC_NO_CREDENTIALS ||
           status == SVC_TLS_REFUSED || status == SVC_CONFIGURATION || status == SVC_NO_RESOURCE;
}

static const char *what_of(const struct awsc_error *error) {
    return error->code[0] != '\0' ? error->code : svc_status_name(error->status);
}

static const char *message_of(const struct awsc_error *error) {
    return error->message[0] != '\0' ? error->message : svc_status_message(error->status);
}

void email_outcome_of_ses(struct email_delivery *delivery, const struct awsc_error *error,
                          int backoff_s) {
    const char *name = svc_status_name(error->status);
    if (error->maybe_done) {
        email_outcome_set(delivery, EMAIL_UNKNOWN, "UNKNOWN_OUTCOME", 0,
                          "SES may have sent this mail (%s, request id %s): look for it in SES's "
                          "events before it is sent again",
                          what_of(error),
                          error->request_id[0] != '\0' ? error->request_id : "none");
        return;
    }
    const enum awsc_ses_refusal refusal = awsc_ses_refusal_of(error);
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (refusals[i].refusal == refusal) {
            email_outcome_set(delivery, refusals[i].outcome, refusals[i].reason,
                              refusals[i].retry_s > 0 ? refusals[i].retry_s : backoff_s, "%s",
                              refusals[i].detail);
            return;
        }
    }
    if (error->status == SVC_THROTTLED) { /* without a code that SES documents */
        email_outcome_set(delivery, EMAIL_RETRY, "SES_RATE", backoff_s, "%s", refusals[0].detail);
    } else if (is_about_mail(error)) {
        email_outcome_set(delivery, EMAIL_REFUSED, "SES_REJECTED", 0,
                          "SES refuses this mail: %s: %s", what_of(error), message_of(error));
    } else if (error->status == SVC_DEADLINE) {
        email_outcome_set(delivery, EMAIL_UNAVAILABLE, "NO_TIME", 1,
                          "the time was used up before the request to SES left");
    } else if (is_setup(error->status)) {
        email_outcome_set(delivery, EMAIL_UNAVAILABLE, name, EMAIL_MAX_RETRY_S,
                          "SES cannot be used (%s): %s. The role needs ses:SendEmail for the "
                          "identity and the configuration set",
                          what_of(error), message_of(error));
    } else if (error->status == SVC_TOO_LARGE && error->attempts == 0) {
        email_outcome_set(delivery, EMAIL_REFUSED, name, 0, "the mail is larger than SES takes");
    } else {
        email_outcome_set(delivery, EMAIL_RETRY, name, backoff_s,
                          "SES was not asked or refused "
                          "(%s): %s",
                          what_of(error), message_of(error));
    }
}

/* ---------------------------------------------------------------------- the record */

void email_outcome_of_table(struct email_delivery *delivery, const struct awsc_error *error,
                            int backoff_s) {
    const char *name = svc_status_name(error->status);
    if (error->status == SVC_DEADLINE) {
        email_outcome_set(delivery, EMAIL_UNAVAILABLE, "NO_TIME", 1,
                          "the time was used up before the mail was recorded");
    } else if (is_setup(error->status) || error->status == SVC_REJECTED) {
        email_outcome_set(delivery, EMAIL_UNAVAILABLE, name, EMAIL_MAX_RETRY_S,
                          "the table IDEMPOTENCY_TABLE cannot be used (%s): %s. It needs the key "
                          "\"id\", a string; the role needs dynamodb:PutItem, UpdateItem and "
                          "DeleteItem on it",
                          what_of(error), message_of(error));
    } else {
        email_outcome_set(delivery, EMAIL_RETRY, name, backoff_s,
                          "the record of sent messages did not respond as it should (%s): %s",
                          what_of(error), message_of(error));
    }
}
