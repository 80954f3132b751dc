/* S3: objects read as streams, written whole or in parts, several at once; deleted, listed; their
 * tags; presigned URLs.
 *
 * Keys are UTF-8 as they are in S3, not encoded, 1 to 1,024 bytes. deadline_ms 0 is the client's
 * (awsc_client_begin). Errors of all, besides each one's own: INVALID_ARGUMENT, NO_CREDENTIALS,
 * ACCESS_DENIED, REJECTED, SERVER_ERROR, THROTTLED, CONNECT_FAILED, CONNECTION_LOST, TIMED_OUT,
 * DEADLINE, BAD_RESPONSE, TLS_REFUSED, NO_MEMORY; NO_RESOURCE: the bucket does not exist (a
 * HEAD, whose response has no body, ends as NOT_FOUND). */
#ifndef AWSC_S3_H
#define AWSC_S3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/aws/sigv4.h"

/* Every request on a bucket states its owner from now on (x-amz-expected-bucket-owner), and S3
 * refuses it (ACCESS_DENIED) if the bucket belongs to another account: a name that was given up can
 * be taken by anyone. account_id: twelve digits, else INVALID_ARGUMENT; NULL: no owner is stated.
 * Presigned URLs state none. */
enum svc_status awsc_s3_expect_owner(struct awsc_client *client, const char *account_id);

/* ---------------------------------------------------------------------- reading */

/* An object without its content. */
struct awsc_s3_info {
    uint64_t size_bytes;
    char etag[128];        /* with its quotes, as S3 gives it and If-Match wants it */
    char version_id[1025]; /* "": the bucket is not versioned */
    char content_type[256];
    struct svc_buf metadata; /* see awsc_s3_metadata */
};
void awsc_s3_info_clear(struct awsc_s3_info *info);
/* The value of x-amz-meta-NAME, name without the prefix, any case; NULL if there is none. */
const char *awsc_s3_metadata(const struct awsc_s3_info *info, const char *name);

struct awsc_s3_get {
    const char *bucket, *key;
    const char *version_id;    /* NULL: the latest */
    const char *if_match;      /* an ETag, quotes or not; NULL: any */
    const char *if_none_match; /* the same */
    uint64_t max_bytes;        /* a larger object is refused before its content; 0: no limit */
    int64_t deadline_ms;       /* of open, all reads and finish together */
};

/* Opens an object for reading. *info is filled on success, cleared by the caller.
 * A read that breaks off continues over another connection from where it stopped (Range and
 * If-Match), as often as attempts allow. What is read is checked against the size, and against the
 * checksum that S3 has of the entire object, if there is one (CRC32, CRC32C, CRC64NVME, SHA1,
 * SHA256). Errors: NOT_FOUND; PRECONDITION_FAILED (if_match: it was overwritten); NOT_MODIFIED;
 * TOO_LARGE (max_bytes). */
struct awsc_s3_reader;
enum svc_status awsc_s3_get_open(struct awsc_client *client, const struct awsc_s3_get *get,
                                 struct awsc_s3_reader **reader, struct awsc_s3_info *info,
                                 struct awsc_error *error);
/* The next bytes, front to back: up to size_bytes, at least 1 unless the object ends
 * (*read_bytes 0). false: it failed; awsc_s3_get_finish returns the status. The shape is
 * imgcore_read_fn's: struct imgcore_source source = {.read = awsc_s3_read,
 *                                                    .rewind = awsc_s3_rewind, .user = reader}; */
bool awsc_s3_read(void *reader, uint8_t *buffer, size_t size_bytes, size_t *read_bytes);
/* Returns to the first byte: the same object (If-Match) is requested once more. If S3 has a
 * checksum of it, what was read before must be the same again, too. The shape is
 * imgcore_rewind_fn's. false: it failed; awsc_s3_get_finish returns the status: PRECONDITION_FAILED
 * if the object was overwritten.
 */
bool awsc_s3_rewind(void *reader);
/* Reads the rest, checks size and checksum, closes and frees the reader. Only after OK may
 * anything made of the content be used.
 * Errors: those of reading; CHECKSUM_MISMATCH; PRECONDITION_FAILED (overwritten during the read).
 */
enum svc_status awsc_s3_get_finish(struct awsc_s3_reader *reader, struct awsc_error *error);
/* Closes without reading the rest. NULL is allowed. */
void awsc_s3_get_abort(struct awsc_s3_reader *reader);

/* Appends the entire object to a buffer. `info` may be NULL. A read whose checksum does not match
 * is repeated. */
enum svc_status awsc_s3_get_all(struct awsc_client *client, const struct awsc_s3_get *get,
                                struct svc_buf *content, struct awsc_s3_info *info,
                                struct awsc_error *error);

