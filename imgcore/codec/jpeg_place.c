/* Blocks to samples: see jpeg_place.h. */
#include "imgcore/codec/jpeg_place.h"

/* Blocks by how their samples are made. */
enum block_class { CLASS_DC, CLASS_FIRST_10, CLASS_ALL, CLASSES };

void ic_jpeg_placing_make(struct ic_jpeg_placing *placing,
                          const struct ic_jpeg_component *component, int first, int blocks) {
    const unsigned per_mcu = (unsigned)(component->h * component->v);
    const unsigned count = IC_JPEG_GROUP_BLOCKS / (unsigned)blocks * per_mcu;
    for (unsigned i = 0; i < count; i++) {
        placing->block[i] =
            (uint8_t)(i / per_mcu * (unsigned)blocks + (unsigned)first + i % per_mcu);
    }
}

static void place_at(struct ic_jpeg_placing *placing, const struct ic_jpeg_component *component,
                     size_t stride_bytes) {
    const size_t h = (size_t)component->h, per_mcu = h * (size_t)component->v;
    for (size_t i = 0; i < IC_JPEG_GROUP_BLOCKS; i++) {
        const size_t x = i / per_mcu * h + i % h, y = i % per_mcu / h;
        placing->offset[i] = (y * stride_bytes + x) * (size_t)component->size;
    }
    placing->stride_bytes = stride_bytes;
}

/* Completes the DC of each block, and lists it. Without a branch that depends on the data: one for
 * the class would be mispredicted for every third block. */
static bool list_blocks(const struct ic_jpeg_placing *placing, size_t n, int16_t *coefs,
                        const uint8_t *last, int quant, unsigned most_dc, unsigned most_first_10,
                        uint8_t *out, int *dc, struct ic_jpeg_group groups[CLASSES]) {
    const int most =
        quant > 1 ? INT16_MAX / quant : INT16_MAX; /* of a DC, dequantised in 16 bits */
    size_t in_dc = 0, in_first_10 = 0;
    int value = *dc;
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        const size_t block = placing->block[i];
        int16_t *first = coefs + 64 * block;
        value += *first;
        good &= value >= -most && value <= most;
        *first = (int16_t)value;
        const bool is_dc = last[block] <= most_dc, is_first_10 = last[block] <= most_first_10;
        const struct ic_jpeg_place place = {first, out + placing->offset[i]};
        groups[CLASS_DC].place[in_dc] = place;
        groups[CLASS_FIRST_10].place[in_first_10] = place;
        groups[CLASS_ALL].place[i - in_dc - in_first_10] = place;
        in_dc += is_dc;
        in_first_10 += !is_dc && is_first_10;
    }
    *dc = value;
    groups[CLASS_DC].count = in_dc;
    groups[CLASS_FIRST_10].count = in_first_10;
    groups[CLASS_ALL].count = n - in_dc - in_first_10;
    return good;
}

/* Fills blocks, and clears them: of 1x1, all coefficients, of others only DC is there. */
static bool fill_group(const struct ic_jpeg_group *group, int size, int quant,
                       size_t stride_bytes) {
    bool good = true;
    for (size_t i = 0; i < group->count; i++) {
        int16_t *coefs = group->place[i].coefs;
        good &= ic_jpeg_fill_block(coefs[0] * quant, size, group->place[i].out, stride_bytes);
        coefs[0] = 0;
        if (size == 1) {
            memset(coefs, 0, 64 * sizeof(*coefs));
        }
    }
    return good;
}

bool ic_jpeg_place_blocks(const struct ic_kernels *kernels,
                          const struct ic_jpeg_component *component,
                          struct ic_jpeg_placing *placing, int16_t *coefs, const uint8_t *last,
                          uint32_t count, uint8_t *out, size_t stride_bytes, int *dc) {
    const int size = component->size, quant = component->quant[0];
    if (placing->stride_bytes != stride_bytes) {
        place_at(placing, component, stride_bytes);
    }
    struct ic_jpeg_group groups[CLASSES]; /* not initialised: that takes longer than to fill them */
    bool good = list_blocks(placing, count * (size_t)(component->h * component->v), coefs, last,
                            quant, size == 1 ? 64 : 1, size == 8 ? 10 : 0, out, dc, groups);
    good &= fill_group(&groups[CLASS_DC], size, quant, stride_bytes);
    good &= ic_jpeg_transform_group(kernels, &groups[CLASS_FIRST_10], IC_IDCT_8_FIRST_10,
                                    component->quant, stride_bytes);
    good &= ic_jpeg_transform_group(kernels, &groups[CLASS_ALL], ic_jpeg_idct_of(size),
                                    component->quant, stride_bytes);
    return good;
}
