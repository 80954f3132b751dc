/* Scans of a progressive JPEG: see jpeg_bands.h. One code at a time, with its value if both are
 * short. A refinement does not walk over the coefficients: the masks of those that are not zero
 * show where a run of zeros ends, and which coefficients have a bit before that. */
#include "imgcore/kernels/jpeg_bands.h"

#include <stdlib.h>

#include "imgcore/kernels/jpeg_bits-inl.h"
#include "imgcore/kernels/jpeg_blocks.h"

#define ZEROS_16 0xf0 /* the symbol of sixteen zeros */

/* ---- codes ----------------------------------------------------------------------------------- */

static struct ic_jpeg_run make_run(const struct ic_jpeg_code_list *list, uint32_t lookup) {
    int symbol;
    const int code_bits = ic_jpeg_code_find(list, lookup << (16 - IC_JPEG_LOOKUP_BITS), &symbol);
    if (code_bits == 0 || code_bits > IC_JPEG_LOOKUP_BITS) {
        return (struct ic_jpeg_run){0};
    }
    const int size = symbol & 15, bits = code_bits + size;
    if (size == 0 || bits > IC_JPEG_LOOKUP_BITS) {
        return (struct ic_jpeg_run){.zeros = (uint8_t)symbol, .bits = (uint8_t)code_bits};
    }
    const uint32_t value = lookup >> (IC_JPEG_LOOKUP_BITS - bits) & ((1u << size) - 1);
    return (struct ic_jpeg_run){.value = (int16_t)ic_jpeg_extend(value, size),
                                .zeros = (uint8_t)(symbol >> 4),
                                .bits = (uint8_t)bits};
}

bool ic_jpeg_runs_make(struct ic_jpeg_runs *runs, const uint8_t counts[17],
                       const uint8_t *symbols) {
    /* no code is all ones (T.81, C.2) */
    if (!ic_jpeg_code_list_make(&runs->list, counts, symbols) || runs->list.end[16] > 0xffff) {
        return false;
    }
    for (uint32_t i = 0; i < IC_JPEG_STEPS; i++) {
        runs->run[i] = make_run(&runs->list, i);
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

bool ic_jpeg_band_first(const struct ic_jpeg_band *band, struct ic_jpeg_cursor *cursor,
                        const uint8_t *limit, int16_t *coefs, uint64_t *nonzero, size_t count) {
    const struct ic_jpeg_runs *const runs = band->runs;
    const unsigned last = band->last;
    const int unit = 1 << band->shift;
    const uint8_t *at = cursor->at;
    struct bits from = bits_of(cursor);
    uint32_t ended = cursor->ended_blocks;
    for (size_t i = 0; i < count; i++) {
        if (ended > 0) {
            const size_t skipped = ended < count - i ? ended : count - i;
            ended -= (uint32_t)skipped;
            i += skipped - 1;
            continue;
        }
        if (at > limit) {
            return false;
        }
        uint64_t found = 0;
        for (unsigned k = band->first; k <= last; k++) {
            from = refill(from, &at);
            const struct ic_jpeg_run run = look_up(runs, from);
            int value = run.value;
            if (value != 0) {
                take_bits(&from, run.bits);
                k += run.zeros;
            } else {
                unsigned symbol;
                if (!take_code(runs, run, &from, &symbol)) {
                    return false;
                }
                if ((symbol & 15) == 0 && symbol != ZEROS_16) {
                    ended = take_ends(&from, symbol) - 1;
                    break;
                }
                k += symbol >> 4;
                if (symbol == ZEROS_16) {
                    continue;
                }
                value = ic_jpeg_extend(take_bits(&from, symbol & 15), (int)(symbol & 15));
            }
            if (k > last || abs(value) > band->most[k]) {
                return false;
            }
            coefs[64 * i + ic_jpeg_zigzag[k]] = (int16_t)(value * unit);
            found |= UINT64_C(1) << k;
        }
        nonzero[i] |= found;
    }
    *cursor = (struct ic_jpeg_cursor){at, from.bits, from.count, ended};
    return true;
}

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

/* Adds a bit to the size of each coefficient in these places, which are not zero. The bit of the
 * last one is the lowest. */
static inline void refine_places(uint64_t places, uint64_t bits, int unit, int16_t *coefs) {
    bits <<= 64 - count_places(places);
    for (; places != 0; places &= places - 1) {
        int16_t *coef = &coefs[ic_jpeg_zigzag[__builtin_ctzll(places)]];
        const int sign = *coef >> 15, set = (int)(bits >> 63);
        *coef = (int16_t)(*coef + (((unit ^ sign) - sign) & -set));
        bits <<= 1;
    }
}

/* Leaves out the first `zeros` places. */
static inline uint64_t skip_zeros(uint64_t places, unsigned zeros) {
    for (; zeros > 0; zeros--) {
        places &= places - 1;
    }
    return places;
}

bool ic_jpeg_band_refine(const struct ic_jpeg_band *band, struct ic_jpeg_cursor *cursor,
                         const uint8_t *limit, int16_t *coefs, uint64_t *nonzero, size_t count) {
    const struct ic_jpeg_runs *const runs = band->runs;
    const uint64_t all = UINT64_MAX >> (63 - band->last) & UINT64_MAX << band->first;
    const int unit = 1 << band->shift;
    const uint8_t *at = cursor->at;
    struct bits from = bits_of(cursor);
    uint32_t ended = cursor->ended_blocks;
    for (size_t i = 0; i < count; i++, coefs += 64) {
        const uint64_t known = nonzero[i];
        uint64_t found = 0;
        uint64_t left = all;   /* positions that are still ahead */
        uint64_t refining = 0; /* the bits of the known places behind */
        unsigned begin = band->first;
        if (at > limit) {
            return false;
        }
        while (ended == 0 && left != 0) {
            from = refill(from, &at);
            const struct ic_jpeg_run run = look_up(runs, from);
            int value = run.value;
            unsigned zeros = run.zeros;
            if (value != 0) {
                take_bits(&from, run.bits);
            } else {
                unsigned symbol;
                if (!take_code(runs, run, &from, &symbol)) {
                    return false;
                }
                if ((symbol & 15) == 0 && symbol != ZEROS_16) {
                    ended = take_ends(&from, symbol);
                    break;
                }
                zeros = symbol >> 4;
                value = ic_jpeg_extend(take_bits(&from, symbol & 15), (int)(symbol & 15));
            }
            const uint64_t ahead = skip_zeros(left & ~known, zeros);
            if (ahead == 0 || abs(value) > 1) {
                return false;
            }
            /* what lies between is zeros and known places */
            const unsigned k = (unsigned)__builtin_ctzll(ahead);
            from = move_bits(from, &at, k - begin - zeros, &refining);
            if (value != 0) {
                coefs[ic_jpeg_zigzag[k]] = (int16_t)(value * unit);
                found |= UINT64_C(1) << k;
            }
            begin = k + 1;
            left &= UINT64_MAX << 1 << k;
        }
        uint64_t refined = known & all & ~left;
        if (ended > 0) {
            from = refill(from, &at);
            from = move_bits(from, &at, count_places(known & left), &refining);
            refined = known & all;
            ended--;
        }
        if (refined != 0) {
            refine_places(refined, refining, unit, coefs);
        }
        nonzero[i] |= found;
    }
    *cursor = (struct ic_jpeg_cursor){at, from.bits, from.count, ended};
    return true;
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
