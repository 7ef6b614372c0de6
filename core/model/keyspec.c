#include "model/keyspec.h"

#include "base/strv.h"

#include <stddef.h>

static const struct {
    const char *name;
    unsigned bits; /* 0: several sizes */
    enum cs_digest digest;
} algs[CS_KEY_ALG_COUNT] = {
    [CS_KEY_RSA] = {"RSA", 0, CS_SHA256},
    [CS_KEY_EC_P256] = {"ECDH_P256", 256, CS_SHA256},
    [CS_KEY_EC_P384] = {"ECDH_P384", 384, CS_SHA384},
    [CS_KEY_EC_P521] = {"ECDH_P521", 521, CS_SHA512},
};

static const struct {
    const char *name;
    unsigned len;
} digests[CS_DIGEST_COUNT] = {
    [CS_SHA256] = {"SHA256", 32},
    [CS_SHA384] = {"SHA384", 48},
    [CS_SHA512] = {"SHA512", 64},
};

static const unsigned rsa_sizes[] = {1024, 2048, 3072, 4096};
#define RSA_DEFAULT_BITS 2048

static cs_rc find_alg(const char *word, enum cs_key_alg *ret_alg, struct cs_err *err)
{
    for (size_t i = 0; i < CS_KEY_ALG_COUNT; i++) {
        if (cs_ascii_iequal(word, algs[i].name)) {
            *ret_alg = (enum cs_key_alg)i;
            return CS_OK;
        }
    }
    return cs_fail_hint(err, CS_E_USAGE, "use RSA, ECDH_P256, ECDH_P384 or ECDH_P521",
                        "-KeyAlg \"%.80s\" is not a key algorithm", word);
}

static cs_rc check_rsa_size(long bits, struct cs_err *err)
{
    for (size_t i = 0; i < sizeof rsa_sizes / sizeof *rsa_sizes; i++) {
        if (bits == (long)rsa_sizes[i]) {
            return CS_OK;
        }
    }
    return cs_fail_hint(err, CS_E_USAGE, "use 2048, 3072 or 4096 (1024 works but is weak)",
                        "-KeySize %ld is not a size for an RSA key", bits);
}

cs_rc cs_key_spec_make(const char *alg, long bits, struct cs_key_spec *ret_spec, struct cs_err *err)
{
    enum cs_key_alg found = CS_KEY_RSA;

    if (alg) {
        CS_TRY(find_alg(alg, &found, err));
    }
    if (found == CS_KEY_RSA) {
        if (bits == 0) {
            bits = RSA_DEFAULT_BITS;
        }
        CS_TRY(check_rsa_size(bits, err));
        *ret_spec = (struct cs_key_spec){found, (unsigned)bits};
        return CS_OK;
    }
    if (bits != 0 && bits != (long)algs[found].bits) {
        return cs_fail_hint(err, CS_E_USAGE, "leave -KeySize out: the curve says the size",
                            "-KeySize %ld contradicts -KeyAlg %s, which has %u bits", bits,
                            algs[found].name, algs[found].bits);
    }
    *ret_spec = (struct cs_key_spec){found, algs[found].bits};
    return CS_OK;
}

const char *cs_key_alg_name(enum cs_key_alg alg)
{
    return algs[alg].name;
}

bool cs_key_is_rsa(const struct cs_key_spec *spec)
{
    return spec->alg == CS_KEY_RSA;
}

bool cs_key_spec_equal(const struct cs_key_spec *a, const struct cs_key_spec *b)
{
    return a->alg == b->alg && a->bits == b->bits;
}

enum cs_digest cs_key_digest(const struct cs_key_spec *spec)
{
    return algs[spec->alg].digest;
}

const char *cs_digest_name(enum cs_digest digest)
{
    return digests[digest].name;
}

unsigned cs_digest_len(enum cs_digest digest)
{
    return digests[digest].len;
}
