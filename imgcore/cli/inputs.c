/* The input files of `imgcore variants`: see inputs.h. */
#define _GNU_SOURCE /* scandir, lstat */
#include "imgcore/cli/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "imgcore/cli/text.h"

/* The deepest nesting of folders; deeper ones are rejected. */
#define MAX_DEPTH 128

struct walk {
    struct cli_items *items;
    const struct cli_skip *skips;
    size_t skip_count;
    int depth;
};

static struct cli_item *add_item(struct cli_items *items, const char *path, const char *name) {
    if (items->count == items->capacity) {
        size_t capacity = items->capacity ? items->capacity * 2 : 64;
        struct cli_item *larger = cli_alloc(capacity, sizeof *larger);
        if (items->count) {
            memcpy(larger, items->item, items->count * sizeof *larger);
        }
        free(items->item);
        items->item = larger;
        items->capacity = capacity;
    }
    struct cli_item *item = &items->item[items->count++];
    item->path = cli_format("%s", path);
    item->name = cli_format("%s", name);
    return item;
}

static bool is_skipped(const struct walk *walk, const struct stat *st) {
    for (size_t i = 0; i < walk->skip_count; i++) {
        if (walk->skips[i].device == st->st_dev && walk->skips[i].inode == st->st_ino) {
            return true;
        }
    }
    return false;
}

/* Adds a file of a folder if its first bytes or its name are those of an image; counts it
 * otherwise. A file that is an image by name only is rejected later, like any other that cannot be
 * decoded. */
static void add_found(struct walk *walk, const char *path, const char *name,
                      const struct stat *st) {
    struct cli_input input;
    struct cli_failure failure = {0};
    bool is_picture = true; /* an unreadable file is reported, not skipped */
    if (cli_input_open(&input, path, false, &failure)) {
        is_picture = cli_input_kind(&input) != IMGCORE_FORMAT_AUTO ||
                     cli_named_kind(name) != IMGCORE_FORMAT_AUTO;
        cli_input_close(&input);
    }
    if (!is_picture) {
        walk->items->skipped++;
        return;
    }
    struct cli_item *item = add_item(walk->items, path, name);
    item->device = st->st_dev;
    item->inode = st->st_ino;
    item->failure = failure;
}

static int is_visible(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void walk_folder(struct walk *walk, const char *folder, const char *below) {
    struct dirent **entries = NULL;
    int count = walk->depth < MAX_DEPTH ? scandir(folder, &entries, is_visible, by_name) : -1;
    if (count < 0) {
        struct cli_item *item = add_item(walk->items, folder, below);
        if (walk->depth < MAX_DEPTH) {
            cli_fail(&item->failure, "READ_FAILED", "cannot be listed: %s", strerror(errno));
        } else {
            cli_fail(&item->failure, "TOO_LARGE", "is more than %d folders deep", MAX_DEPTH);
        }
        return;
    }
    walk->depth++;
    for (int i = 0; i < count; i++) {
        const char *entry = entries[i]->d_name;
        char *path = cli_format("%s/%s", folder, entry);
        char *name = cli_format("%s%s%s", below, *below ? "/" : "", entry);
        struct stat st;
        struct stat target;
        if (lstat(path, &st) != 0) {
            st.st_mode = 0; /* removed since the folder was listed */
        }
        if (S_ISDIR(st.st_mode)) {
            if (!is_skipped(walk, &st)) {
                walk_folder(walk, path, name);
            }
        } else if (S_ISREG(st.st_mode)) {
            add_found(walk, path, name, &st);
        } else if (S_ISLNK(st.st_mode) && stat(path, &target) == 0 && S_ISREG(target.st_mode)) {
            add_found(walk, path, name, &target);
        }
        free(path);
        free(name);
        free(entries[i]);
    }
    free(entries);
    walk->depth--;
}

/* Returns the path without slashes at its end. */
static char *trimmed(const char *path) {
    char *copy = cli_format("%s", path);
    size_t length = strlen(copy);
    while (length > 1 && copy[length - 1] == '/') {
        copy[--length] = '\0';
    }
    return copy;
}

void cli_items_add(struct cli_items *items, const char *path, const struct cli_skip *skips,
                   size_t skip_count) {
    char *copy = trimmed(path);
    size_t before = items->count;
    struct stat st;
    if (stat(copy, &st) != 0) {
        struct cli_item *item = add_item(items, copy, cli_base_name(copy));
        cli_fail(&item->failure, "READ_FAILED", "cannot be opened: %s", strerror(errno));
    } else if (S_ISDIR(st.st_mode)) {
        struct walk walk = {items, skips, skip_count, 0};
        walk_folder(&walk, copy, "");
        if (items->count == before) {
            struct cli_item *item = add_item(items, copy, "");
            cli_fail(&item->failure, "READ_FAILED", "the folder has no JPEG or PNG file");
        }
    } else {
        struct cli_item *item = add_item(items, copy, cli_base_name(copy));
        item->device = st.st_dev;
        item->inode = st.st_ino;
        if (!S_ISREG(st.st_mode)) {
            cli_fail(&item->failure, "READ_FAILED", "is not a regular file (use imgcore resize)");
        }
    }
    free(copy);
}

void cli_items_clear(struct cli_items *items) {
    for (size_t i = 0; i < items->count; i++) {
        free(items->item[i].path);
        free(items->item[i].name);
    }
    free(items->item);
    *items = (struct cli_items){0};
}
