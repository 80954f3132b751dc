/* The known picture: see picture.h.
 *
 * It is written here instead of being a file: each block of 8x8 samples has one value, so it takes
 * a DC coefficient and the end-of-block code, and the encoder is a few lines. Names and numbers of
 * markers and tables are those of ITU-T T.81 (JPEG); the orientation is Exif 2.3's tag 0x0112. */
#include "lambda/handlers/deploy/picture.h"

#include <string.h>

#define STORED_WIDTH_PX  DEPLOY_PICTURE_HEIGHT_PX
#define STORED_HEIGHT_PX DEPLOY_PICTURE_WIDTH_PX
#define MCU_PX           16 /* 4:2:0: four luma blocks, one of each chroma */
#define COMPONENTS       3
#define LUMA_BLOCKS      4
#define DC_CATEGORIES    9

#define WORD(value) (uint8_t)((value) >> 8), (uint8_t)((value)&0xff)

/* The quantizer of the DC coefficient is 8: its quantized value is the block's value less 128. */
static const uint8_t head[] = {
    0xff,    0xd8,                                                        /* SOI */
    0xff,    0xe1,    WORD(34), 'E',     'x',     'i',     'f',     0, 0, /* APP1 */
    'M',     'M',     WORD(42), WORD(0), WORD(8), WORD(1),          /* TIFF header, one entry */
    0x01,    0x12,    WORD(3),  WORD(0), WORD(1), WORD(6), WORD(0), /* Orientation, SHORT, 1 value:
                                                                       6 */
    WORD(0), WORD(0),                                               /* no further directory */
    0xff,    0xdb,    WORD(67), 0,                                  /* DQT, table 0 */
};
static const uint8_t frame[] = {
    0xff,
    0xc0,
    WORD(17),
    8,
    WORD(STORED_HEIGHT_PX),
    WORD(STORED_WIDTH_PX),
    COMPONENTS, /* SOF0 */
    1,
    0x22,
    0,
    2,
    0x11,
    0,
    3,
    0x11,
    0,
};
/* DC category n has the code of n ones and a zero; of the AC codes there is end-of-block alone. */
static const uint8_t tables[] = {
    0xff,
    0xc4,
    WORD(2 + 17 + DC_CATEGORIES), /* DHT */
    0x00,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    0xff,
    0xc4,
    WORD(2 + 17 + 1), /* DHT */
    0x10,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0x00,
    0xff,
    0xda,
    WORD(12),
    COMPONENTS,
    1,
    0x00,
    2,
    0x00,
    3,
    0x00,
    0,
    63,
    0, /* SOS */
};
static const uint8_t end[] = {0xff, 0xd9}; /* EOI */

struct bits {
    struct svc_buf *out;
    uint32_t held;
    int count;
};

static void put_bits(struct bits *bits, uint32_t value, int count) {
    bits->held = bits->held << count | value;
    bits->count += count;
    while (bits->count >= 8) {
        bits->count -= 8;
        const uint8_t byte = (uint8_t)(bits->held >> bits->count);
        svc_buf_append_char(bits->out, (char)byte);
        if (byte == 0xff) {
            svc_buf_append_char(bits->out, 0);
        }
    }
}

/* A block: the difference of its DC coefficient to that of the block before, and end-of-block. */
static void put_block(struct bits *bits, int difference) {
    const int size = difference < 0 ? -difference : difference;
    int category = 0;
    while (size >> category != 0) {
        category++;
    }
    put_bits(bits, (UINT32_C(1) << (category + 1)) - 2, category + 1);
    if (category > 0) {
        const int amount = difference < 0 ? difference + (1 << category) - 1 : difference;
        put_bits(bits, (uint32_t)amount, category);
    }
    put_bits(bits, 0, 1);
}

/* The value of a component in a square of 16x16 pixels: all of them vary over the picture. */
static int value_of(int component, int x, int y) {
    const int across = STORED_WIDTH_PX / MCU_PX, down = STORED_HEIGHT_PX / MCU_PX;
    switch (component) {
    case 0:
        return 32 + 160 * x / across + (x + y) % 2 * 32;
    case 1:
        return 64 + 128 * y / down;
    default:
        return 192 - 128 * (x + y) / (across + down);
    }
}

static void put_scan(struct svc_buf *jpeg) {
    struct bits bits = {.out = jpeg};
    int before[COMPONENTS] = {128, 128, 128};
    for (int y = 0; y < STORED_HEIGHT_PX / MCU_PX; y++) {
        for (int x = 0; x < STORED_WIDTH_PX / MCU_PX; x++) {
            for (int c = 0; c < COMPONENTS; c++) {
                const int value = value_of(c, x, y);
                for (int i = 0; i < (c == 0 ? LUMA_BLOCKS : 1); i++) {
                    put_block(&bits, value - before[c]);
                    before[c] = value;
                }
            }
        }
    }
    put_bits(&bits, 0x7f, 7); /* padding with ones; what is left of them is not written */
}

enum svc_status deploy_picture_write(struct svc_buf *jpeg) {
    uint8_t quantizers[64];
    memset(quantizers, 8, sizeof(quantizers));
    svc_buf_append(jpeg, head, sizeof(head));
    svc_buf_append(jpeg, quantizers, sizeof(quantizers));
    svc_buf_append(jpeg, frame, sizeof(frame));
    svc_buf_append(jpeg, tables, sizeof(tables));
    put_scan(jpeg);
    svc_buf_append(jpeg, end, sizeof(end));
    return svc_buf_status(jpeg);
}

/* ---------------------------------------------------------------------- sizes */

static uint32_t word_at(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

bool deploy_jpeg_size(const uint8_t *bytes, size_t size_bytes, uint32_t *width_px,
                      uint32_t *height_px) {
    if (size_bytes < 4 || word_at(bytes) != 0xffd8 || word_at(bytes + size_bytes - 2) != 0xffd9) {
        return false;
    }
    /* A segment: marker, length of what follows the marker, content. */
    for (size_t at = 2; size_bytes - at >= 9;) {
        const uint8_t marker = bytes[at + 1];
        const size_t length = word_at(bytes + at + 2);
        if (bytes[at] != 0xff || length < 2 || length > size_bytes - at - 2) {
            return false;
        }
        if (marker >= 0xc0 && marker <= 0xc2) {
            *height_px = word_at(bytes + at + 5);
            *width_px = word_at(bytes + at + 7);
            return length >= 8 && *width_px > 0 && *height_px > 0;
        }
        at += 2 + length;
    }
    return false;
}

/* Half is rounded up. */
static uint32_t scaled(uint32_t side_px, uint32_t to, uint32_t from) {
    const uint64_t twice = (uint64_t)side_px * to * 2 + from;
    const uint32_t result = (uint32_t)(twice / ((uint64_t)from * 2));
    return result > 0 ? result : 1;
}

void deploy_fitted_size(uint32_t box_width_px, uint32_t box_height_px, uint32_t *width_px,
                        uint32_t *height_px) {
    const uint32_t width = DEPLOY_PICTURE_WIDTH_PX, height = DEPLOY_PICTURE_HEIGHT_PX;
    *width_px = width;
    *height_px = height;
    if (width <= box_width_px && height <= box_height_px) {
        return;
    }
    if ((uint64_t)box_width_px * height <= (uint64_t)box_height_px * width) {
        *width_px = box_width_px;
        *height_px = scaled(height, box_width_px, width);
    } else {
        *width_px = scaled(width, box_height_px, height);
        *height_px = box_height_px;
    }
}
