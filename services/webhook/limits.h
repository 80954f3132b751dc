/* Every limit of the webhooks' requests, signatures and bodies, by name. */
#ifndef WEBHOOK_LIMITS_H
#define WEBHOOK_LIMITS_H

#include <stddef.h>

/* A request. A Toss payment with WEBHOOK_MAX_CANCELS cancellations has about 60 KB. */
#define WEBHOOK_MAX_BODY_BYTES         ((size_t)128 * 1024)
#define WEBHOOK_MAX_FORM_BYTES         ((size_t)4 * 1024) /* of /unsubscribe */
#define WEBHOOK_MAX_PATH_BYTES         ((size_t)256)
#define WEBHOOK_MAX_CONTENT_TYPE_BYTES ((size_t)128)

/* Counted before the tree is built: json-c takes 700 bytes for an empty object, so that 128 KiB of
 * them would take 30 MB. */
#define WEBHOOK_MAX_CONTAINERS ((size_t)1024)
#define WEBHOOK_MAX_VALUES     ((size_t)8192)

/* Signatures. Toss's keys count twice: see secrets.h. */
#define WEBHOOK_MAX_SECRETS          ((size_t)8) /* active at once, of one scheme */
#define WEBHOOK_MAX_SECRET_BYTES     ((size_t)256)
#define WEBHOOK_MIN_STANDARD_BYTES   ((size_t)24) /* the specification's, decoded */
#define WEBHOOK_MAX_STANDARD_BYTES   ((size_t)64)
#define WEBHOOK_MAX_SIGNATURES       ((size_t)8) /* in one header */
#define WEBHOOK_MAX_SIGNATURE_BYTES  ((size_t)1024)
#define WEBHOOK_MAX_MESSAGE_ID_BYTES ((size_t)128)
#define WEBHOOK_MAX_TIME_BYTES       ((size_t)40)
#define WEBHOOK_TOLERANCE_S          300

/* The secret token in the path of Toss's URL. */
#define WEBHOOK_MAX_TOKENS      ((size_t)4)
#define WEBHOOK_MIN_TOKEN_BYTES ((size_t)16)
#define WEBHOOK_MAX_TOKEN_BYTES ((size_t)128)

/* Fields, in bytes of UTF-8. */
#define WEBHOOK_MAX_ORDER_ID_BYTES       ((size_t)64)
#define WEBHOOK_MAX_ID_BYTES             ((size_t)64)  /* transaction, refund, tracking, event */
#define WEBHOOK_MAX_PAYMENT_KEY_BYTES    ((size_t)200) /* Toss's own */
#define WEBHOOK_MAX_NAME_BYTES           ((size_t)64)  /* method of payment, carrier */
#define WEBHOOK_MAX_TEXT_BYTES           ((size_t)255) /* reason, location: longer ones are cut */
#define WEBHOOK_MAX_PAYMENT_SECRET_BYTES ((size_t)64)  /* Toss's own is 50 */
#define WEBHOOK_MAX_CANCELS              ((size_t)100)
#define WEBHOOK_MAX_AMOUNT_WON           INT64_C(1000000000000)
/* Two ids of Toss, a status and a time with three colons, or what other senders have. */
#define WEBHOOK_MAX_INBOX_KEY_BYTES ((size_t)320)

#endif
