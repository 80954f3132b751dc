/* Objects read as streams: see s3.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/aws/s3_call.h"
#include "services/base/text.h"

#define MIN_HTTP_BODY_BYTES                                                                        \
    ((uint64_t)64 * 1024) /* enough for an error's body, however small the limit */
#define DRAIN_BYTES ((size_t)16 * 1024)

struct awsc_s3_reader {
    struct awsc_client *client;
    struct awsc_call call;
    char *bucket, *key, *version_id;
    char etag[128];
    uint64_t size_bytes, read_bytes, max_bytes;
    int64_t deadline_ms;
    struct svc_hash *hash; /* NULL: S3 has no checksum of the entire object */
    enum svc_hash_kind hash_kind;
    uint8_t expected[SVC_MAX_HASH_BYTES];
    size_t expected_bytes;
    struct svc_hash *again; /* of what was read before a rewind; NULL: nothing, or it is the same */
    uint64_t again_bytes;
    uint8_t before[SVC_MAX_HASH_BYTES]; /* its hash then */
    int attempts;                       /* requests made so far */
    int last_cost;                      /* tokens of the last retry, given back when all is read */
    bool has_ended;
    enum svc_status status; /* the first failure */
    struct awsc_error error;
};

/* ---------------------------------------------------------------------- checksum */

static const struct {
    const char *header;
    enum svc_hash_kind kind;
    size_t size_bytes;
} checksums[] = {
    {"x-amz-checksum-crc32", SVC_HASH_CRC32, 4},
    {"x-amz-checksum-crc32c", SVC_HASH_CRC32C, 4},
    {"x-amz-checksum-crc64nvme", SVC_HASH_CRC64NVME, 8},
    {"x-amz-checksum-sha1", SVC_HASH_SHA1, 20},
    {"x-amz-checksum-sha256", SVC_HASH_SHA256, 32},
};

/* The first checksum of the entire object in the response. A checksum of the parts' checksums
 * ("...-3", type COMPOSITE) cannot be verified here. */
static enum svc_status expect_checksum(struct awsc_s3_reader *reader) {
    const struct svc_http_exchange *exchange = reader->call.exchange;
    const char *type = svc_http_header_value(exchange, "x-amz-checksum-type");
    if (type != NULL && strcmp(type, "FULL_OBJECT") != 0) {
        return SVC_OK;
    }
    for (size_t i = 0; i < sizeof(checksums) / sizeof(checksums[0]); i++) {
        const char *value = svc_http_header_value(exchange, checksums[i].header);
        struct svc_buf decoded;
        svc_buf_init(&decoded, SVC_MAX_HASH_BYTES);
        if (value == NULL || strchr(value, '-') != NULL ||
            svc_base64_decode(value, strlen(value), &decoded) != SVC_OK ||
            decoded.size_bytes != checksums[i].size_bytes) {
            svc_buf_clear(&decoded);
            continue;
        }
        memcpy(reader->expected, decoded.bytes, decoded.size_bytes);
        reader->expected_bytes = decoded.size_bytes;
        svc_buf_clear(&decoded);
        reader->hash_kind = checksums[i].kind;
        return svc_hash_create(reader->hash_kind, &reader->hash);
    }
    return SVC_OK;
}

static enum svc_status check_checksum(struct awsc_s3_reader *reader) {
    uint8_t found[SVC_MAX_HASH_BYTES];
    size_t found_bytes = 0;
    if (reader->hash == NULL) {
        return SVC_OK;
    }
    enum svc_status status = svc_hash_finish(reader->hash, found, &found_bytes);
    if (status != SVC_OK) {
        return status;
    }
    return found_bytes == reader->expected_bytes &&
                   memcmp(found, reader->expected, found_bytes) == 0
               ? SVC_OK
               : SVC_CHECKSUM_MISMATCH;
}

/* ---------------------------------------------------------------------- opening */

