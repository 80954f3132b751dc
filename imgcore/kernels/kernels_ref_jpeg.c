/* The reference of the kernels of the JPEG reader: unstuffing, blocks symbol by symbol, and the
 * inverse DCTs of libjpeg's method "islow", whose constants have 13 fraction bits. */
#include "imgcore/kernels/kernels_ref.h"

#include "imgcore/kernels/jpeg_idct_scalar.h"
#include "imgcore/kernels/jpeg_symbol-inl.h"

const uint8_t ic_jpeg_zigzag[64] __attribute__((aligned(256))) = {0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
                                    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
                                    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
                                    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

static size_t unstuff_ref(const uint8_t *in, size_t n, uint8_t *out, size_t *used) {
    size_t written = 0;
    size_t i = 0;
    while (i < n && (in[i] != 0xff || (i + 1 < n && in[i + 1] == 0))) {
        out[written++] = in[i];
        i += in[i] == 0xff ? 2 : 1;
    }
    *used = i;
    return written;
}

static bool block_ref(struct ic_jpeg_position *position, int16_t *coefs, unsigned *covered) {
    enum symbol_result result = SYMBOL_MORE;
    *covered = 0;
    while (result == SYMBOL_MORE) {
        const struct ic_jpeg_kind *kind = position->kind;
        struct bits from =
            refill((struct bits){position->bits, position->bit_count}, &position->at);
        int symbol;
        const int code_bits = ic_jpeg_code_find(*covered == 0 ? &kind->dc->list : &kind->ac->list,
                                                (uint32_t)(from.bits >> 48), &symbol);
        result = take_symbol(&from, kind, (unsigned)code_bits, (unsigned)symbol, coefs, covered);
        position->bits = from.bits;
        position->bit_count = from.count;
    }
    position->kind = position->kind->next;
    return result == SYMBOL_LAST;
}

static bool blocks_ref(struct ic_jpeg_position *position, const uint8_t *limit, int16_t *coefs,
                       uint8_t *last, size_t count, size_t *done) {
    for (*done = 0; *done < count && position->at <= limit; (*done)++) {
        unsigned covered;
        if (!block_ref(position, coefs + 64 * *done, &covered)) {
            return false;
        }
        last[*done] = (uint8_t)covered;
    }
    return true;
}

static bool all_blocks(bool (*one)(const int16_t *, const int16_t *, uint8_t *, ptrdiff_t),
                       const struct ic_jpeg_place *places, size_t n, const int16_t *quant,
                       ptrdiff_t stride_bytes) {
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        good &= one(places[i].coefs, quant, places[i].out, stride_bytes);
    }
    return good;
}

static bool idct_8_ref(const struct ic_jpeg_place *places, size_t n, const int16_t *quant,
                       ptrdiff_t stride_bytes) {
    return all_blocks(ic_jpeg_idct_8_scalar, places, n, quant, stride_bytes);
}

static bool idct_4_ref(const struct ic_jpeg_place *places, size_t n, const int16_t *quant,
                       ptrdiff_t stride_bytes) {
    return all_blocks(ic_jpeg_idct_4_scalar, places, n, quant, stride_bytes);
}

static bool idct_2_ref(const struct ic_jpeg_place *places, size_t n, const int16_t *quant,
                       ptrdiff_t stride_bytes) {
    return all_blocks(ic_jpeg_idct_2_scalar, places, n, quant, stride_bytes);
}

void ic_kernels_ref_jpeg(struct ic_kernels *kernels) {
    kernels->reads_jpeg = false;
    kernels->jpeg_unstuff = unstuff_ref;
    kernels->jpeg_blocks = blocks_ref;
    kernels->jpeg_idct[IC_IDCT_8] = idct_8_ref;
    kernels->jpeg_idct[IC_IDCT_8_FIRST_10] = idct_8_ref;
    kernels->jpeg_idct[IC_IDCT_4] = idct_4_ref;
    kernels->jpeg_idct[IC_IDCT_2] = idct_2_ref;
}
