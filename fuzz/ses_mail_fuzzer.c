/* What a mail to SES may have: any texts as addresses, subject, bodies, headers and tags. Refused
 * or not as regular expressions of RFC 5322 and SES's documentation have it, in the order that
 * ses.h states; then any code and message of SES as a refusal. */
#include <regex.h>
#include <string.h>
#include <strings.h>

#include "fuzz/support/fuzz.h"
#include "services/aws/ses.h"
#include "services/base/text.h"

#define ATOM  "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
#define LABEL "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
#define RESERVED                                                                                   \
    "^((from|sender|to|cc|bcc|subject|reply-to|return-path|message-id|mime-version|date|received|" \
    "resent-(from|sender|to|cc|bcc|date|message-id))$|(content|dkim|domainkey|arc|x-ses)-)"

/* Compiled anew from time to time: what a compiled one keeps of earlier texts only grows. */
static bool matches(const char *pattern, int flags, const char *text) {
    static struct {
        const char *pattern;
        regex_t expression;
        unsigned uses;
    } kept[16];
    size_t i = 0;
    while (kept[i].pattern && strcmp(kept[i].pattern, pattern) != 0)
        i++;
    FUZZ_CHECK(i < sizeof(kept) / sizeof(kept[0]) - 1, "more expressions than are kept");
    if (kept[i].uses == 2000) {
        regfree(&kept[i].expression);
        kept[i].uses = 0;
    }
    if (kept[i].uses++ == 0) {
        kept[i].pattern = pattern;
        FUZZ_CHECK(!regcomp(&kept[i].expression, pattern, REG_EXTENDED | REG_NOSUB | flags),
                   "no expression");
    }
    return !regexec(&kept[i].expression, text, 0, NULL, 0);
}

/* ---------------------------------------------------------------------- the oracle */

static bool is_address(const char *text) {
    const char *at = strchr(text, '@');
    size_t most = 0;
    for (const char *label = at; label && *label; label++) {
        const size_t size = strcspn(label, ".@");
        most = size > most ? size : most;
    }
    return at && most <= 63 && at - text <= 64 && strlen(text) <= 320 &&
           matches("^" ATOM "+([.]" ATOM "+)*@" LABEL "([.]" LABEL ")*$", 0, text);
}

/* An address, or a name and an address in angle brackets: the last ones of the text. */
static bool is_mailbox(const char *text) {
    char before[2048], address[2048];
    const char *open = strrchr(text, '<');
    const size_t size = strlen(text);
    if (!open)
        return is_address(text);
    snprintf(before, sizeof(before), "%.*s", (int)(open - text), text);
    snprintf(address, sizeof(address), "%s", open + 1);
    if (size < 1 || text[size - 1] != '>')
        return false;
    address[strlen(address) - 1] = '\0';
    return is_address(address) &&
           matches("^([A-Za-z0-9!#$%&'*+/=?^_`{|}~ .-]*|\"([] !#-[^-~]|\\\\[ -~])*\" *)$", 0,
                   before);
}

