/* Any response of S3, to each operation: the statuses, the bounds of what is read, and errors and
 * logs as fuzz_client.h checks them. */
#include <string.h>

#include "fuzz/support/fuzz_client.h"
#include "services/aws/s3.h"
#include "services/aws/s3_denied.h"
#include "services/base/text.h"

struct listing {
    size_t count, max_keys;
    bool is_in_prefixes;
    unsigned sum; /* of every byte, so that none is uninitialised */
};

static unsigned sum_of(const char *text) {
    unsigned sum = 0;
    for (; *text; text++)
        sum += (unsigned char)*text;
    return sum;
}

static bool take_entry(void *user, const struct awsc_s3_listed *entry) {
    struct listing *listing = user;
    const size_t key_bytes = strlen(entry->key);
    FUZZ_CHECK(++listing->count <= listing->max_keys, "more entries than were asked for");
    FUZZ_CHECK(key_bytes > 0 && key_bytes <= AWSC_MAX_S3_KEY_BYTES, "a key of %zu bytes",
               key_bytes);
    FUZZ_CHECK(entry->is_prefix || !listing->is_in_prefixes, "a key after the prefixes");
    FUZZ_CHECK(entry->size_bytes <= INT64_MAX, "a size beyond an int64_t");
    listing->is_in_prefixes = entry->is_prefix;
    listing->sum += sum_of(entry->key) + sum_of(entry->etag);
    return true;
}

static void list_keys(struct fuzz_client *fuzz, struct awsc_error *error) {
    struct listing listing = {.max_keys = 5};
    struct svc_buf next;
    svc_buf_init(&next, AWSC_MAX_S3_TOKEN_BYTES);
    const struct awsc_s3_list list = {.bucket = "bucket", .max_keys = 5, .continuation = "before"};
    const enum svc_status status =
        awsc_s3_list(fuzz->client, &list, take_entry, &listing, &next, error);
    fuzz_client_check(fuzz, status, error);
    FUZZ_CHECK(status == SVC_OK || (listing.count == 0 && next.size_bytes == 0),
               "entries of a page that is refused");
    FUZZ_CHECK(strcmp(svc_buf_text(&next), "before") != 0, "the same page for ever");
    svc_buf_clear(&next);
}

static void check_info(const struct awsc_s3_info *info) {
    FUZZ_CHECK(info->size_bytes <= INT64_MAX, "a size beyond an int64_t");
    FUZZ_CHECK(strlen(info->etag) < sizeof(info->etag) &&
                   strlen(info->version_id) < sizeof(info->version_id) &&
                   strlen(info->content_type) < sizeof(info->content_type),
               "a text without its end");
    const char *value = awsc_s3_metadata(info, "checksum");
    FUZZ_CHECK(value == NULL || strlen(value) < SVC_MAX_RESPONSE_HEADER_BYTES, "metadata");
}

static void head(struct fuzz_client *fuzz, const struct awsc_s3_get *get,
                 struct awsc_error *error) {
    struct awsc_s3_info info;
    const enum svc_status status = awsc_s3_head(fuzz->client, get, &info, error);
    fuzz_client_check(fuzz, status, error);
    if (status == SVC_OK) {
        check_info(&info);
        awsc_s3_info_clear(&info);
        return;
    }
    const enum svc_status explained = awsc_s3_explain_denied(fuzz->client, get, error);
    FUZZ_CHECK(explained == error->status && explained != SVC_OK && explained != SVC_INTERNAL,
               "explained as %s", svc_status_name(explained));
    FUZZ_CHECK(!svc_has_control(error->code) && !svc_has_control(error->message),
               "a control character in an explanation");
}

/* Only the entire body, of the stated length and checksum, is a success. */
static void get_all(struct fuzz_client *fuzz, const struct awsc_s3_get *get,
                    struct awsc_error *error) {
    struct svc_buf content;
    struct awsc_s3_info info;
    svc_buf_init(&content, (size_t)1 << 20);
    const enum svc_status status = awsc_s3_get_all(fuzz->client, get, &content, &info, error);
    fuzz->requests = fuzz->requests > 3 ? 3 : fuzz->requests; /* resumed: as often as attempts */
    fuzz_client_check(fuzz, status, error);
    if (status == SVC_OK) {
        check_info(&info);
        FUZZ_CHECK(content.size_bytes == info.size_bytes, "%zu bytes of %llu", content.size_bytes,
                   (unsigned long long)info.size_bytes);
        FUZZ_CHECK(fuzz->body_bytes == info.size_bytes &&
                       !memcmp(svc_buf_text(&content), fuzz->body, fuzz->body_bytes),
                   "other bytes than were sent");
        awsc_s3_info_clear(&info);
    }
    svc_buf_clear(&content);
}

static void put(struct fuzz_client *fuzz, struct awsc_error *error) {
    struct awsc_s3_put_result result;
    const struct awsc_s3_put put = {.bucket = "bucket",
                                    .key = "folder/key",
                                    .body = (const uint8_t *)"body",
                                    .body_bytes = 4,
                                    .if_absent = true};
    const enum svc_status status = awsc_s3_put(fuzz->client, &put, &result);
    FUZZ_CHECK(status == result.status, "two statuses");
    *error = result.error;
    fuzz_client_check(fuzz, status, error);
    FUZZ_CHECK(strlen(result.etag) < sizeof(result.etag) &&
                   strlen(result.version_id) < sizeof(result.version_id),
               "a text without its end");
    FUZZ_CHECK(status != SVC_OK || fuzz->http_status < 300, "a refusal became a success");
}

static void delete_key(struct fuzz_client *fuzz, struct awsc_error *error) {
    struct awsc_s3_deleted deleted;
    const struct awsc_s3_delete what = {.bucket = "bucket", .key = "key", .if_match = "etag"};
    const enum svc_status status = awsc_s3_delete(fuzz->client, &what, &deleted, error);
    fuzz_client_check(fuzz, status, error);
    FUZZ_CHECK(strlen(deleted.version_id) < sizeof(deleted.version_id), "a text without its end");
    FUZZ_CHECK(status != SVC_OK || fuzz->http_status < 300, "a refusal became a success");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    const uint8_t operation = fuzz_take_u8(&input) % 5;
    const struct awsc_s3_get get = {
        .bucket = "bucket", .key = "folder/key", .max_bytes = fuzz_take_bool(&input) ? 1000 : 0};
    struct awsc_error error = {0};
    struct fuzz_client fuzz;
    fuzz_client_open(&fuzz, &input);
    if (operation == 0)
        list_keys(&fuzz, &error);
    else if (operation == 1)
        head(&fuzz, &get, &error);
    else if (operation == 2)
        get_all(&fuzz, &get, &error);
    else if (operation == 3)
        put(&fuzz, &error);
    else
        delete_key(&fuzz, &error);
    fuzz_client_close(&fuzz);
    return 0;
}
