/* CRC-32 and CRC-32C, eight bytes at a time. The tables lie in the struct and are made with it: 3
 * us, and no state of the process. Used by crypto.c, which is where others find them. */
#ifndef SVC_CRC_H
#define SVC_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Polynomials, bits reversed. */
#define SVC_CRC32  UINT32_C(0xedb88320) /* ISO-HDLC: zlib, PNG */
#define SVC_CRC32C UINT32_C(0x82f63b78) /* Castagnoli: iSCSI */

struct svc_crc {
    uint32_t state;
    uint32_t table[8][256]; /* [k][b]: byte b, k bytes before the last of eight */
};

void svc_crc_init(struct svc_crc *crc, uint32_t polynomial);
void svc_crc_add(struct svc_crc *crc, const uint8_t *bytes, size_t size_bytes);
uint32_t svc_crc_value(const struct svc_crc *crc);

#endif
