/* The events of a file in the order in which they are sent: see send_source.h. */
#include "services/webhook/tools/send_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* A body of SEND_MAX_BODY_BYTES, some of it escaped. */
enum { MAX_LINE_BYTES = 16 * 1024 * 1024 };

uint64_t send_random(uint64_t *state) {
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static bool has_chance(struct send_source *source, int percent) {
    return percent > 0 && (int)(send_random(&source->random) % 100) < percent;
}

static bool list_add(struct send_list *list, const struct send_item *item) {
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity > 0 ? 2 * list->capacity : 1024;
        uint64_t *items = realloc(list->items, capacity * sizeof(*items));
        if (items == NULL) {
            return false;
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item->offset * 2 + item->is_damaged;
    return true;
}

/* ---------------------------------------------------------------------- lines */

static bool is_blank(const struct svc_buf *line) {
    return strspn(svc_buf_text(line), " \t\r") == line->size_bytes;
}

/* Reads the line at the file's position, without its end. false: the end of the file, or *status.
 */
static bool read_line(struct send_source *source, enum svc_status *status,
                      struct svc_error *error) {
    struct svc_buf *line = &source->line;
    int c = 0;
    svc_buf_reset(line);
    while ((c = getc(source->file)) != EOF && c != '\n') {
        svc_buf_append_char(line, (char)c);
    }
    *status = svc_buf_status(line);
    if (*status != SVC_OK) {
        svc_fail(error, *status, "a line has more than %d bytes, or no memory is left",
                 MAX_LINE_BYTES);
        return false;
    }
    if (ferror(source->file)) {
        *status = svc_fail(error, SVC_IO, "the file cannot be read");
        return false;
    }
    return c != EOF || line->size_bytes > 0;
}

static bool load_line(struct send_source *source, uint64_t offset, enum svc_status *status,
                      struct svc_error *error) {
    if (ftello(source->file) != (off_t)offset &&
        fseeko(source->file, (off_t)offset, SEEK_SET) != 0) {
        *status = svc_fail(error, SVC_IO, "the file cannot be read at an earlier place: %s",
                           strerror(errno));
        return false;
    }
    return read_line(source, status, error);
}

/* The next line of this process's part as one to three items. */
static bool read_items(struct send_source *source, struct send_item items[3], size_t *count,
                       enum svc_status *status, struct svc_error *error) {
    const struct send_source_options *options = &source->options;
    for (;;) {
        const uint64_t offset = source->read_offset;
        if (!load_line(source, offset, status, error)) {
            return false;
        }
        source->read_offset = (uint64_t)ftello(source->file);
        if (is_blank(&source->line) || source->lines++ % options->parts != options->part) {
            continue;
        }
        *count = 0;
        if (has_chance(source, options->damage_percent)) {
            items[(*count)++] = (struct send_item){offset, true};
        }
        items[(*count)++] = (struct send_item){offset, false};
        if (has_chance(source, options->double_percent)) {
            items[(*count)++] = (struct send_item){offset, false};
        }
        return true;
    }
}

/* ---------------------------------------------------------------------- rounds */

static enum svc_status shuffle(struct send_source *source, struct svc_error *error) {
    struct send_item items[3];
    size_t count = 0;
    enum svc_status status = SVC_OK;
    struct send_list *list = &source->now;
    while (read_items(source, items, &count, &status, error)) {
        for (size_t i = 0; i < count; i++) {
            if (!list_add(list, &items[i])) {
                return svc_fail(error, SVC_NO_MEMORY, "no memory to shuffle the events");
            }
        }
    }
    for (size_t i = list->count; i > 1; i--) {
        const size_t other = (size_t)(send_random(&source->random) % i);
        const uint64_t kept = list->items[i - 1];
        list->items[i - 1] = list->items[other];
        list->items[other] = kept;
    }
    return status;
}

enum svc_status send_source_open(FILE *file, const struct send_source_options *options,
                                 struct send_source *source, struct svc_error *error) {
    *source = (struct send_source){
        .file = file, .options = *options, .random = options->seed, .is_first_round = true};
    svc_buf_init(&source->line, MAX_LINE_BYTES);
    return options->is_shuffled ? shuffle(source, error) : SVC_OK;
}

void send_source_close(struct send_source *source) {
    free(source->now.items);
    free(source->failed.items);
    svc_buf_clear(&source->line);
    *source = (struct send_source){0};
}

bool send_source_next(struct send_source *source, struct send_item *item, enum svc_status *status,
                      struct svc_error *error) {
    *status = SVC_OK;
    if (source->is_first_round && !source->options.is_shuffled) {
        if (source->pending_count == 0 &&
            !read_items(source, source->pending, &source->pending_count, status, error)) {
            return false;
        }
        *item = source->pending[0];
        source->pending_count--;
        memmove(source->pending, source->pending + 1,
                source->pending_count * sizeof(source->pending[0]));
    } else {
        if (source->taken == source->now.count) {
            return false;
        }
        const uint64_t packed = source->now.items[source->taken++];
        *item = (struct send_item){packed / 2, packed % 2 != 0};
    }
    if (!load_line(source, item->offset, status, error)) {
        if (*status == SVC_OK) {
            *status = svc_fail(error, SVC_IO, "the file has become shorter");
        }
        return false;
    }
    return true;
}

bool send_source_again(struct send_source *source, const struct send_item *item) {
    return list_add(&source->failed, item);
}

bool send_source_next_round(struct send_source *source) {
    const struct send_list emptied = {source->now.items, 0, source->now.capacity};
    source->now = source->failed;
    source->failed = emptied;
    source->taken = 0;
    source->is_first_round = false;
    return source->now.count > 0;
}
