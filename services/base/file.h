/* Reading a file into memory. */
#ifndef SVC_FILE_H
#define SVC_FILE_H

#include "services/base/buf.h"

/* Appends the file's content to `out`. No copy of it stays elsewhere in memory: it may be a secret;
 * wipe `out` then. Errors: NOT_FOUND (it cannot be opened), IO, TOO_LARGE and NO_MEMORY of `out`.
 */
enum svc_status svc_read_file(const char *path, struct svc_buf *out);

#endif
