/* From the reader into the resamplers: see stages.h.
 *
 * With threads, and a reader whose strips outlast the next reads, strips are put into the outputs
 * by another thread while this one reads on: one half of the strips is read while the other is
 * used, so that threads are woken seldom. There is one such task at a time, hence strips keep their
 * order. The reader stays with the thread of the call: a source's function is called by no other.
 */
#include <string.h>

#include "imgcore/base/crew.h"
#include "imgcore/pipeline/stages.h"

/* Every strip goes into every output while it is in cache. */
static void push_strip(struct ic_job *job, const struct ic_strip *strip) {
    for (int p = 0; p < job->layout.planes; p++) {
        if (strip->plane[p].row_count != 0) {
            ic_job_push(job, p, strip->plane[p].rows, strip->plane[p].stride_bytes,
                        strip->plane[p].first_row, strip->plane[p].row_count);
        }
    }
}

static enum imgcore_status stream_alone(struct ic_job *job, struct imgcore_error *error) {
    struct ic_strip strip;
    do {
        memset(&strip, 0, sizeof(strip));
        enum imgcore_status status = job->reader->ops->read(job->reader, &strip, error);
        if (status != IMGCORE_OK) {
            return status;
        }
        push_strip(job, &strip);
    } while (!strip.done);
    return IMGCORE_OK;
}

/* One half of the strips. */
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
    struct ic_reader *reader = batch->job->reader;
    batch->count = 0;
    while (batch->count < most && !*done) {
        struct ic_strip *strip = &batch->strip[batch->count];
        memset(strip, 0, sizeof(*strip));
        enum imgcore_status status = reader->ops->read(reader, strip, error);
        if (status != IMGCORE_OK) {
            return status;
        }
        *done = strip->done;
        batch->count++;
    }
    return IMGCORE_OK;
}

static enum imgcore_status stream_by_two(struct ic_job *job, int strips,
                                         struct imgcore_error *error) {
    struct ic_crew *crew = job->env->crew;
    struct batch batch[2];
    memset(batch, 0, sizeof(batch));
    enum imgcore_status status = IMGCORE_OK;
    bool done = false;
    for (int half = 0; status == IMGCORE_OK && !done; half = 1 - half) {
        batch[half].job = job;
        batch[half].task.run = push_batch;
        batch[half].task.user = &batch[half];
        status = fill(&batch[half], strips / 2, &done, error);
        ic_crew_wait(crew, &batch[1 - half].task);
        if (status == IMGCORE_OK) {
            ic_crew_submit(crew, &batch[half].task);
        }
    }
    for (int half = 0; half < 2; half++) {
        ic_crew_wait(crew, &batch[half].task);
    }
    return status;
}

enum imgcore_status ic_stream_rows(struct ic_job *job, struct imgcore_error *error) {
    struct ic_reader *reader = job->reader;
    int strips = 1;
    if (job->env->crew != NULL && reader->lend != NULL) {
        strips = reader->lend(reader, job->env->crew);
    }
    const enum imgcore_status status =
        strips >= 2 ? stream_by_two(job, strips, error) : stream_alone(job, error);
    return status == IMGCORE_OK ? reader->ops->finish(reader, error) : status;
}
