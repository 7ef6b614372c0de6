#include "ca/hresult.h"

#include "base/strv.h"
#include "support/check_run.h"

/* Every row: ascending, named as a code is named, with a sentence that ends and a remedy that
 * begins small and does not, as hints do. */
START_TEST(test_table)
{
    uint32_t before = 0;
    size_t count = 0;

    for (uint32_t code; (code = cs_hresult_at(count)) != 0; count++) {
        const char *name = cs_hresult_name(code);
        const char *sentence = cs_hresult_sentence(code);
        const char *hint = cs_hresult_hint(code);
        ck_assert_msg(code > before, "%08x does not follow %08x", code, before);
        ck_assert_msg(code & 0x80000000, "%08x is no failure", code);
        ck_assert_msg(strchr(name, '_') && !strpbrk(name, " .,"), "%s", name);
        ck_assert_msg(sentence[0] >= 'A' && sentence[0] <= 'Z', "%s", sentence);
        ck_assert_msg(sentence[strlen(sentence) - 1] == '.', "%s", sentence);
        ck_assert_msg(hint[0] && hint[strlen(hint) - 1] != '.', "%s", hint);
        ck_assert(cs_text_is_clean(sentence) && cs_text_is_clean(hint));
        before = code;
    }
    ck_assert_uint_gt(count, 100);
    ck_assert_uint_eq(cs_hresult_at(count + 1), 0);
}
END_TEST

/* No two rows have one name. */
START_TEST(test_names_differ)
{
    for (size_t i = 0; cs_hresult_at(i); i++) {
        for (size_t j = 0; j < i; j++) {
            ck_assert_str_ne(cs_hresult_name(cs_hresult_at(i)), cs_hresult_name(cs_hresult_at(j)));
        }
    }
}
END_TEST

/* What says no, and what leaves open how far the request got: RPC errors of Win32 are 1700 to 1831,
 * 0x80010108 is RPC_E_DISCONNECTED (MS-ERREF section 2.1.1). */
static const struct {
    uint32_t code;
    cs_rc rc;
} meanings[] = {
    {0, CS_E_CA_UNREACHABLE},
    {0x80094800, CS_E_CA_REFUSED},
    {0x80070005, CS_E_CA_REFUSED},
    {0xc80005e2, CS_E_CA_REFUSED},
    {0x80070000 | 1699, CS_E_CA_REFUSED},
    {0x80070000 | 1700, CS_E_CA_UNREACHABLE},
    {0x80070000 | 1722, CS_E_CA_UNREACHABLE},
    {0x80070000 | 1831, CS_E_CA_UNREACHABLE},
    {0x80070000 | 1832, CS_E_CA_REFUSED},
    {0x80010108, CS_E_CA_UNREACHABLE},
    {0x80020005, CS_E_CA_REFUSED},
};

START_TEST(test_rc)
{
    ck_assert_int_eq(cs_hresult_rc(meanings[_i].code), meanings[_i].rc);
}
END_TEST

/* By hand from MS-ERREF section 2.1.1; Win32 errors (section 2.2) as 0x8007 and their number:
 * RPC_S_SERVER_UNAVAILABLE is 1722, EPT_S_NOT_REGISTERED 1753, ERROR_LOGON_FAILURE 1326. */
static const struct {
    uint32_t code;
    const char *name;
} known[] = {
    {0x80004005, "E_FAIL"},
    {0x80070000 | 5, "E_ACCESSDENIED"},
    {0x80070000 | 87, "E_INVALIDARG"},
    {0x80070000 | 1326, "ERROR_LOGON_FAILURE"},
    {0x80070000 | 1330, "ERROR_PASSWORD_EXPIRED"},
    {0x80070000 | 1331, "ERROR_ACCOUNT_DISABLED"},
    {0x80070000 | 1722, "RPC_S_SERVER_UNAVAILABLE"},
    {0x80070000 | 1726, "RPC_S_CALL_FAILED"},
    {0x80070000 | 1753, "EPT_S_NOT_REGISTERED"},
    {0x80070000 | 1783, "RPC_X_BAD_STUB_DATA"},
    {0x80070000 | 1825, "RPC_S_SEC_PKG_ERROR"},
    {0x80070000 | 1909, "ERROR_ACCOUNT_LOCKED_OUT"},
    {0x8009030c, "SEC_E_LOGON_DENIED"},
    {0x80090324, "SEC_E_TIME_SKEW"},
    {0x80094001, "CERTSRV_E_BAD_REQUESTSUBJECT"},
    {0x80094003, "CERTSRV_E_BAD_REQUESTSTATUS"},
    {0x80094004, "CERTSRV_E_PROPERTY_EMPTY"},
    {0x80094011, "CERTSRV_E_ENROLL_DENIED"},
    {0x80094012, "CERTSRV_E_TEMPLATE_DENIED"},
    {0x80094014, "CERTSRV_E_ADMIN_DENIED_REQUEST"},
    {0x80094800, "CERTSRV_E_UNSUPPORTED_CERT_TYPE"},
    {0x80094801, "CERTSRV_E_NO_CERT_TYPE"},
    {0x80094802, "CERTSRV_E_TEMPLATE_CONFLICT"},
    {0x80094809, "CERTSRV_E_SIGNATURE_POLICY_REQUIRED"},
    {0x8009480a, "CERTSRV_E_SIGNATURE_COUNT"},
    {0x8009480f, "CERTSRV_E_SUBJECT_DNS_REQUIRED"},
    {0x80094811, "CERTSRV_E_KEY_LENGTH"},
    {0x80090008, "NTE_BAD_ALGID"},
    {0x80092013, "CRYPT_E_REVOCATION_OFFLINE"},
    {0x800b0101, "CERT_E_EXPIRED"},
    {0x800b010c, "CERT_E_REVOKED"},
};

START_TEST(test_known)
{
    ck_assert_str_eq(cs_hresult_name(known[_i].code), known[_i].name);
    ck_assert_ptr_nonnull(cs_hresult_sentence(known[_i].code));
}
END_TEST

START_TEST(test_unknown)
{
    ck_assert_str_eq(cs_hresult_name(0x80004006), "unknown");
    ck_assert_ptr_null(cs_hresult_sentence(0x80004006));
    ck_assert_ptr_null(cs_hresult_hint(0));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hresult");
    TCase *tcase = tcase_create("hresult");

    tcase_add_test(tcase, test_table);
    tcase_add_test(tcase, test_names_differ);
    add_rows(tcase, test_known, known);
    tcase_add_test(tcase, test_unknown);
    add_rows(tcase, test_rc, meanings);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
