/* The allocator of one context: see mem.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/base/invariant.h"
#include "imgcore/base/limits.h"
#include "imgcore/base/mem.h"

/* Precedes every block; padded so that the block behind it is aligned. */
struct ic_mem_block {
    struct ic_mem_block *next; /* in the list of kept blocks */
    void *raw;                 /* as the caller's allocator returned it */
    size_t size_bytes;         /* of the block, without this header */
    size_t counted_bytes;      /* what was asked for: a kept block may be larger */
    /* of a block that was handed out: how it is freed without its allocator */
    void (*free)(void *user, void *block);
    void *user;
};

/* Smaller blocks are not kept: malloc reuses them quickly. */
#define KEEP_MIN_BYTES ((size_t)16 * 1024)
/* The most bytes kept between pictures. */
#if defined(IC_KEEP_NOTHING)
#define KEEP_MAX_BYTES ((size_t)0) /* sanitizer builds: every use after free must be detected */
#else
#define KEEP_MAX_BYTES ((size_t)32 << 20)
#endif

static void *default_alloc(void *user, size_t size_bytes) {
    (void)user;
    return malloc(size_bytes);
}

static void default_free(void *user, void *block) {
    (void)user;
    free(block);
}

void ic_mem_init(struct ic_mem *mem, const struct imgcore_allocator *allocator) {
    memset(mem, 0, sizeof(*mem));
    if (allocator != NULL) {
        mem->allocator = *allocator;
    } else {
        mem->allocator.alloc = default_alloc;
        mem->allocator.free = default_free;
    }
    mem->budget_bytes = IMGCORE_DEFAULT_MEMORY_BYTES;
}

static void release_kept(struct ic_mem *mem) {
    while (mem->kept != NULL) {
        struct ic_mem_block *block = mem->kept;
        mem->kept = block->next;
        mem->kept_bytes -= block->size_bytes;
        mem->allocator.free(mem->allocator.user, block->raw);
    }
}

void ic_mem_clear(struct ic_mem *mem) {
    (void)IC_HOLDS(mem->used_bytes == 0 && mem->reserved_bytes == 0);
    release_kept(mem);
}

void ic_mem_set_budget(struct ic_mem *mem, size_t budget_bytes) {
    /* what the context holds between calls does not count against the call */
    const size_t taken = mem->used_bytes + mem->reserved_bytes;
    mem->budget_bytes = budget_bytes < SIZE_MAX - taken ? budget_bytes + taken : SIZE_MAX;
    mem->peak_bytes = mem->before_bytes = taken;
}

void ic_mem_init_child(struct ic_mem *mem, struct ic_mem *child) {
    memset(child, 0, sizeof(*child));
    child->parent = mem->parent != NULL ? mem->parent : mem;
    child->budget_bytes = mem->budget_bytes;
}

/* Returns the allocator that does the accounting for `mem`, with its lock taken. */
static struct ic_mem *lock_accounting(struct ic_mem *mem) {
    struct ic_mem *parent = mem->parent != NULL ? mem->parent : mem;
    if (parent->lock != NULL) {
        pthread_mutex_lock(parent->lock);
    }
    return parent;
}

static void unlock_accounting(struct ic_mem *parent) {
    if (parent->lock != NULL) {
        pthread_mutex_unlock(parent->lock);
    }
}

static size_t left_of(const struct ic_mem *parent) {
    const size_t taken = parent->used_bytes + parent->reserved_bytes;
    return taken < parent->budget_bytes ? parent->budget_bytes - taken : 0;
}

static void note_peak(struct ic_mem *mem) {
    size_t taken = mem->used_bytes + mem->reserved_bytes;
    if (taken > mem->peak_bytes) {
        mem->peak_bytes = taken;
    }
}

/* Removes and returns the smallest kept block that holds `size_bytes` and wastes at most half of
 * itself; NULL if there is none. */
static struct ic_mem_block *take_kept(struct ic_mem *mem, size_t size_bytes) {
    struct ic_mem_block **best = NULL;
    for (struct ic_mem_block **at = &mem->kept; *at != NULL; at = &(*at)->next) {
        size_t have = (*at)->size_bytes;
        if (have >= size_bytes && have / 2 <= size_bytes &&
            (best == NULL || have < (*best)->size_bytes)) {
            best = at;
        }
    }
    if (best == NULL) {
        return NULL;
    }
    struct ic_mem_block *block = *best;
    *best = block->next;
    mem->kept_bytes -= block->size_bytes;
    return block;
}

