/* Random bytes, from a source that tests can replace. */
#ifndef SVC_RANDOM_H
#define SVC_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

struct svc_random {
    bool (*fill)(void *user, void *bytes, size_t size_bytes); /* false: the source failed */
    void *user;
};

/* The kernel's generator; constant, usable from any thread. */
const struct svc_random *svc_random_system(void);

bool svc_random_fill(const struct svc_random *random, void *bytes, size_t size_bytes);
/* At least 0, below 1, in steps of 2^-53; 0.5 if the source failed. */
double svc_random_unit(const struct svc_random *random);

#define SVC_UUID_BYTES sizeof("01234567-89ab-4def-8123-456789abcdef")
/* RFC 9562, version 4. false: the source failed, and `out` is "". */
bool svc_random_uuid(const struct svc_random *random, char out[SVC_UUID_BYTES]);

#endif
