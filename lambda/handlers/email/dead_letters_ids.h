/* A set of ids, each with its number: 0 for the first that was added, then 1, ... */
#ifndef EMAIL_DEAD_LETTERS_IDS_H
#define EMAIL_DEAD_LETTERS_IDS_H

#include <stdbool.h>
#include <stddef.h>

struct email_ids {
    char **ids; /* by number */
    size_t count, capacity;
    size_t *slots; /* open addressing: number + 1; 0: empty. Twice `capacity` of them */
};

/* A zeroed set is empty. */
void email_ids_clear(struct email_ids *ids);
/* false: out of memory. *number is the id's, whether it `was_there` or is added. */
bool email_ids_add(struct email_ids *ids, const char *id, size_t *number, bool *was_there);
bool email_ids_has(const struct email_ids *ids, const char *id);

#endif
