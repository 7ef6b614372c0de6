#include "net/ndr.h"

const uint8_t *cs_ndr_octets(struct cs_ndr *ndr, size_t len)
{
    if (ndr->failed || len > ndr->len - ndr->at) {
        ndr->failed = true;
        return NULL;
    }
    const uint8_t *octets = ndr->data + ndr->at;
    ndr->at += len;
    return octets;
}

uint8_t cs_ndr_u8(struct cs_ndr *ndr)
{
    const uint8_t *octets = cs_ndr_octets(ndr, 1);

    return octets ? octets[0] : 0;
}

uint16_t cs_ndr_u16(struct cs_ndr *ndr)
{
    const uint8_t *octets = cs_ndr_octets(ndr, 2);

    return octets ? (uint16_t)(octets[0] | octets[1] << 8) : 0;
}

uint32_t cs_ndr_u32(struct cs_ndr *ndr)
{
    uint32_t low = cs_ndr_u16(ndr);
    uint32_t high = cs_ndr_u16(ndr);

    return ndr->failed ? 0 : high << 16 | low;
}

void cs_ndr_align(struct cs_ndr *ndr, size_t size)
{
    (void)cs_ndr_octets(ndr, -ndr->at & (size - 1));
}

size_t cs_ndr_left(const struct cs_ndr *ndr)
{
    return ndr->failed ? 0 : ndr->len - ndr->at;
}

void cs_ndr_put_u8(struct cs_buf *buf, uint8_t value)
{
    cs_buf_add(buf, &value, 1);
}

void cs_ndr_put_u16(struct cs_buf *buf, uint16_t value)
{
    cs_ndr_put_u8(buf, (uint8_t)value);
    cs_ndr_put_u8(buf, (uint8_t)(value >> 8));
}

void cs_ndr_put_u32(struct cs_buf *buf, uint32_t value)
{
    cs_ndr_put_u16(buf, (uint16_t)value);
    cs_ndr_put_u16(buf, (uint16_t)(value >> 16));
}

void cs_ndr_put_align(struct cs_buf *buf, size_t size)
{
    static const uint8_t zeros[16];
    size_t len = -buf->len & (size - 1);

    cs_buf_add(buf, zeros, len < sizeof zeros ? len : sizeof zeros);
}
