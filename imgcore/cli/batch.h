/* The work of `imgcore variants`: parsing the request (variants.c), doing it on several threads
 * (batch.c), reporting it (batch_report.c, contact_sheet.c). */
#ifndef CLI_BATCH_H
#define CLI_BATCH_H

#include "imgcore/cli/files.h"
#include "imgcore/cli/inputs.h"

struct cli_size {
    char *name; /* name of its folder */
    uint32_t width_px, height_px;
};

/* One image written. */
struct cli_made {
    char *path;
    uint32_t width_px, height_px;
    size_t size_bytes;
};

struct cli_result {
    struct cli_failure failure;
    enum imgcore_format format;
    uint32_t width_px, height_px; /* of the input, orientation applied */
    uint64_t size_bytes;          /* of the input */
    double ms; /* from opening the input until its last output is in place, all sizes together */
    struct cli_made made[IMGCORE_MAX_OUTPUTS];
};

struct cli_batch {
    /* the request */
    const char *out_folder;
    const char *sheet_path; /* path of the contact sheet; NULL: none */
    bool json;
    size_t jobs;      /* 0: one for each thread */
    uint32_t threads; /* divided among the jobs */
    struct cli_size size[IMGCORE_MAX_OUTPUTS];
    size_t size_count;
    struct imgcore_options options;
    struct imgcore_output output; /* the boxes of the sizes are filled in later */
    /* the results */
    struct cli_items items;
    struct cli_result *results; /* one for each item */
    const char *target;
    double ms;
};

/* Returns the path of `item` in `size`. Free it with free. */
char *cli_batch_path(const struct cli_batch *batch, size_t size, const struct cli_item *item);

/* Processes every item and fills results; false, after a message, if the work could not start. */
bool cli_batch_run(struct cli_batch *batch);

/* Returns how many items failed. */
size_t cli_batch_refused(const struct cli_batch *batch);

/* Prints the table to stdout and the failures to stderr. */
void cli_batch_table(const struct cli_batch *batch);
void cli_batch_json(const struct cli_batch *batch);

/* Writes the page at batch->sheet_path. */
bool cli_contact_sheet(const struct cli_batch *batch, struct cli_failure *failure);

#endif
