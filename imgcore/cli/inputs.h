/* The input files of `imgcore variants`: the named files, and the files found in the named folders.
 */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include "imgcore/cli/files.h"

struct cli_item {
    char *path; /* path to open */
    char *name; /* name below the folder of each size: the name of the file, or its path below the
                   named folder */
    dev_t device;
    ino_t inode;
    struct cli_failure failure; /* set if the item cannot be processed */
};

struct cli_items {
    struct cli_item *item;
    size_t count, capacity;
    size_t skipped; /* files of other formats, by content and by name, found in folders */
};

/* A folder that is excluded from the search. */
struct cli_skip {
    dev_t device;
    ino_t inode;
};

/* Adds a file, or the images of a folder and its subfolders in the order of their names: files
 * whose content or name is that of an image; no dot files, only regular files and folders, no
 * folder behind a link. An error of a path is kept as an item with a failure. */
void cli_items_add(struct cli_items *items, const char *path, const struct cli_skip *skips,
                   size_t skip_count);
void cli_items_clear(struct cli_items *items);

#endif
