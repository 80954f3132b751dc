/* Verification of a request's signature, over the exact bytes that the sender sent. Pure but for
 * the memory of one copy of the body.
 *
 *   platform  x-webhook-signature: 64 lower-case hex digits of HMAC-SHA256(body). No time: a replay
 *             is found by the inbox.
 *   standard  webhook-id, webhook-timestamp (seconds since 1970), webhook-signature: entries
 *             "v1,BASE64" with one blank between them, of HMAC-SHA256(id.timestamp.body), or
 *             "v1a,BASE64", of its Ed25519 signature. At most WEBHOOK_TOLERANCE_S from now, in
 *             both directions, that many seconds included.
 *   Toss      tosspayments-webhook-signature: entries "v1:BASE64" with commas between them
 *             (an entry without a version has that of the one before it), of
 *             HMAC-SHA256(body:time), where time is tosspayments-webhook-transmission-time. Toss
 *             states no tolerance; the event's id in the inbox finds a replay.
 *
 * What is accepted besides one valid signature: entries of versions other than v1 (and of v1a while
 * there is no public key) are skipped, as both specifications ask, and blanks are allowed around
 * Toss's commas. Everything else is refused: a header that is empty, too long, or stands twice
 * (joined by a comma or not); headers of two schemes in one request; a header that is missing
 * beside another of its scheme; upper-case hex; hex or base64 of another length, with blanks,
 * without padding, or with stray bits, even beside a valid entry; more than WEBHOOK_MAX_SIGNATURES
 * entries; a Standard id that is not 1 to WEBHOOK_MAX_MESSAGE_ID_BYTES letters, digits, '-' and '_'
 * (a full stop would let its parts be split anew); a timestamp that is not a plain number.
 *
 * Time: every secret key of the scheme is compared with every v1 entry in constant time, whichever
 * match. */
#ifndef WEBHOOK_SIGNATURE_H
#define WEBHOOK_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/webhook/secrets.h"

#define WEBHOOK_HEADER_PLATFORM_SIGNATURE "x-webhook-signature"
#define WEBHOOK_HEADER_STANDARD_ID        "webhook-id"
#define WEBHOOK_HEADER_STANDARD_TIMESTAMP "webhook-timestamp"
#define WEBHOOK_HEADER_STANDARD_SIGNATURE "webhook-signature"
#define WEBHOOK_HEADER_TOSS_SIGNATURE     "tosspayments-webhook-signature"
#define WEBHOOK_HEADER_TOSS_TIME          "tosspayments-webhook-transmission-time"

/* 1 to WEBHOOK_MAX_MESSAGE_ID_BYTES letters, digits, '-' and '_'; NULL is none. */
bool webhook_is_message_id(const char *id);

/* The headers of a request that take part; borrowed. */
struct webhook_headers {
    const char *platform_signature;
    const char *standard_id, *standard_timestamp, *standard_signature;
    const char *toss_signature, *toss_time;
    bool has_duplicate; /* of one of these */
};

void webhook_headers_init(struct webhook_headers *headers);
/* Called for every header of the request, in any case; others are ignored. */
void webhook_headers_add(struct webhook_headers *headers, const char *name, const char *value);

/* For the log and metrics, never for the sender. X(name). */
#define WEBHOOK_REFUSAL_LIST(X)                                                                    \
    X(NONE)                                                                                        \
    X(UNSIGNED)  /* no header of any scheme */                                                     \
    X(AMBIGUOUS) /* a header twice, or headers of two schemes */                                   \
    X(MALFORMED) /* not of its form */                                                             \
    X(NO_SECRET) /* none is configured for its scheme */                                           \
    X(TIMESTAMP) /* further from now than the tolerance */                                         \
    X(MISMATCH)

enum webhook_refusal {
#define WEBHOOK_REFUSAL_ENUM(name) WEBHOOK_REFUSED_##name,
    WEBHOOK_REFUSAL_LIST(WEBHOOK_REFUSAL_ENUM)
#undef WEBHOOK_REFUSAL_ENUM
};
const char *webhook_refusal_name(enum webhook_refusal refusal); /* "MISMATCH" */

struct webhook_signature {
    enum webhook_refusal refusal;
    enum webhook_scheme scheme; /* WEBHOOK_SCHEMES: none was found */
    size_t secret; /* the last that matched, in the order of addition: an old one still in use? */
    char id[WEBHOOK_MAX_MESSAGE_ID_BYTES + 1]; /* webhook-id once verified; else "" */
    int64_t sent_ms;                           /* since 1970, as signed; 0 for the platform's */
};

/* Returns OK if the request is signed with one of `secrets`. ACCESS_DENIED: it is not, and
 * signature->refusal is the reason. TOO_LARGE: the body is over WEBHOOK_MAX_BODY_BYTES. NO_MEMORY,
 * INTERNAL: not decided. `now_ms` is wall-clock time. */
enum svc_status webhook_verify(const struct webhook_secrets *secrets,
                               const struct webhook_headers *headers, const void *body,
                               size_t body_bytes, int64_t now_ms,
                               struct webhook_signature *signature);

#endif