static void reader_destroy(struct awsc_s3_reader *reader) {
    if (reader != NULL) {
        awsc_call_clear(reader->client, &reader->call);
        svc_hash_destroy(reader->hash);
        svc_hash_destroy(reader->again);
        free(reader->bucket);
        free(reader->key);
        free(reader->version_id);
        free(reader);
    }
}

static struct awsc_s3_reader *reader_create(struct awsc_client *client,
                                            const struct awsc_s3_get *get) {
    struct awsc_s3_reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL) {
        return NULL;
    }
    reader->client = client;
    reader->max_bytes = get->max_bytes;
    reader->deadline_ms = awsc_deadline(client, get->deadline_ms);
    reader->bucket = svc_duplicate_text(get->bucket);
    reader->key = svc_duplicate_text(get->key);
    reader->version_id = get->version_id != NULL ? svc_duplicate_text(get->version_id) : NULL;
    if (reader->bucket == NULL || reader->key == NULL ||
        (get->version_id != NULL && reader->version_id == NULL)) {
        reader_destroy(reader);
        return NULL;
    }
    return reader;
}

static void describe_get(struct awsc_s3_reader *reader) {
    struct awsc_call *call = &reader->call;
    awsc_s3_call_init(reader->client, call, "GetObject", "GET", reader->bucket, reader->key,
                      reader->version_id);
    call->streamed = true;
    call->deadline_ms = reader->deadline_ms;
    call->max_body_bytes = reader->max_bytes == 0                    ? UINT64_MAX
                           : reader->max_bytes < MIN_HTTP_BODY_BYTES ? MIN_HTTP_BODY_BYTES
                                                                     : reader->max_bytes;
}

static enum svc_status read_head(struct awsc_s3_reader *reader, struct awsc_s3_info *info,
                                 struct awsc_error *error) {
    enum svc_status status = awsc_s3_read_info(reader->call.exchange, info, error);
    if (status != SVC_OK) {
        return status;
    }
    reader->size_bytes = info->size_bytes;
    memcpy(reader->etag, info->etag, sizeof(reader->etag));
    if (reader->max_bytes != 0 && info->size_bytes > reader->max_bytes) {
        status =
            awsc_fail(error, SVC_TOO_LARGE, "the object has %llu bytes, the limit is %llu",
                      (unsigned long long)info->size_bytes, (unsigned long long)reader->max_bytes);
    } else {
        status = expect_checksum(reader);
    }
    if (status != SVC_OK) {
        awsc_s3_info_clear(info);
    }
    return status;
}

enum svc_status awsc_s3_get_open(struct awsc_client *client, const struct awsc_s3_get *get,
                                 struct awsc_s3_reader **out, struct awsc_s3_info *info,
                                 struct awsc_error *error) {
    struct awsc_error own;
    error = error != NULL ? error : &own;
    awsc_error_clear(error);
    *out = NULL;
    if (get->bucket == NULL || get->key == NULL) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "no bucket or no key");
    }
    struct awsc_s3_reader *reader = reader_create(client, get);
    if (reader == NULL) {
        return awsc_fail(error, SVC_NO_MEMORY, "no memory for reading an object");
    }
    describe_get(reader);
    awsc_call_header(&reader->call, "x-amz-checksum-mode", "ENABLED");
    awsc_s3_etag_header(&reader->call, "If-Match", get->if_match);
    awsc_s3_etag_header(&reader->call, "If-None-Match", get->if_none_match);
    enum svc_status status = awsc_call_run(client, &reader->call, error);
    if (status == SVC_OK) {
        status = read_head(reader, info, error);
    }
    if (status != SVC_OK) {
        error->status = status;
        reader_destroy(reader);
        return status;
    }
    reader->attempts = reader->call.error.attempts;
    reader->last_cost = reader->call.last_cost;
    *out = reader;
    return SVC_OK;
}

/* ---------------------------------------------------------------------- reading */