/* max_bytes is not used. *info is cleared by the caller after success. */
enum svc_status awsc_s3_head(struct awsc_client *client, const struct awsc_s3_get *get,
                             struct awsc_s3_info *info, struct awsc_error *error);
/* Several at once; entries are independent: statuses[i], infos[i] (cleared by the caller where it
 * is OK), errors[i] (errors NULL: not wanted). Returns OK if all are, else one of the failures. */
enum svc_status awsc_s3_head_many(struct awsc_client *client, const struct awsc_s3_get *gets,
                                  size_t count, enum svc_status *statuses,
                                  struct awsc_s3_info *infos, struct awsc_error *errors);

/* ---------------------------------------------------------------------- writing */

enum awsc_s3_encryption {
    AWSC_S3_BUCKETS_ENCRYPTION, /* the bucket's default */
    AWSC_S3_AES256,             /* with S3's keys */
    AWSC_S3_KMS                 /* with a key of KMS */
};

struct awsc_s3_put {
    const char *bucket, *key;
    const uint8_t *body; /* borrowed for the call */
    size_t body_bytes;
    const char *content_type;        /* NULL: application/octet-stream */
    const char *cache_control;       /* NULL: none */
    const char *content_disposition; /* printable ASCII: awsc_s3_attachment; NULL: none */
    enum awsc_s3_encryption encryption;
    const char *kms_key_id;            /* id, ARN or alias; AWSC_S3_KMS only; NULL: AWS's own key */
    const struct awsc_param *metadata; /* names without x-amz-meta-; values printable ASCII */
    size_t metadata_count;
    const char *if_match; /* write only over this ETag, quotes or not; NULL: whatever is there */
    bool if_absent;       /* write only if nothing is there */
    int64_t deadline_ms;
};

struct awsc_s3_put_result {
    enum svc_status status;
    char etag[128];
    char version_id[1025]; /* "": the bucket is not versioned */
    struct awsc_error error;
};

/* Sent with SHA-256 (signed) and CRC-32 (checked by S3, which writes all or nothing). A 200 whose
 * body holds an error is a failure.
 * Errors: PRECONDITION_FAILED (another object is there, or one at all); NOT_FOUND (if_match, and
 * the object was deleted); CONFLICT (another write at the same time); TOO_LARGE over 5 GiB.
 * Repeated after a lost response, a put with a condition may find its own object: it ends as
 * PRECONDITION_FAILED with error.maybe_done. */
enum svc_status awsc_s3_put(struct awsc_client *client, const struct awsc_s3_put *put,
                            struct awsc_s3_put_result *result);
/* Up to AWSC_MAX_CALLS_AT_ONCE over as many connections, which are kept; each tried again for
 * itself. results[i].status is that of each. Returns OK if all are, else one of the failures; the
 * others are written nevertheless. */
enum svc_status awsc_s3_put_many(struct awsc_client *client, const struct awsc_s3_put *puts,
                                 size_t count, struct awsc_s3_put_result *results);

/* The time an abort has at least, even if the deadline of its upload has passed. A caller with a
 * hard limit (Lambda's timeout) sets the upload's deadline this much earlier. */
#define AWSC_S3_ABORT_MS 2000

/* Writes an object whose size is not known yet: in one put if it stays below `part_bytes`, else in
 * parts. put->body is not used. part_bytes 0: 8 MiB; at least AWSC_MIN_S3_PART_BYTES.
 *
 * After a failure, a passed deadline included, the upload is aborted at S3: its parts are deleted.
 * Parts stay, and are billed, if the abort fails too, if the process is killed before it, or if the
 * response to CreateMultipartUpload was lost (the upload exists, its id is unknown). Only a
 * lifecycle rule of the bucket removes those (AbortIncompleteMultipartUpload, one day is enough).
 */
struct awsc_s3_upload;
enum svc_status awsc_s3_upload_open(struct awsc_client *client, const struct awsc_s3_put *put,
                                    size_t part_bytes, struct awsc_s3_upload **upload,
                                    struct awsc_error *error);
/* After a failure only finish and abort are left. */
enum svc_status awsc_s3_upload_write(struct awsc_s3_upload *upload, const uint8_t *bytes,
                                     size_t size_bytes);
/* Writes the rest and completes; the upload is gone. Only OK means that the object is there. */
enum svc_status awsc_s3_upload_finish(struct awsc_s3_upload *upload,
                                      struct awsc_s3_put_result *result);
/* Nothing of it stays; the upload is gone. NULL is allowed. */
void awsc_s3_upload_abort(struct awsc_s3_upload *upload);

/* Appends a value for content_disposition: the object is saved as a file of this name, UTF-8, with
 * a plain ASCII name for old software besides (RFC 6266). INVALID_ARGUMENT: empty, not UTF-8. */
