/* Keeps the two kinds of APPn segments that are used: the first EXIF block and the chunks of an ICC
 * profile. Each is classified by its first bytes before anything is allocated, so that a flood of
 * segments costs neither memory nor more time than skipping them.
 *
 * The processors run inside jpeg_read_header, within a step of ic_jpeg_guard. */
#include <string.h>

#include "imgcore/base/bytes.h"
#include "imgcore/codec/jpeg_internal.h"

#define EXIF_MARK_BYTES 6u  /* "Exif", then two bytes that should be NUL */
#define TIFF_MARK_BYTES 4u  /* the byte order and 42 in it */
#define ICC_MARK_BYTES  14u /* "ICC_PROFILE", NUL, the chunk's number, the number of chunks */

static struct ic_jpeg_markers *markers_of(j_decompress_ptr cinfo) {
    return cinfo->client_data;
}

/* Reads the length of a segment; returns the bytes that follow it. A length below its own two bytes
 * counts as empty, as in libjpeg. */
static size_t take_length(j_decompress_ptr cinfo) {
    uint8_t length[2];
    ic_jpeg_take(cinfo, length, sizeof(length));
    size_t bytes = ic_u16be(length);
    return bytes < 2 ? 0 : bytes - 2;
}

static void skip(j_decompress_ptr cinfo, size_t size_bytes) {
    (*cinfo->src->skip_input_data)(cinfo, (long)size_bytes);
}

static uint8_t *allocate(j_decompress_ptr cinfo, size_t size_bytes) {
    struct ic_mem *mem = markers_of(cinfo)->mem;
    uint8_t *bytes = ic_alloc(mem, size_bytes);
    if (bytes == NULL) {
        ic_jpeg_raise_memory(cinfo->err, mem);
    }
    return bytes;
}

static boolean take_app1(j_decompress_ptr cinfo) {
    struct ic_jpeg_markers *markers = markers_of(cinfo);
    uint8_t mark[EXIF_MARK_BYTES + TIFF_MARK_BYTES];
    size_t left = take_length(cinfo);
    if (markers->closed || markers->exif != NULL || left < sizeof(mark) ||
        left - EXIF_MARK_BYTES > markers->metadata_bytes) {
        skip(cinfo, left);
        return TRUE;
    }
    ic_jpeg_take(cinfo, mark, sizeof(mark));
    left -= sizeof(mark);
    const uint8_t *tiff = mark + EXIF_MARK_BYTES;
    if (memcmp(mark, "Exif\0", 5) != 0 || (memcmp(tiff, "II*\0", TIFF_MARK_BYTES) != 0 &&
                                           memcmp(tiff, "MM\0*", TIFF_MARK_BYTES) != 0)) {
        skip(cinfo, left);
        return TRUE;
    }
    markers->exif = allocate(cinfo, TIFF_MARK_BYTES + left);
    memcpy(markers->exif, tiff, TIFF_MARK_BYTES);
    ic_jpeg_take(cinfo, markers->exif + TIFF_MARK_BYTES, left);
    markers->exif_bytes = TIFF_MARK_BYTES + left;
    return TRUE;
}

static void drop_chunks(struct ic_jpeg_markers *markers) {
    for (uint32_t i = 0; i < IC_MAX_ICC_CHUNKS; i++) {
        ic_free(markers->mem, markers->chunk[i].bytes);
        markers->chunk[i].bytes = NULL;
    }
}

/* Whether a chunk of this number fits the chunks before it. */
static bool chunk_fits(const struct ic_jpeg_markers *markers, uint32_t number, uint32_t count) {
    return number >= 1 && number <= count &&
           (markers->chunk_count == 0 || markers->chunk_count == count) &&
           markers->chunk[number - 1].bytes == NULL;
}

static boolean take_app2(j_decompress_ptr cinfo) {
    struct ic_jpeg_markers *markers = markers_of(cinfo);
    uint8_t mark[ICC_MARK_BYTES];
    size_t left = take_length(cinfo);
    if (markers->closed || markers->icc_broken || markers->icc_over_limit || left < sizeof(mark)) {
        skip(cinfo, left);
        return TRUE;
    }
    ic_jpeg_take(cinfo, mark, sizeof(mark));
    left -= sizeof(mark);
    if (memcmp(mark, "ICC_PROFILE", 12) != 0) {
        skip(cinfo, left);
        return TRUE;
    }
    uint32_t number = mark[12];
    markers->icc_broken = !chunk_fits(markers, number, mark[13]);
    markers->icc_over_limit = left > markers->icc_limit_bytes - markers->chunks_bytes;
    if (markers->icc_broken || markers->icc_over_limit) {
        drop_chunks(markers);
        skip(cinfo, left);
        return TRUE;
    }
    markers->chunk[number - 1].bytes = allocate(cinfo, left);
    markers->chunk[number - 1].size_bytes = left;
    ic_jpeg_take(cinfo, markers->chunk[number - 1].bytes, left);
    markers->chunk_count = mark[13];
    markers->chunks_held++;
    markers->chunks_bytes += left;
    return TRUE;
}

void ic_jpeg_markers_init(struct ic_jpeg_markers *markers, struct ic_mem *mem,
                          const struct imgcore_limits *limits, j_decompress_ptr cinfo) {
    memset(markers, 0, sizeof(*markers));
    markers->mem = mem;
    markers->metadata_bytes = limits->metadata_bytes;
    markers->icc_limit_bytes = limits->icc_bytes;
    cinfo->client_data = markers;
    jpeg_set_marker_processor(cinfo, JPEG_APP0 + 1, take_app1);
    jpeg_set_marker_processor(cinfo, JPEG_APP0 + 2, take_app2);
}

enum imgcore_status ic_jpeg_markers_close(struct ic_jpeg_markers *markers) {
    markers->closed = true;
    bool whole = !markers->icc_broken && !markers->icc_over_limit &&
                 markers->chunks_held == markers->chunk_count && markers->chunks_bytes > 0;
    if (!whole) {
        drop_chunks(markers);
        return IMGCORE_OK;
    }
    markers->icc = ic_alloc(markers->mem, markers->chunks_bytes);
    if (markers->icc == NULL) {
        return markers->mem->status;
    }
    for (uint32_t i = 0; i < markers->chunk_count; i++) {
        memcpy(markers->icc + markers->icc_bytes, markers->chunk[i].bytes,
               markers->chunk[i].size_bytes);
        markers->icc_bytes += markers->chunk[i].size_bytes;
    }
    drop_chunks(markers);
    return IMGCORE_OK;
}

void ic_jpeg_markers_clear(struct ic_jpeg_markers *markers) {
    drop_chunks(markers);
    ic_free(markers->mem, markers->exif);
    ic_free(markers->mem, markers->icc);
    markers->exif = NULL;
    markers->icc = NULL;
}
