/* The table of reasons: see dead_letters_reason.h. */
#include "lambda/handlers/email/dead_letters_reason.h"

#include <stddef.h>
#include <string.h>

#define MENDED_BY_PRODUCER                                                                         \
    "The same message is refused again. Mend what makes it, and queue a new message; "             \
    "`email-sender "                                                                               \
    "check` tells whether a message is good."
#define AFTER_REPAIR "Resend it once that is repaired."

static const struct email_dead_reason reasons[] = {
    {"BAD_JSON", "The body is not one JSON object.", MENDED_BY_PRODUCER, true},
    {"TOO_LARGE", "The body is larger than a message may be.", MENDED_BY_PRODUCER, true},
    {"UNKNOWN_TEMPLATE", "This version of the function has no template of that name.",
     "Deploy a version that has it and resend; otherwise the producer is wrong.", true},
    {"MISSING_FIELD", "A required field is missing or empty.", MENDED_BY_PRODUCER, true},
    {"BAD_FIELD", "A field's value is not what the schema asks for.", MENDED_BY_PRODUCER, true},
    {"BAD_ADDRESS", "The recipient is not exactly one address.", MENDED_BY_PRODUCER, true},
    {"BAD_EVENT", "A report of SES on a mail, not a message, and it cannot be read.",
     "It is lost for the metrics; there is no mail in it to send.", true},
    {"OUTPUT_TOO_LARGE", "The rendered mail is larger than SES takes.", MENDED_BY_PRODUCER, true},
    {"ID_REUSED",
     "The record has another message under the same messageId, and that one was sent or is being "
     "sent. Nothing of this message was sent.",
     "The producer gave one id to two messages. Queue this one with an id of its own.", true},
    {"SES_REJECTED", "SES took the request and refused the mail, for what is in it.",
     "The same mail is refused again.", true},
    {"LINK_EXPIRED", "The link in the mail had stopped working before it could be sent.",
     "The person asks for a new one.", true},
    {"BAD_SENDER",
     "The settings lack what a mail must state about its sender (SENDER_NAME, SENDER_EMAIL, "
     "SENDER_PHONE, SENDER_ADDRESS).",
     AFTER_REPAIR, false},
    {"SES_NOT_VERIFIED", "SES has not verified the domain or address of FROM_EMAIL.", AFTER_REPAIR,
     false},
    {"SES_NO_CONFIGURATION_SET", "SES has no configuration set of the name in the settings.",
     AFTER_REPAIR, false},
    {"SES_SUSPENDED", "SES has suspended the account's sending.",
     "AWS Support lifts it. " AFTER_REPAIR, false},
    {"SES_PAUSED", "Sending is paused for the account or the configuration set.", AFTER_REPAIR,
     false},
    {"SES_RATE", "SES refused for the account's rate, until SQS gave the message up.",
     "Set SES_SEND_RATE to the account's rate divided by the mapping's concurrency; resend.",
     false},
    {"SES_QUOTA", "The account's quota of 24 hours was used up until SQS gave the message up.",
     "Resend it when there is quota again.", false},
    {"IN_PROGRESS", "Another delivery of the message held it until SQS gave it up.", "Resend it.",
     false},
    {"NO_TIME", "The invocations had no time left for it until SQS gave it up.",
     "A batch takes longer than the function's timeout: raise it, or lower the batch size. "
     "Resend it.",
     false},
    {EMAIL_REASON_UNKNOWN,
     "SES was asked to send the mail, and whether it did was never learnt: the response did not "
     "come, or the function ended before it. The mail may be in the inbox. It is not sent again "
     "without a person's decision.",
     "Find out first: in the events of SES (the configuration set's destination, or the logs of "
     "this function) look for a Send or Delivery of the time below, with the tag `template`; or "
     "ask the recipient. If it did not go out, or a second mail does less harm than none: resend "
     "--override-unknown, which may send it twice. If it did, delete the letter; resend without "
     "that option is refused, as the function would bring it back.",
     false},
    {EMAIL_REASON_MOVED,
     "The function failed or returned it as often as the queue's maxReceiveCount allows, and the "
     "redrive policy moved it. The message states no reason; the log of the function does, under "
     "its id.",
     "If the record has it as SENDING, its outcome is unknown; if there is no item, nothing was "
     "sent. Resend it once what failed works again.",
     false},
};

const struct email_dead_reason *email_dead_reason_find(const char *name) {
    static const struct email_dead_reason other = {
        "", "A call that the mail needs failed until SQS gave it up: the detail states which.",
        AFTER_REPAIR, false};
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (strcmp(reasons[i].name, name) == 0) {
            return &reasons[i];
        }
    }
    return &other;
}

static char folded(char c) {
    return c == '-' || c == ' ' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool email_dead_reason_is(const char *reason, const char *wanted) {
    while (*reason != '\0' && folded(*reason) == folded(*wanted)) {
        reason++;
        wanted++;
    }
    return folded(*reason) == folded(*wanted);
}
