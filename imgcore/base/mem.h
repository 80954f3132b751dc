/* The allocator of one context: every block that the library itself allocates, counted against a
 * budget.
 *
 * Freed blocks are kept for the next picture, because the page faults of fresh memory cost more
 * than the work done on it; ic_mem_clear frees them. Used by every module.
 *
 * One thread at a time uses an allocator, unless a lock is set: then several threads may work, each
 * with a child allocator of its own. A child allocates from its parent and has its own status. */
#ifndef IC_MEM_H
#define IC_MEM_H

#include <pthread.h>

#include "imgcore/imgcore.h"

struct ic_mem_block;

struct ic_mem {
    struct imgcore_allocator allocator;
    size_t budget_bytes; /* limit of used_bytes + reserved_bytes: that of the call + before_bytes */
    size_t used_bytes;   /* in blocks handed out, as they were asked for */
    size_t reserved_bytes; /* memory of codec libraries that is counted here, see ic_mem_reserve */
    size_t
        before_bytes;  /* used + reserved when the budget was set, which do not count against it */
    size_t peak_bytes; /* highest used + reserved since ic_mem_set_budget */
    size_t kept_bytes; /* in blocks kept for reuse */
    struct ic_mem_block *kept;
    enum imgcore_status status; /* why the last ic_alloc returned NULL: BUDGET or NO_MEMORY */
    size_t refused_bytes;       /* what it asked for, and what the call had in use */
    size_t refused_used_bytes;
    struct ic_mem *parent; /* of a child allocator, which has no memory of its own; else NULL */
    pthread_mutex_t *lock; /* held while the accounting changes; NULL: only one thread */
};

/* allocator NULL: malloc and free. */
void ic_mem_init(struct ic_mem *mem, const struct imgcore_allocator *allocator);
/* Frees every kept block. All other blocks must be freed before (asserted). */
void ic_mem_clear(struct ic_mem *mem);
/* Sets the budget of a new call and resets the peak. */
void ic_mem_set_budget(struct ic_mem *mem, size_t budget_bytes);
/* Initialises a child allocator of `mem` for one thread. Blocks belong to the parent: any child may
 * free them, and the child itself is not cleared. If the threads of several children run at the
 * same time, the parent must have a lock. */
void ic_mem_init_child(struct ic_mem *mem, struct ic_mem *child);

/* Allocates `size_bytes` uninitialised bytes, aligned to IC_ALIGN_BYTES; size 0 counts as 1.
 * Returns NULL if the budget or the system does not allow it, and sets mem->status. Free with
 * ic_free. */
void *ic_alloc(struct ic_mem *mem, size_t size_bytes) __attribute__((malloc));
/* Allocates `count` elements of `size_bytes` with every byte 0; NULL also if the product does not
 * fit size_t. */
void *ic_calloc(struct ic_mem *mem, size_t count, size_t size_bytes);
/* NULL is allowed. */
void ic_free(struct ic_mem *mem, void *block);

/* Transfers a block to the caller of the library: it no longer counts against the budget. */
void ic_mem_hand_out(struct ic_mem *mem, void *block);
/* Frees a block that was handed out. NULL is allowed. */
void ic_mem_take_back(struct ic_mem *mem, void *block);

/* The same without the allocator, which may be in use or cleared. NULL is allowed. */
void ic_mem_free_handed_out(void *block);

/* The bytes that the budget still allows. Only while no other thread works. */
size_t ic_mem_left(const struct ic_mem *mem);

/* Counts memory that a codec library is about to allocate; false (mem->status BUDGET) if the budget
 * does not allow it. Release the same amount with ic_mem_release. */
bool ic_mem_reserve(struct ic_mem *mem, size_t size_bytes);
void ic_mem_release(struct ic_mem *mem, size_t size_bytes);

/* Describes the last refusal, for a sentence: "5.3 MiB", and if the budget was the reason the
 * figures of the call at that moment. */
struct ic_mem_text {
    char text[160];
};
struct ic_mem_text ic_mem_explain(const struct ic_mem *mem);

/* A function of the caller that takes bytes piece by piece. */
struct ic_sink {
    imgcore_write_fn *write;
    void *user;
    size_t taken_bytes; /* so far */
    bool has_stopped;   /* write has returned false, and is not called again */
};

/* A byte buffer that grows (doubling) within the budget. Zero-initialise it with its mem set. */
struct ic_buf {
    struct ic_mem *mem;
    uint8_t *bytes;
    size_t size_bytes, capacity_bytes;
    struct ic_sink *sink; /* NULL: all bytes are kept; else ic_buf_drain passes them on */
};

/* Makes the capacity at least size_bytes + more_bytes; on failure returns false, sets mem->status
 * and changes nothing else. */
bool ic_buf_reserve(struct ic_buf *buf, size_t more_bytes);
/* The same, and the capacity is not rounded up. */
bool ic_buf_reserve_exactly(struct ic_buf *buf, size_t more_bytes);
bool ic_buf_append(struct ic_buf *buf, const void *bytes, size_t size_bytes);
/* Passes the bytes on to the sink, if there is one and they are at least `least_bytes`; the buffer
 * is empty then. False: the sink has stopped. */
bool ic_buf_drain(struct ic_buf *buf, size_t least_bytes);
void ic_buf_clear(struct ic_buf *buf);

#endif
