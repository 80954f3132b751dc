/* Verification of signatures: see signature.h. */
#include "services/webhook/signature.h"

#include <string.h>

#include "services/base/clock.h"
#include "services/base/crypto.h"
#include "services/base/text.h"

#define BASE64_BYTES(size_bytes) (((size_bytes) + 2) / 3 * 4)

const char *webhook_refusal_name(enum webhook_refusal refusal) {
    static const char *const names[] = {
#define NAME(name) #name,
        WEBHOOK_REFUSAL_LIST(NAME)
#undef NAME
    };
    return (size_t)refusal < sizeof(names) / sizeof(names[0]) ? names[refusal] : "";
}

/* ---------------------------------------------------------------------- headers */

void webhook_headers_init(struct webhook_headers *headers) {
    memset(headers, 0, sizeof(*headers));
}

void webhook_headers_add(struct webhook_headers *headers, const char *name, const char *value) {
    const struct {
        const char *name;
        const char **value;
    } known[] = {
        {WEBHOOK_HEADER_PLATFORM_SIGNATURE, &headers->platform_signature},
        {WEBHOOK_HEADER_STANDARD_ID, &headers->standard_id},
        {WEBHOOK_HEADER_STANDARD_TIMESTAMP, &headers->standard_timestamp},
        {WEBHOOK_HEADER_STANDARD_SIGNATURE, &headers->standard_signature},
        {WEBHOOK_HEADER_TOSS_SIGNATURE, &headers->toss_signature},
        {WEBHOOK_HEADER_TOSS_TIME, &headers->toss_time},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (svc_equal_nocase(name, known[i].name)) {
            headers->has_duplicate |= *known[i].value != NULL;
            *known[i].value = value;
        }
    }
}

/* Toss sends its transmission time with its unsigned events too: alone it is no signature. */
static size_t find_schemes(const struct webhook_headers *headers, enum webhook_scheme *scheme) {
    const bool is_present[WEBHOOK_SCHEMES] = {
        [WEBHOOK_SCHEME_PLATFORM] = headers->platform_signature != NULL,
        [WEBHOOK_SCHEME_STANDARD] = headers->standard_id != NULL ||
                                    headers->standard_timestamp != NULL ||
                                    headers->standard_signature != NULL,
        [WEBHOOK_SCHEME_TOSS] = headers->toss_signature != NULL,
    };
    size_t count = 0;
    *scheme = WEBHOOK_SCHEMES;
    for (size_t i = 0; i < WEBHOOK_SCHEMES; i++) {
        if (is_present[i]) {
            *scheme = (enum webhook_scheme)i;
            count++;
        }
    }
    return count;
}

/* ---------------------------------------------------------------------- the signatures sent */

struct sent {
    uint8_t hashes[WEBHOOK_MAX_SIGNATURES][SVC_SHA256_BYTES];
    size_t count;
    uint8_t public_signatures[WEBHOOK_MAX_SIGNATURES][SVC_ED25519_SIGNATURE_BYTES]; /* v1a */
    size_t public_count;
    bool takes_public;      /* there is a key for v1a; else such entries are skipped */
    enum svc_status status; /* NO_MEMORY; the content is at fault where a reader returns false */
};

static bool read_hex(const char *text, struct sent *sent) {
    for (const char *at = text; *at != '\0'; at++) {
        if (*at >= 'A' && *at <= 'F') {
            return false;
        }
    }
    sent->count = 1;
    return svc_hex_decode(text, sent->hashes[0], SVC_SHA256_BYTES);
}

/* Base64 of exactly `out_bytes`. */
static bool decode(const char *text, size_t size_bytes, uint8_t *out, size_t out_bytes,
                   struct sent *sent) {
    struct svc_buf decoded;
    if (size_bytes != BASE64_BYTES(out_bytes)) {
        return false;
    }
    svc_buf_init(&decoded, out_bytes + 2); /* of the same length with less padding */
    const enum svc_status status = svc_base64_decode(text, size_bytes, &decoded);
    if (status == SVC_NO_MEMORY) {
        sent->status = status;
    }
    const bool is_good = status == SVC_OK && decoded.size_bytes == out_bytes;
    if (is_good) {
        memcpy(out, decoded.bytes, out_bytes);
    }
    svc_buf_clear(&decoded);
    return is_good;
}

