/* Signature Version 4: see sigv4.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/aws/sigv4.h"
#include "services/base/limits.h"
#include "services/base/text.h"

#define ALGORITHM        "AWS4-HMAC-SHA256"
#define MAX_SIGNED_BYTES ((size_t)128 * 1024)

static enum svc_status first_failure(enum svc_status a, enum svc_status b) {
    return a != SVC_OK ? a : b;
}

/* ---------------------------------------------------------------------- canonical request */

/* Resolves "." and ".." (RFC 3986, 5.2.4) and empty segments: "/a/../b//c/." is "/b/c". The slash
 * at the end stays only if the path ends in one, as in AWS's own signers. */
static void normalize(const char *path, struct svc_buf *out) {
    size_t path_bytes = strlen(path);
    size_t start = out->size_bytes;
    const char *at = path;
    while (*at != '\0') {
        size_t size = strcspn(at, "/");
        if (size == 2 && memcmp(at, "..", 2) == 0) {
            while (out->size_bytes > start && out->bytes[--out->size_bytes] != '/') {
            }
        } else if (size > 0 && !(size == 1 && at[0] == '.')) {
            svc_buf_append_char(out, '/');
            svc_buf_append(out, at, size);
        }
        at += size + (at[size] == '/');
    }
    if (out->size_bytes == start || path[path_bytes - 1] == '/') {
        svc_buf_append_char(out, '/');
    }
}

enum svc_status awsc_canonical_path(const char *path, bool s3_path, struct svc_buf *out) {
    if (path[0] == '\0') {
        path = "/";
    }
    if (s3_path) {
        svc_buf_append_text(out, path);
        return svc_buf_status(out);
    }
    struct svc_buf normalized;
    svc_buf_init(&normalized, SVC_MAX_URL_BYTES + 2);
    normalize(path, &normalized);
    svc_percent_encode(normalized.bytes, normalized.size_bytes, true, out);
    enum svc_status status = first_failure(svc_buf_status(&normalized), svc_buf_status(out));
    svc_buf_clear(&normalized);
    return status;
}

/* An encoded parameter or a header: its name and value within a buffer. */
struct piece {
    const char *name, *value;
    size_t order; /* keeps the order of equal names */
};

static int compare_params(const void *a, const void *b) {
    const struct piece *left = a, *right = b;
    int names = strcmp(left->name, right->name);
    return names != 0 ? names : strcmp(left->value, right->value);
}

static int compare_headers(const void *a, const void *b) {
    const struct piece *left = a, *right = b;
    int names = strcmp(left->name, right->name);
    return names != 0 ? names : (left->order > right->order) - (left->order < right->order);
}

/* Pieces from a buffer of "name NUL value NUL ..."; free() them. */
static struct piece *pieces_of(const struct svc_buf *text, size_t count) {
    struct piece *pieces = calloc(count + 1, sizeof(*pieces));
    const char *at = svc_buf_text(text);
    for (size_t i = 0; i < count && pieces != NULL; i++) {
        pieces[i].name = at;
        pieces[i].value = at + strlen(at) + 1;
        pieces[i].order = i;
        at = pieces[i].value + strlen(pieces[i].value) + 1;
    }
    return pieces;
}

