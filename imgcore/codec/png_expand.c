/* Samples of every PNG type to 8-bit interleaved rows: see png_expand.h. */
#include <string.h>

#include "imgcore/base/bytes.h"
#include "imgcore/base/checked.h"
#include "imgcore/codec/png_expand.h"

/* Copies of a loop specialised for one depth or channel count are several times as fast as one that
 * tests it at every pixel. */
#define INLINE static inline __attribute__((always_inline))

/* Returns sample i of a packed row; the leftmost sample is in the highest bits. */
INLINE unsigned sample_at(const uint8_t *raw, size_t i, unsigned depth) {
    size_t per_byte = 8 / depth;
    unsigned shift = 8 - depth - (unsigned)(i % per_byte) * depth;
    return (unsigned)raw[i / per_byte] >> shift & ((1u << depth) - 1);
}

/* 16 bits to 8, rounded. */
INLINE uint8_t narrow(unsigned v) {
    return (uint8_t)((v * 255 + 32895) >> 16);
}

static void copy_row(const struct ic_png_expand *expand, const uint8_t *raw, uint8_t *out) {
    memcpy(out, raw, expand->out_bytes);
}

static void narrow_row(const struct ic_png_expand *expand, const uint8_t *raw, uint8_t *out) {
    size_t n = expand->out_bytes;
    if (expand->kernels != NULL) {
        expand->kernels->png_narrow_u16(raw, out, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = narrow(ic_u16be(raw + 2 * i));
    }
}

INLINE void grey_packed(const struct ic_png_expand *expand, const uint8_t *raw, uint8_t *out,
                        unsigned depth, bool keyed) {
    unsigned scale = 255 / ((1u << depth) - 1);
    for (size_t i = 0; i < expand->width; i++) {
        unsigned v = sample_at(raw, i, depth);
        if (keyed) {
            out[2 * i] = (uint8_t)(v * scale);
            out[2 * i + 1] = v == expand->key[0] ? 0 : 255;
        } else {
            out[i] = (uint8_t)(v * scale);
        }
    }
}

static void grey_packed_row(const struct ic_png_expand *expand, const uint8_t *raw, uint8_t *out) {
    switch (expand->depth) {
    case 1:
        grey_packed(expand, raw, out, 1, false);
        break;
    case 2:
        grey_packed(expand, raw, out, 2, false);
        break;
    default:
        grey_packed(expand, raw, out, 4, false);
        break;
    }
}

static void grey_keyed_row(const struct ic_png_expand *expand, const uint8_t *raw, uint8_t *out) {
    switch (expand->depth) {
    case 1:
        grey_packed(expand, raw, out, 1, true);
        break;
    case 2:
        grey_packed(expand, raw, out, 2, true);
        break;
    case 4:
        grey_packed(expand, raw, out, 4, true);
        break;
    default:
        grey_packed(expand, raw, out, 8, true);
        break;
    }
}

static void grey16_keyed_row(const struct ic_png_expand *expand, const uint8_t *raw, uint8_t *out) {
    for (size_t i = 0; i < expand->width; i++) {
        unsigned v = ic_u16be(raw + 2 * i);
        out[2 * i] = narrow(v);
        out[2 * i + 1] = v == expand->key[0] ? 0 : 255;
    }
}

static void rgb8_keyed_row(const struct ic_png_expand *expand, const uint8_t *raw, uint8_t *out) {
    const uint16_t *key = expand->key;
    for (size_t i = 0; i < expand->width; i++, raw += 3, out += 4) {
        out[0] = raw[0];
        out[1] = raw[1];
        out[2] = raw[2];
        out[3] = raw[0] == key[0] && raw[1] == key[1] && raw[2] == key[2] ? 0 : 255;
    }
}

static void rgb16_keyed_row(const struct ic_png_expand *expand, const uint8_t *raw, uint8_t *out) {
    const uint16_t *key = expand->key;
    for (size_t i = 0; i < expand->width; i++, raw += 6, out += 4) {
        unsigned r = ic_u16be(raw);
        unsigned g = ic_u16be(raw + 2);
        unsigned b = ic_u16be(raw + 4);
        out[0] = narrow(r);
        out[1] = narrow(g);
        out[2] = narrow(b);
        /* All 16 bits are compared: two different colours may become equal when narrowed. */
        out[3] = r == key[0] && g == key[1] && b == key[2] ? 0 : 255;
    }
}

INLINE void palette_any(const struct ic_png_expand *expand, const uint8_t *raw, uint8_t *out,
                        unsigned depth, size_t channels) {
    for (size_t i = 0; i < expand->width; i++) {
        memcpy(out + channels * i, expand->palette[sample_at(raw, i, depth)], channels);
    }
}

INLINE void palette_channels(const struct ic_png_expand *expand, const uint8_t *raw, uint8_t *out,
                             size_t channels) {
    switch (expand->depth) {
    case 1:
        palette_any(expand, raw, out, 1, channels);
        break;
    case 2:
        palette_any(expand, raw, out, 2, channels);
        break;
    case 4:
        palette_any(expand, raw, out, 4, channels);
        break;
    default:
        palette_any(expand, raw, out, 8, channels);
        break;
    }
}

static void palette_rgb_row(const struct ic_png_expand *expand, const uint8_t *raw, uint8_t *out) {
    palette_channels(expand, raw, out, 3);
}

static void palette_rgba_row(const struct ic_png_expand *expand, const uint8_t *raw, uint8_t *out) {
    palette_channels(expand, raw, out, 4);
}

static void set_palette(struct ic_png_expand *expand, const struct spng_plte *plte,
                        const struct spng_trns *trns) {
    for (uint32_t i = 0; i < 256; i++) {
        uint8_t *entry = expand->palette[i];
        if (i < plte->n_entries) {
            entry[0] = plte->entries[i].red;
            entry[1] = plte->entries[i].green;
            entry[2] = plte->entries[i].blue;
        }
        entry[3] = trns != NULL && i < trns->n_type3_entries ? trns->type3_alpha[i] : 255;
    }
    expand->color = trns != NULL ? IC_COLOR_RGBA : IC_COLOR_RGB;
    expand->row = trns != NULL ? palette_rgba_row : palette_rgb_row;
}

/* For files without a palette and without a colour key. */
static void set_plain(struct ic_png_expand *expand, enum ic_color color) {
    expand->color = color;
    if (expand->depth == 16) {
        expand->row = narrow_row;
    } else if (expand->depth == 8) {
        expand->row = copy_row;
        expand->copies = true;
    } else {
        expand->row = grey_packed_row;
    }
}

static void set_key(struct ic_png_expand *expand, const struct spng_ihdr *ihdr,
                    const struct spng_trns *trns) {
    /* The file has 16 bits for each; bits above the depth have no meaning. */
    uint16_t mask = (uint16_t)((1u << expand->depth) - 1);
    if (ihdr->color_type == SPNG_COLOR_TYPE_GRAYSCALE) {
        expand->key[0] = trns->gray & mask;
        expand->color = IC_COLOR_GREY_ALPHA;
        expand->row = expand->depth == 16 ? grey16_keyed_row : grey_keyed_row;
    } else {
        expand->key[0] = trns->red & mask;
        expand->key[1] = trns->green & mask;
        expand->key[2] = trns->blue & mask;
        expand->color = IC_COLOR_RGBA;
        expand->row = expand->depth == 16 ? rgb16_keyed_row : rgb8_keyed_row;
    }
}

bool ic_png_expand_init(struct ic_png_expand *expand, const struct ic_kernels *kernels,
                        const struct spng_ihdr *ihdr, const struct spng_plte *plte,
                        const struct spng_trns *trns) {
    memset(expand, 0, sizeof(*expand));
    expand->kernels = kernels;
    expand->depth = ihdr->bit_depth;
    expand->width = ihdr->width;
    size_t raw_channels = 1;
    switch (ihdr->color_type) {
    case SPNG_COLOR_TYPE_INDEXED:
        set_palette(expand, plte, trns);
        break;
    case SPNG_COLOR_TYPE_GRAYSCALE_ALPHA:
        raw_channels = 2;
        set_plain(expand, IC_COLOR_GREY_ALPHA);
        break;
    case SPNG_COLOR_TYPE_TRUECOLOR_ALPHA:
        raw_channels = 4;
        set_plain(expand, IC_COLOR_RGBA);
        break;
    case SPNG_COLOR_TYPE_TRUECOLOR:
        raw_channels = 3;
        set_plain(expand, IC_COLOR_RGB);
        break;
    default:
        set_plain(expand, IC_COLOR_GREY);
        break;
    }
    if (trns != NULL && (ihdr->color_type == SPNG_COLOR_TYPE_GRAYSCALE ||
                         ihdr->color_type == SPNG_COLOR_TYPE_TRUECOLOR)) {
        expand->copies = false;
        set_key(expand, ihdr, trns);
    }
    expand->channels = ic_color_channels(expand->color);
    expand->pixel_bytes = (raw_channels * ihdr->bit_depth + 7) / 8;
    uint64_t raw_bits = (uint64_t)raw_channels * ihdr->bit_depth * ihdr->width;
    uint64_t raw_bytes = (raw_bits + 7) / 8;
    expand->raw_bytes = (size_t)raw_bytes;
    return expand->raw_bytes == raw_bytes &&
           ic_mul_size(expand->width, (size_t)expand->channels, &expand->out_bytes);
}
