/* The work of `imgcore variants`: every item is decoded once and written in every size, by several
 * threads, each with its own context. */
#include "imgcore/cli/batch.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "imgcore/cli/progress.h"
#include "imgcore/cli/settings.h"
#include "imgcore/cli/text.h"

/* The state shared by the workers. */
struct pool {
    struct cli_batch *batch;
    pthread_mutex_t lock; /* protects the fields below */
    size_t next;
    struct cli_progress progress;
};

struct worker {
    struct pool *pool;
    struct imgcore_context *context;
    pthread_t thread;
};

char *cli_batch_path(const struct cli_batch *batch, size_t size, const struct cli_item *item) {
    return cli_format("%s/%s/%s", batch->out_folder, batch->size[size].name, item->name);
}

size_t cli_batch_refused(const struct cli_batch *batch) {
    size_t refused = 0;
    for (size_t i = 0; i < batch->items.count; i++) {
        refused += batch->results[i].failure.status != NULL;
    }
    return refused;
}

/* Fills in the properties of the input from its header, for the table. */
static bool look_at(struct imgcore_context *context, const struct cli_batch *batch,
                    struct cli_input *input, struct cli_result *result) {
    struct imgcore_info info;
    struct imgcore_error error = {0};
    struct stat st;
    struct imgcore_source source = cli_input_source(input);
    imgcore_info_default(&info);
    enum imgcore_status status = imgcore_probe(context, &source, &batch->options, &info, &error);
    bool keep = batch->options.ignore_orientation;
    result->format = info.format;
    result->width_px = keep ? info.width_px : info.oriented_width_px;
    result->height_px = keep ? info.height_px : info.oriented_height_px;
    result->size_bytes = fstat(input->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
    if (status != IMGCORE_OK) {
        return cli_fail_library(&result->failure, status, &error, input);
    }
    return cli_input_rewind(input, &result->failure);
}

static bool write_outputs(const struct cli_batch *batch, const struct cli_item *item,
                          const struct imgcore_output *outputs, struct cli_result *result) {
    struct cli_write writes[IMGCORE_MAX_OUTPUTS] = {0};
    for (size_t i = 0; i < batch->size_count; i++) {
        struct cli_made *made = &result->made[i];
        made->path = cli_batch_path(batch, i, item);
        made->width_px = outputs[i].result_width_px;
        made->height_px = outputs[i].result_height_px;
        made->size_bytes = outputs[i].size_bytes;
        writes[i].path = made->path;
        writes[i].bytes = outputs[i].bytes;
        writes[i].size_bytes = outputs[i].size_bytes;
        writes[i].make_folders = true;
    }
    return cli_write_files(writes, batch->size_count, &result->failure);
}

static void do_item(struct imgcore_context *context, const struct cli_batch *batch,
                    const struct cli_item *item, struct cli_result *result) {
    struct cli_input input;
    double begin_ms = cli_now_ms();
    if (!cli_input_open(&input, item->path, false, &result->failure)) {
        return;
    }
    if (batch->options.threads > 1) {
        cli_input_hold_for_threads(&input);
    }
    if (look_at(context, batch, &input, result)) {
        struct imgcore_output outputs[IMGCORE_MAX_OUTPUTS];
        struct imgcore_error error = {0};
        struct imgcore_source source = cli_input_source(&input);
        for (size_t i = 0; i < batch->size_count; i++) {
            outputs[i] = batch->output;
            outputs[i].width_px = batch->size[i].width_px;
            outputs[i].height_px = batch->size[i].height_px;
        }
        enum imgcore_status status = imgcore_transform(context, &source, &batch->options, outputs,
                                                       batch->size_count, &error);
        if (status == IMGCORE_OK) {
            write_outputs(batch, item, outputs, result);
            imgcore_output_clear(context, outputs, batch->size_count);
        } else {
            cli_fail_library(&result->failure, status, &error, &input);
        }
    }
    cli_input_close(&input);
    result->ms = cli_now_ms() - begin_ms;
}

static void *work(void *user) {
    struct worker *worker = user;
    struct pool *pool = worker->pool;
    struct cli_batch *batch = pool->batch;
    for (;;) {
        pthread_mutex_lock(&pool->lock);
        size_t i = pool->next++;
        pthread_mutex_unlock(&pool->lock);
        if (i >= batch->items.count) {
            return NULL;
        }
        batch->results[i].failure = batch->items.item[i].failure;
        if (!batch->results[i].failure.status) {
            do_item(worker->context, batch, &batch->items.item[i], &batch->results[i]);
        }
        pthread_mutex_lock(&pool->lock);
        cli_progress_step(&pool->progress);
        pthread_mutex_unlock(&pool->lock);
    }
}

static size_t worker_count(const struct cli_batch *batch) {
    size_t count = batch->jobs ? batch->jobs : batch->threads;
    count = count < batch->items.count ? count : batch->items.count;
    return count ? count : 1;
}

bool cli_batch_run(struct cli_batch *batch) {
    size_t count = worker_count(batch);
    batch->options.threads = batch->threads > count ? batch->threads / (uint32_t)count : 1;
    struct pool pool = {.batch = batch, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct worker *workers = cli_alloc(count, sizeof *workers);
    double begin_ms = cli_now_ms();
    bool good = true;
    batch->results = cli_alloc(batch->items.count, sizeof *batch->results);
    for (size_t i = 0; good && i < count; i++) {
        workers[i].pool = &pool;
        workers[i].context = cli_context_create();
        good = workers[i].context != NULL;
    }
    if (good) {
        batch->target = imgcore_context_target(workers[0].context, IMGCORE_JOB_TRANSFORM);
        cli_progress_start(&pool.progress, batch->items.count);
        /* This thread is the first worker. If a thread cannot be created, fewer threads do the
         * work. */
        size_t started = 1;
        while (started < count &&
               pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0) {
            started++;
        }
        work(&workers[0]);
        for (size_t i = 1; i < started; i++) {
            pthread_join(workers[i].thread, NULL);
        }
        cli_progress_end(&pool.progress);
        batch->jobs = started;
    }
    for (size_t i = 0; i < count; i++) {
        imgcore_context_destroy(workers[i].context);
    }
    free(workers);
    batch->ms = cli_now_ms() - begin_ms;
    return good;
}
