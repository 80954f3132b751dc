/* A cache of weight tables: photographs have few different sizes, and both chroma planes of one use
 * the same table. Belongs to a context; one thread at a time. */
#ifndef IC_WEIGHT_CACHE_H
#define IC_WEIGHT_CACHE_H

#include "imgcore/resample/weights.h"

struct ic_weight_entry;

struct ic_weight_cache {
    struct ic_mem *mem;
    struct ic_weight_entry *entries; /* most recently used first */
    size_t kept_bytes;               /* of the unused tables */
};

/* The most bytes of unused tables; the oldest are freed first. */
#define IC_WEIGHT_CACHE_BYTES ((size_t)4 << 20)

void ic_weight_cache_init(struct ic_weight_cache *cache, struct ic_mem *mem);
/* No table may be in use (asserted). */
void ic_weight_cache_clear(struct ic_weight_cache *cache);

/* Gets the table of an axis, for rows halved `level` times (0: not halved); makes it if it is not
 * in the cache. fitted: as after ic_weights_fit_rows. Valid until ic_weight_cache_put. Errors:
 * BUDGET, NO_MEMORY. */
enum imgcore_status ic_weight_cache_get(struct ic_weight_cache *cache, const struct ic_axis *axis,
                                        int level, enum ic_weight_type type, bool fitted,
                                        const struct ic_weights **weights);
/* NULL is allowed. */
void ic_weight_cache_put(struct ic_weight_cache *cache, const struct ic_weights *weights);

#endif
