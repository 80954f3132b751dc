/* Settings by the typed readers of services/base; mailboxes, addresses and the rate are this
 * function's own formats. */
#include "lambda/handlers/email/settings.h"

#include <stdio.h>
#include <string.h>

#include "services/base/text.h"

#define MS_PER_DAY INT64_C(86400000)
#define MAX_RATE   (UINT64_C(10000000) / 1000) /* EMAIL_MAX_RATE_MILLI in mails a second */

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
/* What SES takes as the name of a configuration set and as the value of a tag. */
#define SET_CHARACTERS LETTERS_AND_DIGITS "_-"
/* A table of DynamoDB, or its ARN. */
#define TABLE_CHARACTERS LETTERS_AND_DIGITS "_.-:/"

/* Read in full before it is encoded, which may make it longer. */
static void read_mailbox(struct svc_settings *from, const char *name, bool is_required, char *out) {
    char text[EMAIL_MAX_MAILBOX_BYTES + 1] = "";
    const char *why = NULL;
    struct svc_buf encoded;
    svc_setting_text(from, name, is_required ? NULL : "", text, sizeof(text));
    if (text[0] == '\0') {
        return;
    }
    svc_buf_init(&encoded, EMAIL_MAILBOX_BYTES - 1);
    if (email_put_mailbox(text, false, &encoded, &why)) {
        (void)svc_copy_text(out, EMAIL_MAILBOX_BYTES, svc_buf_text(&encoded));
    } else {
        char expected[192];
        (void)snprintf(expected, sizeof(expected),
                       "an address, or a name and an address as in Shop <no-reply@example.com>: %s",
                       why);
        svc_setting_refuse(from, name, expected);
    }
    svc_buf_clear(&encoded);
}

static void read_address(struct svc_settings *from, const char *name, char *out) {
    char text[EMAIL_MAX_MAILBOX_BYTES + 1] = "";
    const char *why = NULL;
    svc_setting_text(from, name, "", text, sizeof(text));
    if (text[0] != '\0' && !email_address_check(text, strlen(text), out, &why)) {
        char expected[192];
        (void)snprintf(expected, sizeof(expected), "one address: %s", why);
        svc_setting_refuse(from, name, expected);
    }
}

static void read_word(struct svc_settings *from, const char *name, const char *characters,
                      const char *expected, char *out, size_t out_bytes) {
    svc_setting_text(from, name, "", out, out_bytes);
    if (out[strspn(out, characters)] != '\0') {
        svc_setting_refuse(from, name, expected);
    }
}

/* One of the sender's particulars, which stand in mails as they are. */
static void read_particular(struct svc_settings *from, const char *name, char *out) {
    svc_setting_text(from, name, "", out, EMAIL_SENDER_BYTES);
    if (!svc_utf8_valid((const uint8_t *)out, strlen(out))) {
        svc_setting_refuse(from, name, "UTF-8");
    }
}

/* "14", "0.5": at most three digits after the point. */
static bool read_rate(const char *text, int64_t *rate_milli) {
    uint64_t whole, part = 0;
    if (!svc_read_number(&text, 0, MAX_RATE, &whole)) {
        return false;
    }
    if (*text == '.') {
        const char *digits = ++text;
        if (!svc_read_number(&text, 0, 999, &part) || text - digits > 3) {
            return false;
        }
        for (ptrdiff_t count = text - digits; count < 3; count++) {
            part *= 10;
        }
    }
    *rate_milli = (int64_t)(whole * 1000 + part);
    return *text == '\0' && *rate_milli > 0 && *rate_milli <= EMAIL_MAX_RATE_MILLI;
}

static const char *or_null(const char *text) {
    return text[0] != '\0' ? text : NULL;
}

static void read_texts(struct svc_settings *from, struct email_settings *settings) {
    static const char set_expected[] = "letters, digits, _ and -, at most 64";
    read_mailbox(from, "FROM_EMAIL", true, settings->from);
    read_mailbox(from, "REPLY_TO_EMAIL", false, settings->reply_to);
    read_address(from, "BCC_EMAIL", settings->bcc);
    read_word(from, "SES_CONFIGURATION_SET", SET_CHARACTERS, set_expected,
              settings->configuration_set, sizeof(settings->configuration_set));
    read_word(from, "ENVIRONMENT", SET_CHARACTERS, set_expected, settings->environment,
              sizeof(settings->environment));
    read_particular(from, "SENDER_NAME", settings->sender_name);
    read_address(from, "SENDER_EMAIL", settings->sender_email);
    read_particular(from, "SENDER_PHONE", settings->sender_phone);
    read_particular(from, "SENDER_ADDRESS", settings->sender_address);
    settings->mailer = (struct email_mailer_settings){
        .sender = {.name = settings->sender_name,
                   .email = settings->sender_email,
                   .phone = settings->sender_phone,
                   .address = settings->sender_address},
        .from = settings->from,
        .reply_to = or_null(settings->reply_to),
        .bcc = or_null(settings->bcc),
        .configuration_set = or_null(settings->configuration_set),
        .environment = or_null(settings->environment),
    };
}

enum svc_status email_settings_read(const struct svc_environment *environment,
                                    struct email_settings *settings, struct svc_error *error) {
    struct svc_settings from;
    svc_settings_init(&from, environment, error);
    memset(settings, 0, sizeof(*settings));
    read_texts(&from, settings);
    const char *rate = svc_setting(environment, "SES_SEND_RATE");
    if (rate != NULL && !read_rate(rate, &settings->rate_milli)) {
        svc_setting_refuse(&from, "SES_SEND_RATE",
                           "a number of mails per second from 0.001 to 10000, such as 14 or 0.5");
    }
    read_word(&from, "IDEMPOTENCY_TABLE", TABLE_CHARACTERS, "the name or ARN of a table",
              settings->table, sizeof(settings->table));
    settings->keep_ms = MS_PER_DAY * (int64_t)svc_setting_number(&from, "IDEMPOTENCY_DAYS",
                                                                 EMAIL_MIN_IDEMPOTENCY_DAYS,
                                                                 EMAIL_MAX_IDEMPOTENCY_DAYS,
                                                                 EMAIL_DEFAULT_IDEMPOTENCY_DAYS);
    svc_setting_url(&from, "DEAD_LETTER_QUEUE_URL", true, "", settings->dead_letter_url,
                    sizeof(settings->dead_letter_url));
    svc_setting_secret_name(&from, "ADDRESS_HASH_SECRET", "", settings->hash_secret);
    return from.status;
}
