/* libjpeg's source over an ic_input: libjpeg reads from the window without a copy, and bytes are
 * never returned. At the end of the input the step ends, unless the reader is tolerant: then an end
 * marker is inserted, which makes libjpeg complete the image in grey. */
#include <string.h>

#include "imgcore/base/bytes.h"
#include "imgcore/codec/jpeg_internal.h"

/* Segments skipped between two checks for cancellation. */
#define CANCEL_SKIPS 64u

static const JOCTET inserted_end[2] = {0xff, JPEG_EOI};

static struct ic_jpeg_source *source_of(j_decompress_ptr cinfo) {
    return (struct ic_jpeg_source *)cinfo->src;
}

static void show_window(struct ic_jpeg_source *source) {
    source->manager.next_input_byte = source->input->window;
    source->manager.bytes_in_buffer = source->input->window_bytes;
}

static void at_end(j_decompress_ptr cinfo) {
    struct ic_jpeg_errors *errors = (struct ic_jpeg_errors *)cinfo->err;
    struct ic_jpeg_source *source = source_of(cinfo);
    if (source->input->failed) {
        ic_jpeg_raise(cinfo->err, IMGCORE_READ_FAILED, "after %llu bytes",
                      (unsigned long long)source->input->consumed);
    }
    if (!errors->tolerant) {
        ic_jpeg_raise(cinfo->err, IMGCORE_TRUNCATED, "the data ends after %llu bytes",
                      (unsigned long long)source->input->consumed);
    }
    errors->ended = true;
    source->manager.next_input_byte = inserted_end;
    source->manager.bytes_in_buffer = sizeof(inserted_end);
}

static void init_source(j_decompress_ptr cinfo) {
    (void)cinfo; /* ic_jpeg_source_init has set the window */
}

/* libjpeg calls this only after it has used all bytes, but its count may not be written back yet,
 * so the entire window is consumed.
 *
 * Far from the end of the window libjpeg-turbo decodes by a faster function, which does not warn of
 * bits that are no code. So the verdict about damaged data must not depend on the pieces in which a
 * source delivers it: they are collected to entire windows. The header is taken as it arrives. */
static boolean fill_input_buffer(j_decompress_ptr cinfo) {
    struct ic_jpeg_errors *errors = (struct ic_jpeg_errors *)cinfo->err;
    struct ic_input *input = source_of(cinfo)->input;
    ic_jpeg_check_cancel(cinfo->err, source_of(cinfo)->cancel);
    if (!errors->ended) {
        ic_input_use(input, input->window_bytes);
        if (ic_input_fill(input, source_of(cinfo)->is_in_data ? IC_INPUT_CHUNK_BYTES : 1) > 0) {
            show_window(source_of(cinfo));
            return TRUE;
        }
    }
    at_end(cinfo);
    return TRUE;
}

static void skip_input_data(j_decompress_ptr cinfo, long num_bytes) {
    struct ic_jpeg_errors *errors = (struct ic_jpeg_errors *)cinfo->err;
    struct jpeg_source_mgr *src = cinfo->src;
    struct ic_jpeg_source *source = source_of(cinfo);
    if (++source->skips % CANCEL_SKIPS == 0) { /* a flood of segments is left early */
        ic_jpeg_check_cancel(cinfo->err, source->cancel);
    }
    if (num_bytes <= 0) {
        return;
    }
    size_t skip = (size_t)num_bytes;
    if (skip <= src->bytes_in_buffer) {
        src->next_input_byte += skip;
        src->bytes_in_buffer -= skip;
        return;
    }
    if (!errors->ended) {
        struct ic_input *input = source->input;
        skip -= src->bytes_in_buffer;
        ic_input_use(input, input->window_bytes);
        if (ic_input_skip(input, skip)) {
            show_window(source);
            return;
        }
    }
    at_end(cinfo);
}

static void term_source(j_decompress_ptr cinfo) {
    (void)cinfo;
}

void ic_jpeg_source_init(struct ic_jpeg_source *source, struct ic_input *input,
                         j_decompress_ptr cinfo) {
    source->input = input;
    source->manager.init_source = init_source;
    source->manager.fill_input_buffer = fill_input_buffer;
    source->manager.skip_input_data = skip_input_data;
    source->manager.resync_to_restart = jpeg_resync_to_restart;
    source->manager.term_source = term_source;
    show_window(source);
    cinfo->src = &source->manager;
}

void ic_jpeg_source_sync(j_decompress_ptr cinfo, size_t want_bytes) {
    struct ic_jpeg_source *source = source_of(cinfo);
    if (((struct ic_jpeg_errors *)cinfo->err)->ended) {
        return; /* libjpeg reads the inserted end marker */
    }
    ic_input_use(source->input, source->input->window_bytes - source->manager.bytes_in_buffer);
    ic_input_fill(source->input, want_bytes);
    show_window(source);
}

void ic_jpeg_source_show(j_decompress_ptr cinfo) {
    show_window(source_of(cinfo));
}

void ic_jpeg_take(j_decompress_ptr cinfo, void *out, size_t size_bytes) {
    uint8_t *to = out;
    while (size_bytes > 0) {
        struct jpeg_source_mgr *src = cinfo->src;
        if (src->bytes_in_buffer == 0) {
            (*src->fill_input_buffer)(cinfo);
        }
        size_t step = src->bytes_in_buffer < size_bytes ? src->bytes_in_buffer : size_bytes;
        memcpy(to, src->next_input_byte, step);
        src->next_input_byte += step;
        src->bytes_in_buffer -= step;
        to += step;
        size_bytes -= step;
    }
}

/* Walks over the data of scans and the segments between them, as libjpeg does. */
static bool more_scans_than(const uint8_t *bytes, size_t size_bytes, uint32_t limit) {
    const uint8_t *end = bytes + size_bytes;
    uint32_t scans = 1;
    while (end - bytes >= 4) {
        bytes = memchr(bytes, 0xff, (size_t)(end - bytes) - 3);
        if (bytes == NULL) {
            return false;
        }
        uint8_t marker = bytes[1];
        if (marker == 0xff) {
            bytes++;
        } else if (marker <= 0x01 || (marker >= JPEG_RST0 && marker <= JPEG_RST0 + 7)) {
            bytes += 2;
        } else if (marker == JPEG_EOI) {
            return false;
        } else {
            size_t length = ic_u16be(bytes + 2);
            scans += marker == 0xda;
            if (scans > limit) {
                return true;
            }
            if (length < 2 || length > (size_t)(end - bytes) - 2) {
                return false;
            }
            bytes += 2 + length;
        }
    }
    return false;
}

bool ic_jpeg_source_shows_scans(j_decompress_ptr cinfo, uint32_t limit) {
    ic_jpeg_source_sync(cinfo, IC_INPUT_CHUNK_BYTES);
    return more_scans_than(cinfo->src->next_input_byte, cinfo->src->bytes_in_buffer, limit);
}

uint8_t ic_jpeg_take_marker(struct ic_input *input) {
    while (ic_input_fill(input, 2) >= 2 && input->window[0] == 0xff && input->window[1] == 0xff) {
        ic_input_use(input, 1);
    }
    if (input->window_bytes < 2 || input->window[0] != 0xff) {
        return 0;
    }
    const uint8_t code = input->window[1];
    ic_input_use(input, 2);
    return code;
}
