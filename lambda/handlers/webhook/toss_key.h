/* The merchant's secret key, to ask Toss with: from the secret TOSS_SECRET_NAME, which is the key
 * alone ("live_sk_...") or {"secretKey":"live_sk_..."}. */
#ifndef WEBHOOK_TOSS_KEY_H
#define WEBHOOK_TOSS_KEY_H

#include "services/aws/client.h"

#define WEBHOOK_TOSS_KEY_BYTES 257

/* refresh: as the secret is now. key: wiped by the caller, "" after a failure. Errors: those of
 * awsc_secret_get; CONFIGURATION. */
enum svc_status webhook_toss_key_read(struct awsc_client *aws, const char *secret_name,
                                      bool refresh, char key[WEBHOOK_TOSS_KEY_BYTES],
                                      struct svc_error *error);

#endif
