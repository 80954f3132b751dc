/* The headers that sign a webhook, as each scheme of signature.h expects them: for the function
 * that passes a confirmed payment on, and for programs that play a sender. Pure but for the memory
 * of one copy of the body.
 *
 *   webhook_secrets_init(&secrets);
 *   webhook_secrets_add(&secrets, WEBHOOK_SCHEME_STANDARD, "whsec_...", &error);
 *   webhook_sign_standard(&secrets, "msg_1", now_ms / 1000, body, body_bytes, &made);
 *   for (size_t i = 0; i < made.count; i++) { made.headers[i].name, made.headers[i].value }
 *
 * Errors of all: INVALID_ARGUMENT (no secret of the scheme, an id or a time that no receiver
 * accepts; a body over WEBHOOK_MAX_BODY_BYTES is signed), NO_MEMORY, INTERNAL. On failure there are
 * no headers. */
#ifndef WEBHOOK_SIGN_H
#define WEBHOOK_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "services/webhook/secrets.h"

#define WEBHOOK_MAX_SIGN_HEADERS 3

struct webhook_sign_header {
    const char *name; /* constant, lower case */
    char value[512];
};

struct webhook_sign_headers {
    struct webhook_sign_header headers[WEBHOOK_MAX_SIGN_HEADERS];
    size_t count;
};

/* x-webhook-signature, with the first secret of the platform's scheme. */
enum svc_status webhook_sign_platform(const struct webhook_secrets *secrets, const void *body,
                                      size_t body_bytes, struct webhook_sign_headers *out);

/* webhook-id, webhook-timestamp, webhook-signature: a v1 entry for each whsec_ secret, so that a
 * receiver with either of two accepts it while they are rotated. */
enum svc_status webhook_sign_standard(const struct webhook_secrets *secrets, const char *id,
                                      int64_t sent_s, const void *body, size_t body_bytes,
                                      struct webhook_sign_headers *out);

/* The same with one v1a entry. private_key: "whsk_" and base64 of the 32 bytes of RFC 8032's
 * private key, or of those and the 32 of the public key. INVALID_ARGUMENT for another text. */
enum svc_status webhook_sign_standard_public(const char *private_key, const char *id,
                                             int64_t sent_s, const void *body, size_t body_bytes,
                                             struct webhook_sign_headers *out);

/* tosspayments-webhook-signature and -transmission-time, with an entry for each secret. How Toss's
 * hex enters its HMAC is not documented: secrets.h. WEBHOOK_SIGN_TOSS_BYTES skips what is no hex.
 */
enum webhook_sign_toss_key { WEBHOOK_SIGN_TOSS_TEXT, WEBHOOK_SIGN_TOSS_BYTES };
enum svc_status webhook_sign_toss(const struct webhook_secrets *secrets,
                                  enum webhook_sign_toss_key form, const char *time,
                                  const void *body, size_t body_bytes,
                                  struct webhook_sign_headers *out);

#endif
