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
    PART_BYTES
};

/* An IFD with an orientation and a copyright, as it follows a head of TIFF; 46 bytes: the target
 * takes the byte order from the length. */
static const char ifd[] = "\x02\0"
                          "\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
                          "\x98\x82\x02\0\x0a\0\0\0\x26\0\0\0"
                          "\0\0\0\0"
                          "somebody.\0"
                          "....."; /* and the NUL of the string */

/* Parts are taken in order; each has its contents in the front and two bytes at the end. */
static void write_parts(const char *name, const uint8_t *kinds, size_t count) {
    uint8_t front[512], end[32];
    size_t front_bytes = 0, end_bytes = sizeof end;
    end[--end_bytes] = 0;
    end[--end_bytes] = 7;
    end[--end_bytes] = (uint8_t)count;
    for (size_t i = 0; i < count; i++) {
        const bool has_ifd = kinds[i] == PART_EXIF;
        const size_t length = has_ifd ? sizeof ifd : 20;
        end[--end_bytes] = kinds[i];
        end[--end_bytes] = (uint8_t)length;
        memcpy(front + front_bytes, has_ifd ? ifd : "II*\0 and other bytes", length);
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
    write_random_seeds(10, 512);
}
