/* The ways in which tokens wrap a key with AES-256, done in software. */
#ifndef CS_PKCS11_AESWRAP_H
#define CS_PKCS11_AESWRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CS_AESWRAP_KEY_LEN 32
#define CS_AESWRAP_IV_LEN  16

/* Octets by which a wrapped key is longer at most: header and padding. */
#define CS_AESWRAP_MORE 24

/* Under one and the same mechanism some tokens pad in the first way and some in the second. */
enum cs_aeswrap {
    CS_AESWRAP_KWP,       /* RFC 5649 */
    CS_AESWRAP_KW_PKCS7,  /* RFC 3394 over what PKCS#7 padding has made a multiple of 8 octets */
    CS_AESWRAP_CBC_PKCS7, /* CBC with PKCS#7 padding: no integrity of its own */
    CS_AESWRAP_COUNT
};

/* Wraps @len octets into @out of @size octets (len + CS_AESWRAP_MORE are enough). @iv is for CBC
 * only. */
bool cs_aeswrap_close(enum cs_aeswrap way, const uint8_t key[CS_AESWRAP_KEY_LEN],
                      const uint8_t iv[CS_AESWRAP_IV_LEN], const uint8_t *octets, size_t len,
                      uint8_t *out, size_t size, size_t *ret_len);

/* Unwraps @len octets, which come from a token and are not believed, into @out of at least @len
 * octets: a PrivateKeyInfo, whose length is *ret_len. Up to 7 zero octets after it are cut off:
 * SoftHSM2 fills up to 8 before it wraps. False if what comes out is none, or the integrity check
 * fails; @out is wiped then. */
bool cs_aeswrap_open(enum cs_aeswrap way, const uint8_t key[CS_AESWRAP_KEY_LEN],
                     const uint8_t iv[CS_AESWRAP_IV_LEN], const uint8_t *wrapped, size_t len,
                     uint8_t *out, size_t *ret_len);

#endif
