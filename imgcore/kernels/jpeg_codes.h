/* Huffman codes of a JPEG as tables of steps, for jpeg_blocks (kernels.h).
 *
 * A step is found by the next IC_JPEG_LOOKUP_BITS bits (for DC, IC_JPEG_DC_LOOKUP_BITS). It is a
 * code with its value, of which these bits have at least the sign; the code before that, if they
 * have both, with all of the first value; and the end of the block, if they have it, too. Longer
 * codes begin with ones: if the next bits begin with IC_JPEG_PREFIX_BITS ones, the step takes
 * these, and the one after it is found in a second table. What is in neither is marked, and read
 * one by one. Formats: ITU-T T.81, annexes C (codes) and F (values). */
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
/* A code of 16 bits without these, and the first bit of its value, are found by a lookup. */
#define IC_JPEG_PREFIX_BITS (17 - IC_JPEG_LOOKUP_BITS)

/* The most bits of a step. After two of them, of the 56 bits that are loaded at once, enough are
 * left for the lookup of the next one. */
#define IC_JPEG_STEP_BITS 22

/* One or two values. Its fields are loaded one by one: that takes fewer instructions than to
 * extract them from a register. */
struct ic_jpeg_step {
    uint8_t advance; /* how many coefficients it covers, zeros included */
    /* Where the values go, counted from the first of these coefficients. With one value `first` is
     * `last`; the last value is stored behind the first. */
    uint8_t first, last;
    int8_t first_value;
    uint16_t value; /* the last value, or what is added to the bits that follow its code */
    /* Higher byte: how many of the step's last bits are the last value; then the lower byte is
     * 64 - bits. 0: all of it is in `value`. */
    uint16_t following;
};

/* `advance` of a step that is in no table: past every block. */
#define IC_STEP_RARE 128

/* The bits that a step takes are apart from the rest: the next lookup waits for them alone, so they
 * should be in the first level of the cache. */
struct ic_jpeg_step_table {
    uint8_t bits[IC_JPEG_STEPS]; /* 1 to IC_JPEG_STEP_BITS, and one of IC_STEP_*, or none */
    struct ic_jpeg_step step[IC_JPEG_STEPS];
};

#define IC_STEP_PREFIX 64  /* the next step is in the second table */
#define IC_STEP_END    128 /* the block ends with this step */

/* The codes in order. */
struct ic_jpeg_code_list {
    /* Codes of l bits, filled up to 16 bits, are less than end[l]; end[16] is over every number of
     * 16 bits if the codes are complete. */
    uint32_t end[17];
    int32_t symbol_at[17]; /* symbol of a code of l bits: symbols[symbol_at[l] + code] */
    uint8_t symbols[256];  /* those without a code are 0 */
};

struct ic_jpeg_codes {
    /* For DC the first 1 << IC_JPEG_DC_LOOKUP_BITS of the first table. The second table is for AC,
     * behind IC_JPEG_PREFIX_BITS ones. */
    struct ic_jpeg_step_table table[2];
    struct ic_jpeg_code_list list;
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

/* The code, and the value if it is whole, with which some IC_JPEG_LOOKUP_BITS bits begin. */
struct ic_jpeg_short_code {
    uint8_t code_bits; /* 0: none that is so short */
    uint8_t bits;      /* with the value, whole or not */
    uint8_t symbol;
    uint8_t size; /* of the value */
    int16_t value;
};

/* Lists them, for all such bits. `dc`: the symbol is the size of the value; else its lower half is.
 */
void ic_jpeg_short_codes_list(const struct ic_jpeg_code_list *codes, bool dc,
                              struct ic_jpeg_short_code list[IC_JPEG_STEPS]);

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