static void fail_reader(struct awsc_s3_reader *reader, enum svc_status status,
                        const char *message) {
    if (reader->status == SVC_OK) {
        reader->status = status;
        reader->error = reader->call.error;
        awsc_fail(&reader->error, status, "%s", message);
        reader->error.attempts = reader->attempts;
    }
}

/* Whether the response continues exactly where reading stopped ("bytes 1000-1999/2000"), in the
 * same object. Where S3 has no checksum of it, nothing else shows that. */
static bool continues_here(const struct awsc_s3_reader *reader) {
    const struct svc_http_exchange *exchange = reader->call.exchange;
    const char *range = svc_http_header_value(exchange, "content-range");
    const char *etag = svc_http_header_value(exchange, "etag");
    char expected[96];
    snprintf(expected, sizeof(expected), "bytes %llu-%llu/%llu",
             (unsigned long long)reader->read_bytes, (unsigned long long)reader->size_bytes - 1,
             (unsigned long long)reader->size_bytes);
    return exchange->http_status == 206 && range != NULL && strcmp(range, expected) == 0 &&
           etag != NULL && strcmp(etag, reader->etag) == 0;
}

/* After a read broke off: requests the rest of the same object. false: reader->status is set. */
static bool resume(struct awsc_s3_reader *reader, enum svc_status broken) {
    char range[48];
    struct awsc_call *call = &reader->call;
    enum awsc_retry_kind kind = awsc_retry_classify(broken, 0, "");
    if (reader->etag[0] == '\0' || kind == AWSC_RETRY_NOT ||
        !awsc_wait_for_retry(reader->client, reader->attempts, kind, reader->deadline_ms,
                             &reader->last_cost)) {
        fail_reader(reader, broken, svc_status_message(broken));
        return false;
    }
    awsc_call_clear(reader->client, call);
    describe_get(reader);
    snprintf(range, sizeof(range), "bytes=%llu-", (unsigned long long)reader->read_bytes);
    awsc_call_header(call, "Range", range);
    awsc_call_header(call, "If-Match", reader->etag);
    call->attempts_before = reader->attempts;
    enum svc_status status = awsc_call_run(reader->client, call, NULL);
    reader->attempts = call->error.attempts;
    reader->last_cost = call->last_cost > 0 ? call->last_cost : reader->last_cost;
    if (status != SVC_OK) {
        fail_reader(reader, status, call->error.message);
        return false;
    }
    if (!continues_here(reader)) {
        fail_reader(reader, SVC_BAD_RESPONSE, "the response is not the rest of the object");
        return false;
    }
    return true;
}

/* What was read before a rewind has been used, but only the second reading is checked against the
 * checksum: both must be the same. */
static bool check_again(struct awsc_s3_reader *reader, const uint8_t *bytes, size_t size_bytes) {
    uint8_t found[SVC_MAX_HASH_BYTES];
    size_t found_bytes = 0;
    const uint64_t left = reader->again_bytes - reader->read_bytes;
    const size_t step = left < size_bytes ? (size_t)left : size_bytes;
    if (svc_hash_add(reader->again, bytes, step) != SVC_OK) {
        fail_reader(reader, SVC_INTERNAL, "hashing failed");
        return false;
    }
    if (step < left) {
        return true;
    }
    const enum svc_status status = svc_hash_finish(reader->again, found, &found_bytes);
    svc_hash_destroy(reader->again);
    reader->again = NULL;
    if (status != SVC_OK || memcmp(found, reader->before, found_bytes) != 0) {
        fail_reader(reader, status != SVC_OK ? status : SVC_CHECKSUM_MISMATCH,
                    "the second reading is not the first");
        return false;
    }
    return true;
}

