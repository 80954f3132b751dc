/* JPEG output: the file has the segments, the sides, the subsampling and the quantisation tables
 * that were asked for, no metadata but what was given, and decodes, by libjpeg without a warning,
 * to samples as close to the picture's as its quantisation allows. The library's own reader gives
 * the same samples. What lies behind the edges has no influence: a picture whose last column and
 * row are repeated up to whole blocks has the same data. Calls that are wrong or interrupted are
 * refused.
 *
 * From the end of the input: colours, width, height, quality, shape and kind, copyright, profile,
 * case. The rest is the samples, repeated as often as needed. */
#include "fuzz/support/fuzz_codec.h"
#include "fuzz/support/fuzz_libjpeg.h"
#include "fuzz/support/fuzz_write.h"
#include "imgcore/base/bytes.h"
#include "imgcore/base/limits.h"
#include "imgcore/codec/formats.h"

#include <math.h>
#include <string.h>

enum { BLOCK_PX = 8, MAX_PROFILE_BYTES = 66000, MAX_TEXT_BYTES = 3 * 800 };

/* The tables of ITU-T T.81, K.1 and K.2, for luma and chroma. */
static const uint8_t standard_tables[2][64] = {
    {16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
     14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
     18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
     49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99},
    {17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
     99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
     99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99}};

struct job {
    enum ic_color color;
    uint32_t width_px, height_px;
    struct ic_write_options options;
    char copyright[MAX_TEXT_BYTES + 2];
};

static uint32_t expected_quantizer(int quality, int plane, int k) {
    const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    const int value = (standard_tables[plane > 0][k] * scale + 50) / 100;
    return value < 1 ? 1 : value > 255 ? 255 : (uint32_t)value;
}

/* ---- segments ------------------------------------------------------------------------------ */

struct segments {
    int jfif, exif, icc, scans;
    bool has_frame;
};

static void check_frame(const struct job *job, uint8_t marker, const uint8_t *segment) {
    const struct ic_write_options *options = &job->options;
    const int components = job->color == IC_COLOR_GREY ? 1 : 3;
    FUZZ_CHECK(marker == (options->progressive ? 0xc2 : 0xc0), "a frame of kind %02x", marker);
    FUZZ_CHECK(segment[2] == 8 && ic_u16be(segment + 3) == job->height_px &&
                   ic_u16be(segment + 5) == job->width_px && segment[7] == components,
               "another frame");
    for (int p = 0; p < components; p++) {
        const int factors =
            components == 1 || p > 0 ? 0x11 : options->chroma_h << 4 | options->chroma_v;
        FUZZ_CHECK(segment[9 + 3 * p] == factors, "plane %d has factors %02x", p,
                   segment[9 + 3 * p]);
    }
}

static void take_segment(const struct job *job, uint8_t marker, const uint8_t *segment,
                         struct segments *segments) {
    static const uint8_t tables[] = {0xc4, 0xdb};
    if (marker == 0xe0 && !memcmp(segment + 2, "JFIF", 5)) {
        segments->jfif++;
    } else if (marker == 0xe1 && !memcmp(segment + 2, "Exif\0", 6)) {
        segments->exif++;
    } else if (marker == 0xe2 && !memcmp(segment + 2, "ICC_PROFILE", 12)) {
        segments->icc++;
    } else if (marker == 0xda) {
        segments->scans++;
    } else if (marker >= 0xc0 && marker <= 0xc2) {
        check_frame(job, marker, segment);
        segments->has_frame = true;
    } else {
        FUZZ_CHECK(memchr(tables, marker, sizeof tables), "a segment of kind %02x", marker);
    }
}

/* Walks over the entire file. */
static void check_segments(const struct job *job, const struct ic_buf *file) {
    const uint8_t *bytes = file->bytes;
    const size_t end = file->size_bytes;
    struct segments segments = {0};
    FUZZ_CHECK(end > 4 && !memcmp(bytes, "\xff\xd8", 2) && !memcmp(bytes + end - 2, "\xff\xd9", 2),
               "no begin or no end");
    for (size_t at = 2; at < end - 2;) {
        if (bytes[at] != 0xff || bytes[at + 1] == 0) {
            FUZZ_CHECK(segments.scans > 0, "a byte %02x between segments", bytes[at]);
            at++;
            continue;
        }
        const size_t length = ic_u16be(bytes + at + 2);
        FUZZ_CHECK(length >= 2 && length <= end - 2 - (at + 2), "a segment past the end");
        take_segment(job, bytes[at + 1], bytes + at + 2, &segments);
        at += 2 + length;
    }
    FUZZ_CHECK(segments.jfif == 1 && segments.exif == (job->options.copyright != NULL) &&
                   (segments.icc > 0) == (job->options.icc != NULL) && segments.has_frame &&
                   (segments.scans > 1) == job->options.progressive,
               "JFIF %d, EXIF %d, profile %d, scans %d", segments.jfif, segments.exif, segments.icc,
               segments.scans);
}

