/* The secrets with which webhook-send signs, from a file or WEBHOOK_SECRET: never from the command
 * line, which other users of the machine can read. Either
 *
 *   words    with blanks between them: whsec_ and whsk_ keys are Standard Webhooks', any other word
 *            is a secret of the platform and of Toss, whichever the event's scheme needs
 *   or JSON  {"platform":...,"standard":...,"toss":...}, each a text or a list of texts: the same
 *            document as the function's secret. Other members are ignored */
#ifndef WEBHOOK_SEND_SECRETS_H
#define WEBHOOK_SEND_SECRETS_H

#include <stddef.h>

#include "services/webhook/secrets.h"

struct send_secrets {
    struct webhook_secrets secrets;
    char private_key[WEBHOOK_MAX_SECRET_BYTES + 1]; /* whsk_...; "": none */
};

/* Errors: CONFIGURATION, NO_MEMORY; the error has nothing of a secret. *secrets is cleared with
 * send_secrets_clear in any case. */
enum svc_status send_secrets_parse(const char *text, size_t size_bytes,
                                   struct send_secrets *secrets, struct svc_error *error);
void send_secrets_clear(struct send_secrets *secrets); /* overwrites */

#endif
