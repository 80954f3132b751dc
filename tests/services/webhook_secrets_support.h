/* What the tests of secrets and of signatures share: a secret of each scheme. */
#ifndef TESTS_WEBHOOK_SECRETS_SUPPORT_H
#define TESTS_WEBHOOK_SECRETS_SUPPORT_H

#include "services/webhook/signature.h"
#include "tests/services/webhook_support.h"

#define SECRET_ONE   "secret-one"
#define STANDARD_KEY "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define TOSS_KEY     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static struct webhook_secrets secrets;
static struct webhook_signature found;

static int setup(void **state) {
    (void)state;
    struct svc_error error;
    webhook_secrets_init(&secrets);
    memset(&counted, 0, sizeof(counted));
    return webhook_secrets_add(&secrets, WEBHOOK_SCHEME_PLATFORM, SECRET_ONE, &error) != SVC_OK ||
           webhook_secrets_add(&secrets, WEBHOOK_SCHEME_STANDARD, STANDARD_KEY, &error) != SVC_OK ||
           webhook_secrets_add(&secrets, WEBHOOK_SCHEME_TOSS, TOSS_KEY, &error) != SVC_OK;
}

#endif