static bool read_hash(const char *text, size_t size_bytes, struct sent *sent) {
    if (sent->count == WEBHOOK_MAX_SIGNATURES ||
        !decode(text, size_bytes, sent->hashes[sent->count], SVC_SHA256_BYTES, sent)) {
        return false;
    }
    sent->count++;
    return true;
}

/* The caller bounds the number of entries. */
static bool read_public(const char *text, size_t size_bytes, struct sent *sent) {
    if (!decode(text, size_bytes, sent->public_signatures[sent->public_count],
                SVC_ED25519_SIGNATURE_BYTES, sent)) {
        return false;
    }
    sent->public_count++;
    return true;
}

/* "v1,BASE64 v1a,BASE64": each entry has a version of letters and digits. */
static bool read_standard_entry(const char *entry, size_t size_bytes, struct sent *sent) {
    const char *comma = memchr(entry, ',', size_bytes);
    if (comma == NULL || comma == entry || comma + 1 == entry + size_bytes) {
        return false;
    }
    const size_t version_bytes = (size_t)(comma - entry);
    const size_t value_bytes = size_bytes - version_bytes - 1;
    if (version_bytes == 2 && memcmp(entry, "v1", 2) == 0) {
        return read_hash(comma + 1, value_bytes, sent);
    }
    if (sent->takes_public && version_bytes == 3 && memcmp(entry, "v1a", 3) == 0) {
        return read_public(comma + 1, value_bytes, sent);
    }
    return true;
}

static bool read_standard(const char *text, struct sent *sent) {
    size_t entries = 0;
    while (true) {
        const size_t size = strcspn(text, " ");
        if (++entries > WEBHOOK_MAX_SIGNATURES || !read_standard_entry(text, size, sent)) {
            return false;
        }
        if (text[size] == '\0') {
            return sent->count + sent->public_count > 0;
        }
        text += size + 1;
    }
}

static void trim(const char **text, size_t *size_bytes) {
    while (*size_bytes > 0 && ((*text)[0] == ' ' || (*text)[0] == '\t')) {
        ++*text;
        --*size_bytes;
    }
    while (*size_bytes > 0 &&
           ((*text)[*size_bytes - 1] == ' ' || (*text)[*size_bytes - 1] == '\t')) {
        --*size_bytes;
    }
}

/* "v1:BASE64,BASE64" and "v1:BASE64,v1:BASE64". */
static bool read_toss(const char *text, struct sent *sent) {
    size_t entries = 0;
    bool has_version = false, is_v1 = false;
    while (true) {
        const size_t step = strcspn(text, ",");
        const char *entry = text;
        size_t size = step;
        trim(&entry, &size);
        const char *colon = size > 0 ? memchr(entry, ':', size) : NULL;
        if (colon != NULL) {
            has_version = colon != entry;
            is_v1 = colon - entry == 2 && memcmp(entry, "v1", 2) == 0;
            size -= (size_t)(colon - entry) + 1;
            entry = colon + 1;
        }
        if (++entries > WEBHOOK_MAX_SIGNATURES || !has_version || size == 0 ||
            (is_v1 && !read_hash(entry, size, sent))) {
            return false;
        }
        if (text[step] == '\0') {
            return sent->count > 0;
        }
        text += step + 1;
    }
}

/* ---------------------------------------------------------------------- comparison */

/* One secret key with all hashes, whatever matched before. */
static enum svc_status compare_hashes(const struct webhook_key *key, const void *content,
                                      size_t content_bytes, const struct sent *sent,
                                      struct webhook_signature *signature, unsigned *matches) {
    uint8_t hash[SVC_SHA256_BYTES];
    const enum svc_status status =
        svc_hmac_sha256(key->bytes, key->size_bytes, content, content_bytes, hash);
    for (size_t i = 0; i < sent->count && status == SVC_OK; i++) {
        const unsigned is_equal = svc_equal_constant_time(hash, sent->hashes[i], SVC_SHA256_BYTES);
        *matches += is_equal;
        signature->secret = is_equal ? key->secret : signature->secret;
    }
    svc_wipe(hash, sizeof(hash));
    return status;
}

