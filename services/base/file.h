/* Reading entire files into a buffer, whose limit bounds them. Without stdio, so that no copy of a
 * secret stays in a buffer of the C library. */
#ifndef SVC_FILE_H
#define SVC_FILE_H

#include "services/base/buf.h"
#include "services/base/status.h"

/* Appends the file. Errors: IO (it cannot be read), TOO_LARGE (the buffer's limit), NO_MEMORY. */
enum svc_status svc_read_file(const char *path, struct svc_buf *out);
/* The same for what is left of an open file descriptor, which stays open. */
enum svc_status svc_read_descriptor(int descriptor, struct svc_buf *out);

#endif
