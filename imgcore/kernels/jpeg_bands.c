/* Scans of a progressive JPEG: see jpeg_bands.h. One code at a time, with its value if both are
 * short. A refinement does not walk over the coefficients: the masks of those that are not zero
 * show where a run of zeros ends, and which coefficients have a bit before that. */
#include "imgcore/kernels/jpeg_bands.h"

#include <stdlib.h>

#include "imgcore/kernels/hwy_targets.h"
#include "imgcore/kernels/jpeg_bits-inl.h"
#include "imgcore/kernels/jpeg_blocks.h"

#define ZEROS_16 0xf0 /* the symbol of sixteen zeros */

/* ---- codes ----------------------------------------------------------------------------------- */

static struct ic_jpeg_run make_run(const struct ic_jpeg_short_code *code) {
    const bool has_value = code->size > 0 && code->bits <= IC_JPEG_LOOKUP_BITS;
    return has_value ? (struct ic_jpeg_run){code->value, code->symbol >> 4, code->bits}
                     : (struct ic_jpeg_run){0, code->symbol, code->code_bits};
}

bool ic_jpeg_runs_make(struct ic_jpeg_runs *runs, const uint8_t counts[17],
                       const uint8_t *symbols) {
    /* no code is all ones (T.81, C.2) */
    if (!ic_jpeg_code_list_make(&runs->list, counts, symbols) || runs->list.end[16] > 0xffff) {
        return false;
    }
    struct ic_jpeg_short_code list[IC_JPEG_STEPS];
    ic_jpeg_short_codes_list(&runs->list, false, list);
    for (uint32_t i = 0; i < IC_JPEG_STEPS; i++) {
        runs->run[i] = make_run(&list[i]);
    }
    runs->fits_dc = true;
    for (int i = 0; i < 256; i++) {
        runs->fits_dc &= runs->list.symbols[i] <= 15;
    }
    return true;
}

/* Takes a code whose value is not in the table; false: there is none. */
static inline bool take_code(const struct ic_jpeg_runs *runs, struct ic_jpeg_run run,
                             struct bits *from, unsigned *symbol) {
    unsigned code_bits = run.bits;
    *symbol = run.zeros;
    if (__builtin_expect(code_bits == 0, 0)) {
        int found;
        code_bits = (unsigned)ic_jpeg_code_find(&runs->list, (uint32_t)(from->bits >> 48), &found);
        *symbol = (unsigned)found;
    }
    take_bits(from, code_bits);
    return code_bits != 0;
}

static inline struct ic_jpeg_run look_up(const struct ic_jpeg_runs *runs, struct bits from) {
    return runs->run[from.bits >> (64 - IC_JPEG_LOOKUP_BITS)];
}

/* The blocks that end with the symbol of an end, which has no size: this one and some after it. */
static inline uint32_t take_ends(struct bits *from, unsigned symbol) {
    const unsigned bits = symbol >> 4;
    return (1u << bits) + take_bits(from, bits);
}

static inline struct bits bits_of(const struct ic_jpeg_cursor *cursor) {
    return (struct bits){cursor->bits, cursor->bit_count};
}

/* ---- AC -------------------------------------------------------------------------------------- */

