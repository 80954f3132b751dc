/* Queues' URLs: see dead_letters_target.h. */
#include "lambda/handlers/email/dead_letters_target.h"

#include <stdio.h>
#include <string.h>

#define MAX_NAME_BYTES  ((size_t)80)
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

/* The last two parts, between `separator`s: account and name. */
static bool split(const char *text, char separator, const char **account, size_t *account_bytes,
                  const char **name) {
    const char *last = strrchr(text, separator);
    const char *before = last;
    while (before != NULL && before > text && before[-1] != separator) {
        before--;
    }
    if (last == NULL || before == text || before == last) {
        return false;
    }
    *account = before;
    *account_bytes = (size_t)(last - before);
    *name = last + 1;
    return true;
}

bool email_dead_neighbour(const char *dead_letter_url, const char *source,
                          char out[EMAIL_DEAD_URL_BYTES]) {
    const char *own_account, *own_name, *account, *name;
    size_t own_bytes, account_bytes;
    bool is_arn = strncmp(source, "arn:", 4) == 0;
    if (!split(dead_letter_url, '/', &own_account, &own_bytes, &own_name) ||
        !split(source, is_arn ? ':' : '/', &account, &account_bytes, &name)) {
        return false;
    }
    size_t name_bytes = strlen(name);
    if (account_bytes != own_bytes || memcmp(account, own_account, own_bytes) != 0 ||
        name_bytes < 1 || name_bytes > MAX_NAME_BYTES ||
        name[strspn(name, NAME_CHARACTERS)] != '\0') {
        return false;
    }
    int size = snprintf(out, EMAIL_DEAD_URL_BYTES, "%.*s%s", (int)(own_name - dead_letter_url),
                        dead_letter_url, name);
    return size > 0 && size < EMAIL_DEAD_URL_BYTES;
}
