/* `imgcore variants`: the request, and the check that it overwrites nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "imgcore/cli/args.h"
#include "imgcore/cli/batch.h"
#include "imgcore/cli/command.h"
#include "imgcore/cli/json.h"
#include "imgcore/cli/sandbox.h"
#include "imgcore/cli/settings.h"
#include "imgcore/cli/text.h"

enum option_id { OUT, SIZE, THREADS, JOBS, SHEET, JSON };

enum { MAX_JOBS = 256 };

static const struct cli_option own_options[] = {
    {OUT, 'o', "output", "OUT", "the folder for the results. Required"},
    {SIZE, 0, "size", "NAME=WxH",
     "a size to make, may be repeated; replaces the default sizes:\n"
     "large=1200x1200 medium=800x800 small=400x400 thumbnail=200x200"},
    {THREADS, 0, "threads", "N",
     "number of threads; 0, the default: one for each CPU that may be used"},
    {JOBS, 'j', "jobs", "N",
     "images processed at the same time (default: one for each thread);\n"
     "remaining threads help with them"},
    {SHEET, 0, "contact-sheet", "FILE", "write a page (HTML) that shows all results"},
    {JSON, 0, "json", NULL, "print one JSON document instead of the table" CLI_JSON_NAMES},
    {0, 0, NULL, NULL, NULL}};

struct request {
    struct cli_batch batch;
    const char **paths;
    size_t path_count;
};

/* The name of a size becomes the name of a folder, so it must not contain separators or control
 * characters. */
static bool good_name(const char *name, size_t length) {
    if (length == 0 || length > 64 || name[0] == '.') {
        return false;
    }
    size_t bytes = 0;
    for (size_t i = 0; i < length; i += bytes) {
        int32_t code = cli_utf8_next(name + i, &bytes);
        if (cli_is_control(code) || code == '/') {
            return false;
        }
    }
    return true;
}

static bool take_named_size(struct cli_batch *batch, const struct cli_word *word) {
    size_t length = strcspn(word->text, "=");
    if (word->text[length] == '\0' || !good_name(word->text, length)) {
        return cli_usage_error(word->command, "%s: '%s' is not NAME=WxH", word->option, word->text);
    }
    if (batch->size_count == IMGCORE_MAX_OUTPUTS) {
        return cli_usage_error(word->command, "more than %d sizes", IMGCORE_MAX_OUTPUTS);
    }
    char *name = cli_format("%.*s", (int)length, word->text);
    for (size_t i = 0; i < batch->size_count; i++) {
        if (strcmp(batch->size[i].name, name) == 0) {
            free(name);
            return cli_usage_error(word->command, "size '%s' is given twice", batch->size[i].name);
        }
    }
    struct cli_size *size = &batch->size[batch->size_count++];
    size->name = name;
    return cli_take_size(word, word->text + length + 1, &size->width_px, &size->height_px);
}

static bool accept(void *target, int id, const struct cli_word *word) {
    struct request *request = target;
    struct cli_batch *batch = &request->batch;
    if (id == CLI_OPERAND) {
        if (strcmp(word->text, "-") == 0) {
            return cli_usage_error(word->command,
                                   "standard input has no name to keep; use imgcore resize");
        }
        request->paths[request->path_count++] = word->text;
        return true;
    }
    uint64_t number = 0;
    switch ((enum option_id)id) {
    case OUT:
        batch->out_folder = word->text;
        return *word->text != '\0' || cli_usage_error(word->command, "the output is empty");
    case SIZE:
        return take_named_size(batch, word);
    case THREADS:
        return cli_take_threads(word, &batch->threads);
    case JOBS:
        if (!cli_take_number(word, 1, MAX_JOBS, &number)) {
            return false;
        }
        batch->jobs = (size_t)number;
        return true;
    case SHEET:
        batch->sheet_path = word->text;
        return *word->text != '\0' || cli_usage_error(word->command, "the page's name is empty");
    case JSON:
        batch->json = true;
        return true;
    }
    return false;
}

