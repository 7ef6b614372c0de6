/* Little-endian numbers and octets of DCE/RPC: of its PDUs and of NDR (C706 chapters 12 and 14),
 * as far as the two interfaces that are spoken here need them. */
#ifndef CS_NET_NDR_H
#define CS_NET_NDR_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed octets that are read from their start. What passes their end gives 0 and sets @failed,
 * so that a series of reads needs one check at its end. */
struct cs_ndr {
    const uint8_t *data;
    size_t len;
    size_t at;
    bool failed;
};

uint8_t cs_ndr_u8(struct cs_ndr *ndr);
uint16_t cs_ndr_u16(struct cs_ndr *ndr);
uint32_t cs_ndr_u32(struct cs_ndr *ndr);

/* Octets up to the next multiple of @size, a power of two, counted from the start. */
void cs_ndr_align(struct cs_ndr *ndr, size_t size);

/* @len octets, borrowed; NULL if they are not there. */
const uint8_t *cs_ndr_octets(struct cs_ndr *ndr, size_t len);

/* What has not been read yet. */
size_t cs_ndr_left(const struct cs_ndr *ndr);

/* Writing; @buf has a maximum and begins where the alignment is counted from. */
void cs_ndr_put_u8(struct cs_buf *buf, uint8_t value);
void cs_ndr_put_u16(struct cs_buf *buf, uint16_t value);
void cs_ndr_put_u32(struct cs_buf *buf, uint32_t value);
void cs_ndr_put_align(struct cs_buf *buf, size_t size);

#endif