/* Whether these bytes may be handed out. */
static bool take(struct awsc_s3_reader *reader, const uint8_t *bytes, size_t size_bytes) {
    if (size_bytes > reader->size_bytes - reader->read_bytes) {
        fail_reader(reader, SVC_BAD_RESPONSE, "more bytes than the object has");
        return false;
    }
    if (reader->again != NULL && !check_again(reader, bytes, size_bytes)) {
        return false;
    }
    reader->read_bytes += size_bytes;
    if (reader->hash != NULL && svc_hash_add(reader->hash, bytes, size_bytes) != SVC_OK) {
        fail_reader(reader, SVC_INTERNAL, "hashing failed");
        return false;
    }
    return true;
}

bool awsc_s3_read(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes) {
    struct awsc_s3_reader *reader = user;
    *read_bytes = 0;
    if (size_bytes == 0 || reader->has_ended) {
        return reader->status == SVC_OK;
    }
    while (reader->status == SVC_OK) {
        size_t got = 0;
        enum svc_status status = svc_http_read(reader->client->transport, reader->call.exchange,
                                               buffer, size_bytes, &got);
        if (status == SVC_OK && got > 0) {
            *read_bytes = take(reader, buffer, got) ? got : 0;
            break;
        }
        if (status == SVC_OK && reader->read_bytes == reader->size_bytes) {
            reader->has_ended = true;
            enum svc_status sum = check_checksum(reader);
            if (sum != SVC_OK) {
                fail_reader(reader, sum, svc_status_message(sum));
            }
            break;
        }
        if (!resume(reader, status == SVC_OK ? SVC_CONNECTION_LOST : status)) {
            break;
        }
    }
    return reader->status == SVC_OK;
}

/* Whether the response is the same object from its beginning, with its checksum. */
static bool begins_again(struct awsc_s3_reader *reader) {
    struct awsc_s3_info info;
    enum svc_status status = awsc_s3_read_info(reader->call.exchange, &info, NULL);
    if (status != SVC_OK) {
        fail_reader(reader, status, svc_status_message(status));
        return false;
    }
    const bool is_same = reader->call.exchange->http_status == 200 &&
                         info.size_bytes == reader->size_bytes &&
                         strcmp(info.etag, reader->etag) == 0;
    awsc_s3_info_clear(&info);
    status = is_same ? expect_checksum(reader) : SVC_BAD_RESPONSE;
    if (status != SVC_OK) {
        fail_reader(reader, status, "the response is not the same object");
    }
    return status == SVC_OK;
}

/* Keeps the hash of what was read so far, unless that is the entire object, which is checked. */
static bool keep_hash(struct awsc_s3_reader *reader) {
    size_t before_bytes;
    enum svc_status status = SVC_OK;
    svc_hash_destroy(reader->again);
    reader->again = NULL;
    if (reader->hash != NULL && !reader->has_ended && reader->read_bytes > 0) {
        status = svc_hash_finish(reader->hash, reader->before, &before_bytes);
        if (status == SVC_OK) {
            status = svc_hash_create(reader->hash_kind, &reader->again);
        }
        reader->again_bytes = reader->read_bytes;
    }
    svc_hash_destroy(reader->hash);
    reader->hash = NULL;
    if (status != SVC_OK) {
        fail_reader(reader, status, svc_status_message(status));
    }
    return status == SVC_OK;
}

bool awsc_s3_rewind(void *user) {
    struct awsc_s3_reader *reader = user;
    struct awsc_call *call = &reader->call;
    if (reader->status != SVC_OK) {
        return false;
    }
    if (reader->etag[0] == '\0') {
        fail_reader(reader, SVC_BAD_RESPONSE, "the object has no ETag by which to read it again");
        return false;
    }
    if (!keep_hash(reader)) {
        return false;
    }
    awsc_call_clear(reader->client, call);
    describe_get(reader);
    awsc_call_header(call, "x-amz-checksum-mode", "ENABLED");
    awsc_call_header(call, "If-Match", reader->etag);
    const enum svc_status status = awsc_call_run(reader->client, call, NULL);
    reader->attempts = call->error.attempts;
    reader->last_cost = call->last_cost > 0 ? call->last_cost : reader->last_cost;
    reader->read_bytes = 0;
    reader->has_ended = false;
    if (status != SVC_OK) {
        fail_reader(reader, status, call->error.message);
        return false;
    }
    return begins_again(reader);
}

