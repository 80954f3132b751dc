/* The work of `imgcore variants`: what is asked (variants.c), doing it with several threads
 * (batch.c), telling of it (batch_report.c, contact_sheet.c). */
#ifndef CLI_BATCH_H
#define CLI_BATCH_H

#include "imgcore/cli/files.h"
#include "imgcore/cli/inputs.h"

struct cli_size {
    char *name; /* of its folder */
    uint32_t width_px, height_px;
};

/* One picture made. */
struct cli_made {
    char *path;
    uint32_t width_px, height_px;
    size_t size_bytes;
};

struct cli_result {
    struct cli_failure failure;
    enum imgcore_format format;
    uint32_t width_px, height_px; /* of the input, the right way up */
    uint64_t size_bytes;          /* of the input */
    double ms; /* from opening the input to its last output in place, all sizes together */
    struct cli_made made[IMGCORE_MAX_OUTPUTS];
};

struct cli_batch {
    /* asked */
    const char *out_folder;
    const char *sheet_path; /* of the contact sheet; NULL: none */
    bool json;
    size_t jobs;      /* 0: one for each thread */
    uint32_t threads; /* shared out among the jobs */
    struct cli_size size[IMGCORE_MAX_OUTPUTS];
    size_t size_count;
    struct imgcore_options options;
    struct imgcore_output output; /* the sizes' boxes are filled in */
    /* found and done */
    struct cli_items items;
    struct cli_result *results; /* one for each item */
    const char *target;
    double ms;
};

/* Where `item` goes in `size`. Give back with free. */
char *cli_batch_path(const struct cli_batch *batch, size_t size, const struct cli_item *item);

/* Works on every item and fills results; false, after a message, if it could not begin. */
bool cli_batch_run(struct cli_batch *batch);

/* How many items came to nothing. */
size_t cli_batch_refused(const struct cli_batch *batch);

/* The table on stdout, the refusals on stderr. */
void cli_batch_table(const struct cli_batch *batch);
void cli_batch_json(const struct cli_batch *batch);

/* Writes the page at batch->sheet_path. */
bool cli_contact_sheet(const struct cli_batch *batch, struct cli_failure *failure);

#endif
