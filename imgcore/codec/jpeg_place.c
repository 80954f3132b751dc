/* Blocks to samples: see jpeg_place.h. */
#include "imgcore/codec/jpeg_place.h"

void ic_jpeg_placing_make(struct ic_jpeg_placing *placing,
                          const struct ic_jpeg_component *component, int first, int blocks) {
    /* how many coefficients the blocks of each class but the last can have */
    static const unsigned most_of_8x8[] = {1, 3, 10}, most_of_others[] = {1, 1, 10};
    const unsigned *const most = component->size == 8 ? most_of_8x8 : most_of_others;
    for (unsigned i = 0; i <= 64; i++) {
        placing->class_of[i] = (uint8_t)((i > most[0]) + (i > most[1]) + (i > most[2]));
    }
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

static int most_dc(int quant) {
    return quant > 1 ? INT16_MAX / quant : INT16_MAX;
}

/* Completes the DC of each block, and lists it. Without a branch that depends on the data: one for
 * the class would be mispredicted for every third block. */
static bool list_blocks(const struct ic_jpeg_placing *placing, size_t n, int16_t *coefs,
                        const uint8_t *last, int quant, uint8_t *out, int *dc,
                        struct ic_jpeg_group groups[IC_CLASSES]) {
    const int most_value = most_dc(quant);
    int value = *dc;
    bool good = true;
    struct ic_jpeg_place *end[IC_CLASSES];
    for (int k = 0; k < IC_CLASSES; k++) {
        end[k] = groups[k].place;
    }
    for (size_t i = 0; i < n; i++) {
        const size_t block = placing->block[i];
        int16_t *first = coefs + 64 * block;
        value += *first;
        good &= value >= -most_value && value <= most_value;
        *first = (int16_t)value;
        *end[placing->class_of[last[block]]]++ =
            (struct ic_jpeg_place){first, out + placing->offset[i]};
    }
    for (int k = 0; k < IC_CLASSES; k++) {
        groups[k].count = (size_t)(end[k] - groups[k].place);
    }
    *dc = value;
    return good;
}

/* Fills blocks that have DC alone, and clears it. Of constant size, as ic_jpeg_fill_rows is. */
static inline bool fill_sized(const struct ic_jpeg_group *group, int size, int quant,
                              size_t stride_bytes) {
    bool good = true;
    for (size_t i = 0; i < group->count; i++) {
        int16_t *dc = group->place[i].coefs;
        good &= ic_jpeg_fill_block(*dc * quant, size, group->place[i].out, stride_bytes);
        *dc = 0;
    }
    return good;
}

static bool fill_group(const struct ic_jpeg_group *group, int size, int quant,
                       size_t stride_bytes) {
    return size == 8   ? fill_sized(group, 8, quant, stride_bytes)
           : size == 4 ? fill_sized(group, 4, quant, stride_bytes)
                       : fill_sized(group, 2, quant, stride_bytes);
}

/* Of 1x1 only DC is used. */
static bool place_dc(const struct ic_jpeg_placing *placing, size_t n, const int16_t *coefs,
                     int quant, uint8_t *out, int *dc) {
    const int most_value = most_dc(quant);
    int value = *dc;
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        value += coefs[64 * (size_t)placing->block[i]];
        good &= value >= -most_value && value <= most_value;
        good &= ic_jpeg_fill_block((int16_t)value * quant, 1, out + placing->offset[i], 0);
    }
    *dc = value;
    return good;
}

bool ic_jpeg_place_blocks(const struct ic_kernels *kernels,
                          const struct ic_jpeg_component *component,
                          struct ic_jpeg_placing *placing, int16_t *coefs, const uint8_t *last,
                          uint32_t count, uint8_t *out, size_t stride_bytes, int *dc) {
    const int size = component->size, quant = component->quant[0];
    const size_t n = count * (size_t)(component->h * component->v);
    if (placing->stride_bytes != stride_bytes) {
        place_at(placing, component, stride_bytes);
    }
    if (size == 1) {
        return place_dc(placing, n, coefs, quant, out, dc);
    }
    struct ic_jpeg_group groups[IC_CLASSES]; /* not cleared: that takes longer than to fill them */
    bool good = list_blocks(placing, n, coefs, last, quant, out, dc, groups);
    good &= fill_group(&groups[IC_CLASS_DC], size, quant, stride_bytes);
    for (int k = IC_CLASS_FIRST_3; k < IC_CLASSES; k++) {
        good &= ic_jpeg_transform_group(kernels, &groups[k],
                                        ic_jpeg_idct_of((enum ic_jpeg_class)k, size),
                                        component->quant, stride_bytes);
    }
    return good;
}