static struct ic_mem_block *new_block(struct ic_mem *mem, size_t size_bytes) {
    size_t total;
    const size_t head = ic_round_up(sizeof(struct ic_mem_block), IC_ALIGN_BYTES);
    if (!ic_add_size(size_bytes, head + IC_ALIGN_BYTES, &total)) {
        return NULL;
    }
    void *raw = mem->allocator.alloc(mem->allocator.user, total);
    if (raw == NULL && mem->kept != NULL) {
        release_kept(mem); /* kept blocks must never cause a failure */
        raw = mem->allocator.alloc(mem->allocator.user, total);
    }
    if (raw == NULL) {
        return NULL;
    }
    uintptr_t user = ic_round_up((uintptr_t)raw + sizeof(struct ic_mem_block), IC_ALIGN_BYTES);
    struct ic_mem_block *block = (struct ic_mem_block *)user - 1;
    block->raw = raw;
    block->size_bytes = size_bytes;
    return block;
}

/* Notes in `mem` why its parent refuses memory. */
static void note_refusal(struct ic_mem *mem, const struct ic_mem *parent, size_t size_bytes,
                         enum imgcore_status status) {
    mem->status = status;
    mem->refused_bytes = size_bytes;
    /* The context may have freed what it held before. */
    const size_t taken = parent->used_bytes + parent->reserved_bytes;
    mem->refused_used_bytes = taken > parent->before_bytes ? taken - parent->before_bytes : 0;
}

/* Returns a block; on failure NULL, and the reason in *why. What is counted is what was asked for,
 * so that a call fits the budget whatever its context has kept of earlier ones. */
static struct ic_mem_block *take_block(struct ic_mem *mem, size_t size_bytes,
                                       enum imgcore_status *why) {
    if (size_bytes > left_of(mem)) {
        *why = IMGCORE_BUDGET;
        return NULL;
    }
    struct ic_mem_block *block = take_kept(mem, size_bytes);
    if (block == NULL) {
        block = new_block(mem, size_bytes);
    }
    if (block == NULL) {
        *why = IMGCORE_NO_MEMORY;
        return NULL;
    }
    block->counted_bytes = size_bytes;
    mem->used_bytes += block->counted_bytes;
    note_peak(mem);
    return block;
}

void *ic_alloc(struct ic_mem *mem, size_t size_bytes) {
    if (size_bytes == 0) {
        size_bytes = 1;
    }
    if (size_bytes > SIZE_MAX / 2) {
        mem->status = IMGCORE_NO_MEMORY;
        return NULL;
    }
    struct ic_mem *parent = lock_accounting(mem);
    enum imgcore_status status = IMGCORE_OK;
    struct ic_mem_block *block = take_block(parent, size_bytes, &status);
    if (block == NULL) {
        note_refusal(mem, parent, size_bytes, status);
    }
    unlock_accounting(parent);
    return block != NULL ? block + 1 : NULL;
}

void *ic_calloc(struct ic_mem *mem, size_t count, size_t size_bytes) {
    size_t total;
    if (!ic_mul_size(count, size_bytes, &total)) {
        mem->status = IMGCORE_NO_MEMORY;
        return NULL;
    }
    void *block = ic_alloc(mem, total);
    if (block != NULL) {
        memset(block, 0, total);
    }
    return block;
}

static void give_back(size_t *taken_bytes, size_t size_bytes) {
    *taken_bytes -= IC_HOLDS(*taken_bytes >= size_bytes) ? size_bytes : *taken_bytes;
}

static void free_block(struct ic_mem *mem, struct ic_mem_block *block) {
    give_back(&mem->used_bytes, block->counted_bytes);
    if (block->size_bytes >= KEEP_MIN_BYTES &&
        block->size_bytes <= KEEP_MAX_BYTES - mem->kept_bytes) {
        block->next = mem->kept;
        mem->kept = block;
        mem->kept_bytes += block->size_bytes;
        return;
    }
    mem->allocator.free(mem->allocator.user, block->raw);
}

void ic_free(struct ic_mem *mem, void *user_block) {
    if (user_block != NULL) {
        struct ic_mem *parent = lock_accounting(mem);
        free_block(parent, (struct ic_mem_block *)user_block - 1);
        unlock_accounting(parent);
    }
}

void ic_mem_hand_out(struct ic_mem *mem, void *user_block) {
    struct ic_mem_block *block = (struct ic_mem_block *)user_block - 1;
    struct ic_mem *parent = lock_accounting(mem);
    block->free = parent->allocator.free;
    block->user = parent->allocator.user;
    give_back(&parent->used_bytes, block->counted_bytes);
    unlock_accounting(parent);
}

void ic_mem_take_back(struct ic_mem *mem, void *user_block) {
    if (user_block != NULL) {
        struct ic_mem_block *block = (struct ic_mem_block *)user_block - 1;
        struct ic_mem *parent = lock_accounting(mem);
        parent->used_bytes += block->counted_bytes;
        free_block(parent, block);
        unlock_accounting(parent);
    }
}

void ic_mem_free_handed_out(void *user_block) {
    if (user_block != NULL) {
        const struct ic_mem_block *block = (struct ic_mem_block *)user_block - 1;
        block->free(block->user, block->raw);
    }
}

size_t ic_mem_left(const struct ic_mem *mem) {
    return left_of(mem->parent != NULL ? mem->parent : mem);
}

