/* Files into buffers: see file.h. */
#include "services/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "services/base/crypto.h"

#define CHUNK_BYTES 16384

enum svc_status svc_read_descriptor(int descriptor, struct svc_buf *out) {
    uint8_t chunk[CHUNK_BYTES];
    enum svc_status status = SVC_OK;
    ssize_t got = 1;
    while (status == SVC_OK && got != 0) {
        got = read(descriptor, chunk, sizeof(chunk));
        if (got > 0) {
            svc_buf_append(out, chunk, (size_t)got);
            status = svc_buf_status(out);
        } else if (got < 0 && errno != EINTR) {
            status = SVC_IO;
        }
    }
    svc_wipe(chunk, sizeof(chunk));
    return status;
}

enum svc_status svc_read_file(const char *path, struct svc_buf *out) {
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return SVC_IO;
    }
    const enum svc_status status = svc_read_descriptor(descriptor, out);
    (void)close(descriptor);
    return status;
}