/* A public key with all signatures of v1a. Nothing here is secret. */
static enum svc_status compare_public(const struct webhook_key *key, const void *content,
                                      size_t content_bytes, const struct sent *sent,
                                      struct webhook_signature *signature, unsigned *matches) {
    enum svc_status status = SVC_OK;
    for (size_t i = 0; i < sent->public_count && status == SVC_OK; i++) {
        bool is_valid = false;
        status = svc_ed25519_verify(key->bytes, content, content_bytes, sent->public_signatures[i],
                                    &is_valid);
        *matches += is_valid;
        signature->secret = is_valid ? key->secret : signature->secret;
    }
    return status;
}

/* All keys with all entries of their version. */
static enum svc_status compare(const struct webhook_key_list *list, const void *content,
                               size_t content_bytes, const struct sent *sent,
                               struct webhook_signature *signature) {
    enum svc_status status = SVC_OK;
    unsigned matches = 0;
    for (size_t k = 0; k < list->count && status == SVC_OK; k++) {
        const struct webhook_key *key = &list->keys[k];
        status = key->is_public
                     ? compare_public(key, content, content_bytes, sent, signature, &matches)
                     : compare_hashes(key, content, content_bytes, sent, signature, &matches);
    }
    if (status != SVC_OK) {
        return status;
    }
    signature->refusal = matches > 0 ? WEBHOOK_REFUSED_NONE : WEBHOOK_REFUSED_MISMATCH;
    return matches > 0 ? SVC_OK : SVC_ACCESS_DENIED;
}

/* before + body + after. */
static enum svc_status compare_joined(const struct webhook_key_list *list, const char *before,
                                      const void *body, size_t body_bytes, const char *after,
                                      const struct sent *sent,
                                      struct webhook_signature *signature) {
    struct svc_buf content;
    const size_t size = strlen(before) + body_bytes + strlen(after);
    svc_buf_init(&content, size);
    svc_buf_reserve(&content, size);
    svc_buf_append_text(&content, before);
    svc_buf_append(&content, body, body_bytes);
    svc_buf_append_text(&content, after);
    enum svc_status status = svc_buf_status(&content);
    if (status == SVC_OK) {
        status = compare(list, content.bytes, content.size_bytes, sent, signature);
    }
    svc_buf_clear(&content);
    return status;
}

/* ---------------------------------------------------------------------- schemes */

static enum svc_status refuse(struct webhook_signature *signature, enum webhook_refusal refusal) {
    signature->refusal = refusal;
    return SVC_ACCESS_DENIED;
}

static bool fits(const char *header, size_t max_bytes) {
    return header != NULL && *header != '\0' && strnlen(header, max_bytes + 1) <= max_bytes;
}

bool webhook_is_message_id(const char *id) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return fits(id, WEBHOOK_MAX_MESSAGE_ID_BYTES) && id[strspn(id, letters)] == '\0';
}

