/* Random bytes: see random.h. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/types.h>

#include "services/base/random.h"
#include "services/base/text.h"

static bool system_fill(void *user, void *bytes, size_t size_bytes) {
    (void)user;
    uint8_t *to = bytes;
    while (size_bytes > 0) {
        ssize_t got = getrandom(to, size_bytes, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        to += got;
        size_bytes -= (size_t)got;
    }
    return true;
}

const struct svc_random *svc_random_system(void) {
    static const struct svc_random random = {system_fill, NULL};
    return &random;
}

bool svc_random_fill(const struct svc_random *random, void *bytes, size_t size_bytes) {
    return random->fill(random->user, bytes, size_bytes);
}

double svc_random_unit(const struct svc_random *random) {
    uint64_t bits = 0;
    if (!svc_random_fill(random, &bits, sizeof(bits))) {
        return 0.5;
    }
    return (double)(bits >> 11) * 0x1p-53;
}

bool svc_random_uuid(const struct svc_random *random, char out[SVC_UUID_BYTES]) {
    uint8_t bytes[16];
    char hex[33];
    out[0] = '\0';
    if (!svc_random_fill(random, bytes, sizeof(bytes))) {
        return false;
    }
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40); /* version 4 */
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80); /* RFC 9562's variant */
    svc_hex(bytes, sizeof(bytes), hex);
    snprintf(out, SVC_UUID_BYTES, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
    return true;
}
