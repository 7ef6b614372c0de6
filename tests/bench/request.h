/* The floor's request: PKCS#10 (RFC 2986) with subject CN, O and C and five dNSNames, in DER that
 * is written from its end to its beginning, because a length is then known before it is written. */
#ifndef CS_TESTS_BENCH_REQUEST_H
#define CS_TESTS_BENCH_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

struct der {
    unsigned char octets[4096];
    size_t at;
};

size_t der_len(const struct der *der);
const unsigned char *der_data(const struct der *der);

/* As the token tells it: CKA_EC_POINT of P-256, or CKA_MODULUS and CKA_PUBLIC_EXPONENT. */
struct public_key {
    bool rsa;
    unsigned char value[512];
    size_t len;
    unsigned char exponent[8];
    size_t exponent_len;
};

/* The CertificationRequestInfo: what gets signed. */
void request_info(const struct public_key *key, struct der *ret_info);

/* The whole request; @signature as C_Sign gives it, made with SHA-256. */
void request_finish(const struct der *info, bool rsa, const unsigned char *signature, size_t len,
                    struct der *ret_request);

#endif
