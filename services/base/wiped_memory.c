/* See wiped_memory.h. A block's size stands in front of it. */
#include "services/base/wiped_memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/crypto.h"

union head {
    size_t size_bytes;
    max_align_t alignment;
};

static union head *head_of(void *block) {
    return (union head *)block - 1;
}

/* NULL with a size that does not fit as well. */
static void *allocate(size_t size_bytes, void *(*get)(size_t whole_bytes)) {
    union head *head =
        size_bytes <= SIZE_MAX - sizeof(*head) ? get(sizeof(*head) + size_bytes) : NULL;
    if (head == NULL) {
        return NULL;
    }
    head->size_bytes = size_bytes;
    return head + 1;
}

static void *get_zeroed(size_t whole_bytes) {
    return calloc(1, whole_bytes);
}

void *svc_wiped_malloc(size_t size_bytes) {
    return allocate(size_bytes, malloc);
}

void *svc_wiped_calloc(size_t count, size_t size_bytes) {
    return size_bytes == 0 || count <= SIZE_MAX / size_bytes
               ? allocate(count * size_bytes, get_zeroed)
               : NULL;
}

/* Not realloc: it may leave a copy in the old block. */
void *svc_wiped_realloc(void *block, size_t size_bytes) {
    if (block == NULL) {
        return svc_wiped_malloc(size_bytes);
    }
    const size_t old_bytes = head_of(block)->size_bytes;
    void *larger = svc_wiped_malloc(size_bytes);
    if (larger != NULL) {
        memcpy(larger, block, old_bytes < size_bytes ? old_bytes : size_bytes);
        svc_wiped_free(block);
    }
    return larger;
}

char *svc_wiped_strdup(const char *text) {
    const size_t size = strlen(text) + 1;
    char *copy = svc_wiped_malloc(size);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

void svc_wiped_free(void *block) {
    if (block != NULL) {
        svc_wipe(block, head_of(block)->size_bytes);
        free(head_of(block));
    }
}