static void use_product_sizes(struct cli_batch *batch) {
    static const struct {
        const char *name;
        uint32_t side_px;
    } product[] = {{"large", 1200}, {"medium", 800}, {"small", 400}, {"thumbnail", 200}};
    for (; batch->size_count < sizeof product / sizeof *product; batch->size_count++) {
        struct cli_size *size = &batch->size[batch->size_count];
        size->name = cli_format("%s", product[batch->size_count].name);
        size->width_px = size->height_px = product[batch->size_count].side_px;
    }
}

/* Lists the inputs, excluding the results of this or an earlier run. */
static void find_inputs(struct request *request) {
    struct cli_batch *batch = &request->batch;
    struct cli_skip skips[IMGCORE_MAX_OUTPUTS + 1];
    size_t skip_count = 0;
    struct stat st;
    for (size_t i = 0; i <= batch->size_count; i++) {
        char *folder = i < batch->size_count
                           ? cli_format("%s/%s", batch->out_folder, batch->size[i].name)
                           : cli_format("%s", batch->out_folder);
        if (stat(folder, &st) == 0) {
            skips[skip_count++] = (struct cli_skip){st.st_dev, st.st_ino};
        }
        free(folder);
    }
    for (size_t i = 0; i < request->path_count; i++) {
        cli_items_add(&batch->items, request->paths[i], skips, skip_count);
    }
}

