/* A hash set with linear probing: see dead_letters_ids.h. */
#include "lambda/handlers/email/dead_letters_ids.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/text.h"

#define FIRST_CAPACITY ((size_t)64)
#define MAX_CAPACITY   ((size_t)1 << 24)

/* FNV-1a. */
static uint64_t hash_of(const char *id) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *id != '\0'; id++) {
        hash = (hash ^ (uint8_t)*id) * UINT64_C(1099511628211);
    }
    return hash;
}

/* The slot that has the id, or the empty one where it belongs. */
static size_t *slot_of(const struct email_ids *ids, const char *id) {
    size_t mask = 2 * ids->capacity - 1;
    size_t at = (size_t)hash_of(id) & mask;
    while (ids->slots[at] != 0 && strcmp(ids->ids[ids->slots[at] - 1], id) != 0) {
        at = (at + 1) & mask;
    }
    return &ids->slots[at];
}

static bool grow(struct email_ids *ids) {
    size_t capacity = ids->capacity > 0 ? 2 * ids->capacity : FIRST_CAPACITY;
    if (capacity > MAX_CAPACITY) {
        return false;
    }
    char **list = realloc(ids->ids, capacity * sizeof(*list));
    if (list == NULL) {
        return false;
    }
    ids->ids = list;
    size_t *slots = calloc(2 * capacity, sizeof(*slots));
    if (slots == NULL) {
        return false;
    }
    free(ids->slots);
    ids->slots = slots;
    ids->capacity = capacity;
    for (size_t i = 0; i < ids->count; i++) {
        *slot_of(ids, ids->ids[i]) = i + 1;
    }
    return true;
}

bool email_ids_add(struct email_ids *ids, const char *id, size_t *number, bool *was_there) {
    if (ids->count == ids->capacity && !grow(ids)) {
        return false;
    }
    size_t *slot = slot_of(ids, id);
    *was_there = *slot != 0;
    if (!*was_there) {
        char *copy = svc_duplicate_text(id);
        if (copy == NULL) {
            return false;
        }
        ids->ids[ids->count++] = copy;
        *slot = ids->count;
    }
    *number = *slot - 1;
    return true;
}

bool email_ids_has(const struct email_ids *ids, const char *id) {
    return ids->capacity > 0 && *slot_of(ids, id) != 0;
}

void email_ids_clear(struct email_ids *ids) {
    for (size_t i = 0; i < ids->count; i++) {
        free(ids->ids[i]);
    }
    free(ids->ids);
    free(ids->slots);
    *ids = (struct email_ids){0};
}
