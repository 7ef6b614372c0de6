/* PKCS#12 (RFC 7292): a key with its certificate and chain, in one file with a password. */
#ifndef CS_X509_PKCS12_H
#define CS_X509_PKCS12_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/secret.h"

#include <stdbool.h>

/* The largest file that is read, in octets. */
#define CS_PKCS12_MAX_OCTETS ((size_t)1 << 20)

/* What to do with a file that cannot be read. */
#define CS_PKCS12_DAMAGED_HINT                                                                     \
    "copy it once more, as it is (binary), and compare its size with the original's; or export "   \
    "it "                                                                                          \
    "again"

struct cs_pkcs12_parts {
    const struct cs_secret *pkcs8;      /* DER PrivateKeyInfo */
    const struct cs_bytes *certificate; /* DER, of that key */
    const struct cs_bytes *chain;       /* concatenated DER; may be empty */
    const char *friendly_name;          /* NULL: none */
    const char *csp; /* Microsoft CSP name (1.3.6.1.4.1.311.17.1) of the key bag; NULL: none */
};

/* PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA256, MAC HMAC-SHA256; @legacy:
 * pbeWithSHAAnd3-KeyTripleDES-CBC and HMAC-SHA1. localKeyId is the SHA-1 of the certificate.
 * CS_E_MISMATCH if the key is not the certificate's. */
CS_MUST_CHECK cs_rc cs_pkcs12_make(const struct cs_pkcs12_parts *parts,
                                   const struct cs_secret *password, bool legacy,
                                   struct cs_bytes *ret_file, struct cs_err *err);

/* What a file holds. CS_E_INPUT for what is none or has more than one key, CS_E_USAGE for a wrong
 * password, and for none where there has to be one. *ret_pkcs8 is NULL if it holds no key. */
CS_MUST_CHECK cs_rc cs_pkcs12_read(const struct cs_bytes *file, const struct cs_secret *password,
                                   struct cs_secret **ret_pkcs8, struct cs_bytes *ret_certificate,
                                   struct cs_bytes *ret_chain, char **ret_friendly_name,
                                   struct cs_err *err);

#endif