bool ic_mem_reserve(struct ic_mem *mem, size_t size_bytes) {
    struct ic_mem *parent = lock_accounting(mem);
    const bool good = size_bytes <= left_of(parent);
    if (good) {
        parent->reserved_bytes += size_bytes;
        note_peak(parent);
    } else {
        note_refusal(mem, parent, size_bytes, IMGCORE_BUDGET);
    }
    unlock_accounting(parent);
    return good;
}

void ic_mem_release(struct ic_mem *mem, size_t size_bytes) {
    struct ic_mem *parent = lock_accounting(mem);
    give_back(&parent->reserved_bytes, size_bytes);
    unlock_accounting(parent);
}

/* The size as a person reads it: bytes, or MiB with a decimal, rounded up if it is a demand. */
static void write_size(uint64_t size_bytes, bool round_up, char *out, size_t out_bytes) {
    const uint64_t mib = (uint64_t)1 << 20;
    if (size_bytes < mib) {
        snprintf(out, out_bytes, "%" PRIu64 " bytes", size_bytes);
        return;
    }
    uint64_t tenths = size_bytes / mib * 10 + size_bytes % mib * 10 / mib;
    tenths += round_up && size_bytes % mib * 10 % mib != 0;
    snprintf(out, out_bytes, "%" PRIu64 ".%" PRIu64 " MiB", tenths / 10, tenths % 10);
}

struct ic_mem_text ic_mem_explain(const struct ic_mem *mem) {
    struct ic_mem_text explained;
    const struct ic_mem *parent = mem->parent != NULL ? mem->parent : mem;
    char needed[32], used[32], budget[32];
    write_size(mem->refused_bytes, true, needed, sizeof(needed));
    if (mem->status != IMGCORE_BUDGET) {
        snprintf(explained.text, sizeof(explained.text), "%s", needed);
        return explained;
    }
    write_size(mem->refused_used_bytes, true, used, sizeof(used));
    write_size(parent->budget_bytes - parent->before_bytes, false, budget, sizeof(budget));
    snprintf(explained.text, sizeof(explained.text), "%s beside the %s in use; the budget is %s",
             needed, used, budget);
    return explained;
}

static bool set_capacity(struct ic_buf *buf, size_t capacity) {
    uint8_t *bytes = ic_alloc(buf->mem, capacity);
    if (bytes == NULL) {
        return false;
    }
    if (buf->size_bytes != 0) {
        memcpy(bytes, buf->bytes, buf->size_bytes);
    }
    ic_free(buf->mem, buf->bytes);
    buf->bytes = bytes;
    buf->capacity_bytes = capacity;
    return true;
}

/* The bytes that the buffer must hold; false, with the status, if that does not fit size_t. */
static bool needed(const struct ic_buf *buf, size_t more_bytes, size_t *need) {
    if (!ic_add_size(buf->size_bytes, more_bytes, need)) {
        buf->mem->status = IMGCORE_NO_MEMORY;
        return false;
    }
    return true;
}

bool ic_buf_reserve(struct ic_buf *buf, size_t more_bytes) {
    size_t need;
    if (!needed(buf, more_bytes, &need)) {
        return false;
    }
    if (need <= buf->capacity_bytes) {
        return true;
    }
    size_t capacity = buf->capacity_bytes < 4096 ? 4096 : buf->capacity_bytes;
    while (capacity < need) {
        capacity = capacity > SIZE_MAX / 4 ? need : capacity * 2;
    }
    return set_capacity(buf, capacity);
}

bool ic_buf_reserve_exactly(struct ic_buf *buf, size_t more_bytes) {
    size_t need;
    return needed(buf, more_bytes, &need) &&
           (need <= buf->capacity_bytes || set_capacity(buf, need));
}

bool ic_buf_append(struct ic_buf *buf, const void *bytes, size_t size_bytes) {
    if (!ic_buf_reserve(buf, size_bytes)) {
        return false;
    }
    if (size_bytes != 0) {
        memcpy(buf->bytes + buf->size_bytes, bytes, size_bytes);
        buf->size_bytes += size_bytes;
    }
    return true;
}

bool ic_buf_drain(struct ic_buf *buf, size_t least_bytes) {
    struct ic_sink *sink = buf->sink;
    if (sink == NULL || buf->size_bytes < least_bytes || buf->size_bytes == 0) {
        return sink == NULL || !sink->has_stopped;
    }
    if (!sink->has_stopped && sink->write(sink->user, buf->bytes, buf->size_bytes)) {
        sink->taken_bytes += buf->size_bytes;
    } else {
        sink->has_stopped = true;
    }
    buf->size_bytes = 0;
    return !sink->has_stopped;
}

void ic_buf_clear(struct ic_buf *buf) {
    ic_free(buf->mem, buf->bytes);
    buf->bytes = NULL;
    buf->size_bytes = 0;
    buf->capacity_bytes = 0;
}
