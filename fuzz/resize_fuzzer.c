/* imgcore_resize: for any sizes, strides, box and content within its contract the result is that of
 * plain C on packed rows and close to the exact one, nothing outside the rows is read (guard pages)
 * or written (canaries), and a constant stays constant; anything else is refused with nothing
 * written. The choices come from the end of the input, the pixels from its front. */
#include "fuzz/support/fuzz.h"
#include "imgcore/imgcore.h"
#include "tests/support/exact.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { AREA_BYTES = 1 << 20, MAX_TARGETS = 16, MAX_EXACT_PX = 40 * 40, CANARY = 0xa5 };

struct image {
    uint32_t width_px, height_px;
    ptrdiff_t stride_bytes;
    size_t row_bytes, size_bytes; /* from the lowest byte of a row to the highest */
    uint8_t *area, *lowest, *first;
};

struct job {
    struct image from, to;
    struct imgcore_resize_options options;
    bool is_constant;
};

static struct imgcore_context *contexts[MAX_TARGETS];
static size_t context_count; /* of usable targets; the last one is plain C */
static uint8_t *areas[2];

static uint8_t *open_area(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *map = mmap(NULL, AREA_BYTES + 2 * page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FUZZ_CHECK(map != MAP_FAILED && !mprotect(map, page, PROT_NONE) &&
                   !mprotect(map + page + AREA_BYTES, page, PROT_NONE),
               "no memory");
    return map + page;
}

static void open_once(void) {
    if (context_count)
        return;
    for (size_t i = 0; i < imgcore_target_count() && context_count < MAX_TARGETS; i++) {
        if (!imgcore_target_usable(i))
            continue;
        struct imgcore_context **context = &contexts[context_count++];
        FUZZ_CHECK(imgcore_context_create(NULL, context) == IMGCORE_OK &&
                       imgcore_context_use_target(*context, imgcore_target_name(i)) == IMGCORE_OK,
                   "no context for %s", imgcore_target_name(i));
    }
    areas[0] = open_area();
    areas[1] = open_area();
}

/* Takes sides whose product is small; one of them may be long. One of thousands of pixels takes 50
 * times as long as others, so it is rare. */
static void take_sides(struct fuzz_input *input, struct image *image) {
    enum { WIDE, TALL, SMALL };
    const uint32_t choice = fuzz_take_u8(input), kind = choice % 8;
    const uint32_t long_px = choice >= 240 ? 9000 : 400;
    image->width_px = fuzz_take_range(input, 1, kind == WIDE ? long_px : 48);
    image->height_px = fuzz_take_range(input, 1, kind == TALL ? long_px : kind == WIDE ? 4 : 48);
    if (kind == TALL)
        image->width_px = 1 + image->width_px % 4;
}

/* Places the rows at an end of the area; the stride may be longer than a row, and negative. */
static void place(struct fuzz_input *input, struct image *image, int channels, uint8_t *area) {
    image->row_bytes = (size_t)image->width_px * (size_t)channels;
    const size_t step = image->row_bytes + fuzz_take_range(input, 0, 19);
    image->size_bytes = (image->height_px - 1) * step + image->row_bytes;
    FUZZ_CHECK(image->size_bytes <= AREA_BYTES, "the area is too small");
    const bool is_at_end = fuzz_take_range(input, 0, 3) != 0, is_down = fuzz_take_bool(input);
    image->area = area;
    image->lowest = is_at_end ? area + AREA_BYTES - image->size_bytes : area;
    image->stride_bytes = is_down ? (ptrdiff_t)step : -(ptrdiff_t)step;
    image->first = image->lowest + (is_down ? 0 : (image->height_px - 1) * step);
}

static void take_box(struct fuzz_input *input, const struct image *from,
                     struct imgcore_resize_options *options) {
    const uint32_t kind = fuzz_take_range(input, 0, 5);
    if (kind < 2)
        return;
    if (kind == 2) { /* anything */
        options->box_left_px = fuzz_take_double(input);
        options->box_top_px = fuzz_take_double(input);
        options->box_width_px = fuzz_take_double(input);
        options->box_height_px = fuzz_take_double(input);
        return;
    }
    const double unit = kind == 3 ? 1.0 : kind == 4 ? 0.25 : 1.0 / 65536.0;
    const double columns = from->width_px / unit, rows = from->height_px / unit;
    options->box_left_px = unit * fuzz_take_range(input, 0, (uint32_t)columns - 1);
    options->box_top_px = unit * fuzz_take_range(input, 0, (uint32_t)rows - 1);
    options->box_width_px = from->width_px - options->box_left_px;
    options->box_height_px = from->height_px - options->box_top_px;
    if (fuzz_take_bool(input)) {
        options->box_width_px /= 1 + fuzz_take_u8(input);
        options->box_height_px /= 1 + fuzz_take_u8(input);
    }
    const uint32_t past = fuzz_take_range(input, 0, 15); /* past an edge, which is refused */
    if (past == 14)
        options->box_width_px = from->width_px - options->box_left_px + unit;
    else if (past == 15)
        options->box_height_px = from->height_px - options->box_top_px + unit;
}

static void fill(struct fuzz_input *input, struct job *job) {
    const uint8_t padding = fuzz_take_u8(input);
    const struct image *from = &job->from;
    memset(from->lowest, padding, from->size_bytes);
    const size_t channels = (size_t)job->options.channels;
    static const uint8_t nothing[4] = {0, 31, 62, 93}; /* where the input has no pixel left */
    const bool has_pixels = input->size_bytes >= channels;
    const uint8_t *pattern = has_pixels ? input->data : nothing;
    const size_t period = has_pixels && !job->is_constant ? input->size_bytes : channels;
    for (size_t y = 0, at = 0; y < from->height_px; y++) {
        uint8_t *row = from->first + (ptrdiff_t)y * from->stride_bytes;
        for (size_t done = 0, step; done < from->row_bytes; done += step) {
            step = period - at < from->row_bytes - done ? period - at : from->row_bytes - done;
            memcpy(row + done, pattern + at, step);
            at = (at + step) % period;
        }
    }
}

static enum imgcore_status run(struct imgcore_context *context, const struct job *job,
                               uint8_t *target, ptrdiff_t target_stride) {
    struct imgcore_error error;
    const enum imgcore_status status = imgcore_resize(
        context, job->from.first, job->from.width_px, job->from.height_px, job->from.stride_bytes,
        target, job->to.width_px, job->to.height_px, target_stride, &job->options, &error);
    FUZZ_CHECK(error.status == status && (status == IMGCORE_OK || error.detail[0]),
               "status %d, error %d \"%s\"", status, error.status, error.detail);
    return status;
}

/* The contract of imgcore_resize, stated once more. */
static bool is_valid(const struct job *job) {
    const struct imgcore_resize_options *options = &job->options;
    if (options->alpha == IMGCORE_ALPHA_STRAIGHT && options->channels % 2)
        return false;
    if (options->alpha == IMGCORE_ALPHA_PREMULTIPLIED && options->linear)
        return false;
    if (options->box_width_px == 0.0 && options->box_height_px == 0.0)
        return true;
    return options->box_left_px >= 0.0 && options->box_top_px >= 0.0 &&
           options->box_width_px > 0.0 && options->box_height_px > 0.0 &&
           options->box_left_px + options->box_width_px <= job->from.width_px &&
           options->box_top_px + options->box_height_px <= job->from.height_px;
}

/* Bytes around the rows that are checked. */
#define AROUND_BYTES ((size_t)300)

static void write_canaries(const struct image *to) {
    const size_t begin = (size_t)(to->lowest - to->area), end = begin + to->size_bytes;
    const size_t from = begin > AROUND_BYTES ? begin - AROUND_BYTES : 0;
    const size_t until = end + AROUND_BYTES < AREA_BYTES ? end + AROUND_BYTES : AREA_BYTES;
    memset(to->area + from, CANARY, until - from);
}

static void check_range(const struct image *to, size_t from, size_t until) {
    if (from == until)
        return;
    /* The first is one, and each equals the one before it. */
    FUZZ_CHECK(to->area[from] == CANARY &&
                   !memcmp(to->area + from, to->area + from + 1, until - from - 1),
               "a byte between %zu and %zu of the area was written", from, until);
}

/* Checks that every byte of the target's area that is in no row is a canary. */
static void check_canaries(const struct image *to, bool is_written) {
    const size_t begin = (size_t)(to->lowest - to->area), end = begin + to->size_bytes;
    const size_t step = (size_t)(to->stride_bytes < 0 ? -to->stride_bytes : to->stride_bytes);
    const size_t from = begin > AROUND_BYTES ? begin - AROUND_BYTES : 0;
    const size_t until = end + AROUND_BYTES < AREA_BYTES ? end + AROUND_BYTES : AREA_BYTES;
    if (!is_written) {
        check_range(to, from, until);
        return;
    }
    check_range(to, from, begin);
    for (size_t y = 0; y + 1 < to->height_px; y++)
        check_range(to, begin + y * step + to->row_bytes, begin + (y + 1) * step);
    check_range(to, end, until);
}

/* The vertical pass rounds each product, by 1/128 of a level at most: from 64 rows on, half a
 * level. */
#define EXACT_ROWS 63u

/* Whether each pixel is one of the source, with no weight for its neighbours. */
static bool is_copy(const struct job *job) {
    const struct imgcore_resize_options *options = &job->options;
    const bool is_whole = options->box_width_px == 0.0 && options->box_height_px == 0.0;
    return (is_whole ? job->from.width_px : options->box_width_px) == job->to.width_px &&
           (is_whole ? job->from.height_px : options->box_height_px) == job->to.height_px &&
           (is_whole || (floor(options->box_left_px) == options->box_left_px &&
                         floor(options->box_top_px) == options->box_top_px)) &&
           options->filter != IMGCORE_FILTER_MITCHELL;
}

/* Without alpha a pixel has no colour, unless it is a copy. */
static void check_constant(const struct job *job, const uint8_t *packed) {
    const size_t channels = (size_t)job->options.channels;
    const uint8_t *color = job->from.first;
    const bool is_hidden =
        job->options.alpha == IMGCORE_ALPHA_STRAIGHT && !color[channels - 1] && !is_copy(job);
    const int most = job->from.height_px > EXACT_ROWS ? 1 : 0;
    for (size_t i = 0; i < job->to.row_bytes * job->to.height_px; i++)
        FUZZ_CHECK(abs(packed[i] - (is_hidden ? 0 : color[i % channels])) <= most,
                   "byte %zu: %u of %u, %u rows of %u", i, packed[i], color[i % channels],
                   job->to.height_px, job->from.height_px);
}

/* One level, and what rounds in the doubles of the exact result. */
#define MOST_ERROR (1.0 + 1e-6)

static void check_exact(const struct job *job, const uint8_t *packed) {
    const struct imgcore_resize_options *options = &job->options;
    const bool is_whole = options->box_width_px == 0.0 && options->box_height_px == 0.0;
    const struct exact_spec spec = {job->from.width_px,
                                    job->from.height_px,
                                    job->to.width_px,
                                    job->to.height_px,
                                    options->channels,
                                    options->alpha == IMGCORE_ALPHA_STRAIGHT,
                                    options->linear,
                                    options->filter,
                                    is_whole ? 0.0 : options->box_left_px,
                                    is_whole ? 0.0 : options->box_top_px,
                                    is_whole ? job->from.width_px : options->box_width_px,
                                    is_whole ? job->from.height_px : options->box_height_px};
    uint8_t *source = fuzz_alloc(job->from.row_bytes * job->from.height_px);
    for (size_t y = 0; y < job->from.height_px; y++)
        memcpy(source + y * job->from.row_bytes,
               job->from.first + (ptrdiff_t)y * job->from.stride_bytes, job->from.row_bytes);
    double *exact = exact_resize(&spec, source);
    const size_t channels = (size_t)spec.channels;
    for (size_t i = 0; i < job->to.row_bytes * job->to.height_px; i++) {
        const size_t alpha = i / channels * channels + channels - 1;
        /* Where alpha is about 1/2 it rounds to 0 on one side only. */
        if (spec.alpha && exact[alpha] < 0.51 && packed[alpha] <= 1)
            continue;
        FUZZ_CHECK(fabs(exact[i] - packed[i]) <= MOST_ERROR, "byte %zu is %u, exact %f", i,
                   packed[i], exact[i]);
    }
    free(exact);
    free(source);
}

static void check_job(struct fuzz_input *input, const struct job *job) {
    struct imgcore_context *reference = contexts[context_count - 1];
    struct imgcore_context *tested =
        contexts[fuzz_take_range(input, 0, (uint32_t)context_count - 1)];
    const size_t packed_bytes = job->to.row_bytes * job->to.height_px;
    write_canaries(&job->to);
    const enum imgcore_status status = run(tested, job, job->to.first, job->to.stride_bytes);
    FUZZ_CHECK(status == (is_valid(job) ? IMGCORE_OK : IMGCORE_INVALID_ARGUMENT), "status %d",
               status);
    check_canaries(&job->to, status == IMGCORE_OK);
    if (status != IMGCORE_OK)
        return;
    uint8_t *packed = fuzz_alloc(packed_bytes);
    FUZZ_CHECK(run(reference, job, packed, (ptrdiff_t)job->to.row_bytes) == IMGCORE_OK,
               "plain C refuses it");
    for (size_t y = 0; y < job->to.height_px; y++)
        FUZZ_CHECK(!memcmp(packed + y * job->to.row_bytes,
                           job->to.first + (ptrdiff_t)y * job->to.stride_bytes, job->to.row_bytes),
                   "row %zu of %s differs from plain C", y,
                   imgcore_context_target(tested, IMGCORE_JOB_RESIZE));
    if (job->is_constant)
        check_constant(job, packed);
    /* The edges of a box filter depend on the last bit of a position. */
    if (job->options.filter != IMGCORE_FILTER_BOX &&
        (uint64_t)job->from.width_px * job->from.height_px <= MAX_EXACT_PX &&
        (uint64_t)job->to.width_px * job->to.height_px <= MAX_EXACT_PX)
        check_exact(job, packed);
    free(packed);
}

/* One argument outside its range. */
static void check_refusal(struct fuzz_input *input, struct job job) {
    const uint32_t side = fuzz_take_bool(input) ? 0 : 16777216 + fuzz_take_u8(input);
    const int number = fuzz_take_u8(input);
    switch (fuzz_take_range(input, 0, 8)) {
    case 0:
        job.options.channels = number < 128 ? -number : number;
        break;
    case 1:
        job.options.filter = (enum imgcore_filter)(IMGCORE_FILTER_BOX + 1 + number);
        break;
    case 2:
        job.options.alpha = (enum imgcore_alpha)(IMGCORE_ALPHA_PREMULTIPLIED + 1 + number);
        break;
    case 3:
        job.from.width_px = side;
        break;
    case 4:
        job.from.height_px = side;
        break;
    case 5:
        job.to.height_px = side;
        break;
    case 6:
        job.to.width_px = side;
        break;
    case 7:
        job.from.stride_bytes = (ptrdiff_t)job.from.row_bytes - 1;
        break;
    default:
        job.options.struct_size_bytes -= 1 + (size_t)number % 32;
        break;
    }
    uint8_t *first = job.to.first;
    write_canaries(&job.to);
    FUZZ_CHECK(run(contexts[0], &job, first, job.to.stride_bytes) == IMGCORE_INVALID_ARGUMENT,
               "a wrong argument was accepted");
    check_canaries(&job.to, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    open_once();
    struct fuzz_input input = {data, size_bytes};
    struct job job;
    imgcore_resize_options_default(&job.options);
    job.options.channels = (int)fuzz_take_range(&input, 1, 4);
    job.options.alpha = (enum imgcore_alpha)fuzz_take_range(&input, 0, IMGCORE_ALPHA_PREMULTIPLIED);
    job.options.filter = (enum imgcore_filter)fuzz_take_range(&input, 0, IMGCORE_FILTER_BOX);
    job.options.linear = fuzz_take_range(&input, 0, 3) == 0;
    take_sides(&input, &job.from);
    take_sides(&input, &job.to);
    /* Both long: millions of weights. */
    if (job.from.width_px > 100 && job.to.width_px > 100)
        job.to.width_px = 100;
    if (job.from.height_px > 100 && job.to.height_px > 100)
        job.to.height_px = 100;
    place(&input, &job.from, job.options.channels, areas[0]);
    place(&input, &job.to, job.options.channels, areas[1]);
    take_box(&input, &job.from, &job.options);
    job.is_constant = fuzz_take_range(&input, 0, 7) == 0;
    const bool is_refused = fuzz_take_range(&input, 0, 15) == 15;
    fill(&input, &job);
    if (is_refused)
        check_refusal(&input, job);
    else
        check_job(&input, &job);
    return 0;
}
