/* CRC-32, CRC-32C, CRC-64/NVME: see crc.h. */
#include "services/base/crc.h"

void svc_crc_init(struct svc_crc *crc, uint64_t polynomial) {
    crc->mask = polynomial >> 32 == 0 ? UINT32_MAX : UINT64_MAX;
    crc->state = crc->mask;
    for (uint64_t b = 0; b < 256; b++) {
        uint64_t value = b;
        for (int bit = 0; bit < 8; bit++) {
            value = (value >> 1) ^ ((value & 1) != 0 ? polynomial : 0);
        }
        crc->table[0][b] = value;
    }
    for (int k = 1; k < 8; k++) {
        for (uint32_t b = 0; b < 256; b++) {
            uint64_t before = crc->table[k - 1][b];
            crc->table[k][b] = (before >> 8) ^ crc->table[0][before & 0xff];
        }
    }
}

static uint64_t load_le64(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--) {
        value = value << 8 | bytes[i];
    }
    return value;
}

void svc_crc_add(struct svc_crc *crc, const uint8_t *bytes, size_t size_bytes) {
    uint64_t r = crc->state;
    for (; size_bytes >= 8; bytes += 8, size_bytes -= 8) {
        r ^= load_le64(bytes);
        r = crc->table[7][r & 0xff] ^ crc->table[6][r >> 8 & 0xff] ^ crc->table[5][r >> 16 & 0xff] ^
            crc->table[4][r >> 24 & 0xff] ^ crc->table[3][r >> 32 & 0xff] ^
            crc->table[2][r >> 40 & 0xff] ^ crc->table[1][r >> 48 & 0xff] ^ crc->table[0][r >> 56];
    }
    for (; size_bytes > 0; bytes++, size_bytes--) {
        r = (r >> 8) ^ crc->table[0][(r ^ *bytes) & 0xff];
    }
    crc->state = r;
}

uint64_t svc_crc_value(const struct svc_crc *crc) {
    return crc->state ^ crc->mask;
}
