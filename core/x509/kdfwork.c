#include "x509/kdfwork.h"

#include <openssl/err.h>
#include <openssl/x509.h>

static cs_rc fail_work(struct cs_err *err)
{
    ERR_clear_error();
    return cs_fail_hint(err, CS_E_INPUT, "export it again with fewer iterations",
                        "the PKCS#12 file asks for a key derivation that is not done: a number of "
                        "iterations that is none or too high, or no PBKDF2");
}

cs_rc cs_kdfwork_add(struct cs_kdfwork *work, const ASN1_INTEGER *iterations, struct cs_err *err)
{
    uint64_t count = 1; /* RFC 7292 section 4: DEFAULT 1 */

    if (iterations && ASN1_INTEGER_get_uint64(&count, iterations) != 1) {
        return fail_work(err);
    }
    if (count == 0 || count > CS_KDFWORK_MAX - work->iterations) {
        return fail_work(err);
    }
    work->iterations += count;
    return CS_OK;
}

static cs_rc add_pbkdf2(struct cs_kdfwork *work, const X509_ALGOR *function, struct cs_err *err)
{
    if (OBJ_obj2nid(function->algorithm) != NID_id_pbkdf2) {
        return fail_work(err);
    }
    PBKDF2PARAM *param =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), function->parameter);
    cs_rc rc = param ? cs_kdfwork_add(work, param->iter, err) : fail_work(err);
    PBKDF2PARAM_free(param);
    return rc;
}

cs_rc cs_kdfwork_add_encryption(struct cs_kdfwork *work, const X509_ALGOR *algorithm,
                                struct cs_err *err)
{
    if (OBJ_obj2nid(algorithm->algorithm) == NID_pbes2) {
        PBE2PARAM *pbes2 =
            ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter);
        cs_rc rc = pbes2 ? add_pbkdf2(work, pbes2->keyfunc, err) : fail_work(err);
        PBE2PARAM_free(pbes2);
        return rc;
    }
    PBEPARAM *pbe = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), algorithm->parameter);
    cs_rc rc = pbe ? cs_kdfwork_add(work, pbe->iter, err) : fail_work(err);
    PBEPARAM_free(pbe);
    return rc;
}
