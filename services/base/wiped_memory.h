/* Memory that is wiped before it is freed: for libraries that take their allocator from the caller,
 * so that nothing of a secret stays in blocks that they have freed. Each is as the function of the
 * C library; none of their blocks goes to another's free. */
#ifndef SVC_WIPED_MEMORY_H
#define SVC_WIPED_MEMORY_H

#include <stddef.h>

void *svc_wiped_malloc(size_t size_bytes);
void *svc_wiped_calloc(size_t count, size_t size_bytes);
void *svc_wiped_realloc(void *block, size_t size_bytes);
char *svc_wiped_strdup(const char *text);
void svc_wiped_free(void *block);

#endif
