/* How much work a file with a password may ask for: how often a key is derived stands in the file,
 * and must be done before anything in it can be believed. For implementation files that may see
 * <openssl/...> only. */
#ifndef CS_X509_KDFWORK_H
#define CS_X509_KDFWORK_H

#include "base/err.h"
#include "x509/ossl.h"

#include <stdint.h>

/* Rounds of all key derivations of one file: some seconds. Windows stops at less. */
#define CS_KDFWORK_MAX 10000000

struct cs_kdfwork {
    uint64_t iterations; /* until now */
};

/* Adds a derivation with so many rounds (NULL: 1, RFC 7292 section 4). CS_E_INPUT for none, for a
 * negative number, and when it becomes too much. */
CS_MUST_CHECK cs_rc cs_kdfwork_add(struct cs_kdfwork *work, const ASN1_INTEGER *iterations,
                                   struct cs_err *err);

/* Adds that of an encryption: PBES2 with PBKDF2 (RFC 8018), or one of the schemes of RFC 7292
 * appendix C. CS_E_INPUT also for another one. */
CS_MUST_CHECK cs_rc cs_kdfwork_add_encryption(struct cs_kdfwork *work, const X509_ALGOR *algorithm,
                                              struct cs_err *err);

#endif
