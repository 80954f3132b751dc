/* What may stand in a mail, and why SES refused one: see ses.h. Pure functions. */
#include <string.h>

#include "services/aws/ses.h"
#include "services/base/text.h"

#define MAX_LOCAL_BYTES        64
#define MAX_ADDRESS_BYTES      320
#define MAX_LABEL_BYTES        63
#define MAX_HEADER_NAME_BYTES  126
#define MAX_HEADER_VALUE_BYTES 870
#define MAX_TAG_BYTES          256
#define MAX_CONFIGURATION_SET  64

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define ATOM               LETTERS_AND_DIGITS "!#$%&'*+-/=?^_`{|}~" /* atext of RFC 5322 */

/* ---------------------------------------------------------------------- addresses */

/* Texts between dots, each of at least one byte. */
static bool is_dotted(const char *text, size_t size, const char *allowed, size_t max_part_bytes) {
    size_t part = 0;
    for (size_t i = 0; i <= size; i++) {
        if (i == size || text[i] == '.') {
            if (part == 0 || part > max_part_bytes) {
                return false;
            }
            part = 0;
        } else if (text[i] == '\0' || strchr(allowed, text[i]) == NULL) {
            return false;
        } else {
            part++;
        }
    }
    return true;
}

static bool is_domain(const char *text, size_t size) {
    if (!is_dotted(text, size, LETTERS_AND_DIGITS "-", MAX_LABEL_BYTES) || text[0] == '-' ||
        text[size - 1] == '-') {
        return false;
    }
    for (size_t i = 1; i < size; i++) {
        if ((text[i] == '-' && text[i - 1] == '.') || (text[i] == '.' && text[i - 1] == '-')) {
            return false;
        }
    }
    return true;
}

static bool is_address(const char *text, size_t size) {
    const char *at = memchr(text, '@', size);
    if (at == NULL || size > MAX_ADDRESS_BYTES) {
        return false;
    }
    size_t local = (size_t)(at - text);
    return local <= MAX_LOCAL_BYTES && is_dotted(text, local, ATOM, MAX_LOCAL_BYTES) &&
           is_domain(at + 1, size - local - 1);
}

/* The name in front of an address in angle brackets: a quoted string, or words. */
static bool is_display_name(const char *text, size_t size) {
    while (size > 0 && text[size - 1] == ' ') {
        size--;
    }
    if (size == 0 || text[0] != '"') {
        return strspn(text, ATOM " .") >= size;
    }
    bool is_quoted_pair = false; /* the byte after a backslash */
    for (size_t i = 1; i < size; i++) {
        if (text[i] < 0x20 || text[i] > 0x7e) {
            return false;
        }
        if (text[i] == '"' && !is_quoted_pair) {
            return i + 1 == size;
        }
        is_quoted_pair = text[i] == '\\' && !is_quoted_pair;
    }
    return false;
}

bool awsc_ses_is_mailbox(const char *text) {
    if (text == NULL || svc_has_control(text)) {
        return false;
    }
    size_t size = strlen(text);
    const char *open = strrchr(text, '<');
    if (open == NULL) {
        return is_address(text, size);
    }
    size_t before = (size_t)(open - text);
    return text[size - 1] == '>' && is_address(open + 1, size - before - 2) &&
           is_display_name(text, before);
}

static bool are_mailboxes(const char *const *texts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!awsc_ses_is_mailbox(texts[i])) {
            return false;
        }
    }
    return true;
}

/* ---------------------------------------------------------------------- headers, tags */