/* ---- samples ------------------------------------------------------------------------------- */

/* Y, Cb, Cr of a pixel of RGB (ITU-T T.871). */
static double convert(const uint8_t *rgb, int plane) {
    static const double weights[3][3] = {{0.299, 0.587, 0.114},
                                         {-0.168735892, -0.331264108, 0.5},
                                         {0.5, -0.418687589, -0.081312411}};
    double sum = plane > 0 ? 128.0 : 0.0;
    for (int i = 0; i < 3; i++)
        sum += weights[plane][i] * rgb[i];
    return sum;
}

/* The sample of a plane of the file, before quantisation: chroma of RGB is the mean. */
static double expected_sample(const struct job *job, const struct ic_picture *picture, int plane,
                              uint32_t x, uint32_t y) {
    if (job->color != IC_COLOR_RGB)
        return picture->plane[plane].rows[(ptrdiff_t)y * picture->plane[plane].stride_bytes + x];
    const uint32_t h = plane > 0 ? (uint32_t)job->options.chroma_h : 1;
    const uint32_t v = plane > 0 ? (uint32_t)job->options.chroma_v : 1;
    double sum = 0;
    for (uint32_t i = 0; i < h * v; i++) {
        uint32_t from_x = x * h + i % h, from_y = y * v + i / h;
        from_x = from_x < job->width_px ? from_x : job->width_px - 1;
        from_y = from_y < job->height_px ? from_y : job->height_px - 1;
        sum += convert(picture->plane[0].rows + (ptrdiff_t)from_y * picture->plane[0].stride_bytes +
                           3 * from_x,
                       plane);
    }
    return sum / (h * v);
}

/* The DCT is orthonormal: a block's error is at most the half of each quantiser in a direction of
 * its own. Clamping to 0 to 255 only lessens it. What is rounded besides: the result (1/2 per
 * sample), the DCT both ways, and for RGB the conversion and the mean. */
static double most_error(const struct job *job, int plane) {
    double sum = 0;
    for (int k = 0; k < 64; k++) {
        const double half = expected_quantizer(job->options.quality, plane, k) / 2.0;
        sum += half * half;
    }
    return sqrt(sum) + 4.0 + 3.0 + (job->color == IC_COLOR_RGB ? 9.0 : 0.0);
}

static void check_blocks(const struct job *job, const struct ic_picture *picture, int plane,
                         const struct fuzz_libjpeg *read) {
    const uint32_t width = read->width[plane], height = read->height[plane];
    const double most = most_error(job, plane);
    for (uint32_t top = 0; top < height; top += BLOCK_PX) {
        for (uint32_t left = 0; left < width; left += BLOCK_PX) {
            double squares = 0;
            for (uint32_t i = 0; i < BLOCK_PX * BLOCK_PX; i++) {
                const uint32_t x = left + i % BLOCK_PX, y = top + i / BLOCK_PX;
                if (x >= width || y >= height)
                    continue;
                const double error = read->plane[plane][(size_t)y * width + x] -
                                     expected_sample(job, picture, plane, x, y);
                squares += error * error;
            }
            FUZZ_CHECK(sqrt(squares) <= most, "plane %d, block at %u, %u: error %g of at most %g",
                       plane, left, top, sqrt(squares), most);
        }
    }
}

