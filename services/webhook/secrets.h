/* The secrets that verify signatures: several of a scheme at once, so that a secret is rotated
 * without refusing a request (add the new one, change the sender, remove the old one). Kept inline:
 * no copies are left in freed memory. */
#ifndef WEBHOOK_SECRETS_H
#define WEBHOOK_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/status.h"
#include "services/webhook/limits.h"

enum webhook_scheme {
    WEBHOOK_SCHEME_PLATFORM, /* x-webhook-signature */
    WEBHOOK_SCHEME_STANDARD, /* Standard Webhooks: v1 and v1a */
    WEBHOOK_SCHEME_TOSS,     /* tosspayments-webhook-signature */
    WEBHOOK_SCHEMES
};

struct webhook_key {
    uint8_t bytes[WEBHOOK_MAX_SECRET_BYTES];
    size_t size_bytes;
    bool is_public; /* of v1a: an Ed25519 key, no secret; it verifies nothing else */
    size_t secret;  /* which secret of its scheme, in the order of addition */
};

struct webhook_key_list {
    struct webhook_key keys[2 * WEBHOOK_MAX_SECRETS];
    size_t count, secrets;
};

struct webhook_secrets {
    struct webhook_key_list schemes[WEBHOOK_SCHEMES];
};

void webhook_secrets_init(struct webhook_secrets *secrets);
/* Overwrites all; as after webhook_secrets_init. */
void webhook_secrets_clear(struct webhook_secrets *secrets);

/* Adds a secret.
 *   platform  its bytes are the key: 1 to WEBHOOK_MAX_SECRET_BYTES of printable ASCII, without a
 *             blank at either end (a line feed of a file would make every signature fail)
 *   standard  "whsec_" and the key in base64, 24 to 64 bytes decoded; or "whpk_" and the 32 bytes
 *             of a public key in base64, for v1a
 *   Toss      as platform. Toss issues its security key as hex and does not document whether the
 *             text or the bytes it stands for are the HMAC's key, so that a secret of hex digits
 *             alone gives both keys.
 * Errors: CONFIGURATION (empty, or not of this form; too many; the same twice), NO_MEMORY. The
 * error has nothing of the secret. A failure leaves `secrets` unchanged. */
enum svc_status webhook_secrets_add(struct webhook_secrets *secrets, enum webhook_scheme scheme,
                                    const char *text, struct svc_error *error);

/* CONFIGURATION unless there is a secret of any scheme: a handler that could verify nothing does
 * not start. */
enum svc_status webhook_secrets_check(const struct webhook_secrets *secrets,
                                      struct svc_error *error);

/* "platform", "standard", "toss"; "" for none. */
const char *webhook_scheme_name(enum webhook_scheme scheme);

#endif
