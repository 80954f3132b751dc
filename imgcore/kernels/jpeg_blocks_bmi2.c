/* The steps of jpeg_blocks in assembly: see jpeg_stepper.h. The same as in jpeg_blocks.c, but that
 * the end of a block is followed by the next one. */
#include "imgcore/kernels/jpeg_stepper.h"

#if IC_JPEG_BLOCKS_BMI2
#include <stddef.h>

_Static_assert(sizeof(struct ic_jpeg_step) == 8 && offsetof(struct ic_jpeg_step, advance) == 0 &&
                   offsetof(struct ic_jpeg_step, first) == 1 &&
                   offsetof(struct ic_jpeg_step, last) == 2 &&
                   offsetof(struct ic_jpeg_step, first_value) == 3 &&
                   offsetof(struct ic_jpeg_step, value) == 4 &&
                   offsetof(struct ic_jpeg_step, following) == 6,
               "as the offsets from %[steps] below are");
_Static_assert(offsetof(struct ic_jpeg_kind, next_dc) == offsetof(struct ic_jpeg_kind, next) + 8 &&
                   offsetof(struct ic_jpeg_kind, second) ==
                       offsetof(struct ic_jpeg_kind, next) + 16 &&
                   offsetof(struct ic_jpeg_codes, table) == 0,
               "as STEP and END_BLOCK have it");
_Static_assert(IC_JPEG_LOOKUP_BITS == 64 - 53 && IC_JPEG_DC_LOOKUP_BITS == 64 - 55,
               "as STEP and DC shift");

/* `at` advances by 7 - (count >> 3). */
#define LOAD                                                                                       \
    "mov (%[at]),%[value]\n\t"                                                                     \
    "bswap %[value]\n\t"                                                                           \
    "shrx %[count],%[value],%[value]\n\t"                                                          \
    "or %[value],%[bits]\n\t"                                                                      \
    "bextr %[bytes_field],%[count],%[value]\n\t"                                                   \
    "add $7,%[at]\n\t"                                                                             \
    "sub %[value],%[at]\n\t"                                                                       \
    "or $56,%k[count]\n\t"

/* Takes the bits of a step. The higher bits of `count`, which gets the IC_STEP_* too, do not
 * matter. */
#define TAKE                                                                                       \
    "shlx %[step_bits],%[bits],%[bits]\n\t"                                                        \
    "sub %[step_bits],%[count]\n\t"

/* A step from the place in one register to that in the other. The lower byte of a place past the
 * block is negative. step_bits is doubled at last: the carry is IC_STEP_END then, and the sign
 * IC_STEP_PREFIX.
 *
 * The next step does not wait for what is stored, or where, but the order here matters: with the
 * places loaded before LOAD or behind the check, or the value before the places, photographs take 1
 * to 6 % longer. */
#define STEP(LOAD, end)                                                                            \
    "mov %[bits],%[lookup]\n\t"                                                                    \
    "shr $53,%[lookup]\n\t"                                                                        \
    "movzbl (%[table],%[lookup]),%k[step_bits]\n\t" LOAD                                           \
    "movzbl %c[steps]+1(%[table],%[lookup],8),%k[index]\n\t"                                       \
    "movzbl (%[place],%[index]),%k[index]\n\t"                                                     \
    "movzbl %c[steps]+2(%[table],%[lookup],8),%k[last_place]\n\t"                                  \
    "movzbl (%[place],%[last_place]),%k[last_place]\n\t"                                           \
    "addb %c[steps]+0(%[table],%[lookup],8),%b[place]\n\t"                                         \
    "js 4f\n\t"                                                                                    \
    "movsbl %c[steps]+3(%[table],%[lookup],8),%k[value]\n\t"                                       \
    "movw %w[value],(%[coefs],%[index],2)\n\t"                                                     \
    "movzwl %c[steps]+6(%[table],%[lookup],8),%k[index]\n\t"                                       \
    "bextr %[index],%[bits],%[value]\n\t"                                                          \
    "addw %c[steps]+4(%[table],%[lookup],8),%w[value]\n\t"                                         \
    "movw %w[value],(%[coefs],%[last_place],2)\n\t" TAKE "mov %[ac],%[table]\n\t"                  \
    "addb %b[step_bits],%b[step_bits]\n\t"                                                         \
    "cmovs %c[kind_next]+16(%[kind]),%[table]\n\t"                                                 \
    "jc " end "\n\t"

