/* What the files of publishing share: a report's objects described, written, copied. */
#ifndef SETTLE_PUBLISH_INTERNAL_H
#define SETTLE_PUBLISH_INTERNAL_H

#include <stdbool.h>

#include "services/aws/s3.h"
#include "services/base/crypto.h"
#include "services/settlement/publish.h"

/* Rounds against other writers before an attempt gives up. */
#define PUBLISH_TRIES 4

/* The objects of one report and period. */
struct publication {
    const struct settle_publisher *publisher;
    const struct settle_period *period;
    const struct settle_seller *seller;
    char period_name[SETTLE_PERIOD_NAME_BYTES];
};

/* When an object may be written: if_match "": only if nothing is there. */
struct publish_condition {
    char if_match[SETTLE_ETAG_BYTES];
};

/* What the metadata of an object of ours holds. */
struct publish_object {
    enum settle_format format;
    uint32_t version, attempt;
    char period_name[SETTLE_PERIOD_NAME_BYTES];
    char sha256[SVC_SHA256_HEX_BYTES];
    char rules[SETTLE_RULES_TEXT_BYTES];
};

enum svc_status publish_fail(const struct awsc_error *cause, struct svc_error *error);
/* Fails for an id that no key may hold. version 0: the contract's key. */
enum svc_status publish_key(const struct publication *publication,
                            const struct settle_period *period, enum settle_format format,
                            uint32_t version, char key[SETTLE_OBJECT_KEY_BYTES],
                            struct svc_error *error);
/* Whether a failed write may have found another writer's object (or its own). */
bool publish_is_contested(enum svc_status status);

/* ---------------------------------------------------------------------- publish_object.c */

/* The object of `version` with the checksum and rules of `figures`. */
struct publish_object publish_describe(const struct publication *publication,
                                       enum settle_format format,
                                       const struct settle_version *figures);
/* Reads the metadata. false: it is not an object of ours, or it is damaged. */
bool publish_read_object(const struct awsc_s3_info *info, enum settle_format format,
                         struct publish_object *object);
bool publish_same_content(const struct publish_object *a, const struct publish_object *b);

/* The parts of a put: with everything but key, body and condition. Cleared in any case. */
struct publish_headers {
    struct svc_buf disposition;
    char version[12], attempt[12];
    struct awsc_param metadata[6];
};
enum svc_status publish_headers(const struct publication *publication,
                                const struct settle_period *period,
                                const struct publish_object *object,
                                struct publish_headers *headers, struct awsc_s3_put *put,
                                struct svc_error *error);
void publish_headers_clear(struct publish_headers *headers);
void publish_set_condition(struct awsc_s3_put *put, const struct publish_condition *condition);

/* ---------------------------------------------------------------------- publish_keep.c */

/* HEAD of a key: OK, NOT_FOUND (info is empty), or a failure. *info is cleared by the caller. */
enum svc_status publish_head(const struct publication *publication, const char *key,
                             struct awsc_s3_info *info, struct svc_error *error);
/* Makes sure that `version` is under its own key, or that the bucket no longer has it. */
enum svc_status publish_keep(const struct publication *publication, enum settle_format format,
                             const struct settle_version *version, struct svc_error *error);
/* The same for an object of another period that stands at `key`. */
enum svc_status publish_keep_other(const struct publication *publication, const char *key,
                                   const struct publish_object *object, const char *etag,
                                   struct svc_error *error);

#endif
