/* The floor's request: DER by hand, so that no library is started for it. Every part is put before
 * those that follow it: read the functions from their last line to their first. */
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void der_init(struct der *der)
{
    der->at = sizeof der->octets;
}

size_t der_len(const struct der *der)
{
    return sizeof der->octets - der->at;
}

const unsigned char *der_data(const struct der *der)
{
    return der->octets + der->at;
}

static void der_put(struct der *der, const void *octets, size_t len)
{
    if (len > der->at) {
        fputs("floor: the request is too long\n", stderr);
        exit(1);
    }
    der->at -= len;
    memcpy(der->octets + der->at, octets, len);
}

static void der_put_octet(struct der *der, size_t octet)
{
    unsigned char one = (unsigned char)octet;

    der_put(der, &one, 1);
}

/* Puts @tag and length before all that was written since der_len() was @mark. */
static void der_wrap(struct der *der, unsigned char tag, size_t mark)
{
    size_t len = der_len(der) - mark;

    der_put_octet(der, len & 0xff);
    if (len > 0xff) {
        der_put_octet(der, len >> 8);
        der_put_octet(der, 0x82);
    } else if (len > 0x7f) {
        der_put_octet(der, 0x81);
    }
    der_put_octet(der, tag);
}

static void der_integer(struct der *der, const unsigned char *octets, size_t len)
{
    size_t mark = der_len(der);

    while (len > 1 && *octets == 0) {
        octets++;
        len--;
    }
    der_put(der, octets, len);
    if (*octets & 0x80) {
        der_put_octet(der, 0);
    }
    der_wrap(der, 0x02, mark);
}

static void der_bit_string(struct der *der, size_t mark)
{
    der_put_octet(der, 0); /* no unused bits */
    der_wrap(der, 0x03, mark);
}

/* Whole elements, tag and length included. */
static const unsigned char id_cn[] = {0x06, 0x03, 0x55, 0x04, 0x03};
static const unsigned char id_o[] = {0x06, 0x03, 0x55, 0x04, 0x0a};
static const unsigned char id_c[] = {0x06, 0x03, 0x55, 0x04, 0x06};
static const unsigned char id_san[] = {0x06, 0x03, 0x55, 0x1d, 0x11};
/* 1.2.840.113549.1.9.14 extensionRequest */
static const unsigned char id_extensions[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                              0xf7, 0x0d, 0x01, 0x09, 0x0e};
/* AlgorithmIdentifiers: rsaEncryption, ecPublicKey with P-256, and the two signatures */
static const unsigned char alg_rsa[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                        0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
static const unsigned char alg_ec[] = {0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                       0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
                                       0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const unsigned char alg_sha256_rsa[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                               0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};
static const unsigned char alg_sha256_ecdsa[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                                 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};

static void put_names(struct der *der)
{
    size_t mark = der_len(der);

    for (int i = 5; i >= 1; i--) {
        char name[40];
        size_t one = der_len(der);
        int len = snprintf(name, sizeof name, "san%d.bench.example.test", i);

        der_put(der, name, (size_t)len);
        der_wrap(der, 0x82, one); /* dNSName [2] */
    }
    der_wrap(der, 0x30, mark); /* GeneralNames */
    der_wrap(der, 0x04, mark); /* extnValue */
    der_put(der, id_san, sizeof id_san);
    der_wrap(der, 0x30, mark); /* Extension */
    der_wrap(der, 0x30, mark); /* Extensions */
    der_wrap(der, 0x31, mark);
    der_put(der, id_extensions, sizeof id_extensions);
    der_wrap(der, 0x30, mark); /* Attribute */
    der_wrap(der, 0xa0, mark); /* attributes [0] */
}

/* SubjectPublicKeyInfo */
static void put_key(struct der *der, const struct public_key *key)
{
    size_t mark = der_len(der);

    if (key->rsa) {
        der_integer(der, key->exponent, key->exponent_len);
        der_integer(der, key->value, key->len);
        der_wrap(der, 0x30, mark);
        der_bit_string(der, mark);
        der_put(der, alg_rsa, sizeof alg_rsa);
    } else {
        der_put(der, key->value + 2, key->len - 2); /* without the OCTET STRING around it */
        der_bit_string(der, mark);
        der_put(der, alg_ec, sizeof alg_ec);
    }
    der_wrap(der, 0x30, mark);
}

static void put_rdn(struct der *der, const unsigned char id[5], unsigned char tag,
                    const char *value)
{
    size_t mark = der_len(der);

    der_put(der, value, strlen(value));
    der_wrap(der, tag, mark);
    der_put(der, id, 5);
    der_wrap(der, 0x30, mark);
    der_wrap(der, 0x31, mark);
}

static void put_subject(struct der *der)
{
    size_t mark = der_len(der);

    put_rdn(der, id_cn, 0x0c, "bench.example.test");
    put_rdn(der, id_o, 0x0c, "Bench");
    put_rdn(der, id_c, 0x13, "DE");
    der_wrap(der, 0x30, mark);
}

static void put_signature(struct der *der, bool rsa, const unsigned char *signature, size_t len)
{
    if (rsa) {
        der_put(der, signature, len);
    } else {
        der_integer(der, signature + len / 2, len / 2);
        der_integer(der, signature, len / 2);
        der_wrap(der, 0x30, 0);
    }
    der_bit_string(der, 0);
    if (rsa) {
        der_put(der, alg_sha256_rsa, sizeof alg_sha256_rsa);
    } else {
        der_put(der, alg_sha256_ecdsa, sizeof alg_sha256_ecdsa);
    }
}

void request_info(const struct public_key *key, struct der *ret_info)
{
    static const unsigned char version[] = {0x02, 0x01, 0x00};

    der_init(ret_info);
    put_names(ret_info);
    put_key(ret_info, key);
    put_subject(ret_info);
    der_put(ret_info, version, sizeof version);
    der_wrap(ret_info, 0x30, 0);
}

void request_finish(const struct der *info, bool rsa, const unsigned char *signature, size_t len,
                    struct der *ret_request)
{
    der_init(ret_request);
    put_signature(ret_request, rsa, signature, len);
    der_put(ret_request, der_data(info), der_len(info));
    der_wrap(ret_request, 0x30, 0);
}
