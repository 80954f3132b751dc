/* CRC-32, CRC-32C and CRC-64/NVME, eight bytes at a time. The tables are part of the struct and are
 * computed with it (3 us), so there is no global state. Used by crypto.c alone; other modules use
 * crypto.h. */
#ifndef SVC_CRC_H
#define SVC_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Polynomials, bits reversed; one of more than 32 bits makes a CRC of 64. */
#define SVC_CRC32     UINT64_C(0xedb88320)         /* ISO-HDLC: zlib, PNG */
#define SVC_CRC32C    UINT64_C(0x82f63b78)         /* Castagnoli: iSCSI */
#define SVC_CRC64NVME UINT64_C(0x9a6c9329ac4bc9b5) /* NVM Express */

struct svc_crc {
    uint64_t state, mask;
    uint64_t table[8][256]; /* [k][b]: byte b, k bytes before the last of eight */
};

void svc_crc_init(struct svc_crc *crc, uint64_t polynomial);
void svc_crc_add(struct svc_crc *crc, const uint8_t *bytes, size_t size_bytes);
uint64_t svc_crc_value(const struct svc_crc *crc);

#endif
