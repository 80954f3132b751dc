/* Tables of Huffman codes: see jpeg_codes.h. */
#include "imgcore/kernels/jpeg_codes.h"

#include <stdlib.h>
#include <string.h>

#define ZEROS_16 0xf0 /* the symbol of sixteen zeros */

/* A code and its value, both within `room` bits: the first ones of `bits`, of IC_JPEG_LOOKUP_BITS.
 */
struct symbol {
    bool whole; /* both lie within the room */
    int code_bits, bits;
    int symbol;
    int run, value; /* of an AC symbol; of a DC symbol, the value alone */
};

static struct symbol read_symbol(const struct ic_jpeg_codes *codes, uint32_t lookup, int used,
                                 bool dc) {
    const int room = IC_JPEG_LOOKUP_BITS - used;
    const uint32_t next16 = (lookup << (16 - IC_JPEG_LOOKUP_BITS + used)) & 0xffff;
    struct symbol found = {0};
    found.code_bits = ic_jpeg_codes_find(codes, next16, &found.symbol);
    if (found.code_bits == 0 || found.code_bits > room) {
        found.code_bits = 0;
        return found;
    }
    const int size = dc ? found.symbol : found.symbol & 15;
    found.run = dc ? 0 : found.symbol >> 4;
    found.bits = found.code_bits + size;
    found.whole = found.bits <= room;
    if (found.whole) {
        const uint32_t bits = (next16 << found.code_bits & 0xffff) >> (16 - size);
        found.value = ic_jpeg_extend(size == 0 ? 0 : bits, size);
    }
    return found;
}

/* A step whose fields are those of jpeg_codes.h, without second value. */
static uint64_t pack(unsigned bits, unsigned advance, unsigned first, unsigned second, int value) {
    return bits | (uint64_t)advance << 8 | (uint64_t)first << 16 | (uint64_t)second << 24 |
           (uint64_t)(uint16_t)value << 32 | UINT64_C(63) << 56;
}

static uint64_t pack_following(unsigned bits, unsigned advance, int size) {
    return pack(bits, advance, advance - 1, advance, 0) - ((uint64_t)size << 56);
}

static uint64_t not_in_table(const struct symbol *symbol) {
    return pack(0, IC_STEP_RARE, (unsigned)symbol->code_bits, (unsigned)symbol->symbol, 0);
}

static bool is_end(const struct symbol *symbol) {
    return symbol->symbol == 0;
}

/* Runs without a value are no symbols of a sequential JPEG, but for these two. */
static bool is_usual(const struct symbol *symbol, int most_quant) {
    return (symbol->symbol & 15) == 0 ? is_end(symbol) || symbol->symbol == ZEROS_16
                                      : abs(symbol->value) * most_quant <= INT16_MAX;
}

/* A code in the table whose value is not. */
static uint64_t make_following(const struct symbol *one, int size, int most_quant) {
    const bool fits = one->code_bits != 0 && one->bits <= IC_JPEG_STEP_BITS &&
                      ((1 << size) - 1) * most_quant <= INT16_MAX;
    return fits ? pack_following((unsigned)one->bits, (unsigned)one->run + 1, size)
                : not_in_table(one);
}

static uint64_t make_ac_step(const struct ic_jpeg_codes *codes, uint32_t lookup, int most_quant) {
    const struct symbol one = read_symbol(codes, lookup, 0, false);
    if (!one.whole) {
        return make_following(&one, one.symbol & 15, most_quant);
    }
    if (!is_usual(&one, most_quant)) {
        return not_in_table(&one);
    }
    if (is_end(&one)) {
        return pack((unsigned)one.bits | IC_STEP_END, 0, 0, 0, 0);
    }
    const unsigned covered = (unsigned)one.run + 1;
    const struct symbol two = read_symbol(codes, lookup, one.bits, false);
    if (!two.whole || !is_usual(&two, most_quant) || abs(two.value) > INT8_MAX) {
        return pack((unsigned)one.bits, covered, covered - 1, covered, one.value);
    }
    const unsigned bits = (unsigned)(one.bits + two.bits);
    if (is_end(&two)) {
        return pack(bits | IC_STEP_END, covered, covered - 1, covered, one.value);
    }
    const unsigned all = covered + (unsigned)two.run + 1;
    return pack(bits, all, covered - 1, all - 1, one.value) | (uint64_t)(uint8_t)two.value << 48;
}

static uint64_t make_dc_step(const struct ic_jpeg_codes *codes, uint32_t lookup) {
    const struct symbol one = read_symbol(codes, lookup, 0, true);
    return one.whole ? pack((unsigned)one.bits, 1, 0, 1, one.value)
                     : make_following(&one, one.symbol, 1);
}

bool ic_jpeg_codes_make(struct ic_jpeg_codes *codes, const uint8_t counts[17],
                        const uint8_t *symbols, bool dc, int most_quant) {
    uint32_t code = 0;
    int32_t at = 0;
    codes->end[0] = 0;
    codes->symbol_at[0] = 0;
    for (int bits = 1; bits <= 16; bits++) {
        code <<= 1;
        codes->symbol_at[bits] = at - (int32_t)code;
        code += counts[bits];
        at += counts[bits];
        if (at > 256 || code > 1u << bits) {
            return false;
        }
        codes->end[bits] = code << (16 - bits);
    }
    memset(codes->symbols, 0, sizeof(codes->symbols));
    memcpy(codes->symbols, symbols, (size_t)at);
    for (int i = 0; dc && i < at; i++) {
        if (symbols[i] > 15) {
            return false;
        }
    }
    for (uint32_t i = 0; i < IC_JPEG_LONG_CODES; i++) {
        const uint32_t next16 = codes->end[IC_JPEG_LOOKUP_BITS] + i;
        int symbol = 0;
        const int bits = next16 > 0xffff ? 0 : ic_jpeg_codes_find(codes, next16, &symbol);
        codes->longer[i] = (uint16_t)(bits << 8 | symbol);
    }
    for (uint32_t i = 0; i < IC_JPEG_STEPS; i++) {
        codes->step[i] = dc ? make_dc_step(codes, i) : make_ac_step(codes, i, most_quant);
    }
    return true;
}

int ic_jpeg_codes_find(const struct ic_jpeg_codes *codes, uint32_t next16, int *symbol) {
    for (int bits = 1; bits <= 16; bits++) {
        if (next16 < codes->end[bits]) {
            *symbol = codes->symbols[codes->symbol_at[bits] + (int32_t)(next16 >> (16 - bits))];
            return bits;
        }
    }
    *symbol = 0;
    return 0;
}