static void check_samples(const struct job *job, const struct ic_picture *picture,
                          const struct ic_buf *file) {
    const struct fuzz_libjpeg_setup setup = {.planes = true,
                                             .scale_denom = 1,
                                             .stops_at_warning = true,
                                             .max_pixels = FUZZ_MAX_PIXELS,
                                             .max_scans = (int)FUZZ_MAX_SCANS};
    struct fuzz_libjpeg read = fuzz_libjpeg_read(file->bytes, file->size_bytes, &setup);
    FUZZ_CHECK(read.is_read && read.planes == (job->color == IC_COLOR_GREY ? 1 : 3),
               "libjpeg refuses or warns");
    for (int p = 0; p < read.planes; p++) {
        for (int k = 0; k < 64; k++)
            FUZZ_CHECK(read.quantizer[p][k] == expected_quantizer(job->options.quality, p, k),
                       "quantiser %d of plane %d is %u", k, p, read.quantizer[p][k]);
        check_blocks(job, picture, p, &read);
    }
    const struct fuzz_decode_setup own = {.planes = true};
    struct fuzz_decoded decoded = fuzz_decode(file->bytes, file->size_bytes, &own);
    FUZZ_CHECK(decoded.status == IMGCORE_OK && decoded.layout.planes == read.planes,
               "the reader refuses it: %s", decoded.error.detail);
    for (int p = 0; p < read.planes; p++)
        FUZZ_CHECK(
            decoded.layout.plane[p].width == read.width[p] &&
                decoded.layout.plane[p].height == read.height[p] &&
                !memcmp(decoded.plane[p], read.plane[p], (size_t)read.width[p] * read.height[p]),
            "the reader gives another plane %d", p);
    fuzz_decoded_clear(&decoded);
    fuzz_libjpeg_clear(&read);
}

/* ---- edges --------------------------------------------------------------------------------- */

static uint32_t whole_blocks(uint32_t side_px) {
    return (side_px + BLOCK_PX - 1) / BLOCK_PX * BLOCK_PX;
}

static void write_file(struct ic_mem *mem, const struct job *job, const struct ic_picture *picture,
                       struct ic_buf *file) {
    struct imgcore_error error;
    const enum imgcore_status status = ic_jpeg_write(mem, picture, &job->options, file, &error);
    FUZZ_CHECK(status == IMGCORE_OK, "%s (%s)", imgcore_status_name(status), error.detail);
}

/* Compares the file with that of the picture continued to whole blocks: only the sides differ.
 * (Blocks of an MCU that are beside the picture are made by libjpeg, from no samples.) */
static void check_edges(struct ic_mem *mem, const struct job *job, const struct ic_picture *picture,
                        const struct ic_buf *file) {
    const bool has_chroma = job->color == IC_COLOR_YCBCR;
    const int h = has_chroma ? job->options.chroma_h : 1,
              v = has_chroma ? job->options.chroma_v : 1;
    struct ic_picture whole;
    FUZZ_CHECK(ic_picture_make(mem, job->color, whole_blocks(job->width_px),
                               whole_blocks(job->height_px), h, v, &whole) == IMGCORE_OK,
               "no picture");
    for (int p = 0; p < whole.planes; p++) {
        const uint32_t right = picture->plane[p].width - 1, bottom = picture->plane[p].height - 1;
        for (uint32_t y = 0; y < whole.plane[p].height; y++) {
            const uint8_t *from = picture->plane[p].rows + (ptrdiff_t)(y < bottom ? y : bottom) *
                                                               picture->plane[p].stride_bytes;
            uint8_t *to = whole.plane[p].rows + (ptrdiff_t)y * whole.plane[p].stride_bytes;
            for (uint32_t x = 0; x < whole.plane[p].width; x++)
                to[x] = from[x < right ? x : right];
        }
    }
    struct ic_buf other = {.mem = mem};
    write_file(mem, job, &whole, &other);
    FUZZ_CHECK(other.size_bytes == file->size_bytes, "the edges change the size: %zu and %zu bytes",
               other.size_bytes, file->size_bytes);
    size_t differences = 0;
    for (size_t i = 0; i < file->size_bytes; i++)
        differences += other.bytes[i] != file->bytes[i];
    FUZZ_CHECK(differences <= 4, "the edges change %zu bytes", differences); /* two sides */
    ic_buf_clear(&other);
    ic_picture_clear(mem, &whole);
}

/* ---- the cases ----------------------------------------------------------------------------- */

/* A text of three-byte characters behind one byte; longer than the limit it is cut between two. */
static void take_copyright(struct fuzz_input *input, struct job *job, char *expected) {
    const uint32_t characters = fuzz_take_u8(input);
    const uint32_t count = characters > 200 ? 4 * characters - 221 : characters / 2;
    if (characters == 0)
        return;
    const uint32_t most = (IC_MAX_COPYRIGHT_BYTES - 1) / 3;
    strcpy(job->copyright, "A");
    strcpy(expected, "A");
    for (uint32_t i = 0; i < count; i++) {
        memcpy(job->copyright + 1 + 3 * i, "\xe2\x82\xac", 4);
        if (i < most)
            memcpy(expected + 1 + 3 * i, "\xe2\x82\xac", 4);
    }
    job->options.copyright = job->copyright;
}

