/* Cryptoki's return values: name, code of ours, and what to do. PKCS#11 v2.40 section 5.1 (and the
 * few of v3.0). */
#ifndef CS_PKCS11_CKR_H
#define CS_PKCS11_CKR_H

#include "base/err.h"

#include <p11-kit/pkcs11.h>

/* "CKR_PIN_INCORRECT"; "CKR_VENDOR_DEFINED" for any vendor's own value, "unknown" for the rest. */
const char *cs_ckr_name(CK_RV rv);

/* The exit code that fits best where the caller knows nothing better; never CS_OK. */
cs_rc cs_ckr_code(CK_RV rv);

/* What to do; NULL if nothing general can be said. */
const char *cs_ckr_hint(CK_RV rv);

/* As cs_err_cause(), with the hint of the table if there is none yet. */
void cs_err_cause_ckr(struct cs_err *err, const char *operation, CK_RV rv);

/* The return value that @err came of; CKR_OK if none did. */
CK_RV cs_ckr_of(const struct cs_err *err);

/* As cs_fail(), with the return value that @operation ("C_Login") gave. */
#define cs_fail_ckr(err, code, operation, rv, ...)                                                 \
    (cs_err_set((err), (code), __VA_ARGS__), cs_err_cause_ckr((err), (operation), (rv)), (code))

#endif
