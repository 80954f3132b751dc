/* A JPEG and a PNG, with orientation, and what is neither. */
#include "fuzz/seeds/seeds.h"
#include "tests/support/pictures.h"

#include <stdlib.h>
#include <string.h>

void make_seeds(void) {
    for (int turn = 0; turn < 2; turn++) {
        size_t size_bytes;
        const uint8_t choices[] = {(uint8_t)turn, 16};
        uint8_t *jpeg = jpeg_make(&(struct jpeg_spec){.width = 40,
                                                      .height = 30,
                                                      .channels = 3,
                                                      .progressive = turn == 1,
                                                      .orientation = 6 * turn},
                                  &size_bytes);
        seed_write(turn ? "progressive" : "jpeg", jpeg, size_bytes, choices, sizeof choices);
        free(jpeg);
        uint8_t *png = png_make(&(struct png_spec){.width = 20,
                                                   .height = 30,
                                                   .channels = 3 + turn,
                                                   .interlaced = turn == 1,
                                                   .orientation = 5 * turn},
                                &size_bytes);
        seed_write(turn ? "interlaced" : "png", png, size_bytes, choices, sizeof choices);
        free(png);
    }
    static const uint8_t from_memory[2] = {0, 16};
    static const struct {
        const char *name, *bytes;
    } others[] = {{"gif", "GIF89a"},
                  {"markup", "\xef\xbb\xbf \r\n\t<svg xmlns="},
                  {"text", "a text\r\n\tof two lines"},
                  {"unknown", "\x01\x02\x03 bytes \x80"},
                  {"empty", ""}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        seed_write(others[i].name, others[i].bytes, strlen(others[i].bytes), from_memory,
                   sizeof from_memory);
}
