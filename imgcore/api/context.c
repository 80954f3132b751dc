/* Contexts and CPU targets. */
#include <stdlib.h>
#include <string.h>

#include "imgcore/api/context_contents.h"

/* Takes IMGCORE_JPEG. False: neither of its words. */
static bool choose_jpeg(const char *word, bool *own) {
    const bool is_default = word == NULL || word[0] == '\0' || strcmp(word, "own") == 0;
#ifdef IC_NO_OWN_JPEG /* make OWN_JPEG=no */
    *own = false;
#else
    *own = is_default;
#endif
    return is_default || strcmp(word, "libjpeg") == 0;
}

static void fill_kernels(size_t target, struct ic_kernels *kernels) {
    const struct ic_cpu cpu = ic_cpu_detect();
    ic_target_kernels(target, kernels);
    ic_target_adapt(&cpu, kernels);
}

/* The targets of imgcore_transform and of imgcore_resize. */
static void use_targets(struct imgcore_context *context, size_t target, size_t resize_target) {
    fill_kernels(target, &context->kernels);
    fill_kernels(resize_target, &context->resize_kernels);
    context->kernels.reads_jpeg = context->kernels.reads_jpeg && context->has_own_jpeg;
}

enum imgcore_status imgcore_context_create(const struct imgcore_allocator *allocator,
                                           struct imgcore_context **result) {
    if (result == NULL) {
        return IMGCORE_INVALID_ARGUMENT;
    }
    *result = NULL;
    if (allocator != NULL && (allocator->alloc == NULL || allocator->free == NULL)) {
        return IMGCORE_INVALID_ARGUMENT;
    }
    const char *const list = getenv("IMGCORE_TARGETS");
    const struct ic_cpu cpu = ic_cpu_detect();
    const char *reason, *resize_reason;
    const size_t target = ic_target_for(IC_WORK_TRANSFORM, &cpu, list, &reason);
    const size_t resize_target = ic_target_for(IC_WORK_RESIZE, &cpu, list, &resize_reason);
    bool own_jpeg;
    if (target >= ic_target_count() || resize_target >= ic_target_count() ||
        !choose_jpeg(getenv("IMGCORE_JPEG"), &own_jpeg)) {
        return IMGCORE_INVALID_ARGUMENT;
    }
    struct ic_mem mem;
    ic_mem_init(&mem, allocator);
    struct imgcore_context *context =
        mem.allocator.alloc(mem.allocator.user, sizeof(struct imgcore_context));
    if (context == NULL) {
        return IMGCORE_NO_MEMORY;
    }
    memset(context, 0, sizeof(*context));
    context->mem = mem;
    ic_weight_cache_init(&context->weights, &context->mem);
    context->has_own_jpeg = own_jpeg;
    use_targets(context, target, resize_target);
    context->reason = reason;
    context->resize_reason = resize_reason;
    context->icc = ic_icc_create(&context->mem);
    if (context->icc == NULL) {
        imgcore_context_destroy(context);
        return IMGCORE_NO_MEMORY;
    }
    *result = context;
    return IMGCORE_OK;
}

void imgcore_context_destroy(struct imgcore_context *context) {
    if (context == NULL) {
        return;
    }
    ic_thread_pool_clear(&context->pool);
    ic_icc_destroy(context->icc);
    ic_weight_cache_clear(&context->weights);
    ic_free(&context->mem, context->transfer);
    ic_mem_clear(&context->mem);
    const struct imgcore_allocator allocator = context->mem.allocator;
    allocator.free(allocator.user, context);
}

enum imgcore_status imgcore_context_use_target(struct imgcore_context *context, const char *name) {
    if (context == NULL || name == NULL) {
        return IMGCORE_INVALID_ARGUMENT;
    }
    for (size_t i = 0; i < ic_target_count(); i++) {
        if (strcmp(name, ic_target_name(i)) == 0 && ic_target_usable(i)) {
            use_targets(context, i, i);
            context->reason = context->resize_reason = "the program asks for it";
            return IMGCORE_OK;
        }
    }
    return IMGCORE_INVALID_ARGUMENT;
}

const char *imgcore_context_target(const struct imgcore_context *context, enum imgcore_job job) {
    return job == IMGCORE_JOB_RESIZE ? context->resize_kernels.target : context->kernels.target;
}

const char *imgcore_context_target_reason(const struct imgcore_context *context,
                                          enum imgcore_job job) {
    return job == IMGCORE_JOB_RESIZE ? context->resize_reason : context->reason;
}

const char *imgcore_context_decoder(const struct imgcore_context *context) {
    return context->decoder;
}

const char *imgcore_context_fallback(const struct imgcore_context *context) {
    return context->fallback;
}

size_t imgcore_target_count(void) {
    return ic_target_count();
}

const char *imgcore_target_name(size_t index) {
    return ic_target_name(index);
}

bool imgcore_target_usable(size_t index) {
    return index < ic_target_count() && ic_target_usable(index);
}

struct ic_transfer *ic_context_transfer(void *user) {
    struct imgcore_context *context = user;
    if (context->transfer == NULL) {
        context->transfer = ic_alloc(&context->mem, ic_transfer_bytes(1));
        if (context->transfer != NULL) {
            ic_transfer_make(context->transfer);
        }
    }
    return context->transfer;
}
