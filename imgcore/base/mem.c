/* Memory of one context: see mem.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/base/limits.h"
#include "imgcore/base/mem.h"

/* Sits right before every block; padded so that the block behind it is aligned. */
struct ic_mem_block {
    struct ic_mem_block *next; /* in the list of kept blocks */
    void *raw;                 /* what the allocator gave */
    size_t size_bytes;         /* of the block, without this head */
};

/* Smaller blocks are not worth keeping: malloc has them at hand. */
#define KEEP_MIN_BYTES ((size_t)16 * 1024)
/* At most this much is kept between pictures. */
#if defined(IC_KEEP_NOTHING)
#define KEEP_MAX_BYTES ((size_t)0) /* sanitizer builds: every use after free must show */
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
    assert(mem->used_bytes == 0 && mem->reserved_bytes == 0);
    release_kept(mem);
}

void ic_mem_set_budget(struct ic_mem *mem, size_t budget_bytes) {
    /* what a context keeps between calls is not the call's */
    const size_t taken = mem->used_bytes + mem->reserved_bytes;
    mem->budget_bytes = budget_bytes < SIZE_MAX - taken ? budget_bytes + taken : SIZE_MAX;
    mem->peak_bytes = mem->used_bytes + mem->reserved_bytes;
}

static bool within_budget(struct ic_mem *mem, size_t more_bytes) {
    size_t taken = mem->used_bytes + mem->reserved_bytes;
    if (taken > mem->budget_bytes || more_bytes > mem->budget_bytes - taken) {
        mem->status = IMGCORE_BUDGET;
        return false;
    }
    return true;
}

static void note_peak(struct ic_mem *mem) {
    size_t taken = mem->used_bytes + mem->reserved_bytes;
    if (taken > mem->peak_bytes) {
        mem->peak_bytes = taken;
    }
}

/* The smallest kept block that holds `size_bytes` without wasting more than half of it. */
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
        mem->status = IMGCORE_NO_MEMORY;
        return NULL;
    }
    void *raw = mem->allocator.alloc(mem->allocator.user, total);
    if (raw == NULL && mem->kept != NULL) {
        release_kept(mem); /* what is kept must never be what is missing */
        raw = mem->allocator.alloc(mem->allocator.user, total);
    }
    if (raw == NULL) {
        mem->status = IMGCORE_NO_MEMORY;
        return NULL;
    }
    uintptr_t user = ic_round_up((uintptr_t)raw + sizeof(struct ic_mem_block), IC_ALIGN_BYTES);
    struct ic_mem_block *block = (struct ic_mem_block *)user - 1;
    block->raw = raw;
    block->size_bytes = size_bytes;
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
    if (!within_budget(mem, size_bytes)) {
        return NULL;
    }
    struct ic_mem_block *block = take_kept(mem, size_bytes);
    if (block == NULL) {
        block = new_block(mem, size_bytes);
    }
    if (block == NULL) {
        return NULL;
    }
    mem->used_bytes += block->size_bytes;
    note_peak(mem);
    return block + 1;
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

void ic_free(struct ic_mem *mem, void *user_block) {
    if (user_block == NULL) {
        return;
    }
    struct ic_mem_block *block = (struct ic_mem_block *)user_block - 1;
    assert(mem->used_bytes >= block->size_bytes);
    mem->used_bytes -= block->size_bytes;
    if (block->size_bytes >= KEEP_MIN_BYTES &&
        block->size_bytes <= KEEP_MAX_BYTES - mem->kept_bytes) {
        block->next = mem->kept;
        mem->kept = block;
        mem->kept_bytes += block->size_bytes;
        return;
    }
    mem->allocator.free(mem->allocator.user, block->raw);
}

void ic_mem_hand_out(struct ic_mem *mem, void *user_block) {
    const struct ic_mem_block *block = (struct ic_mem_block *)user_block - 1;
    assert(mem->used_bytes >= block->size_bytes);
    mem->used_bytes -= block->size_bytes;
}

void ic_mem_take_back(struct ic_mem *mem, void *user_block) {
    if (user_block != NULL) {
        const struct ic_mem_block *block = (struct ic_mem_block *)user_block - 1;
        mem->used_bytes += block->size_bytes;
        ic_free(mem, user_block);
    }
}

bool ic_mem_reserve(struct ic_mem *mem, size_t size_bytes) {
    if (!within_budget(mem, size_bytes)) {
        return false;
    }
    mem->reserved_bytes += size_bytes;
    note_peak(mem);
    return true;
}

void ic_mem_release(struct ic_mem *mem, size_t size_bytes) {
    assert(mem->reserved_bytes >= size_bytes);
    mem->reserved_bytes -= size_bytes;
}

bool ic_buf_reserve(struct ic_buf *buf, size_t more_bytes) {
    size_t need;
    if (!ic_add_size(buf->size_bytes, more_bytes, &need)) {
        buf->mem->status = IMGCORE_NO_MEMORY;
        return false;
    }
    if (need <= buf->capacity_bytes) {
        return true;
    }
    size_t capacity = buf->capacity_bytes < 4096 ? 4096 : buf->capacity_bytes;
    while (capacity < need) {
        capacity = capacity > SIZE_MAX / 4 ? need : capacity * 2;
    }
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

void ic_buf_clear(struct ic_buf *buf) {
    ic_free(buf->mem, buf->bytes);
    buf->bytes = NULL;
    buf->size_bytes = 0;
    buf->capacity_bytes = 0;
}
