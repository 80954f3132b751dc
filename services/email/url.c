/* URLs: see url.h. */
#include <stdint.h>
#include <string.h>

#include "services/base/text.h"
#include "services/email/domain.h"
#include "services/email/url.h"

struct target {
    char *out;
    size_t used, max_bytes;
    bool is_full;
};

static void put(struct target *target, const char *bytes, size_t size_bytes) {
    if (size_bytes > target->max_bytes - target->used) {
        target->is_full = true;
        return;
    }
    memcpy(target->out + target->used, bytes, size_bytes);
    target->used += size_bytes;
}

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* "host:port" of the authority, checked and written. */
static const char *put_authority(const char *text, size_t size_bytes, struct target *target) {
    char domain[EMAIL_DOMAIN_BYTES];
    const char *fault = NULL;
    size_t host_bytes = size_bytes;
    const char *colon = memchr(text, ':', size_bytes);
    if (memchr(text, '@', size_bytes) != NULL) {
        return "a user stands before its host";
    }
    if (colon != NULL) {
        const char *port = colon + 1;
        uint32_t number = 0;
        host_bytes = (size_t)(colon - text);
        size_t digits = size_bytes - host_bytes - 1;
        for (size_t i = 0; i < digits && i < 6; i++) {
            number = port[i] >= '0' && port[i] <= '9' ? number * 10 + (uint32_t)(port[i] - '0')
                                                      : UINT16_MAX + 1u;
        }
        if (digits > 5 || number == 0 || number > UINT16_MAX) {
            return "its port is not a port number";
        }
    }
    if (!email_domain_to_ascii(text, host_bytes, domain, &fault)) {
        return fault;
    }
    put(target, domain, strlen(domain));
    put(target, text + host_bytes, size_bytes - host_bytes);
    return NULL;
}

/* Path, query and fragment. */
static void put_rest(const char *text, size_t size_bytes, struct target *target) {
    static const char digits[] = "0123456789ABCDEF";
    if (size_bytes == 0 || text[0] != '/') {
        put(target, "/", 1);
    }
    for (size_t i = 0; i < size_bytes; i++) {
        uint8_t c = (uint8_t)text[i];
        bool is_escape =
            c == '%' && size_bytes - i > 2 && is_hex(text[i + 1]) && is_hex(text[i + 2]);
        if (c >= 0x80 || strchr(" \"<>\\^`{|}", c) != NULL || (c == '%' && !is_escape)) {
            const char escaped[3] = {'%', digits[c >> 4], digits[c & 15]};
            put(target, escaped, sizeof(escaped));
        } else {
            put(target, text + i, 1);
        }
    }
}

static const char *check(const char *text, size_t size_bytes, struct target *target) {
    static const char scheme[] = "https://";
    const size_t scheme_bytes = sizeof(scheme) - 1;
    char begin[sizeof(scheme)] = {0};
    memcpy(begin, text, size_bytes < scheme_bytes ? size_bytes : scheme_bytes);
    if (!svc_equal_nocase(begin, scheme)) {
        return "it does not begin with https://";
    }
    if (!svc_utf8_valid((const uint8_t *)text, size_bytes)) {
        return "it is not UTF-8";
    }
    for (size_t i = 0; i < size_bytes; i++) {
        if ((uint8_t)text[i] < 0x20 || text[i] == 0x7f) {
            return "it has a control character";
        }
    }
    size_t end = scheme_bytes;
    while (end < size_bytes && strchr("/?#\\", text[end]) == NULL) {
        end++;
    }
    put(target, scheme, scheme_bytes);
    const char *fault = put_authority(text + scheme_bytes, end - scheme_bytes, target);
    if (fault == NULL) {
        put_rest(text + end, size_bytes - end, target);
    }
    return fault != NULL ? fault : target->is_full ? "it is too long" : NULL;
}

bool email_url_check(const char *text, size_t size_bytes, size_t max_bytes,
                     char out[EMAIL_URL_BYTES], const char **why) {
    struct target target = {out, 0, max_bytes, false};
    *why = check(text, size_bytes, &target);
    out[*why == NULL ? target.used : 0] = '\0';
    return *why == NULL;
}