/* Headers that make a mail what it is: SES sets them, or they name who gets it. */
static bool is_reserved(const char *name) {
    static const char *const names[] = {"from",
                                        "sender",
                                        "to",
                                        "cc",
                                        "bcc",
                                        "subject",
                                        "reply-to",
                                        "return-path",
                                        "message-id",
                                        "mime-version",
                                        "date",
                                        "received",
                                        "resent-from",
                                        "resent-sender",
                                        "resent-to",
                                        "resent-cc",
                                        "resent-bcc",
                                        "resent-date",
                                        "resent-message-id"};
    static const char *const prefixes[] = {"content-", "dkim-", "domainkey-", "arc-", "x-ses-"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (svc_equal_nocase(name, names[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (svc_begins_nocase(name, prefixes[i])) {
            return true;
        }
    }
    return false;
}

static bool is_header(const struct awsc_param *header) {
    size_t name_bytes = header->name != NULL ? strlen(header->name) : 0;
    size_t value_bytes = header->value != NULL ? strlen(header->value) : 0;
    return name_bytes > 0 && name_bytes <= MAX_HEADER_NAME_BYTES && value_bytes > 0 &&
           value_bytes <= MAX_HEADER_VALUE_BYTES && svc_is_printable(header->name) &&
           strpbrk(header->name, " :") == NULL && svc_is_printable(header->value) &&
           !is_reserved(header->name);
}

static bool is_word(const char *text, const char *allowed, size_t max_bytes) {
    size_t size = text != NULL ? strlen(text) : 0;
    return size > 0 && size <= max_bytes && strspn(text, allowed) == size;
}

static bool is_tag(const struct awsc_param *tag) {
    return is_word(tag->name, LETTERS_AND_DIGITS "_-", MAX_TAG_BYTES) &&
           is_word(tag->value, LETTERS_AND_DIGITS "_-", MAX_TAG_BYTES);
}

/* ---------------------------------------------------------------------- a mail */

static bool is_utf8(const char *text) {
    return text == NULL || svc_utf8_valid((const uint8_t *)text, strlen(text));
}

static enum svc_status check_extras(const struct awsc_ses_email *email, struct awsc_error *error) {
    if (email->header_count > AWSC_MAX_SES_HEADERS || email->tag_count > AWSC_MAX_SES_TAGS) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "a mail has at most %d headers and %d tags",
                         AWSC_MAX_SES_HEADERS, AWSC_MAX_SES_TAGS);
    }
    for (size_t i = 0; i < email->header_count; i++) {
        if (!is_header(&email->headers[i])) {
            return awsc_fail(error, SVC_INVALID_ARGUMENT, "header %zu may not be set so", i);
        }
    }
    for (size_t i = 0; i < email->tag_count; i++) {
        if (!is_tag(&email->tags[i])) {
            return awsc_fail(error, SVC_INVALID_ARGUMENT, "tag %zu has a character of no tag", i);
        }
    }
    if (email->configuration_set != NULL &&
        !is_word(email->configuration_set, LETTERS_AND_DIGITS "_-", MAX_CONFIGURATION_SET)) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "not the name of a configuration set");
    }
    return SVC_OK;
}

enum svc_status awsc_ses_check(const struct awsc_ses_email *email, struct awsc_error *error) {
    awsc_error_clear(error);
    size_t recipients = email->to_count + email->bcc_count;
    if (recipients == 0 || recipients > AWSC_MAX_SES_RECIPIENTS ||
        email->reply_to_count > AWSC_MAX_SES_RECIPIENTS) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "a mail has 1 to %d recipients",
                         AWSC_MAX_SES_RECIPIENTS);
    }
    if (!awsc_ses_is_mailbox(email->from) || !are_mailboxes(email->to, email->to_count) ||
        !are_mailboxes(email->bcc, email->bcc_count) ||
        !are_mailboxes(email->reply_to, email->reply_to_count)) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "an address is not one mailbox");
    }
    if (email->subject == NULL || email->subject[0] == '\0' || svc_has_control(email->subject) ||
        (email->html == NULL && email->text == NULL)) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT,
                         "a mail has a subject of one line and a body");
    }
    if (!is_utf8(email->subject) || !is_utf8(email->html) || !is_utf8(email->text)) {
        return awsc_fail(error, SVC_MALFORMED, "subject or body is not UTF-8");
    }
    return check_extras(email, error);
}

/* ---------------------------------------------------------------------- refusals */

static bool contains_nocase(const char *text, const char *part) {
    for (; *text != '\0'; text++) {
        if (svc_begins_nocase(text, part)) {
            return true;
        }
    }
    return false;
}

enum awsc_ses_refusal awsc_ses_refusal_of(const struct awsc_error *error) {
    static const struct {
        const char *code;
        enum awsc_ses_refusal refusal;
    } codes[] = {
        {"TooManyRequestsException", AWSC_SES_RATE_EXCEEDED},
        {"Throttling", AWSC_SES_RATE_EXCEEDED},
        {"ThrottlingException", AWSC_SES_RATE_EXCEEDED},
        {"LimitExceededException", AWSC_SES_QUOTA_EXCEEDED},
        {"MessageRejected", AWSC_SES_MESSAGE_REJECTED},
        {"MailFromDomainNotVerifiedException", AWSC_SES_NOT_VERIFIED},
        {"AccountSuspendedException", AWSC_SES_ACCOUNT_SUSPENDED},
        {"SendingPausedException", AWSC_SES_SENDING_PAUSED},
        {"AccountSendingPausedException", AWSC_SES_SENDING_PAUSED},
        {"ConfigurationSetSendingPausedException", AWSC_SES_SENDING_PAUSED},
        {"ConfigurationSetDoesNotExistException", AWSC_SES_NO_CONFIGURATION_SET},
        {"NotFoundException", AWSC_SES_NO_CONFIGURATION_SET},
    };
    enum awsc_ses_refusal refusal = AWSC_SES_NOT_REFUSED;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strcmp(error->code, codes[i].code) == 0) {
            refusal = codes[i].refusal;
        }
    }
    /* One code has two meanings, which only the message distinguishes. */
    if (refusal == AWSC_SES_RATE_EXCEEDED && contains_nocase(error->message, "daily")) {
        return AWSC_SES_QUOTA_EXCEEDED;
    }
    if (refusal == AWSC_SES_MESSAGE_REJECTED && contains_nocase(error->message, "not verified")) {
        return AWSC_SES_NOT_VERIFIED;
    }
    return refusal;
}
