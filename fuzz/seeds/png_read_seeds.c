/* PNG files of every colour type and depth, interlaced or not, with and without transparency, in
 * one IDAT and in several, with the metadata that is read, and with faults. */
#include "fuzz/seeds/png_file.h"
#include "fuzz/seeds/seeds.h"
#include "tests/support/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* The last byte comes first: correct the checksums, pieces of 100 bytes, the fifth call fails. */
static const uint8_t corrected[3] = {4, 100, 1};
static const uint8_t as_it_is[3] = {1, 7, 0};
static const uint8_t tolerant[3] = {60, 33, 2};

static void write_file(const char *name, const struct seed_png *png, const uint8_t options[3]) {
    struct seed_bytes file = seed_png_make(png);
    seed_write(name, file.bytes, file.size_bytes, options, 3);
    free(file.bytes);
}

static void write_kinds(void) {
    static const struct {
        int color_type, depth;
    } kinds[] = {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {0, 16}, {2, 8}, {2, 16}, {3, 1},
                 {3, 2}, {3, 4}, {3, 8}, {4, 8}, {4, 16}, {6, 8}, {6, 16}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (int variant = 0; variant < 4; variant++) {
            char name[48];
            const struct seed_png png = {.width_px = 13,
                                         .height_px = 9,
                                         .color_type = kinds[i].color_type,
                                         .depth = kinds[i].depth,
                                         .is_interlaced = variant & 1,
                                         .has_transparency = variant & 2,
                                         .idat_bytes = variant == 3 ? 11 : 0};
            snprintf(name, sizeof name, "type%d_depth%d_%d", kinds[i].color_type, kinds[i].depth,
                     variant);
            write_file(name, &png, variant % 2 ? as_it_is : corrected);
        }
    }
}

static void write_scenes(void) {
    for (int channels = 1; channels <= 4; channels++) {
        const struct png_spec spec = {.width = 40,
                                      .height = 30,
                                      .channels = channels,
                                      .interlaced = channels == 3,
                                      .orientation = channels + 3};
        size_t size_bytes;
        uint8_t *bytes = png_make(&spec, &size_bytes);
        char name[40];
        snprintf(name, sizeof name, "scene_%d", channels);
        seed_write(name, bytes, size_bytes, corrected, sizeof corrected);
        for (uint8_t at = 0; at < 8; at++) { /* interrupted: a budget, or a cancellation */
            const uint8_t interrupted[3] = {at, (uint8_t)(at % 2 ? 20 * at + 61 : 2), 4};
            snprintf(name, sizeof name, "scene_%d_interrupted_%d", channels, at);
            seed_write(name, bytes, size_bytes, interrupted, sizeof interrupted);
        }
        snprintf(name, sizeof name, "scene_%d_tolerant", channels);
        seed_write(name, bytes, size_bytes - size_bytes / 3, tolerant, sizeof tolerant);
        free(bytes);
    }
}

/* ---- chunks that are read or refused here, and ends of the file inside them -------------------
 */

#define HEAD_BYTES 33 /* up to the end of IHDR */

/* A chunk behind IHDR; cut_bytes: of the file from its beginning, 0: all. */
static void write_chunk(const char *name, int color_type, const char *type, const void *data,
                        size_t size_bytes, size_t cut_bytes) {
    const struct seed_png png = {
        .width_px = 5, .height_px = 5, .color_type = color_type, .depth = 8};
    struct seed_bytes whole = seed_png_make(&png), file = {NULL, 0, 0};
    seed_append(&file, whole.bytes, HEAD_BYTES);
    seed_png_chunk(&file, type, data, size_bytes);
    seed_append(&file, whole.bytes + HEAD_BYTES, whole.size_bytes - HEAD_BYTES);
    seed_write(name, file.bytes, cut_bytes ? cut_bytes : file.size_bytes, as_it_is,
               sizeof as_it_is);
    free(whole.bytes);
    free(file.bytes);
}

static void write_profiles(void) {
    uint8_t plain[600], chunk[1200] = "name\0";
    uLongf packed_bytes = sizeof chunk - 6 - 40;
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(i * i >> 3);
    if (compress(chunk + 6, &packed_bytes, plain, sizeof plain) != Z_OK)
        abort();
    const size_t size_bytes = 6 + (size_t)packed_bytes;
    write_chunk("profile", 2, "iCCP", chunk, size_bytes, 0);
    write_chunk("profile_cut", 2, "iCCP", chunk, size_bytes - 20, 0);
    write_chunk("profile_and_bytes", 2, "iCCP", chunk, size_bytes + 40, 0);
    write_chunk("profile_ends_in_name", 2, "iCCP", chunk, size_bytes, HEAD_BYTES + 8 + 3);
    write_chunk("profile_ends_in_data", 2, "iCCP", chunk, size_bytes, HEAD_BYTES + 8 + 100);
    write_chunk("profile_ends_in_rest", 2, "iCCP", chunk, size_bytes + 40,
                HEAD_BYTES + 8 + size_bytes + 10);
    write_chunk("profile_ends_in_crc", 2, "iCCP", chunk, size_bytes,
                HEAD_BYTES + 8 + size_bytes + 2);
    chunk[5] = 1;
    write_chunk("profile_of_other_method", 2, "iCCP", chunk, size_bytes, 0);
    write_chunk("profile_without_end_of_name", 2, "iCCP", "name", 4, 0);
}