enum svc_status awsc_s3_attachment(const char *file_name, struct svc_buf *out);

/* ---------------------------------------------------------------------- deleting, listing */

struct awsc_s3_delete {
    const char *bucket, *key;
    const char *version_id; /* NULL: the latest; in a versioned bucket a delete marker is written */
    const char *if_match;   /* delete only this ETag, quotes or not; NULL: whatever is there */
    int64_t deadline_ms;
};
struct awsc_s3_deleted {
    char version_id[1025]; /* of what was deleted, or of the marker; "": not versioned */
    bool is_marker;        /* a marker was written or deleted */
};
/* OK also if there was nothing (without if_match). Repeated after a lost response: with if_match
 * the second attempt may end as NOT_FOUND or PRECONDITION_FAILED with error->maybe_done. Errors:
 * NOT_FOUND, PRECONDITION_FAILED (if_match). `deleted` may be NULL. */
enum svc_status awsc_s3_delete(struct awsc_client *client, const struct awsc_s3_delete *what,
                               struct awsc_s3_deleted *deleted, struct awsc_error *error);

struct awsc_s3_list {
    const char *bucket;
    const char *prefix;       /* NULL: all keys */
    const char *delimiter;    /* keys are grouped up to it; NULL: not grouped */
    const char *start_after;  /* keys after this one; NULL: from the first */
    const char *continuation; /* of the page before; NULL, "": the first page */
    int max_keys;             /* 1 to AWSC_MAX_S3_LIST; 0: that many */
    int64_t deadline_ms;
};
struct awsc_s3_listed {
    const char *key; /* or the common prefix of a group, which has none of the rest */
    bool is_prefix;
    uint64_t size_bytes;
    const char *etag; /* with its quotes */
    int64_t modified_wall_ms;
};
/* Called for each key, then for each common prefix; the entry is valid during the call. false: no
 * further call, the list ends with OK. */
typedef bool awsc_s3_list_fn(void *user, const struct awsc_s3_listed *entry);
/* One page (ListObjectsV2). All of a page is checked before the first entry is handed out, and
 * has at most max_keys entries. `next` is replaced by the continuation of the next page; "" after
 * the last:
 *   svc_buf_init(&next, AWSC_MAX_S3_TOKEN_BYTES);
 *   do {
 *       status = awsc_s3_list(client, &list, each, user, &next, &error);
 *       list.continuation = svc_buf_text(&next);
 *   } while (status == SVC_OK && next.size_bytes > 0); */
enum svc_status awsc_s3_list(struct awsc_client *client, const struct awsc_s3_list *list,
                             awsc_s3_list_fn *each, void *user, struct svc_buf *next,
                             struct awsc_error *error);

/* ---------------------------------------------------------------------- tags */

struct awsc_s3_tag {
    char key[513], value[1025]; /* UTF-8: 128 and 256 characters */
};
struct awsc_s3_tags {
    size_t count;
    struct awsc_s3_tag tags[AWSC_MAX_S3_TAGS];
};
enum svc_status awsc_s3_get_tags(struct awsc_client *client, const char *bucket, const char *key,
                                 const char *version_id, struct awsc_s3_tags *tags,
                                 struct awsc_error *error);
/* Replaces all. */
enum svc_status awsc_s3_put_tags(struct awsc_client *client, const char *bucket, const char *key,
                                 const char *version_id, const struct awsc_s3_tags *tags,
                                 struct awsc_error *error);
/* Sets one and keeps the others; does nothing if it is there already. Not atomic: S3 has no
 * condition on tags. Errors: REJECTED if there are ten others. */
enum svc_status awsc_s3_set_tag(struct awsc_client *client, const char *bucket, const char *key,
                                const char *version_id, const char *name, const char *value,
                                struct awsc_error *error);

/* ---------------------------------------------------------------------- presigned */

#define AWSC_S3_END_UNKNOWN (-1)

/* Appends a URL by which anyone may GET the object for `expires_s` seconds (1 to
 * AWSC_MAX_PRESIGN_SECONDS), or for less: a URL that is signed with the credentials of a session
 * ends with that session. *ends_wall_ms (NULL is allowed) is when it really ends, if that is known:
 * temporary credentials from the environment, as Lambda sets them, do not say when they end
 * (AWSC_S3_END_UNKNOWN; it may be minutes away). A link that must last longer than a session is
 * made when it is used, not before. No network but for credentials. */
enum svc_status awsc_s3_presign_get(struct awsc_client *client, const char *bucket, const char *key,
                                    int expires_s, struct svc_buf *url, int64_t *ends_wall_ms,
                                    struct awsc_error *error);

#endif
