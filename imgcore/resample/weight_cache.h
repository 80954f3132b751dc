/* Weight tables kept from picture to picture: photographs come in the same few sizes, and both
 * chroma planes of one want the same table. Belongs to a context; one thread at a time. */
#ifndef IC_WEIGHT_CACHE_H
#define IC_WEIGHT_CACHE_H

#include "imgcore/resample/weights.h"

struct ic_weight_entry;

struct ic_weight_cache {
    struct ic_mem *mem;
    struct ic_weight_entry *entries; /* the last used first */
    size_t kept_bytes;               /* of tables nobody uses at the moment */
};

/* Tables that are not in use are kept up to this much, the oldest leave first. */
#define IC_WEIGHT_CACHE_BYTES ((size_t)4 << 20)

void ic_weight_cache_init(struct ic_weight_cache *cache, struct ic_mem *mem);
/* Every table must have been given back (asserted). */
void ic_weight_cache_clear(struct ic_weight_cache *cache);

/* The table of an axis, of rows halved `level` times (0: not), made if it is not there. fitted: as
 * ic_weights_fit_rows leaves it. Valid until ic_weight_cache_put. Errors: BUDGET, NO_MEMORY. */
enum imgcore_status ic_weight_cache_get(struct ic_weight_cache *cache, const struct ic_axis *axis,
                                        int level, enum ic_weight_type type, bool fitted,
                                        const struct ic_weights **weights);
/* NULL is allowed. */
void ic_weight_cache_put(struct ic_weight_cache *cache, const struct ic_weights *weights);

#endif