static void write_chunks(void) {
    static const uint8_t exif[] = "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0";
    static const uint8_t colors[768] = {1, 2, 3};
    static const uint8_t apple[] = "\x89PNG\r\n\x1a\n\0\0\0\x04"
                                   "CgBI\x50\0\x20\x06\x2c\xb8\x77\x66";
    static const uint8_t long_chunk[] = "\x89PNG\r\n\x1a\n\x80\0\0\0IHDR";
    static const uint8_t no_letter[] = "\x89PNG\r\n\x1a\n\0\0\0\x0d"
                                       "IHD1";
    write_profiles();
    write_chunk("gamma", 2, "gAMA", "\0\1\x86\xa0", 4, 0);
    write_chunk("gamma_of_zero", 2, "gAMA", "\0\0\0\0", 4, 0);
    write_chunk("gamma_ends", 2, "gAMA", "\0\1\x86\xa0", 4, HEAD_BYTES + 8 + 3);
    write_chunk("primaries", 2, "cHRM",
                "\0\0\x7a\x26\0\0\x80\x84\0\1\x09\xa0\0\0\x7d\0"
                "\0\0\x67\x84\0\1\x0d\x88\0\0\x3a\x98\0\0\x17\x70",
                32, 0);
    write_chunk("code_points", 2, "cICP", "\x0c\x0d\0\1", 4, 0);
    write_chunk("srgb", 2, "sRGB", "", 1, 0);
    write_chunk("exif", 2, "eXIf", exif, sizeof exif, 0);
    write_chunk("exif_ends", 2, "eXIf", exif, sizeof exif, HEAD_BYTES + 8 + 9);
    write_chunk("exif_ends_in_crc", 2, "eXIf", exif, sizeof exif, HEAD_BYTES + 8 + sizeof exif + 1);
    write_chunk("text_ends", 2, "tEXt", "Comment\0text", 12, HEAD_BYTES + 8 + 5);
    write_chunk("two_palettes", 3, "PLTE", colors, sizeof colors, 0);
    write_chunk("ends_in_ihdr", 2, "tEXt", "", 0, 8 + 8 + 5);
    seed_write("apple", apple, sizeof apple - 1, as_it_is, sizeof as_it_is);
    seed_write("long_chunk", long_chunk, sizeof long_chunk - 1, as_it_is, sizeof as_it_is);
    seed_write("no_letter", no_letter, sizeof no_letter - 1, as_it_is, sizeof as_it_is);
}

void make_seeds(void) {
    write_kinds();
    write_scenes();
    write_chunks();
    write_file(
        "long_palette",
        &(struct seed_png){
            .width_px = 5, .height_px = 5, .color_type = 3, .depth = 1, .palette_entries = 200},
        corrected);
    write_file(
        "short_palette",
        &(struct seed_png){
            .width_px = 5, .height_px = 5, .color_type = 3, .depth = 8, .palette_entries = 3},
        corrected);
    write_file("gamma_first",
               &(struct seed_png){
                   .width_px = 5, .height_px = 5, .color_type = 2, .depth = 8, .has_gamma = true},
               corrected);
    write_file(
        "wrong_adler",
        &(struct seed_png){
            .width_px = 5, .height_px = 5, .color_type = 2, .depth = 8, .has_wrong_adler = true},
        corrected);
    write_file(
        "wrong_crc",
        &(struct seed_png){
            .width_px = 5, .height_px = 5, .color_type = 2, .depth = 8, .has_wrong_crc = true},
        as_it_is);
    write_file("data_after_image",
               &(struct seed_png){
                   .width_px = 5, .height_px = 5, .color_type = 2, .depth = 8, .extra_bytes = 50},
               corrected);
    /* What libpng takes differently: fuzz/support/fuzz_libpng.c. */
    write_file("transparency_first",
               &(struct seed_png){.width_px = 5,
                                  .height_px = 5,
                                  .color_type = 3,
                                  .depth = 8,
                                  .has_transparency_first = true},
               corrected);
    write_file("no_end",
               &(struct seed_png){.width_px = 5,
                                  .height_px = 5,
                                  .color_type = 2,
                                  .depth = 8,
                                  .extra_bytes = 50,
                                  .has_no_end = true},
               corrected);
    write_file("tall",
               &(struct seed_png){.width_px = 1, .height_px = 65536, .color_type = 0, .depth = 1},
               corrected);
}
