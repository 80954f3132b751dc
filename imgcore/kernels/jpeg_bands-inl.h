/* The bands of AC coefficients: see kernels.h. Included once for each instruction set, with
 * BAND_FIRST, BAND_REFINE and REFINE_PLACES the names of the functions, and COUNT_PLACES(places)
 * the number of bits that are set. */
BANDS_TARGET static bool BAND_FIRST(const struct ic_jpeg_band *band, struct ic_jpeg_cursor *cursor,
                                    const uint8_t *limit, int16_t *coefs, uint64_t *nonzero,
                                    size_t count) {
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
            coefs[64 * i + IC_JPEG_ZIGZAG[k]] = (int16_t)(value * unit);
            found |= UINT64_C(1) << k;
        }
        nonzero[i] |= found;
    }
    *cursor = (struct ic_jpeg_cursor){at, from.bits, from.count, ended};
    return true;
}

/* Adds a bit to the size of each coefficient in these places, which are not zero. The bit of the
 * last one is the lowest. */
BANDS_TARGET static inline void REFINE_PLACES(uint64_t places, uint64_t bits, int unit,
                                              int16_t *coefs) {
    bits <<= 64 - COUNT_PLACES(places);
    for (; places != 0; places &= places - 1) {
        int16_t *coef = &coefs[IC_JPEG_ZIGZAG[__builtin_ctzll(places)]];
        const int sign = *coef >> 15, set = (int)(bits >> 63);
        *coef = (int16_t)(*coef + (((unit ^ sign) - sign) & -set));
        bits <<= 1;
    }
}

BANDS_TARGET static bool BAND_REFINE(const struct ic_jpeg_band *band, struct ic_jpeg_cursor *cursor,
                                     const uint8_t *limit, int16_t *coefs, uint64_t *nonzero,
                                     size_t count) {
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
                coefs[IC_JPEG_ZIGZAG[k]] = (int16_t)(value * unit);
                found |= UINT64_C(1) << k;
            }
            begin = k + 1;
            left &= UINT64_MAX << 1 << k;
        }
        uint64_t refined = known & all & ~left;
        if (ended > 0) {
            from = refill(from, &at);
            from = move_bits(from, &at, COUNT_PLACES(known & left), &refining);
            refined = known & all;
            ended--;
        }
        if (refined != 0) {
            REFINE_PLACES(refined, refining, unit, coefs);
        }
        nonzero[i] |= found;
    }
    *cursor = (struct ic_jpeg_cursor){at, from.bits, from.count, ended};
    return true;
}
