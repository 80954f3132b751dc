/* The cache of weight tables: see weight_cache.h. */
#include "imgcore/resample/weight_cache.h"

#include <stddef.h>

#include "imgcore/base/invariant.h"
#include "imgcore/resample/reduced_weights.h"

struct ic_weight_entry {
    struct ic_weight_entry *next;
    struct ic_axis axis;
    int level;
    bool fitted;
    int users;
    struct ic_weights weights; /* its type is part of the key */
};

void ic_weight_cache_init(struct ic_weight_cache *cache, struct ic_mem *mem) {
    cache->mem = mem;
    cache->entries = NULL;
    cache->kept_bytes = 0;
}

/* Removes an entry from the list. */
static struct ic_weight_entry *unlink_entry(struct ic_weight_entry **at) {
    struct ic_weight_entry *entry = *at;
    *at = entry->next;
    return entry;
}

static void free_entry(struct ic_weight_cache *cache, struct ic_weight_entry *entry) {
    ic_weights_clear(cache->mem, &entry->weights);
    ic_free(cache->mem, entry);
}

void ic_weight_cache_clear(struct ic_weight_cache *cache) {
    while (cache->entries != NULL) {
        struct ic_weight_entry *entry = unlink_entry(&cache->entries);
        (void)IC_HOLDS(entry->users == 0);
        free_entry(cache, entry);
    }
    cache->kept_bytes = 0;
}

static bool same_axis(const struct ic_axis *a, const struct ic_axis *b) {
    return a->source == b->source && a->target == b->target && a->start == b->start &&
           a->length == b->length && a->filter == b->filter;
}

static enum imgcore_status make_entry(struct ic_weight_cache *cache, const struct ic_axis *axis,
                                      int level, enum ic_weight_type type, bool fitted,
                                      struct ic_weight_entry **made) {
    struct ic_weight_entry *entry = ic_calloc(cache->mem, 1, sizeof(*entry));
    if (entry == NULL) {
        return cache->mem->status;
    }
    const enum imgcore_status status =
        level == 0 ? ic_weights_make(cache->mem, axis, type, &entry->weights)
                   : ic_reduced_weights_make(cache->mem, axis, level, type, &entry->weights);
    if (status != IMGCORE_OK) {
        ic_free(cache->mem, entry);
        return status;
    }
    if (fitted) {
        ic_weights_fit_rows(&entry->weights, ic_level_samples(axis->source, level));
    }
    entry->axis = *axis;
    entry->level = level;
    entry->fitted = fitted;
    *made = entry;
    return IMGCORE_OK;
}

enum imgcore_status ic_weight_cache_get(struct ic_weight_cache *cache, const struct ic_axis *axis,
                                        int level, enum ic_weight_type type, bool fitted,
                                        const struct ic_weights **weights) {
    struct ic_weight_entry *entry = NULL;
    for (struct ic_weight_entry **at = &cache->entries; *at != NULL; at = &(*at)->next) {
        if ((*at)->level == level && (*at)->weights.type == type && (*at)->fitted == fitted &&
            same_axis(&(*at)->axis, axis)) {
            entry = unlink_entry(at);
            break;
        }
    }
    if (entry == NULL) {
        const enum imgcore_status status = make_entry(cache, axis, level, type, fitted, &entry);
        if (status != IMGCORE_OK) {
            return status;
        }
    } else if (entry->users == 0) {
        cache->kept_bytes -= entry->weights.size_bytes;
    }
    entry->next = cache->entries;
    cache->entries = entry;
    entry->users++;
    *weights = &entry->weights;
    return IMGCORE_OK;
}

/* Frees the oldest unused tables until the others are within the limit. */
static void shrink(struct ic_weight_cache *cache) {
    while (cache->kept_bytes > IC_WEIGHT_CACHE_BYTES) {
        struct ic_weight_entry **oldest = NULL;
        for (struct ic_weight_entry **at = &cache->entries; *at != NULL; at = &(*at)->next) {
            if ((*at)->users == 0) {
                oldest = at;
            }
        }
        struct ic_weight_entry *entry = unlink_entry(oldest);
        cache->kept_bytes -= entry->weights.size_bytes;
        free_entry(cache, entry);
    }
}

void ic_weight_cache_put(struct ic_weight_cache *cache, const struct ic_weights *weights) {
    if (weights == NULL) {
        return;
    }
    struct ic_weight_entry *entry = cache->entries;
    while (entry != NULL && &entry->weights != weights) {
        entry = entry->next;
    }
    if (!IC_HOLDS(entry != NULL && entry->users > 0)) {
        return;
    }
    entry->users--;
    if (entry->users == 0) {
        cache->kept_bytes += entry->weights.size_bytes;
        shrink(cache);
    }
}