static bool is_printable(const char *text, size_t most) {
    const size_t size = strlen(text);
    for (size_t i = 0; i < size; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return size > 0 && size <= most;
}

static bool is_header(const struct awsc_param *header) {
    return is_printable(header->name, 126) && !strpbrk(header->name, " :") &&
           is_printable(header->value, 870) && !matches(RESERVED, REG_ICASE, header->name);
}

static bool is_word(const char *text, size_t most) {
    return *text && strlen(text) <= most && matches("^[A-Za-z0-9_-]+$", 0, text);
}

static bool is_utf8(const char *text) {
    return !text || svc_utf8_valid((const uint8_t *)text, strlen(text));
}

static bool are_mailboxes(const char *const *texts, size_t count) {
    return count == 0 || is_mailbox(texts[0]); /* all are the same */
}

static enum svc_status expect(const struct awsc_ses_email *email) {
    const size_t recipients = email->to_count + email->bcc_count;
    if (recipients < 1 || recipients > 50 || email->reply_to_count > 50 ||
        !is_mailbox(email->from) || !are_mailboxes(email->to, email->to_count) ||
        !are_mailboxes(email->bcc, email->bcc_count) ||
        !are_mailboxes(email->reply_to, email->reply_to_count) || !*email->subject ||
        svc_has_control(email->subject) || (!email->html && !email->text))
        return SVC_INVALID_ARGUMENT;
    if (!is_utf8(email->subject) || !is_utf8(email->html) || !is_utf8(email->text))
        return SVC_MALFORMED;
    const bool is_good = email->header_count <= AWSC_MAX_SES_HEADERS &&
                         email->tag_count <= AWSC_MAX_SES_TAGS &&
                         (email->header_count == 0 || is_header(email->headers)) &&
                         (email->tag_count == 0 ||
                          (is_word(email->tags->name, 256) && is_word(email->tags->value, 256))) &&
                         (!email->configuration_set || is_word(email->configuration_set, 64));
    return is_good ? SVC_OK : SVC_INVALID_ARGUMENT;
}

/* ---------------------------------------------------------------------- checks */

static void check_refusal(const char *code, const char *message) {
    static const struct {
        const char *pattern;
        enum awsc_ses_refusal refusal;
    } codes[] = {
        {"^(TooManyRequestsException|Throttling|ThrottlingException)$", AWSC_SES_RATE_EXCEEDED},
        {"^LimitExceededException$", AWSC_SES_QUOTA_EXCEEDED},
        {"^MessageRejected$", AWSC_SES_MESSAGE_REJECTED},
        {"^MailFromDomainNotVerifiedException$", AWSC_SES_NOT_VERIFIED},
        {"^AccountSuspendedException$", AWSC_SES_ACCOUNT_SUSPENDED},
        {"^((Account|ConfigurationSet)?SendingPausedException)$", AWSC_SES_SENDING_PAUSED},
        {"^(ConfigurationSetDoesNotExistException|NotFoundException)$",
         AWSC_SES_NO_CONFIGURATION_SET}};
    struct awsc_error error = {0};
    enum awsc_ses_refusal expected = AWSC_SES_NOT_REFUSED;
    snprintf(error.code, sizeof(error.code), "%s", code);
    snprintf(error.message, sizeof(error.message), "%s", message);
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (matches(codes[i].pattern, 0, error.code))
            expected = codes[i].refusal;
    if (expected == AWSC_SES_RATE_EXCEEDED && strcasestr(error.message, "daily"))
        expected = AWSC_SES_QUOTA_EXCEEDED;
    if (expected == AWSC_SES_MESSAGE_REJECTED && strcasestr(error.message, "not verified"))
        expected = AWSC_SES_NOT_VERIFIED;
    FUZZ_CHECK(awsc_ses_refusal_of(&error) == expected, "\"%s\", \"%s\": %d, not %d", error.code,
               error.message, (int)awsc_ses_refusal_of(&error), (int)expected);
}

static size_t take_count(struct fuzz_input *input, size_t most) {
    const uint8_t choice = fuzz_take_u8(input) % 8;
    return choice < 2 ? choice : choice == 2 ? most : choice == 3 ? most + 1 : choice & 1;
}

enum { FROM, TO, OTHER, SUBJECT, BODY, HEADER, VALUE, TAG, TAG_VALUE, SET, CODE, MESSAGE, TEXTS };

static void check_mail(struct fuzz_input *input, char *const texts[TEXTS]) {
    const char *to[51], *others[51];
    struct awsc_param headers[AWSC_MAX_SES_HEADERS + 1], tags[AWSC_MAX_SES_TAGS + 1];
    struct awsc_error error = {0};
    for (size_t i = 0; i < 51; i++) {
        to[i] = texts[TO];
        others[i] = texts[OTHER];
    }
    for (size_t i = 0; i <= AWSC_MAX_SES_HEADERS; i++)
        headers[i] = (struct awsc_param){texts[HEADER], texts[VALUE]};
    for (size_t i = 0; i <= AWSC_MAX_SES_TAGS; i++)
        tags[i] = (struct awsc_param){texts[TAG], texts[TAG_VALUE]};
    struct awsc_ses_email email = {.from = texts[FROM],
                                   .to = to,
                                   .to_count = take_count(input, 50),
                                   .bcc = others,
                                   .bcc_count = take_count(input, 50),
                                   .reply_to = others,
                                   .reply_to_count = take_count(input, 50),
                                   .subject = texts[SUBJECT],
                                   .headers = headers,
                                   .header_count = take_count(input, AWSC_MAX_SES_HEADERS),
                                   .tags = tags,
                                   .tag_count = take_count(input, AWSC_MAX_SES_TAGS)};
    const uint8_t parts = fuzz_take_u8(input);
    email.html = parts & 1 ? texts[BODY] : NULL;
    email.text = parts & 2 ? texts[BODY] : NULL;
    email.configuration_set = parts & 4 ? texts[SET] : NULL;
    const enum svc_status status = awsc_ses_check(&email, &error), expected = expect(&email);
    FUZZ_CHECK(status == expected && error.status == status, "%s, not %s: %s",
               svc_status_name(status), svc_status_name(expected), error.message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes}, front;
    uint8_t options[8];
    char *texts[TEXTS];
    if (size_bytes > 2000)
        return 0;
    for (size_t i = 0; i < sizeof(options); i++)
        options[i] = fuzz_take_u8(&input);
    front = input;
    for (size_t i = 0; i < TEXTS; i++)
        texts[i] = fuzz_take_line(&front, '\n', NULL);
    input = (struct fuzz_input){options, sizeof(options)};
    check_mail(&input, texts);
    check_refusal(texts[CODE], texts[MESSAGE]);
    for (size_t i = 0; i < TEXTS; i++) {
        const bool is_good = is_mailbox(texts[i]) && !svc_has_control(texts[i]);
        FUZZ_CHECK(awsc_ses_is_mailbox(texts[i]) == is_good, "\"%s\" is %s mailbox", texts[i],
                   is_good ? "a" : "no");
        free(texts[i]);
    }
    return 0;
}
