/* The events of a file in the order in which they are sent: as they stand, or shuffled; some twice;
 * some with a damaged copy before them; those that have failed again in later rounds. A file is
 * read as it is needed. Kept in memory: 8 bytes for each event that has to be sent again, and with
 * a shuffle for each event. */
#ifndef WEBHOOK_SEND_SOURCE_H
#define WEBHOOK_SEND_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "services/base/buf.h"

struct send_source_options {
    bool is_shuffled;
    uint64_t seed;
    int double_percent, damage_percent;
    uint64_t part, parts; /* of each `parts` events that with number `part`, from 0; parts 1: all */
};

struct send_item {
    uint64_t offset; /* of the line in the file */
    bool is_damaged;
};

struct send_list {
    uint64_t *items; /* offset * 2 + is_damaged */
    size_t count, capacity;
};

struct send_source {
    FILE *file; /* seekable */
    struct send_source_options options;
    uint64_t random;
    uint64_t read_offset, lines; /* of the file's part that is read */
    struct send_list now;        /* of this round; a shuffle, and all rounds but the first */
    size_t taken;                /* of `now` */
    struct send_list failed;     /* of the next round */
    struct send_item pending[3]; /* of one line, not shuffled */
    size_t pending_count;
    bool is_first_round;
    struct svc_buf line;
};

/* The file stays the caller's. Errors: IO, TOO_LARGE (a line), NO_MEMORY. send_source_close in any
 * case. */
enum svc_status send_source_open(FILE *file, const struct send_source_options *options,
                                 struct send_source *source, struct svc_error *error);
void send_source_close(struct send_source *source);

/* Whether there is another item in this round; its line is in source->line until the next call.
 * *status: as of send_source_open. */
bool send_source_next(struct send_source *source, struct send_item *item, enum svc_status *status,
                      struct svc_error *error);
/* To be sent again in the next round. false: no memory. */
bool send_source_again(struct send_source *source, const struct send_item *item);
/* Begins the next round; false: nothing has to be sent again. */
bool send_source_next_round(struct send_source *source);

/* SplitMix64. */
uint64_t send_random(uint64_t *state);

#endif
