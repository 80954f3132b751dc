/* Blocks of EXIF between other parts. */
#include "fuzz/seeds/random_seeds.h"

#include <stdbool.h>
#include <string.h>

enum {
    PART_EXIF,
    PART_TIFF,
    PART_PLAIN,
    PART_XMP,
    PART_PROFILE,
    PART_COMMENT,
    PART_FILL,
    PART_BYTES,
    IS_BLOCK = 0x80, /* with the head of TIFF and the IFD as its contents */
    IS_BIG = 0x40    /* an EXIF in the other byte order */
};

/* An IFD with an orientation and a copyright, as it follows a head of TIFF; 46 bytes: the target
 * takes the byte order from the length. */
static const char ifd[] = "\x02\0"
                          "\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
                          "\x98\x82\x02\0\x0a\0\0\0\x26\0\0\0"
                          "\0\0\0\0"
                          "somebody.\0"
                          "....."; /* and the NUL of the string */

/* The same in the other byte order; 48 bytes. */
static const char big_ifd[] = "\0\x02"
                              "\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
                              "\x82\x98\0\x02\0\0\0\x0a\0\0\0\x26"
                              "\0\0\0\0"
                              "somebody.\0"
                              "......."; /* and the NUL of the string */

/* Parts are taken in order; each has its contents in the front and two bytes at the end. */
static void write_parts(const char *name, const uint8_t *kinds, size_t count) {
    uint8_t front[512], end[32];
    size_t front_bytes = 0, end_bytes = sizeof end;
    end[--end_bytes] = 0;
    end[--end_bytes] = 7;
    end[--end_bytes] = (uint8_t)count;
    for (size_t i = 0; i < count; i++) {
        const uint8_t kind = kinds[i] & (IS_BIG - 1);
        const bool is_big = kinds[i] & IS_BIG;
        const bool has_ifd = kind == PART_EXIF || kinds[i] & IS_BLOCK;
        const char *contents = is_big ? big_ifd : has_ifd ? ifd : "II*\0 and other bytes";
        const size_t head_bytes = kinds[i] & IS_BLOCK ? 8 : 0;
        const size_t contents_bytes = is_big ? sizeof big_ifd : has_ifd ? sizeof ifd : 20;
        const size_t length = head_bytes + contents_bytes;
        end[--end_bytes] = kind;
        end[--end_bytes] = (uint8_t)length;
        memcpy(front + front_bytes, "II*\0\x08\0\0", head_bytes);
        memcpy(front + front_bytes + head_bytes, contents, contents_bytes);
        front_bytes += length;
    }
    seed_write(name, front, front_bytes, end + end_bytes, sizeof end - end_bytes);
}

void make_seeds(void) {
    write_parts("alone", (const uint8_t[]){PART_EXIF}, 1);
    write_parts("behind_others",
                (const uint8_t[]){PART_COMMENT, PART_XMP, PART_PROFILE, PART_FILL, PART_EXIF}, 5);
    write_parts("behind_bytes", (const uint8_t[]){PART_BYTES, PART_EXIF}, 2);
    write_parts("two", (const uint8_t[]){PART_PLAIN, PART_EXIF, PART_EXIF}, 3);
    write_parts("damaged_first", (const uint8_t[]){PART_TIFF, PART_EXIF}, 2);
    /* In a PNG a block with a wrong checksum, and one with none of JPEG's mark. */
    write_parts("wrong_checksum", (const uint8_t[]){PART_BYTES | IS_BLOCK}, 1);
    write_parts("plain_block", (const uint8_t[]){PART_PLAIN | IS_BLOCK, PART_EXIF}, 2);
    write_parts("other_byte_order", (const uint8_t[]){PART_EXIF | IS_BIG}, 1);
    write_random_seeds(10, 512);
}
