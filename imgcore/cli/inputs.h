/* Which files `imgcore variants` works on: those named, and those found in the folders named. */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include "imgcore/cli/files.h"

struct cli_item {
    char *path; /* to open it */
    char *name; /* under each size's folder: the file's name, or its path below the folder named */
    dev_t device;
    ino_t inode;
    struct cli_failure failure; /* set if there is nothing to be tried */
};

struct cli_items {
    struct cli_item *item;
    size_t count, capacity;
    size_t skipped; /* files of other kinds, by bytes and by name, found in folders */
};

/* A folder that a walk does not enter. */
struct cli_skip {
    dev_t device;
    ino_t inode;
};

/* Adds a file, or the pictures of a folder and its folders in order of their names: what begins
 * like a picture or is named like one, no dot files, nothing that is neither a regular file nor a
 * folder, no folder behind a link. What is wrong with a path is kept as an item with a failure. */
void cli_items_add(struct cli_items *items, const char *path, const struct cli_skip *skips,
                   size_t skip_count);
void cli_items_clear(struct cli_items *items);

#endif
