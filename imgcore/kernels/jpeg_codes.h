/* Huffman codes of a JPEG as a table of steps, for jpeg_blocks (kernels.h).
 *
 * A step is found by the next IC_JPEG_LOOKUP_BITS bits (for DC, IC_JPEG_DC_LOOKUP_BITS): one code
 * with its value, or two, if both are in these bits. Longer codes are marked, and read one by one.
 * Formats: ITU-T T.81, annexes C (codes) and F (values). */
#ifndef IC_JPEG_CODES_H
#define IC_JPEG_CODES_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IC_JPEG_LOOKUP_BITS    11
#define IC_JPEG_DC_LOOKUP_BITS 9 /* so that the table takes less of the cache */
#define IC_JPEG_STEPS          (1u << IC_JPEG_LOOKUP_BITS)
#define IC_JPEG_LONG_CODES     (256u << (16 - IC_JPEG_LOOKUP_BITS - 1))

/* The most bits of a step. After two of them, of the 56 bits that are loaded at once, enough are
 * left for the lookup of the next one. */
#define IC_JPEG_STEP_BITS 22

/* One or two symbols. Its fields are loaded one by one: that takes fewer instructions than to
 * extract them from a register. */
struct ic_jpeg_step {
    uint8_t bits;    /* 1 to IC_JPEG_STEP_BITS, and IC_STEP_END if the block ends with it */
    uint8_t advance; /* how many coefficients it covers, zeros included */
    /* Where the values go, counted from the first of these coefficients. Without a second value
     * `second` is `first`; the second value is stored before the first. */
    uint8_t first, second;
    uint16_t value; /* the first value, or what is added to the bits that follow the code */
    /* Higher byte: how many of the step's last bits are the first value. 0: all of it is in
     * `value`, and the lower byte is the second value. Else the lower byte is 64 - bits. */
    uint16_t following;
};

/* A symbol that is not in the table has IC_STEP_RARE in `advance`. For AC, `first` is the length of
 * its code (0: over IC_JPEG_LOOKUP_BITS), and `second` is itself. */
#define IC_STEP_END  128u
#define IC_STEP_RARE 255u

/* The codes in order. */
struct ic_jpeg_code_list {
    /* Codes of l bits, filled up to 16 bits, are less than end[l]; end[16] is over every number of
     * 16 bits if the codes are complete. */
    uint32_t end[17];
    int32_t symbol_at[17]; /* symbol of a code of l bits: symbols[symbol_at[l] + code] */
    uint8_t symbols[256];  /* those without a code are 0 */
};

struct ic_jpeg_codes {
    struct ic_jpeg_step step[IC_JPEG_STEPS]; /* for DC the first 1 << IC_JPEG_DC_LOOKUP_BITS */
    struct ic_jpeg_code_list list;
    /* Codes that are longer than the lookup, by the next 16 bits - list.end[IC_JPEG_LOOKUP_BITS]:
     * the length of the code in the higher byte, 0 if there is none, and the symbol in the lower
     * one. There are at most 256 such codes, one after the other; the shortest begins 2^(16 - 12)
     * of these numbers. */
    uint16_t longer[IC_JPEG_LONG_CODES];
};

/* Makes the table of a DHT segment: counts[l] is the number of codes of l bits (1 to 16; counts[0]
 * is not used), at most 256 in all, and `symbols` are theirs in order. `dc`: for DC coefficients.
 * No AC step has a value v for which |v| * most_quant is over 32767 (most_quant: 1 to 32767).
 * False: the counts are of no code, or a symbol for DC is over 15. */
bool ic_jpeg_codes_make(struct ic_jpeg_codes *codes, const uint8_t counts[17],
                        const uint8_t *symbols, bool dc, int most_quant);

/* Lists the codes of a DHT segment, as above. False: the counts are of no code. */
bool ic_jpeg_code_list_make(struct ic_jpeg_code_list *list, const uint8_t counts[17],
                            const uint8_t *symbols);

/* Finds the code with which `next16`, the next 16 bits, begin. Returns its length, 1 to 16, or 0 if
 * there is none. */
int ic_jpeg_code_find(const struct ic_jpeg_code_list *list, uint32_t next16, int *symbol);

/* The value of `size` bits (0 to 15): T.81, F.2.2.1, EXTEND. */
static inline int ic_jpeg_extend(uint32_t bits, int size) {
    return bits < (1u << size) >> 1 ? (int)bits - (int)(1u << size) + 1 : (int)bits;
}

#ifdef __cplusplus
}
#endif

#endif