static enum svc_status verify_standard(const struct webhook_key_list *list,
                                       const struct webhook_headers *headers, const void *body,
                                       size_t body_bytes, int64_t now_ms, struct sent *sent,
                                       struct webhook_signature *signature) {
    const char *id = headers->standard_id, *time = headers->standard_timestamp;
    char before[WEBHOOK_MAX_MESSAGE_ID_BYTES + WEBHOOK_MAX_TIME_BYTES + 3];
    uint64_t sent_s = 0;
    /* Up to the year 9999; a leading zero would be a second spelling. */
    if (!webhook_is_message_id(id) || !fits(time, WEBHOOK_MAX_TIME_BYTES) || *time == '0' ||
        !svc_parse_uint(time, UINT64_C(253402300799), &sent_s) ||
        !read_standard(headers->standard_signature, sent)) {
        return sent->status != SVC_OK ? sent->status : refuse(signature, WEBHOOK_REFUSED_MALFORMED);
    }
    const int64_t now_s = now_ms / 1000;
    const int64_t age_s = now_s - (int64_t)sent_s;
    if (age_s > WEBHOOK_TOLERANCE_S || age_s < -WEBHOOK_TOLERANCE_S) {
        return refuse(signature, WEBHOOK_REFUSED_TIMESTAMP);
    }
    const size_t id_bytes = strlen(id), time_bytes = strlen(time);
    memcpy(before, id, id_bytes);
    before[id_bytes] = '.';
    memcpy(before + id_bytes + 1, time, time_bytes);
    memcpy(before + id_bytes + 1 + time_bytes, ".", 2);
    const enum svc_status status =
        compare_joined(list, before, body, body_bytes, "", sent, signature);
    if (status == SVC_OK) {
        memcpy(signature->id, id, id_bytes + 1);
        signature->sent_ms = (int64_t)sent_s * 1000;
    }
    return status;
}

static enum svc_status verify_toss(const struct webhook_key_list *list,
                                   const struct webhook_headers *headers, const void *body,
                                   size_t body_bytes, struct sent *sent,
                                   struct webhook_signature *signature) {
    char after[WEBHOOK_MAX_TIME_BYTES + 2] = ":";
    int64_t sent_ms = 0;
    if (!fits(headers->toss_time, WEBHOOK_MAX_TIME_BYTES) ||
        !svc_parse_iso8601(headers->toss_time, &sent_ms) ||
        !read_toss(headers->toss_signature, sent)) {
        return sent->status != SVC_OK ? sent->status : refuse(signature, WEBHOOK_REFUSED_MALFORMED);
    }
    memcpy(after + 1, headers->toss_time, strlen(headers->toss_time) + 1);
    const enum svc_status status =
        compare_joined(list, "", body, body_bytes, after, sent, signature);
    if (status == SVC_OK) {
        signature->sent_ms = sent_ms;
    }
    return status;
}

enum svc_status webhook_verify(const struct webhook_secrets *secrets,
                               const struct webhook_headers *headers, const void *body,
                               size_t body_bytes, int64_t now_ms,
                               struct webhook_signature *signature) {
    struct sent sent = {.status = SVC_OK};
    memset(signature, 0, sizeof(*signature));
    const size_t schemes = find_schemes(headers, &signature->scheme);
    if (body_bytes > WEBHOOK_MAX_BODY_BYTES) {
        return SVC_TOO_LARGE;
    }
    if (schemes != 1 || headers->has_duplicate) {
        const bool is_unsigned = schemes == 0;
        signature->scheme = WEBHOOK_SCHEMES;
        return refuse(signature,
                      is_unsigned ? WEBHOOK_REFUSED_UNSIGNED : WEBHOOK_REFUSED_AMBIGUOUS);
    }
    const struct webhook_key_list *list = &secrets->schemes[signature->scheme];
    const char *header = signature->scheme == WEBHOOK_SCHEME_PLATFORM ? headers->platform_signature
                         : signature->scheme == WEBHOOK_SCHEME_STANDARD
                             ? headers->standard_signature
                             : headers->toss_signature;
    if (list->count == 0) {
        return refuse(signature, WEBHOOK_REFUSED_NO_SECRET);
    }
    if (!fits(header, WEBHOOK_MAX_SIGNATURE_BYTES)) {
        return refuse(signature, WEBHOOK_REFUSED_MALFORMED);
    }
    for (size_t i = 0; i < list->count; i++) {
        sent.takes_public |= list->keys[i].is_public;
    }
    switch (signature->scheme) {
    case WEBHOOK_SCHEME_STANDARD:
        return verify_standard(list, headers, body, body_bytes, now_ms, &sent, signature);
    case WEBHOOK_SCHEME_TOSS:
        return verify_toss(list, headers, body, body_bytes, &sent, signature);
    default:
        return read_hex(header, &sent) ? compare(list, body, body_bytes, &sent, signature)
                                       : refuse(signature, WEBHOOK_REFUSED_MALFORMED);
    }
}