static int by_name(const void *a, const void *b) {
    const struct cli_item *const *x = a;
    const struct cli_item *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static int by_inode(const void *a, const void *b) {
    const struct cli_item *const *x = a;
    const struct cli_item *const *y = b;
    if ((*x)->device != (*y)->device) {
        return (*x)->device < (*y)->device ? -1 : 1;
    }
    return (*x)->inode < (*y)->inode ? -1 : (*x)->inode > (*y)->inode;
}

static bool clash(const char *first, const char *second, const char *what) {
    fputs("imgcore: ", stderr);
    cli_print_safe(stderr, first);
    fputs(" and ", stderr);
    cli_print_safe(stderr, second);
    fprintf(stderr, " %s; nothing was done\n", what);
    return false;
}

/* Returns the input that is this file, NULL if none is. `sorted` is by inode. */
static const struct cli_item *find_input(struct cli_item *const *sorted, size_t count,
                                         const struct stat *st) {
    struct cli_item key = {.device = st->st_dev, .inode = st->st_ino};
    const struct cli_item *wanted = &key;
    struct cli_item *const *hit = bsearch(&wanted, sorted, count, sizeof *sorted, by_inode);
    return hit ? *hit : NULL;
}

static bool is_one_file(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool stat_folder_of(const char *path, struct stat *st) {
    char *folder = cli_folder_of(path);
    const bool exists = stat(folder, st) == 0;
    free(folder);
    return exists;
}

/* Whether two paths name one file, which may not exist yet. */
static bool is_one_place(const char *a, const char *b) {
    struct stat a_st, b_st;
    if (strcmp(a, b) == 0) {
        return true;
    }
    if (stat(a, &a_st) == 0 && stat(b, &b_st) == 0) {
        return is_one_file(&a_st, &b_st);
    }
    return strcmp(cli_base_name(a), cli_base_name(b)) == 0 && stat_folder_of(a, &a_st) &&
           stat_folder_of(b, &b_st) && is_one_file(&a_st, &b_st);
}

/* Whether the contact sheet would replace an input. */
static bool sheet_spares_inputs(const struct cli_batch *batch, struct cli_item *const *sorted,
                                size_t count) {
    struct stat st;
    if (!batch->sheet_path || stat(batch->sheet_path, &st) != 0) {
        return true;
    }
    const struct cli_item *input = find_input(sorted, count, &st);
    return !input ||
           clash(input->path, batch->sheet_path, "are one file, an input and the contact sheet");
}

/* Whether an output would replace an input or the contact sheet. */
static bool spares_inputs(const struct cli_batch *batch, struct cli_item *const *sorted,
                          size_t count) {
    bool good = sheet_spares_inputs(batch, sorted, count);
    for (size_t i = 0; good && i < count; i++) {
        for (size_t s = 0; good && s < batch->size_count; s++) {
            char *path = cli_batch_path(batch, s, sorted[i]);
            struct stat st;
            if (batch->sheet_path && is_one_place(path, batch->sheet_path)) {
                good =
                    clash(path, batch->sheet_path, "are one file, an output and the contact sheet");
            }
            if (good && stat(path, &st) == 0) {
                const struct cli_item *input = find_input(sorted, count, &st);
                good = !input || clash(input->path, path, "are one file, an input and an output");
            }
            free(path);
        }
    }
    return good;
}

/* Whether the folders of all sizes differ, for an input or, if it is NULL, those that are named as
 * the sizes: a link can make two of them one. A folder that does not exist will be one of its own,
 * unless a folder above it is shared. */
static bool sizes_are_apart(const struct cli_batch *batch, const struct cli_item *input) {
    struct stat folder[IMGCORE_MAX_OUTPUTS];
    bool exists[IMGCORE_MAX_OUTPUTS];
    bool good = true;
    for (size_t s = 0; good && s < batch->size_count; s++) {
        char *path = input ? cli_batch_path(batch, s, input)
                           : cli_format("%s/%s/", batch->out_folder, batch->size[s].name);
        exists[s] = stat_folder_of(path, &folder[s]);
        free(path);
        for (size_t t = 0; good && t < s; t++) {
            if (exists[t] && exists[s] && is_one_file(&folder[t], &folder[s])) {
                good = clash(batch->size[t].name, batch->size[s].name,
                             "lead to the same folder, and would replace each other");
            }
        }
    }
    return good;
}

/* Rejects a request that would overwrite a file, before anything is written. */
static bool check_outputs(const struct cli_batch *batch) {
    size_t count = 0;
    bool good = true;
    struct cli_item **sorted = cli_alloc(batch->items.count, sizeof *sorted);
    for (size_t i = 0; i < batch->items.count; i++) {
        if (!batch->items.item[i].failure.status) {
            sorted[count++] = &batch->items.item[i];
        }
    }
    qsort(sorted, count, sizeof *sorted, by_name);
    for (size_t i = 1; good && i < count; i++) {
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0) {
            good = clash(sorted[i - 1]->path, sorted[i]->path, "would write the same outputs");
        }
    }
    qsort(sorted, count, sizeof *sorted, by_inode);
    good = good && sizes_are_apart(batch, NULL) && spares_inputs(batch, sorted, count);
    for (size_t i = 0; good && i < count; i++) {
        good = sizes_are_apart(batch, sorted[i]);
    }
    free(sorted);
    return good;
}

/* Permits an output where a link leads out of the folder for the results. */
static void allow_links(struct cli_sandbox *sandbox, const struct cli_batch *batch) {
    for (size_t i = 0; i < batch->items.count; i++) {
        for (size_t s = 0; s < batch->size_count; s++) {
            char *path = cli_batch_path(batch, s, &batch->items.item[i]);
            cli_sandbox_allow_output(sandbox, path);
            free(path);
        }
    }
}

/* The folders of the results are created first: what is below them is permitted. One that cannot be
 * created is reported with the output that needs it. */
static void allow_outputs(struct cli_sandbox *sandbox, const struct cli_batch *batch) {
    struct cli_failure failure;
    struct stat st;
    if (stat(batch->out_folder, &st) == 0) {
        allow_links(sandbox, batch);
    } else {
        (void)cli_make_folder(batch->out_folder, &failure);
    }
    cli_sandbox_allow_folder(sandbox, batch->out_folder);
    if (batch->sheet_path) {
        char *folder = cli_folder_of(batch->sheet_path);
        if (stat(folder, &st) != 0) {
            (void)cli_make_folder(folder, &failure);
        }
        free(folder);
        cli_sandbox_allow_output(sandbox, batch->sheet_path);
    }
}

static void enter_sandbox(const struct cli_batch *batch) {
    struct cli_sandbox sandbox;
    bool has_input = false;
    cli_sandbox_begin(&sandbox);
    for (size_t i = 0; i < batch->items.count; i++) {
        cli_sandbox_allow_reading(&sandbox, batch->items.item[i].path);
        has_input = has_input || !batch->items.item[i].failure.status;
    }
    if (has_input || batch->sheet_path) {
        allow_outputs(&sandbox, batch);
    }
    cli_sandbox_enter(&sandbox);
}

static int run(struct request *request) {
    struct cli_batch *batch = &request->batch;
    if (batch->size_count == 0) {
        use_product_sizes(batch);
    }
    find_inputs(request);
    if (!check_outputs(batch)) {
        return CLI_USAGE;
    }
    enter_sandbox(batch);
    if (!cli_files_start()) {
        return CLI_REFUSED;
    }
    if (!cli_batch_run(batch)) {
        return CLI_USAGE;
    }
    if (batch->json) {
        cli_batch_json(batch);
    } else {
        cli_batch_table(batch);
    }
    bool good = cli_batch_refused(batch) == 0;
    struct cli_failure failure = {0};
    if (batch->sheet_path && !cli_contact_sheet(batch, &failure)) {
        cli_print_failure("contact sheet", &failure, batch->json);
        good = false;
    }
    return good ? CLI_DONE : CLI_REFUSED;
}

static void clear(struct request *request) {
    struct cli_batch *batch = &request->batch;
    for (size_t i = 0; batch->results && i < batch->items.count; i++) {
        for (size_t s = 0; s < batch->size_count; s++) {
            free(batch->results[i].made[s].path);
        }
    }
    for (size_t s = 0; s < batch->size_count; s++) {
        free(batch->size[s].name);
    }
    free(batch->results);
    cli_items_clear(&batch->items);
    cli_options_clear(&batch->options);
    free(request->paths);
}

int cli_variants(int argc, char **argv) {
    struct request request = {.paths = cli_alloc((size_t)argc + 1, sizeof *request.paths)};
    request.batch.threads = cli_usable_cpus();
    imgcore_options_default(&request.batch.options);
    imgcore_output_default(&request.batch.output);
    const struct cli_option_group groups[] = {
        {"options", own_options, accept, &request},
        {"the results", cli_output_options, cli_accept_output, &request.batch.output},
        {"processing", cli_processing_options, cli_accept_input, &request.batch.options},
        {"accepted inputs", cli_limit_options, cli_accept_input, &request.batch.options}};
    const struct cli_command_line line = {"variants", "variants FILE|DIR... -o OUT [OPTION...]",
                                          "Makes every size of every image as OUT/SIZE/NAME, in "
                                          "the format of the input. Folders are\n"
                                          "searched recursively, and their paths are kept below "
                                          "OUT/SIZE. Files of other formats are\n"
                                          "skipped there, unless their name ends like that of a "
                                          "JPEG or PNG: then they are refused.\n",
                                          groups, sizeof groups / sizeof *groups};
    enum cli_parse parse = cli_parse(&line, argc, argv);
    int result = parse == CLI_HELP_SHOWN ? CLI_DONE : CLI_USAGE;
    if (parse == CLI_PARSED && request.path_count == 0) {
        cli_usage_error("variants", "a file or a folder is needed");
    } else if (parse == CLI_PARSED && !request.batch.out_folder) {
        cli_usage_error("variants", "-o is needed: the folder for the results");
    } else if (parse == CLI_PARSED) {
        result = run(&request);
    }
    clear(&request);
    return result;
}
