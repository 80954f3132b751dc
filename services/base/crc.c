/* CRC-32 and CRC-32C: see crc.h. */
#include "services/base/crc.h"

void svc_crc_init(struct svc_crc *crc, uint32_t polynomial) {
    crc->state = UINT32_C(0xffffffff);
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t value = b;
        for (int bit = 0; bit < 8; bit++) {
            value = (value >> 1) ^ ((value & 1) != 0 ? polynomial : 0);
        }
        crc->table[0][b] = value;
    }
    for (int k = 1; k < 8; k++) {
        for (uint32_t b = 0; b < 256; b++) {
            uint32_t before = crc->table[k - 1][b];
            crc->table[k][b] = (before >> 8) ^ crc->table[0][before & 0xff];
        }
    }
}

void svc_crc_add(struct svc_crc *crc, const uint8_t *bytes, size_t size_bytes) {
    uint32_t r = crc->state;
    for (; size_bytes >= 8; bytes += 8, size_bytes -= 8) {
        r ^= (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
             (uint32_t)bytes[3] << 24;
        r = crc->table[7][r & 0xff] ^ crc->table[6][r >> 8 & 0xff] ^ crc->table[5][r >> 16 & 0xff] ^
            crc->table[4][r >> 24] ^ crc->table[3][bytes[4]] ^ crc->table[2][bytes[5]] ^
            crc->table[1][bytes[6]] ^ crc->table[0][bytes[7]];
    }
    for (; size_bytes > 0; bytes++, size_bytes--) {
        r = (r >> 8) ^ crc->table[0][(r ^ *bytes) & 0xff];
    }
    crc->state = r;
}

uint32_t svc_crc_value(const struct svc_crc *crc) {
    return ~crc->state;
}
