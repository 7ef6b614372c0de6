/* A CA's answer as a file: PEM, DER or PKCS#7, with one certificate or a chain in any order. */
#ifndef CS_X509_REPLY_H
#define CS_X509_REPLY_H

#include "base/bytes.h"
#include "base/err.h"

#include <stdbool.h>

/* The largest answer and the most certificates in one. */
#define CS_REPLY_MAX_OCTETS ((size_t)1 << 20)
#define CS_REPLY_MAX_CERTS  32

/* Splits @reply into the certificate for the key @spki and the others: those that lead from it to a
 * root first, in that order, the rest is dropped. CS_E_INPUT if @reply is nothing of the kind (a
 * request, HTML, a PKCS#12 and the like are named), CS_E_MISMATCH if no certificate in it is for
 * the key. */
CS_MUST_CHECK cs_rc cs_reply_parse(const struct cs_bytes *reply, const struct cs_bytes *spki,
                                   struct cs_bytes *ret_certificate, struct cs_bytes *ret_chain,
                                   struct cs_err *err);

/* The first certificate in such a file that is no CA's, else the first. CS_E_INPUT as above. */
CS_MUST_CHECK cs_rc cs_reply_leaf(const struct cs_bytes *file, struct cs_bytes *ret_certificate,
                                  struct cs_err *err);

/* All certificates in such a file, concatenated in its order. CS_E_INPUT as above. */
CS_MUST_CHECK cs_rc cs_reply_all(const struct cs_bytes *file, struct cs_bytes *ret_certificates,
                                 struct cs_err *err);

/* It begins as a PKCS#12 file (.pfx), which cs_pkcs12_read() reads. */
bool cs_reply_is_pkcs12(const struct cs_bytes *file);

#endif
