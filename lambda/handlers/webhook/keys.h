/* The secrets that requests are authenticated with, kept from one invocation to the next: those of
 * signatures, and the tokens of Toss's path. From WEBHOOK_SECRET, fixed for the life of the
 * process, and from the secret WEBHOOK_SECRET_NAME of Secrets Manager, which is
 *
 *   either  one or several secrets with blanks between them, as in WEBHOOK_SECRET: those that
 *           begin with whsec_ or whpk_ are Standard Webhooks', the others the platform's
 *   or      {"platform":[...],"standard":[...],"toss":[...],"tossTokens":[...],"internal":[...]},
 *           each a list of texts or one text, none required: "internal" are those (whsec_) with
 *           which the twin outside of the VPC signs
 *
 * Rotation: the new secret is added beside the old one, the senders change, the old one is removed.
 * A secret that is added counts within KEYS_FRESH_MS, and at once when a request needs it; one that
 * is removed, within KEYS_FRESH_MS. */
#ifndef WEBHOOK_KEYS_H
#define WEBHOOK_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/base/clock.h"
#include "services/base/log.h"
#include "services/webhook/route.h"
#include "services/webhook/secrets.h"
#include "services/webhook/signature.h"

/* Read again after this long. */
#define KEYS_FRESH_MS 60000
/* While they cannot be read, those of the last reading count for this long. */
#define KEYS_STALE_MS (60 * 60 * 1000)
/* Between two readings for requests that need keys which are not there, on average: whoever sends
 * wrong signatures causes no more of them. KEYS_BURST may come at once, so that a rotation right
 * after the start is not refused. After a failure there is no burst; without any keys, the shorter
 * time. */
#define KEYS_AGAIN_MS       10000
#define KEYS_BURST          3
#define KEYS_AGAIN_EMPTY_MS 1000
/* Of one reading. */
#define KEYS_READ_MS 2500

struct webhook_key_set {
    struct webhook_secrets senders;  /* of signatures */
    struct webhook_secrets internal; /* of the internal paths: Standard Webhooks' */
    struct webhook_tokens tokens;
};

struct webhook_keys {
    struct awsc_client *aws;
    const struct svc_clock *clock;
    const struct svc_log *log;
    const char *secret_name; /* "": none */

    struct webhook_key_set fixed;   /* of WEBHOOK_SECRET */
    struct webhook_key_set fetched; /* of WEBHOOK_SECRET_NAME */
    bool has_fetched;
    int64_t read_ms;  /* monotonic: when `fetched` was read */
    int64_t tried_ms; /* monotonic: when it was tried last */
    bool has_tried, has_failed;
    int64_t paid_ms; /* monotonic: until then the refreshes of webhook_keys_refresh are paid for */
};

/* text: of WEBHOOK_SECRET; "": there is none. Nothing is read yet. Errors: CONFIGURATION, without
 * anything of a secret; NO_MEMORY. */
enum svc_status webhook_keys_init(struct webhook_keys *keys, struct awsc_client *aws,
                                  const struct svc_clock *clock, const struct svc_log *log,
                                  const char *secret_name, const char *text,
                                  struct svc_error *error);
void webhook_keys_clear(struct webhook_keys *keys); /* overwrites */

/* Ensures that the keys are fresh, or no older than KEYS_STALE_MS if they cannot be read now; a
 * failure is one line of the log. false: there are none. */
bool webhook_keys_prepare(struct webhook_keys *keys, int64_t deadline_ms);
/* Reads them again because a request needs keys that are not there, unless that was done too often.
 * Whether they are read. */
bool webhook_keys_refresh(struct webhook_keys *keys, int64_t deadline_ms);

enum webhook_keys_for { KEYS_FOR_SENDERS, KEYS_FOR_INTERNAL };
/* webhook_verify with all of them, tried again once if webhook_keys_refresh reads new ones. */
enum svc_status webhook_keys_verify(struct webhook_keys *keys, enum webhook_keys_for purpose,
                                    const struct webhook_headers *headers, const void *body,
                                    size_t body_bytes, int64_t deadline_ms,
                                    struct webhook_signature *signature);

/* Parses the text of a secret into `set`. Errors: as webhook_keys_init. */
enum svc_status webhook_key_set_parse(const char *text, size_t size_bytes,
                                      struct webhook_key_set *set, struct svc_error *error);

#endif
