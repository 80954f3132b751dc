/* Addresses in logs: HMAC-SHA256 with a secret key, cut to 64 bits. Equal addresses have equal
 * hashes, so that a bounce can be found with the mail it belongs to, and the logs alone do not
 * identify anyone: without the key, a list of known addresses cannot be compared with them.
 *
 * The key is the string of a secret of Secrets Manager (ADDRESS_HASH_SECRET). Without one it is
 * random: hashes are comparable within one environment of the function, as long as it lives. */
#ifndef EMAIL_ADDRESS_HASH_H
#define EMAIL_ADDRESS_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/base/clock.h"
#include "services/base/crypto.h"
#include "services/base/log.h"
#include "services/base/status.h"

#define EMAIL_HASH_BYTES 17 /* 16 hex digits and the NUL */
/* A shorter secret could be guessed with a known address and its hash. */
#define EMAIL_MIN_HASH_SECRET_BYTES ((size_t)16)

struct email_address_hash {
    uint8_t key[SVC_SHA256_BYTES];
    bool has_secret;      /* the key is that of the secret */
    int64_t next_read_ms; /* monotonic: before it, a secret that failed is not read again */
};

/* A random key. Errors: INTERNAL. */
enum svc_status email_address_hash_init(struct email_address_hash *hash, struct svc_error *error);
void email_address_hash_clear(struct email_address_hash *hash); /* wipes the key */

/* Called in every invocation. Reads the secret unless it has been read; secret_name "": there is
 * none. A failure is one WARN line, and the key stays the random one: no mail waits for it. */
void email_address_hash_prepare(struct email_address_hash *hash, struct awsc_client *client,
                                const char *secret_name, const struct svc_clock *clock,
                                const struct svc_log *log, int64_t deadline_ms);

/* The hash of an address ("Name <address>" counts as the address), whatever the case of its
 * letters; "" for an empty one. */
void email_address_hash_of(const struct email_address_hash *hash, const char *address,
                           char out[EMAIL_HASH_BYTES]);

#endif
