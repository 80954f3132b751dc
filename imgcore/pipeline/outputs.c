/* Making the outputs, one after another or in parallel: see stages.h. */
#include <string.h>

#include "imgcore/base/thread_pool.h"
#include "imgcore/pipeline/stages.h"

/* An upper bound of the memory per pixel of an output: the RGBA image, its rotated copy and the one
 * on a canvas; the coefficients of a 4:4:4 JPEG; the encoded bytes while their buffer grows. */
#define OUTPUT_PIXEL_BYTES 32u
/* An upper bound of the memory of an output that does not depend on its pixels: rows and tables of
 * an encoder, a colour transform. A profile that is kept is counted separately, plain and
 * compressed. */
#define OUTPUT_BYTES ((uint64_t)4 << 20)

/* The task that makes one output. */
struct output_task {
    struct ic_job *job;
    size_t output;
    struct ic_result *result;
    bool encode;
    struct ic_sink sink; /* write NULL: none */
    struct ic_task task;
    struct ic_mem mem; /* a child allocator, if outputs are made in parallel */
    enum imgcore_status status;
    struct imgcore_error error;
};

static void encode_output(struct output_task *task) {
    struct ic_job *job = task->job;
    struct ic_path *path = &job->path[task->output];
    struct ic_result *result = task->result;
    const bool has_sink = task->sink.write != NULL;
    result->encoded.mem = path->mem;
    result->encoded.sink = has_sink ? &task->sink : NULL;
    task->status = ic_encode_picture(job, task->output, &result->encoded, &task->error);
    result->size_bytes = has_sink ? task->sink.taken_bytes : result->encoded.size_bytes;
    if (has_sink) {
        ic_buf_clear(&result->encoded);
        result->encoded.sink = NULL;
    }
    if (task->sink.has_stopped) {
        task->status =
            ic_fail(&task->error, IMGCORE_CANCELLED,
                    "the write function of output %zu has ended the call", task->output + 1);
    }
    result->encoded.mem = job->env->mem;
    ic_picture_clear(path->mem, &path->picture);
}

static void make_output(void *user) {
    struct output_task *task = user;
    struct ic_job *job = task->job;
    struct ic_path *path = &job->path[task->output];
    struct ic_result *result = task->result;
    if (ic_is_cancelled(job->env->cancel)) {
        task->status = ic_fail_cancelled(&task->error);
        return;
    }
    ic_enter_stage(job, IMGCORE_STAGE_ENCODE, task->output);
    task->status = ic_finish_picture(job, task->output, &task->error);
    if (task->status != IMGCORE_OK) {
        return;
    }
    result->format = path->format;
    result->width_px = path->picture.width_px;
    result->height_px = path->picture.height_px;
    result->color = path->picture.color;
    if (task->encode) {
        encode_output(task);
    } else {
        result->picture = path->picture;
        memset(&path->picture, 0, sizeof(path->picture));
    }
}

/* Outputs 0 to i are made. The last call reports exactly 1. */
static void report_output(const struct ic_job *job, size_t i) {
    const double left = (double)(job->transform->count - i - 1) / (double)job->transform->count;
    ic_report_progress(job, 1.0 - (1.0 - IC_ROWS_PART) * left);
}

static uint64_t canvas_pixels(const struct ic_job *job, size_t i) {
    return (uint64_t)job->plan.output[i].canvas_width_px * job->plan.output[i].canvas_height_px;
}

/* Whether all outputs made in parallel certainly stay within the budget, as they might one after
 * another: the result must not depend on the threads. */
static bool fits_in_parallel(const struct ic_job *job) {
    uint64_t left = ic_mem_left(job->env->mem);
    const uint64_t each = OUTPUT_BYTES + 3 * (uint64_t)job->colors.profile_bytes;
    for (size_t i = 0; i < job->transform->count; i++) {
        const uint64_t pixels = canvas_pixels(job, i);
        if (pixels > UINT32_MAX || pixels * OUTPUT_PIXEL_BYTES + each > left) {
            return false;
        }
        left -= pixels * OUTPUT_PIXEL_BYTES + each;
    }
    return true;
}

/* Sinks are called by the calling thread, one output after another. */
static bool has_sinks(const struct ic_job *job) {
    for (size_t i = 0; i < job->transform->count; i++) {
        if (job->transform->outputs[i].write != NULL) {
            return true;
        }
    }
    return false;
}

/* Makes all outputs in parallel, the largest first, so that the smaller ones fill the remaining
 * time. */
static void make_in_parallel(struct ic_job *job, struct output_task *tasks) {
    struct ic_thread_pool *pool = job->env->pool;
    const size_t count = job->transform->count;
    bool submitted[IMGCORE_MAX_OUTPUTS] = {false};
    for (size_t n = 0; n < count; n++) {
        size_t largest = 0;
        for (size_t i = 0; i < count; i++) {
            if (!submitted[i] &&
                (submitted[largest] || canvas_pixels(job, i) > canvas_pixels(job, largest))) {
                largest = i;
            }
        }
        struct output_task *task = &tasks[largest];
        submitted[largest] = true;
        ic_mem_init_child(job->env->mem, &task->mem);
        job->path[largest].mem = &task->mem;
        ic_thread_pool_submit(pool, &task->task);
    }
    bool all_made = true;
    for (size_t i = 0; i < count; i++) {
        ic_thread_pool_wait(pool, &tasks[i].task);
        all_made = all_made && tasks[i].status == IMGCORE_OK;
        if (all_made) {
            report_output(job, i);
        }
    }
}

enum imgcore_status ic_make_outputs(struct ic_job *job, struct ic_result *results, bool encode,
                                    struct imgcore_error *error) {
    const size_t count = job->transform->count;
    struct output_task tasks[IMGCORE_MAX_OUTPUTS];
    for (size_t i = 0; i < count; i++) {
        memset(&tasks[i], 0, sizeof(tasks[i]));
        tasks[i].job = job;
        tasks[i].output = i;
        tasks[i].result = &results[i];
        tasks[i].encode = encode;
        tasks[i].sink.write = job->transform->outputs[i].write;
        tasks[i].sink.user = job->transform->outputs[i].write_user;
        tasks[i].task.run = make_output;
        tasks[i].task.user = &tasks[i];
        job->path[i].mem = job->env->mem;
    }
    if (job->env->pool != NULL && count > 1 && !has_sinks(job) && fits_in_parallel(job)) {
        make_in_parallel(job, tasks);
    } else {
        for (size_t i = 0; i < count && (i == 0 || tasks[i - 1].status == IMGCORE_OK); i++) {
            make_output(&tasks[i]);
            if (tasks[i].status == IMGCORE_OK) {
                report_output(job, i);
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (tasks[i].status != IMGCORE_OK) {
            return ic_fail(error, tasks[i].status, "%s", tasks[i].error.detail);
        }
    }
    return IMGCORE_OK;
}