enum svc_status awsc_s3_get_finish(struct awsc_s3_reader *reader, struct awsc_error *error) {
    uint8_t *rest = malloc(DRAIN_BYTES);
    size_t got = 1;
    if (rest == NULL) {
        fail_reader(reader, SVC_NO_MEMORY, "no memory for reading an object");
    }
    while (rest != NULL && got > 0 && awsc_s3_read(reader, rest, DRAIN_BYTES, &got)) {
    }
    free(rest);
    enum svc_status status = reader->status;
    if (error != NULL) {
        *error = status == SVC_OK ? reader->call.error : reader->error;
    }
    if (status == SVC_OK) {
        awsc_retry_give(&reader->client->bucket, reader->last_cost);
    }
    reader_destroy(reader);
    return status;
}

void awsc_s3_get_abort(struct awsc_s3_reader *reader) {
    reader_destroy(reader);
}

/* ---------------------------------------------------------------------- entire objects */

/* cost: tokens of this retry; 0 for the first attempt. */
static enum svc_status get_once(struct awsc_client *client, const struct awsc_s3_get *get, int cost,
                                struct svc_buf *content, struct awsc_s3_info *info,
                                struct awsc_error *error) {
    struct awsc_s3_reader *reader = NULL;
    enum svc_status status = awsc_s3_get_open(client, get, &reader, info, error);
    if (status != SVC_OK) {
        return status;
    }
    reader->last_cost = reader->last_cost > 0 ? reader->last_cost : cost;
    if (info->size_bytes >= SIZE_MAX || !svc_buf_reserve(content, (size_t)info->size_bytes)) {
        awsc_s3_get_abort(reader);
        awsc_s3_info_clear(info);
        status = svc_buf_status(content) != SVC_OK ? svc_buf_status(content) : SVC_TOO_LARGE;
        return awsc_fail(error, status, "%s", svc_status_message(status));
    }
    size_t got = 1;
    while (got > 0 && awsc_s3_read(reader, content->bytes + content->size_bytes,
                                   content->capacity_bytes - 1 - content->size_bytes > 0
                                       ? content->capacity_bytes - 1 - content->size_bytes
                                       : 1,
                                   &got)) {
        content->size_bytes += got;
    }
    content->bytes[content->size_bytes] = 0;
    status = awsc_s3_get_finish(reader, error);
    if (status != SVC_OK) {
        awsc_s3_info_clear(info);
    }
    return status;
}

enum svc_status awsc_s3_get_all(struct awsc_client *client, const struct awsc_s3_get *get,
                                struct svc_buf *content, struct awsc_s3_info *info,
                                struct awsc_error *error) {
    struct awsc_s3_info own_info;
    struct awsc_error own_error;
    struct awsc_s3_get bounded = *get;
    size_t before = content->size_bytes;
    int cost = 0;
    error = error != NULL ? error : &own_error;
    bounded.deadline_ms = awsc_deadline(client, get->deadline_ms);
    for (int attempts = 1;; attempts++) {
        enum svc_status status = get_once(client, &bounded, cost, content, &own_info, error);
        if (status == SVC_OK) {
            if (info != NULL) {
                *info = own_info;
            } else {
                awsc_s3_info_clear(&own_info);
            }
            return SVC_OK;
        }
        content->size_bytes = before; /* without what a failed attempt appended */
        if (content->bytes != NULL) {
            content->bytes[before] = 0;
        }
        /* All other failures were retried by the reader. */
        if (status != SVC_CHECKSUM_MISMATCH ||
            !awsc_wait_for_retry(client, attempts, AWSC_RETRY_TRANSIENT, bounded.deadline_ms,
                                 &cost)) {
            return status;
        }
    }
}
