/* The lab CA's certificates: for itself and for the requests that it gets. */
#ifndef CS_LABCA_ISSUE_H
#define CS_LABCA_ISSUE_H

#include "labca/authority.h"
#include "labca/labca.h"

/* Would the lab CA sign this request? CS_E_CA_REFUSED says why not: no request, a signature that
 * does not verify, a weak key or one of a kind that Lync does not use, no name. */
CS_MUST_CHECK cs_rc cs_labca_review(const struct cs_bytes *csr, struct cs_err *err);

/* Makes the certificate for a request; the authority is unlocked. *ret_serial is lower-case
 * hexadecimal. Errors as cs_labca_review(), TOKEN_*, and CS_E_CA_REFUSED when the CA expired. */
CS_MUST_CHECK cs_rc cs_labca_issue(const struct cs_labca_authority *authority,
                                   const struct cs_labca_config *config, const struct cs_bytes *csr,
                                   int64_t now, struct cs_bytes *ret_certificate, char **ret_serial,
                                   struct cs_err *err);

/* CS_E_USAGE if no lab CA can have that name. */
CS_MUST_CHECK cs_rc cs_labca_check_name(const char *name, struct cs_err *err);

/* The CA's own certificate, for a name that was checked. Errors: TOKEN_*, INTERNAL. */
CS_MUST_CHECK cs_rc cs_labca_issue_own(struct cs_keystore *keystore, struct cs_key *key,
                                       const char *name, int64_t now,
                                       struct cs_bytes *ret_certificate, struct cs_err *err);

#endif