/* The first step of a block. */
#define DC                                                                                         \
    "mov %[bits],%[lookup]\n\t"                                                                    \
    "shr $55,%[lookup]\n\t"                                                                        \
    "movzbl (%[table],%[lookup]),%k[step_bits]\n\t" LOAD                                           \
    "cmpb $1,%c[steps]+0(%[table],%[lookup],8)\n\t"                                                \
    "jne 5f\n\t"                                                                                   \
    "movzwl %c[steps]+6(%[table],%[lookup],8),%k[index]\n\t"                                       \
    "bextr %[index],%[bits],%[value]\n\t"                                                          \
    "addw %c[steps]+4(%[table],%[lookup],8),%w[value]\n\t"                                         \
    "movw %w[value],(%[coefs])\n\t"                                                                \
    "inc %[place]\n\t" TAKE "mov %c[kind_ac](%[kind]),%[ac]\n\t"                                   \
    "mov %[ac],%[table]\n\t"

#define END_BLOCK                                                                                  \
    "mov %c[kind_next]+8(%[kind]),%[table]\n\t"                                                    \
    "mov %c[kind_next](%[kind]),%[kind]\n\t"                                                       \
    "mov %[last],%[index]\n\t"                                                                     \
    "sub $64,%b[place]\n\t"                                                                        \
    "movb %b[place],(%[index])\n\t"                                                                \
    "inc %[index]\n\t"                                                                             \
    "mov %[index],%[last]\n\t"                                                                     \
    "add $128,%[coefs]\n\t"                                                                        \
    "movb $64,%b[place]\n\t"                                                                       \
    "mov $1,%k[lookup]\n\t"                                                                        \
    "cmp %[last_end],%[index]\n\t"                                                                 \
    "jae 6f\n\t"                                                                                   \
    "cmp %[limit],%[at]\n\t"                                                                       \
    "ja 6f\n\t"

/* Takes back what a step that is in no table, or goes past the block, has added. */
#define UNDO "subb %c[steps]+0(%[table],%[lookup],8),%b[place]\n\t"

/* AddressSanitizer, which does not know what assembly accesses, would only take a register. */
__attribute__((no_sanitize("address"))) bool
ic_jpeg_take_blocks_bmi2(struct ic_jpeg_stepper *stepper, const uint8_t *limit,
                         const uint8_t *last_end) {
    uint64_t bits = stepper->from.bits, count = stepper->from.count;
    const uint8_t *at = stepper->at, *place = stepper->place;
    const struct ic_jpeg_kind *kind = stepper->kind;
    const void *table = stepper->table;
    int16_t *coefs = stepper->coefs;
    uint8_t *last = stepper->last;
    uint64_t lookup, step_bits, index, last_place, value, ac;
    __asm__("jmp 3f\n\t"
            ".p2align 6\n\t"
            "1:\n\t" STEP(LOAD, "2f")
                STEP("", "2f") "jmp 1b\n\t"
                               "2:\n\t" END_BLOCK
                               "3:\n\t" DC STEP("", "2b") "jmp 1b\n\t"
                                                          "4:\n\t" UNDO "5:\n\t"
                                                          "xor %k[lookup],%k[lookup]\n\t"
                                                          "6:\n\t"
            : [bits] "+&r"(bits), [count] "+&r"(count), [at] "+&r"(at), [place] "+&r"(place),
              [kind] "+&r"(kind), [table] "+&r"(table), [coefs] "+&r"(coefs), [last] "+m"(last),
              [lookup] "=&r"(lookup), [step_bits] "=&r"(step_bits), [index] "=&r"(index),
              [last_place] "=&r"(last_place), [value] "=&r"(value), [ac] "=&r"(ac)
            : [limit] "m"(limit), [last_end] "m"(last_end),
              [bytes_field] "r"(UINT64_C(3) << 8 | 3), /* of count: its whole bytes */
              [steps] "i"(offsetof(struct ic_jpeg_step_table, step)),
              [kind_ac] "i"(offsetof(struct ic_jpeg_kind, ac)),
              [kind_next] "i"(offsetof(struct ic_jpeg_kind, next))
            : "memory", "cc");
    *stepper =
        (struct ic_jpeg_stepper){{bits, (unsigned)count & 63}, at, kind, table, place, coefs, last};
    return lookup != 0;
}
#endif
