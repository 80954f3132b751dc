/* The reference of the kernels of the JPEG reader: unstuffing, blocks and bands symbol by symbol,
 * and the inverse DCTs of libjpeg's method "islow", whose constants have 13 fraction bits. */
#include "imgcore/kernels/kernels_ref.h"

#include "imgcore/kernels/jpeg_idct_scalar.h"
#include "imgcore/kernels/jpeg_symbol-inl.h"
#include "imgcore/kernels/jpeg_unstuff-inl.h"

const uint8_t ic_jpeg_zigzag_table[3][64] __attribute__((aligned(256))) = {
    {0},
    {0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
     41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
     30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63},
    {0}};

static size_t unstuff_ref(const uint8_t *in, size_t n, uint8_t *out, size_t *used) {
    return ic_jpeg_unstuff_rest(in, 0, n, out, 0, used);
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

/* Takes a bit, or the next `count` of them. */
static uint32_t cursor_bits(struct ic_jpeg_cursor *cursor, unsigned count) {
    struct bits from = refill((struct bits){cursor->bits, cursor->bit_count}, &cursor->at);
    const uint32_t taken = take_bits(&from, count);
    cursor->bits = from.bits;
    cursor->bit_count = from.count;
    return taken;
}

/* Takes a code; false: there is none. */
static bool cursor_symbol(const struct ic_jpeg_band *band, struct ic_jpeg_cursor *cursor,
                          int *symbol) {
    cursor_bits(cursor, 0);
    const int code_bits =
        ic_jpeg_code_find(&band->runs->list, (uint32_t)(cursor->bits >> 48), symbol);
    cursor_bits(cursor, (unsigned)code_bits);
    return code_bits != 0;
}

static bool is_end_of_band(int symbol) {
    return (symbol & 15) == 0 && symbol != ZEROS_16;
}

/* The value behind a code, 0 if it has none. */
static int cursor_value(struct ic_jpeg_cursor *cursor, int symbol) {
    return ic_jpeg_extend(cursor_bits(cursor, (unsigned)symbol & 15), symbol & 15);
}

static uint32_t cursor_ends(struct ic_jpeg_cursor *cursor, int symbol) {
    return (1u << (symbol >> 4)) + cursor_bits(cursor, (unsigned)symbol >> 4);
}

/* T.81, G.1.2.2. */
static bool band_first_ref(const struct ic_jpeg_band *band, struct ic_jpeg_cursor *cursor,
                           const uint8_t *limit, int16_t *coefs, uint64_t *nonzero, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (cursor->ended_blocks > 0) {
            cursor->ended_blocks--;
            continue;
        }
        if (cursor->at > limit) {
            return false;
        }
        for (unsigned k = band->first; k <= band->last; k++) {
            int symbol;
            if (!cursor_symbol(band, cursor, &symbol)) {
                return false;
            }
            if (is_end_of_band(symbol)) {
                cursor->ended_blocks = cursor_ends(cursor, symbol) - 1;
                break;
            }
            const int value = cursor_value(cursor, symbol);
            k += (unsigned)symbol >> 4;
            if (symbol == ZEROS_16) {
                continue;
            }
            if (k > band->last || abs(value) > band->most[k]) {
                return false;
            }
            coefs[64 * i + IC_JPEG_ZIGZAG[k]] = (int16_t)(value * (1 << band->shift));
            nonzero[i] |= UINT64_C(1) << k;
        }
    }
    return true;
}

/* Takes the bit of a coefficient that is not zero. */
static void refine_coef(const struct ic_jpeg_band *band, struct ic_jpeg_cursor *cursor,
                        int16_t *coef) {
    const int unit = 1 << band->shift;
    if (cursor_bits(cursor, 1) != 0) {
        *coef = (int16_t)(*coef + (*coef < 0 ? -unit : unit));
    }
}

/* Refines what lies before the first place that is zero and has `zeros` such places before it;
 * returns that place, or one past the band. */
static unsigned refine_run(const struct ic_jpeg_band *band, struct ic_jpeg_cursor *cursor,
                           int16_t *coefs, uint64_t known, unsigned k, int zeros) {
    for (; k <= band->last; k++) {
        if ((known >> k & 1) != 0) {
            refine_coef(band, cursor, &coefs[IC_JPEG_ZIGZAG[k]]);
        } else if (zeros-- == 0) {
            break;
        }
    }
    return k;
}

/* T.81, G.1.2.3. */
static bool band_refine_ref(const struct ic_jpeg_band *band, struct ic_jpeg_cursor *cursor,
                            const uint8_t *limit, int16_t *coefs, uint64_t *nonzero, size_t count) {
    for (size_t i = 0; i < count; i++, coefs += 64) {
        const uint64_t known = nonzero[i];
        unsigned k = band->first;
        if (cursor->at > limit) {
            return false;
        }
        for (; cursor->ended_blocks == 0 && k <= band->last; k++) {
            int symbol;
            if (!cursor_symbol(band, cursor, &symbol)) {
                return false;
            }
            if (is_end_of_band(symbol)) {
                cursor->ended_blocks = cursor_ends(cursor, symbol);
                break;
            }
            const int value = cursor_value(cursor, symbol);
            k = refine_run(band, cursor, coefs, known, k, symbol >> 4);
            if (k > band->last || abs(value) > 1) {
                return false;
            }
            if (value != 0) {
                coefs[IC_JPEG_ZIGZAG[k]] = (int16_t)(value * (1 << band->shift));
                nonzero[i] |= UINT64_C(1) << k;
            }
        }
        if (cursor->ended_blocks > 0) {
            refine_run(band, cursor, coefs, known, k, 64);
            cursor->ended_blocks--;
        }
    }
    return true;
}

static bool all_blocks(bool (*one)(int16_t *, const int16_t *, uint8_t *, ptrdiff_t),
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
    kernels->jpeg_band_first = band_first_ref;
    kernels->jpeg_band_refine = band_refine_ref;
    kernels->jpeg_idct[IC_IDCT_8] = idct_8_ref;
    kernels->jpeg_idct[IC_IDCT_8_FIRST_3] = idct_8_ref;
    kernels->jpeg_idct[IC_IDCT_8_FIRST_10] = idct_8_ref;
    kernels->jpeg_idct[IC_IDCT_4] = idct_4_ref;
    kernels->jpeg_idct[IC_IDCT_4_FIRST_10] = idct_4_ref;
    kernels->jpeg_idct[IC_IDCT_2] = idct_2_ref;
    kernels->jpeg_idct[IC_IDCT_2_FIRST_10] = idct_2_ref;
}
