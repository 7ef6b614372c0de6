/* --like: the names of a certificate that there is already. */
#ifndef CS_CLI_LIKE_H
#define CS_CLI_LIKE_H

#include "base/err.h"
#include "base/strv.h"

/* Adds the common name (where it is a DNS name) and the alternative names of the certificate in
 * @path, lower case, each once. PEM, DER or PKCS#7. CS_E_INPUT if none can be read from it. */
CS_MUST_CHECK cs_rc cs_like_names(const char *path, struct cs_strv *names, struct cs_err *err);

#endif
