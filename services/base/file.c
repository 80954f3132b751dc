/* Reading a file into memory: see file.h. */
#include "services/base/file.h"

#include <stdio.h>

#include "services/base/crypto.h"

enum svc_status svc_read_file(const char *path, struct svc_buf *out) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return SVC_NOT_FOUND;
    }
    setvbuf(file, NULL, _IONBF, 0); /* a buffer of stdio's would keep a copy */
    uint8_t chunk[4096];
    size_t size = 0;
    while ((size = fread(chunk, 1, sizeof(chunk), file)) > 0 && svc_buf_append(out, chunk, size)) {
    }
    const enum svc_status status = ferror(file) != 0 ? SVC_IO : svc_buf_status(out);
    fclose(file);
    svc_wipe(chunk, sizeof(chunk));
    return status;
}
