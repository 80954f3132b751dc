/* From the reader to the resamplers: see stages.h.
 *
 * With threads, if that is faster and the reader's strips stay valid during later reads, another
 * thread distributes strips to the outputs while this thread reads on: one half of the strips is
 * read while the other half is distributed, so that threads are woken rarely. Only one such task
 * runs at a time, which keeps the strips in order. The reader stays on the calling thread: no other
 * thread calls the function of a source. */
#include <string.h>

#include "imgcore/base/thread_pool.h"
#include "imgcore/pipeline/stages.h"

/* Whether resampling costs more than the transfer of rows to the caches of another thread: rows as
 * decoded (exact weights), linear light, or an output not much smaller than the input. 16
 * megapixels took two threads 0.85 (4:2:0) and 0.79 (4:4:4) of the time of one with the preset
 * quality, 0.73 and 0.67 in linear light; with halved rows, about 4 of 46 ms, 0.9 to 1.06, for 7 to
 * 17 % more work. 8 strips, which are 1 MB then, are as fast as 32. */
static bool resampling_is_expensive(const struct ic_job *job) {
    for (size_t i = 0; i < job->transform->count; i++) {
        if (job->path[i].level[0] == 0) {
            return true;
        }
    }
    return false;
}

/* Distributes a strip to every output while it is in the cache. */
static void push_strip(struct ic_job *job, const struct ic_strip *strip) {
    for (int p = 0; p < job->layout.planes; p++) {
        if (strip->plane[p].row_count != 0) {
            ic_distribute_rows(job, p, strip->plane[p].rows, strip->plane[p].stride_bytes,
                               strip->plane[p].first_row, strip->plane[p].row_count);
        }
    }
}

/* Reads the next strip, and cuts it to the crop. */
static enum imgcore_status read_strip(struct ic_job *job, struct ic_strip *strip,
                                      struct imgcore_error *error) {
    if (ic_is_cancelled(job->env->cancel)) {
        return ic_fail_cancelled(error);
    }
    memset(strip, 0, sizeof(*strip));
    ic_enter_stage(job, IMGCORE_STAGE_DECODE, 0);
    const enum imgcore_status status = job->reader->ops->read(job->reader, strip, error);
    if (status == IMGCORE_OK) {
        job->read_rows += strip->plane[0].row_count;
        ic_crop_strip(job, strip);
    }
    return status;
}

/* Reports the rows read so far. Of the last strip, some may be below the crop. */
static void report_rows(const struct ic_job *job) {
    const uint32_t all = job->window[0].end;
    const uint32_t rows = job->read_rows < all ? job->read_rows : all;
    ic_report_progress(job, IC_ROWS_PART * rows / all);
}

static enum imgcore_status stream_in_order(struct ic_job *job, struct imgcore_error *error) {
    struct ic_strip strip;
    do {
        const enum imgcore_status status = read_strip(job, &strip, error);
        if (status != IMGCORE_OK) {
            return status;
        }
        push_strip(job, &strip);
        report_rows(job);
    } while (!strip.done);
    return IMGCORE_OK;
}

/* One half of the strips, and the task that distributes them. */
struct batch {
    struct ic_task task;
    struct ic_job *job;
    int count;
    struct ic_strip strip[IC_MAX_STRIPS];
};

static void push_batch(void *user) {
    struct batch *batch = user;
    for (int i = 0; i < batch->count; i++) {
        push_strip(batch->job, &batch->strip[i]);
    }
}

static enum imgcore_status fill(struct batch *batch, int most, bool *done,
                                struct imgcore_error *error) {
    batch->count = 0;
    while (batch->count < most && !*done) {
        struct ic_strip *strip = &batch->strip[batch->count];
        const enum imgcore_status status = read_strip(batch->job, strip, error);
        if (status != IMGCORE_OK) {
            return status;
        }
        *done = strip->done;
        batch->count++;
        report_rows(batch->job);
    }
    return IMGCORE_OK;
}

static enum imgcore_status stream_in_parallel(struct ic_job *job, int strips,
                                              struct imgcore_error *error) {
    struct ic_thread_pool *pool = job->env->pool;
    struct batch batch[2];
    memset(batch, 0, sizeof(batch));
    enum imgcore_status status = IMGCORE_OK;
    bool done = false;
    for (int half = 0; status == IMGCORE_OK && !done; half = 1 - half) {
        batch[half].job = job;
        batch[half].task.run = push_batch;
        batch[half].task.user = &batch[half];
        status = fill(&batch[half], strips / 2, &done, error);
        ic_thread_pool_wait(pool, &batch[1 - half].task);
        if (status == IMGCORE_OK) {
            ic_thread_pool_submit(pool, &batch[half].task);
        }
    }
    for (int half = 0; half < 2; half++) {
        ic_thread_pool_wait(pool, &batch[half].task);
    }
    return status;
}

enum imgcore_status ic_stream_rows(struct ic_job *job, struct imgcore_error *error) {
    struct ic_reader *reader = job->reader;
    int strips = 1;
    if (job->env->pool != NULL && reader->set_parallelism != NULL) {
        strips = reader->set_parallelism(reader, job->env->pool,
                                         resampling_is_expensive(job) ? IC_MAX_STRIPS : 1);
    }
    const enum imgcore_status status =
        strips >= 2 ? stream_in_parallel(job, strips, error) : stream_in_order(job, error);
    ic_enter_stage(job, IMGCORE_STAGE_DECODE, 0);
    if (status == IMGCORE_OK && job->stops_early) {
        if (reader->ops->stop != NULL) {
            reader->ops->stop(reader);
        }
        return IMGCORE_OK;
    }
    return status == IMGCORE_OK ? reader->ops->finish(reader, error) : status;
}