static const uint8_t *make_profile(const struct fuzz_input *input, size_t size_bytes) {
    static uint8_t profile[MAX_PROFILE_BYTES];
    for (size_t i = 0; i < size_bytes; i++)
        profile[i] = input->size_bytes ? input->data[i % input->size_bytes] : (uint8_t)i;
    return profile;
}

static void take_job(struct fuzz_input *input, struct job *job, char *expected_copyright) {
    static const enum ic_color colors[] = {IC_COLOR_GREY, IC_COLOR_YCBCR, IC_COLOR_RGB};
    struct ic_write_options *options = &job->options;
    memset(job, 0, sizeof *job);
    job->color = colors[fuzz_take_range(input, 0, 2)];
    job->width_px = fuzz_take_range(input, 1, 70);
    job->height_px = fuzz_take_range(input, 1, 40);
    options->quality = (int)fuzz_take_range(input, 1, 100);
    const uint8_t flags = fuzz_take_u8(input);
    options->chroma_h = 1 + (flags & 1);
    options->chroma_v = 1 + (flags >> 1 & 1);
    options->progressive = flags & 4;
    options->optimize = flags & 8;
    take_copyright(input, job, expected_copyright);
    const uint8_t profile = fuzz_take_u8(input); /* its last values: two segments */
    if (profile > 128) {
        options->icc_bytes = profile >= 250 ? 65519u + profile - 252u : profile - 128u;
        options->icc = make_profile(input, options->icc_bytes);
    }
}

static void check_wrong(struct fuzz_input *input, struct job job, struct ic_picture picture) {
    enum imgcore_status status = IMGCORE_INVALID_ARGUMENT;
    const uint8_t number = fuzz_take_u8(input);
    switch (fuzz_take_range(input, 0, 5)) {
    case 0:
        picture.color = number & 1   ? IC_COLOR_GREY_ALPHA
                        : number & 2 ? IC_COLOR_CMYK
                                     : IC_COLOR_RGBA;
        break;
    case 1:
        job.options.chroma_h = number & 1 ? 0 : 3;
        break;
    case 2:
        job.options.chroma_v = number & 1 ? 0 : 3;
        break;
    case 3: /* a plane of another size than the picture */
        picture.plane[number % picture.planes].height += 1 + (number & 1);
        break;
    case 4:
        job.options.icc = make_profile(input, 1);
        job.options.icc_bytes = (size_t)255 * 65519 + 1 + number; /* never read */
        status = IMGCORE_TOO_LARGE;
        break;
    default:
        picture.color = IC_COLOR_GREY;
        picture.planes = 1;
        picture.width_px = picture.plane[0].width = IC_MAX_JPEG_SIDE_PX + 1 + number;
        status = IMGCORE_TOO_LARGE;
        break;
    }
    fuzz_check_refused(ic_jpeg_write, &picture, &job.options, status);
}

static void check_file(struct ic_mem *mem, const struct job *job, const struct ic_picture *picture,
                       const char *copyright) {
    struct ic_buf file = {.mem = mem};
    write_file(mem, job, picture, &file);
    check_segments(job, &file);
    fuzz_check_metadata(&file, job->options.icc, job->options.icc_bytes, copyright);
    check_samples(job, picture, &file);
    if (job->color != IC_COLOR_RGB)
        check_edges(mem, job, picture, &file);
    ic_buf_clear(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    static char copyright[MAX_TEXT_BYTES + 2];
    struct fuzz_input input = {data, size_bytes};
    struct job job;
    take_job(&input, &job, copyright);
    const uint32_t which = fuzz_take_range(&input, 0, 7);
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, FUZZ_MAX_MEMORY_BYTES);
    struct ic_picture picture;
    FUZZ_CHECK(ic_picture_make(&mem, job.color, job.width_px, job.height_px, job.options.chroma_h,
                               job.options.chroma_v, &picture) == IMGCORE_OK,
               "no picture");
    fuzz_fill_picture(&picture, &input);
    if (which == 7)
        check_wrong(&input, job, picture);
    else if (which == 6)
        fuzz_check_interrupted(ic_jpeg_write, &input, &picture, &job.options);
    else
        check_file(&mem, &job, &picture, job.options.copyright ? copyright : NULL);
    ic_picture_clear(&mem, &picture);
    FUZZ_CHECK(mem.used_bytes == 0 && mem.reserved_bytes == 0, "%zu bytes are left",
               mem.used_bytes);
    ic_mem_clear(&mem);
    return 0;
}
