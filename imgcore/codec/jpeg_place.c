/* Blocks to samples: see jpeg_place.h. */
#include "imgcore/codec/jpeg_place.h"

#include <stdlib.h>

/* Blocks by how their samples are made. */
enum block_class { CLASS_DC, CLASS_FIRST_10, CLASS_ALL, CLASSES };

/* Blocks of each class, by their index in the plane. */
struct lists {
    size_t count[CLASSES];
    uint8_t index[CLASSES][IC_JPEG_GROUP_BLOCKS];
};

void ic_jpeg_placing_make(struct ic_jpeg_placing *placing,
                          const struct ic_jpeg_component *component, int first, int blocks) {
    const unsigned h = (unsigned)component->h, per_mcu = h * (unsigned)component->v;
    const unsigned count = IC_JPEG_GROUP_BLOCKS / (unsigned)blocks * per_mcu;
    for (unsigned i = 0; i < count; i++) {
        const unsigned mcu = i / per_mcu, in_mcu = i % per_mcu;
        placing->block[i] = (uint8_t)(mcu * (unsigned)blocks + (unsigned)first + in_mcu);
        placing->x[i] = (uint8_t)(mcu * h + in_mcu % h);
        placing->y[i] = (uint8_t)(in_mcu / h);
    }
}

/* Completes the DC of each block, and lists it. Without a branch that depends on the data: one for
 * the class would be mispredicted for every third block. */
static bool list_blocks(const struct ic_jpeg_placing *placing, size_t n, int16_t *coefs,
                        const uint8_t *last, int quant, unsigned most_dc, unsigned most_first_10,
                        int *dc, struct lists *lists) {
    size_t in_dc = 0, in_first_10 = 0;
    int value = *dc;
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        const size_t block = placing->block[i];
        int16_t *first = coefs + 64 * block;
        value += *first;
        good &= value >= -INT16_MAX && value <= INT16_MAX;
        value = (int16_t)value;
        good &= abs(value * quant) <= INT16_MAX;
        *first = (int16_t)value;
        const bool is_dc = last[block] <= most_dc, is_first_10 = last[block] <= most_first_10;
        lists->index[CLASS_DC][in_dc] = (uint8_t)i;
        lists->index[CLASS_FIRST_10][in_first_10] = (uint8_t)i;
        lists->index[CLASS_ALL][i - in_dc - in_first_10] = (uint8_t)i;
        in_dc += is_dc;
        in_first_10 += !is_dc && is_first_10;
    }
    *dc = value;
    lists->count[CLASS_DC] = in_dc;
    lists->count[CLASS_FIRST_10] = in_first_10;
    lists->count[CLASS_ALL] = n - in_dc - in_first_10;
    return good;
}

bool ic_jpeg_place_blocks(const struct ic_kernels *kernels,
                          const struct ic_jpeg_component *component,
                          const struct ic_jpeg_placing *placing, int16_t *coefs,
                          const uint8_t *last, uint32_t count, uint8_t *out, size_t stride_bytes,
                          int *dc) {
    const int size = component->size, quant = component->quant[0];
    const size_t n = count * (size_t)(component->h * component->v);
    struct lists lists;
    bool good = list_blocks(placing, n, coefs, last, quant, size == 1 ? 64 : 1, size == 8 ? 10 : 0,
                            dc, &lists);
    const enum ic_jpeg_idct idct[CLASSES] = {
        [CLASS_FIRST_10] = IC_IDCT_8_FIRST_10, [CLASS_ALL] = ic_jpeg_idct_of(size)};
    for (int class = 0; class < CLASSES; class ++) {
        struct ic_jpeg_group group; /* not initialised: that would take longer than to fill it */
        group.count = lists.count[class];
        for (size_t i = 0; i < group.count; i++) {
            const size_t index = lists.index[class][i];
            group.place[i] =
                (struct ic_jpeg_place){coefs + 64 * (size_t)placing->block[index],
                                       out + placing->y[index] * (size_t)size * stride_bytes +
                                           placing->x[index] * (size_t)size};
        }
        if (class == CLASS_DC) {
            for (size_t i = 0; i < group.count; i++) {
                good &= ic_jpeg_fill_block(group.place[i].coefs[0] * quant, size,
                                           group.place[i].out, stride_bytes);
            }
        } else {
            good &= ic_jpeg_transform_group(kernels, &group, idct[class], component->quant,
                                            stride_bytes);
        }
    }
    return good;
}
