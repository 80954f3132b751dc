/* Making the outputs, one after another or several at once: see stages.h. */
#include <string.h>

#include "imgcore/base/thread_pool.h"
#include "imgcore/pipeline/stages.h"

/* More than a pixel of an output can take on its way: RGBA as it is, turned round, and on its
 * canvas; the coefficients of a 4:4:4 JPEG; the encoded bytes while their buffer grows. */
#define OUTPUT_PIXEL_BYTES 32u
/* And an output of no pixels: an encoder's rows and tables, a colour transform; a profile that is
 * kept comes on top, packed and unpacked. */
#define OUTPUT_BYTES ((uint64_t)4 << 20)

/* One output being made. */
struct making {
    struct ic_job *job;
    size_t output;
    struct ic_result *result;
    bool encode;
    struct ic_task task;
    struct ic_mem mem; /* a branch, if others are made at the same time */
    enum imgcore_status status;
    struct imgcore_error error;
};

static void make_output(void *user) {
    struct making *making = user;
    struct ic_job *job = making->job;
    struct ic_path *path = &job->path[making->output];
    struct ic_result *result = making->result;
    if (ic_is_cancelled(job->env->cancel)) {
        making->status = ic_fail_cancelled(&making->error);
        return;
    }
    making->status = ic_finish_picture(job, making->output, &making->error);
    if (making->status != IMGCORE_OK) {
        return;
    }
    result->format = path->format;
    result->width_px = path->picture.width_px;
    result->height_px = path->picture.height_px;
    if (making->encode) {
        result->encoded.mem = path->mem;
        making->status = ic_encode_picture(job, making->output, &result->encoded, &making->error);
        result->encoded.mem = job->env->mem;
        ic_picture_clear(path->mem, &path->picture);
    } else {
        result->picture = path->picture;
        memset(&path->picture, 0, sizeof(path->picture));
    }
}

static uint64_t canvas_pixels(const struct ic_job *job, size_t i) {
    return (uint64_t)job->plan.output[i].canvas_width_px * job->plan.output[i].canvas_height_px;
}

/* Whether all can be made at once without meeting the budget, which one after another they might
 * have kept: the result must not depend on the threads. */
static bool fit_at_once(const struct ic_job *job) {
    uint64_t left = ic_mem_left(job->env->mem);
    const uint64_t each = OUTPUT_BYTES + 3 * (uint64_t)job->reader->header.icc_bytes;
    for (size_t i = 0; i < job->transform->count; i++) {
        const uint64_t pixels = canvas_pixels(job, i);
        if (pixels > UINT32_MAX || pixels * OUTPUT_PIXEL_BYTES + each > left) {
            return false;
        }
        left -= pixels * OUTPUT_PIXEL_BYTES + each;
    }
    return true;
}

/* All at once, the largest first: the others fill up the time. */
static void make_at_once(struct ic_job *job, struct making *makings) {
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
        struct making *making = &makings[largest];
        submitted[largest] = true;
        ic_mem_init_child(job->env->mem, &making->mem);
        job->path[largest].mem = &making->mem;
        ic_thread_pool_submit(pool, &making->task);
    }
    for (size_t i = 0; i < count; i++) {
        ic_thread_pool_wait(pool, &makings[i].task);
    }
}

enum imgcore_status ic_make_outputs(struct ic_job *job, struct ic_result *results, bool encode,
                                    struct imgcore_error *error) {
    const size_t count = job->transform->count;
    struct making makings[IMGCORE_MAX_OUTPUTS];
    for (size_t i = 0; i < count; i++) {
        memset(&makings[i], 0, sizeof(makings[i]));
        makings[i].job = job;
        makings[i].output = i;
        makings[i].result = &results[i];
        makings[i].encode = encode;
        makings[i].task.run = make_output;
        makings[i].task.user = &makings[i];
        job->path[i].mem = job->env->mem;
    }
    if (job->env->pool != NULL && count > 1 && fit_at_once(job)) {
        make_at_once(job, makings);
    } else {
        for (size_t i = 0; i < count && (i == 0 || makings[i - 1].status == IMGCORE_OK); i++) {
            make_output(&makings[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (makings[i].status != IMGCORE_OK) {
            return ic_fail(error, makings[i].status, "%s", makings[i].error.detail);
        }
    }
    return IMGCORE_OK;
}
