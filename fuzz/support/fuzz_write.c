#include "fuzz/support/fuzz_write.h"

#include "fuzz/support/fuzz_codec.h"

void fuzz_fill_picture(struct ic_picture *picture, const struct fuzz_input *input) {
    size_t at = 0;
    for (int p = 0; p < picture->planes; p++) {
        const size_t row_bytes = picture->plane[p].width * (size_t)picture->plane[p].channels;
        for (uint32_t y = 0; y < picture->plane[p].height; y++) {
            uint8_t *row = picture->plane[p].rows + (ptrdiff_t)y * picture->plane[p].stride_bytes;
            for (size_t i = 0; i < row_bytes; i++, at++)
                row[i] = input->size_bytes ? input->data[at % input->size_bytes] : (uint8_t)at;
        }
    }
}

/* Writes with a memory of its own, and checks what a failure leaves. */
static enum imgcore_status write_once(fuzz_write_fn *write, const struct ic_picture *picture,
                                      const struct ic_write_options *options, size_t budget_bytes) {
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, budget_bytes);
    struct ic_buf out = {.mem = &mem};
    struct imgcore_error error;
    const enum imgcore_status status = write(&mem, picture, options, &out, &error);
    if (status != IMGCORE_OK)
        FUZZ_CHECK(!out.bytes && error.status == status, "%s leaves %zu bytes, the error is %s",
                   imgcore_status_name(status), out.size_bytes, imgcore_status_name(error.status));
    ic_buf_clear(&out);
    FUZZ_CHECK(mem.used_bytes == 0 && mem.reserved_bytes == 0, "%zu and %zu bytes are left",
               mem.used_bytes, mem.reserved_bytes);
    ic_mem_clear(&mem);
    return status;
}

void fuzz_check_interrupted(fuzz_write_fn *write, struct fuzz_input *input,
                            const struct ic_picture *picture,
                            const struct ic_write_options *options) {
    struct ic_write_options interrupted = *options;
    if (fuzz_take_bool(input)) {
        const size_t budget_bytes = (size_t)1 << fuzz_take_range(input, 8, 20);
        const size_t more_bytes = fuzz_take_u8(input) * (budget_bytes >> 8);
        const enum imgcore_status status =
            write_once(write, picture, options, budget_bytes + more_bytes);
        FUZZ_CHECK(status == IMGCORE_OK || status == IMGCORE_BUDGET, "a small budget: %s",
                   imgcore_status_name(status));
        return;
    }
    uint32_t countdown = fuzz_take_range(input, 1, 24);
    struct ic_cancel cancel = {.is_cancelled = fuzz_cancel_at_zero, .user = &countdown};
    pthread_mutex_init(&cancel.lock, NULL);
    interrupted.cancel = &cancel;
    const enum imgcore_status status =
        write_once(write, picture, &interrupted, FUZZ_MAX_MEMORY_BYTES);
    ic_cancel_clear(&cancel);
    FUZZ_CHECK(status == (countdown == 0 ? IMGCORE_CANCELLED : IMGCORE_OK), "cancelled: %s",
               imgcore_status_name(status));
}

void fuzz_check_refused(fuzz_write_fn *write, const struct ic_picture *picture,
                        const struct ic_write_options *options, enum imgcore_status status) {
    const enum imgcore_status refused = write_once(write, picture, options, FUZZ_MAX_MEMORY_BYTES);
    FUZZ_CHECK(refused == status, "%s instead of %s", imgcore_status_name(refused),
               imgcore_status_name(status));
}