enum svc_status awsc_canonical_query(const struct awsc_param *query, size_t count,
                                     struct svc_buf *out) {
    struct svc_buf encoded;
    struct piece *params = NULL;
    svc_buf_init(&encoded, MAX_SIGNED_BYTES);
    for (size_t i = 0; i < count; i++) {
        const char *value = query[i].value != NULL ? query[i].value : "";
        svc_percent_encode(query[i].name, strlen(query[i].name), false, &encoded);
        svc_buf_append_char(&encoded, '\0');
        svc_percent_encode(value, strlen(value), false, &encoded);
        svc_buf_append_char(&encoded, '\0');
    }
    enum svc_status status = svc_buf_status(&encoded);
    if (status == SVC_OK) {
        params = pieces_of(&encoded, count);
        status = params != NULL ? SVC_OK : SVC_NO_MEMORY;
    }
    if (status == SVC_OK) {
        /* Sorted by the encoded form, as the specification demands. */
        qsort(params, count, sizeof(*params), compare_params);
        for (size_t i = 0; i < count; i++) {
            svc_buf_printf(out, "%s%s=%s", i > 0 ? "&" : "", params[i].name, params[i].value);
        }
        status = svc_buf_status(out);
    }
    free(params);
    svc_buf_wipe(&encoded); /* a presigned URL's session token may be in it */
    return status;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Without blanks at the ends, and with one space for each sequence of blanks. */
static void append_trimmed(struct svc_buf *out, const char *value) {
    const char *end = value + strlen(value);
    while (is_blank(*value)) {
        value++;
    }
    while (end > value && is_blank(end[-1])) {
        end--;
    }
    for (; value < end; value++) {
        if (!is_blank(*value)) {
            svc_buf_append_char(out, *value);
        } else if (!is_blank(value[1])) {
            svc_buf_append_char(out, ' ');
        }
    }
}

static void append_headers(const struct piece *headers, size_t count, struct svc_buf *canonical,
                           struct svc_buf *signed_headers) {
    for (size_t i = 0; i < count; i++) {
        bool is_repeated = i > 0 && strcmp(headers[i].name, headers[i - 1].name) == 0;
        if (is_repeated) {
            svc_buf_printf(canonical, ",%s", headers[i].value);
            continue;
        }
        svc_buf_printf(canonical, "%s%s:%s", i > 0 ? "\n" : "", headers[i].name, headers[i].value);
        svc_buf_printf(signed_headers, "%s%s", i > 0 ? ";" : "", headers[i].name);
    }
    svc_buf_append_text(canonical, count > 0 ? "\n\n" : "\n");
}

static enum svc_status canonical_headers(const struct awsc_sign_input *input,
                                         struct svc_buf *canonical,
                                         struct svc_buf *signed_headers) {
    struct svc_buf text;
    struct piece *headers = NULL;
    svc_buf_init(&text, MAX_SIGNED_BYTES);
    for (size_t i = 0; i < input->header_count; i++) {
        for (const char *c = input->headers[i].name; *c != '\0'; c++) {
            svc_buf_append_char(&text, *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c);
        }
        svc_buf_append_char(&text, '\0');
        append_trimmed(&text, input->headers[i].value);
        svc_buf_append_char(&text, '\0');
    }
    enum svc_status status = svc_buf_status(&text);
    if (status == SVC_OK) {
        headers = pieces_of(&text, input->header_count);
        status = headers != NULL ? SVC_OK : SVC_NO_MEMORY;
    }
    if (status == SVC_OK) {
        qsort(headers, input->header_count, sizeof(*headers), compare_headers);
        append_headers(headers, input->header_count, canonical, signed_headers);
        status = first_failure(svc_buf_status(canonical), svc_buf_status(signed_headers));
    }
    free(headers);
    svc_buf_wipe(&text);
    return status;
}

enum svc_status awsc_canonical_request(const struct awsc_sign_input *input,
                                       struct svc_buf *canonical, struct svc_buf *signed_headers) {
    size_t names = signed_headers->size_bytes;
    svc_buf_printf(canonical, "%s\n", input->method);
    enum svc_status status = awsc_canonical_path(input->path, input->s3_path, canonical);
    svc_buf_append_char(canonical, '\n');
    if (status == SVC_OK) {
        status = awsc_canonical_query(input->query, input->query_count, canonical);
    }
    svc_buf_append_char(canonical, '\n');
    if (status == SVC_OK) {
        status = canonical_headers(input, canonical, signed_headers);
    }
    if (status == SVC_OK) {
        svc_buf_printf(canonical, "%s\n%s", svc_buf_text(signed_headers) + names,
                       input->payload_hash);
        status = svc_buf_status(canonical);
    }
    return status;
}

/* ---------------------------------------------------------------------- the other stages */

enum svc_status awsc_credential_scope(const struct awsc_sign_input *input, struct svc_buf *scope) {
    char date[SVC_AMZ_DATE_BYTES];
    svc_format_amz_date(input->wall_ms, date);
    svc_buf_printf(scope, "%.8s/%s/%s/aws4_request", date, input->region, input->service);
    return svc_buf_status(scope);
}

enum svc_status awsc_string_to_sign(const struct awsc_sign_input *input, const char *canonical,
                                    size_t canonical_bytes, struct svc_buf *out) {
    char date[SVC_AMZ_DATE_BYTES], hash[SVC_SHA256_HEX_BYTES];
    svc_format_amz_date(input->wall_ms, date);
    enum svc_status status = svc_sha256_hex(canonical, canonical_bytes, hash);
    if (status != SVC_OK) {
        return status;
    }
    svc_buf_printf(out, ALGORITHM "\n%s\n", date);
    status = awsc_credential_scope(input, out);
    svc_buf_printf(out, "\n%s", hash);
    return first_failure(status, svc_buf_status(out));
}

enum svc_status awsc_signing_key(const char *secret_access_key, int64_t wall_ms, const char *region,
                                 const char *service, uint8_t key[SVC_SHA256_BYTES]) {
    char date[SVC_AMZ_DATE_BYTES];
    char secret[4 + AWSC_MAX_SECRET_BYTES + 1];
    uint8_t step[SVC_SHA256_BYTES];
    svc_format_amz_date(wall_ms, date);
    int size = snprintf(secret, sizeof(secret), "AWS4%s", secret_access_key);
    if (size < 0 || (size_t)size >= sizeof(secret)) {
        svc_wipe(secret, sizeof(secret));
        return SVC_INVALID_ARGUMENT;
    }
    enum svc_status status = svc_hmac_sha256(secret, (size_t)size, date, 8, key);
    if (status == SVC_OK) {
        status = svc_hmac_sha256(key, SVC_SHA256_BYTES, region, strlen(region), step);
    }
    if (status == SVC_OK) {
        status = svc_hmac_sha256(step, SVC_SHA256_BYTES, service, strlen(service), key);
    }
    if (status == SVC_OK) {
        status = svc_hmac_sha256(key, SVC_SHA256_BYTES, "aws4_request", 12, step);
    }
    memcpy(key, step, SVC_SHA256_BYTES);
    if (status != SVC_OK) {
        svc_wipe(key, SVC_SHA256_BYTES);
    }
    svc_wipe(secret, sizeof(secret));
    svc_wipe(step, sizeof(step));
    return status;
}

enum svc_status awsc_signature(const uint8_t key[SVC_SHA256_BYTES], const char *string_to_sign,
                               size_t size_bytes, char signature[SVC_SHA256_HEX_BYTES]) {
    uint8_t mac[SVC_SHA256_BYTES];
    enum svc_status status =
        svc_hmac_sha256(key, SVC_SHA256_BYTES, string_to_sign, size_bytes, mac);
    signature[0] = '\0';
    if (status == SVC_OK) {
        svc_hex(mac, sizeof(mac), signature);
    }
    return status;
}

/* ---------------------------------------------------------------------- all stages */

static enum svc_status sign_all(const struct awsc_sign_input *input, const char *secret_access_key,
                                struct svc_buf *signed_headers,
                                char signature[SVC_SHA256_HEX_BYTES]) {
    struct svc_buf canonical, string_to_sign;
    uint8_t key[SVC_SHA256_BYTES] = {0};
    svc_buf_init(&canonical, 4 * MAX_SIGNED_BYTES);
    svc_buf_init(&string_to_sign, 1024);
    enum svc_status status = awsc_canonical_request(input, &canonical, signed_headers);
    if (status == SVC_OK) {
        status = awsc_string_to_sign(input, svc_buf_text(&canonical), canonical.size_bytes,
                                     &string_to_sign);
    }
    if (status == SVC_OK) {
        status =
            awsc_signing_key(secret_access_key, input->wall_ms, input->region, input->service, key);
    }
    if (status == SVC_OK) {
        status = awsc_signature(key, svc_buf_text(&string_to_sign), string_to_sign.size_bytes,
                                signature);
    }
    svc_wipe(key, sizeof(key));
    svc_buf_wipe(&canonical); /* it may hold the session token */
    svc_buf_clear(&string_to_sign);
    return status;
}

enum svc_status awsc_sign(const struct awsc_sign_input *input,
                          const struct awsc_credentials *credentials,
                          struct svc_buf *authorization) {
    struct svc_buf signed_headers;
    char signature[SVC_SHA256_HEX_BYTES];
    svc_buf_init(&signed_headers, MAX_SIGNED_BYTES);
    enum svc_status status =
        sign_all(input, credentials->secret_access_key, &signed_headers, signature);
    if (status == SVC_OK) {
        svc_buf_printf(authorization, ALGORITHM " Credential=%s/", credentials->access_key_id);
        status = awsc_credential_scope(input, authorization);
        svc_buf_printf(authorization, ", SignedHeaders=%s, Signature=%s",
                       svc_buf_text(&signed_headers), signature);
        status = first_failure(status, svc_buf_status(authorization));
    }
    svc_buf_clear(&signed_headers);
    return status;
}

static enum svc_status signed_names(const struct awsc_sign_input *input, struct svc_buf *names) {
    struct svc_buf dropped;
    svc_buf_init(&dropped, 4 * MAX_SIGNED_BYTES);
    enum svc_status status = canonical_headers(input, &dropped, names);
    svc_buf_clear(&dropped);
    return status;
}

static enum svc_status presign(const struct awsc_sign_input *input,
                               const struct awsc_credentials *credentials,
                               const struct awsc_param *query, size_t count,
                               struct svc_buf *path_and_query) {
    struct awsc_sign_input complete = *input;
    struct svc_buf names;
    char signature[SVC_SHA256_HEX_BYTES];
    complete.query = query;
    complete.query_count = count;
    svc_buf_init(&names, MAX_SIGNED_BYTES);
    enum svc_status status = sign_all(&complete, credentials->secret_access_key, &names, signature);
    if (status == SVC_OK) {
        svc_buf_printf(path_and_query, "%s?", input->path[0] != '\0' ? input->path : "/");
        status = awsc_canonical_query(query, count, path_and_query);
        svc_buf_printf(path_and_query, "&X-Amz-Signature=%s", signature);
        status = first_failure(status, svc_buf_status(path_and_query));
    }
    svc_buf_clear(&names);
    return status;
}

enum svc_status awsc_presign(const struct awsc_sign_input *input,
                             const struct awsc_credentials *credentials, int expires_s,
                             struct svc_buf *path_and_query) {
    if (expires_s < 1 || expires_s > AWSC_MAX_PRESIGN_SECONDS) {
        return SVC_INVALID_ARGUMENT;
    }
    char date[SVC_AMZ_DATE_BYTES], expires[16];
    struct svc_buf credential, names;
    svc_format_amz_date(input->wall_ms, date);
    snprintf(expires, sizeof(expires), "%d", expires_s);
    svc_buf_init(&credential, 1024);
    svc_buf_init(&names, MAX_SIGNED_BYTES);
    svc_buf_printf(&credential, "%s/", credentials->access_key_id);
    enum svc_status status = awsc_credential_scope(input, &credential);
    if (status == SVC_OK) {
        status = signed_names(input, &names);
    }
    struct awsc_param *query = calloc(input->query_count + 6, sizeof(*query));
    if (status == SVC_OK && query == NULL) {
        status = SVC_NO_MEMORY;
    }
    if (status == SVC_OK) {
        size_t count = input->query_count;
        if (count > 0) {
            memcpy(query, input->query, count * sizeof(*query));
        }
        query[count++] = (struct awsc_param){"X-Amz-Algorithm", ALGORITHM};
        query[count++] = (struct awsc_param){"X-Amz-Credential", svc_buf_text(&credential)};
        query[count++] = (struct awsc_param){"X-Amz-Date", date};
        query[count++] = (struct awsc_param){"X-Amz-Expires", expires};
        query[count++] = (struct awsc_param){"X-Amz-SignedHeaders", svc_buf_text(&names)};
        if (credentials->session_token[0] != '\0') {
            query[count++] =
                (struct awsc_param){"X-Amz-Security-Token", credentials->session_token};
        }
        status = presign(input, credentials, query, count, path_and_query);
    }
    free(query);
    svc_buf_clear(&credential);
    svc_buf_clear(&names);
    return status;
}
