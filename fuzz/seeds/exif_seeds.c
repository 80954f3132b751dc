/* TIFF structures of both byte orders, with orientation and copyright. */
#include "fuzz/seeds/seeds.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct tiff {
    uint8_t bytes[128];
    size_t size_bytes;
    bool is_big_endian;
};

static void put(struct tiff *tiff, uint32_t value, int count_bytes) {
    for (int i = 0; i < count_bytes; i++) {
        const int shift = 8 * (tiff->is_big_endian ? count_bytes - 1 - i : i);
        tiff->bytes[tiff->size_bytes++] = (uint8_t)(value >> shift);
    }
}

/* type and value of the orientation: 1 BYTE, 3 SHORT, 4 LONG. */
static void write_tiff(const char *name, bool is_big_endian, uint32_t type, uint32_t orientation) {
    static const char copyright[] = "A photographer";
    struct tiff tiff = {.is_big_endian = is_big_endian};
    memcpy(tiff.bytes, is_big_endian ? "MM" : "II", 2);
    tiff.size_bytes = 2;
    put(&tiff, 42, 2);
    put(&tiff, 8, 4);
    put(&tiff, 2, 2);
    put(&tiff, 0x0112, 2);
    put(&tiff, type, 2);
    put(&tiff, 1, 4);
    const int value_bytes = type == 1 ? 1 : type == 3 ? 2 : 4;
    put(&tiff, orientation, value_bytes);
    tiff.size_bytes += (size_t)(4 - value_bytes);
    put(&tiff, 0x8298, 2);
    put(&tiff, 2, 2);
    put(&tiff, sizeof copyright, 4);
    put(&tiff, 38, 4);
    put(&tiff, 0, 4);
    memcpy(tiff.bytes + tiff.size_bytes, copyright, sizeof copyright);
    seed_write(name, tiff.bytes, tiff.size_bytes + sizeof copyright, NULL, 0);
}

void make_seeds(void) {
    for (uint32_t orientation = 0; orientation <= 9; orientation++) {
        char name[32];
        snprintf(name, sizeof name, "short_%u", orientation);
        write_tiff(name, orientation % 2, 3, orientation);
    }
    write_tiff("byte", false, 1, 6);
    write_tiff("long", true, 4, 8);
}