static inline unsigned count_places(uint64_t places) {
    places -= places >> 1 & UINT64_C(0x5555555555555555);
    places = (places & UINT64_C(0x3333333333333333)) + (places >> 2 & UINT64_C(0x3333333333333333));
    places = (places + (places >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (unsigned)(places * UINT64_C(0x0101010101010101) >> 56);
}

/* Appends `count` bits, at most 63, to those at the lower end of `to`; 32 bits must be there. */
static inline struct bits move_bits(struct bits from, const uint8_t **at, unsigned count,
                                    uint64_t *to) {
    if (__builtin_expect(count > 32, 0)) {
        *to = *to << 32 | take_bits(&from, 32);
        count -= 32;
        from = refill(from, at);
    }
    *to = *to << count | take_bits(&from, count);
    return from;
}

static inline uint64_t drop_place(uint64_t places) {
    return places & (places - 1);
}

static inline uint64_t choose(bool second, uint64_t first_mask, uint64_t second_mask) {
    return first_mask ^ ((first_mask ^ second_mask) & (0 - (uint64_t)second));
}

/* Leaves out the first `zeros` places, at most 15. A loop would be mispredicted at its end. */
static inline uint64_t skip_zeros(uint64_t places, unsigned zeros) {
    if (__builtin_expect(zeros >= 8, 0)) {
        for (int i = 0; i < 8; i++) {
            places = drop_place(places);
        }
    }
    const uint64_t two = drop_place(drop_place(places)), four = drop_place(drop_place(two));
    places = choose((zeros & 4) != 0, places, four);
    places = choose((zeros & 2) != 0, places, drop_place(drop_place(places)));
    return choose((zeros & 1) != 0, places, drop_place(places));
}

#define BANDS_TARGET
#define BAND_FIRST           band_first_plain
#define BAND_REFINE          band_refine_plain
#define REFINE_PLACES        refine_places
#define COUNT_PLACES(places) count_places(places)
#include "imgcore/kernels/jpeg_bands-inl.h"
#undef BANDS_TARGET
#undef BAND_FIRST
#undef BAND_REFINE
#undef REFINE_PLACES
#undef COUNT_PLACES

#if IC_HWY_X86
#define BANDS_TARGET         __attribute__((target("bmi,bmi2,popcnt")))
#define BAND_FIRST           band_first_bmi2
#define BAND_REFINE          band_refine_bmi2
#define REFINE_PLACES        refine_places_bmi2
#define COUNT_PLACES(places) ((unsigned)__builtin_popcountll(places))
#include "imgcore/kernels/jpeg_bands-inl.h"
#undef BANDS_TARGET
#undef BAND_FIRST
#undef BAND_REFINE
#undef REFINE_PLACES
#undef COUNT_PLACES
#endif

void ic_fill_jpeg_bands(enum ic_hwy_target target, struct ic_kernels *kernels) {
    kernels->jpeg_band_first = band_first_plain;
    kernels->jpeg_band_refine = band_refine_plain;
#if IC_HWY_X86
    if (target == IC_HWY_AVX2 || target == IC_HWY_AVX3 || target == IC_HWY_AVX3_DL) {
        kernels->jpeg_band_first = band_first_bmi2;
        kernels->jpeg_band_refine = band_refine_bmi2;
    }
#else
    (void)target;
#endif
}

/* ---- DC -------------------------------------------------------------------------------------- */

bool ic_jpeg_dc_first(const struct ic_jpeg_band *band, const struct ic_jpeg_runs *runs,
                      struct ic_jpeg_cursor *cursor, const uint8_t *limit, int *dc, int16_t *coefs,
                      size_t count) {
    const uint8_t *at = cursor->at;
    struct bits from = bits_of(cursor);
    for (size_t i = 0; i < count; i++) {
        if (at > limit) {
            return false;
        }
        from = refill(from, &at);
        const struct ic_jpeg_run run = look_up(runs, from);
        int value = run.value;
        if (value != 0) {
            take_bits(&from, run.bits);
        } else {
            unsigned size;
            if (!take_code(runs, run, &from, &size)) {
                return false;
            }
            value = ic_jpeg_extend(take_bits(&from, size), (int)size);
        }
        *dc += value;
        if (abs(*dc) > INT16_MAX >> band->shift) {
            return false;
        }
        coefs[64 * i] = (int16_t)(*dc * (1 << band->shift));
    }
    *cursor = (struct ic_jpeg_cursor){at, from.bits, from.count, 0};
    return true;
}

bool ic_jpeg_dc_refine(const struct ic_jpeg_band *band, struct ic_jpeg_cursor *cursor,
                       const uint8_t *limit, int16_t *coefs, size_t count) {
    const uint8_t *at = cursor->at;
    struct bits from = bits_of(cursor);
    for (size_t i = 0; i < count; i++) {
        if (at > limit) {
            return false;
        }
        if (from.count == 0) {
            from = refill(from, &at);
        }
        coefs[64 * i] = (int16_t)(coefs[64 * i] | (int)take_bits(&from, 1) << band->shift);
    }
    *cursor = (struct ic_jpeg_cursor){at, from.bits, from.count, 0};
    return true;
}
