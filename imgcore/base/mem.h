/* Memory of one context: every block the library itself allocates, counted against a budget.
 *
 * Blocks that are freed are kept for the next picture, since a fresh page costs more than the work
 * done on it; ic_mem_clear gives them back. Used by every room.
 *
 * One thread at a time, unless a lock is set: then several may work on branches, each on its own.
 * A branch gives memory of its trunk and has a status of its own. */
#ifndef IC_MEM_H
#define IC_MEM_H

#include <pthread.h>

#include "imgcore/imgcore.h"

struct ic_mem_block;

struct ic_mem {
    struct imgcore_allocator allocator;
    size_t budget_bytes;   /* limit of used_bytes + reserved_bytes */
    size_t used_bytes;     /* in blocks handed out */
    size_t reserved_bytes; /* memory of codec libraries that is counted here, see ic_mem_reserve */
    size_t peak_bytes;     /* highest used + reserved since ic_mem_set_budget */
    size_t kept_bytes;     /* in blocks kept for reuse */
    struct ic_mem_block *kept;
    enum imgcore_status status; /* why the last ic_alloc gave NULL: BUDGET or NO_MEMORY */
    struct ic_mem *trunk;       /* of a branch, which has no memory of its own; else NULL */
    pthread_mutex_t *lock;      /* held while the books are changed; NULL: one thread alone */
};

/* allocator NULL: malloc and free. */
void ic_mem_init(struct ic_mem *mem, const struct imgcore_allocator *allocator);
/* Gives back every kept block. Blocks still handed out must be freed first (asserted). */
void ic_mem_clear(struct ic_mem *mem);
/* Sets the budget of the call that begins, and starts the peak anew. */
void ic_mem_set_budget(struct ic_mem *mem, size_t budget_bytes);
/* Makes a branch of `mem` for one thread. Blocks are the trunk's: any branch may free them, and the
 * branch itself needs no clearing. The trunk has a lock if another thread uses it or a branch. */
void ic_mem_branch(struct ic_mem *mem, struct ic_mem *branch);

/* `size_bytes` bytes, uninitialised, aligned to IC_ALIGN_BYTES; size 0 counts as 1. NULL if the
 * budget or the system does not allow it: mem->status says which. Give back with ic_free. */
void *ic_alloc(struct ic_mem *mem, size_t size_bytes) __attribute__((malloc));
/* The same with every byte 0, for `count` things of `size_bytes`; NULL also if the product does
 * not fit. */
void *ic_calloc(struct ic_mem *mem, size_t count, size_t size_bytes);
/* NULL is allowed. */
void ic_free(struct ic_mem *mem, void *block);

/* A block that becomes the caller's stops counting against the budget; it counts again when it
 * comes back to be freed. */
void ic_mem_hand_out(struct ic_mem *mem, void *block);
void ic_mem_take_back(struct ic_mem *mem, void *block); /* NULL is allowed; frees */

/* What the budget still allows. While no other thread works. */
size_t ic_mem_left(const struct ic_mem *mem);

/* Counts memory that a codec library will take by itself; false (mem->status BUDGET) if the budget
 * does not allow it. Give back the same amount with ic_mem_release. */
bool ic_mem_reserve(struct ic_mem *mem, size_t size_bytes);
void ic_mem_release(struct ic_mem *mem, size_t size_bytes);

/* A byte buffer that grows (doubling) within the budget. Zero-initialise it with its mem set. */
struct ic_buf {
    struct ic_mem *mem;
    uint8_t *bytes;
    size_t size_bytes, capacity_bytes;
};

/* Room for `more_bytes` beyond size_bytes; false: mem->status says why, nothing changed. */
bool ic_buf_reserve(struct ic_buf *buf, size_t more_bytes);
bool ic_buf_append(struct ic_buf *buf, const void *bytes, size_t size_bytes);
void ic_buf_clear(struct ic_buf *buf);

#endif
