#include "cli/caname.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "support/check_run.h"

static const struct {
    const char *name;
    const char *type; /* NULL: none */
} names[] = {
    {"atl-ca-001.litwareinc.com\\myca", "rpc"},
    {"ca01\\My Issuing CA & Co", "rpc"},
    {"CA01.LITWAREINC.COM\\m\xc3\xbcller", "rpc"},
    {"ca01", NULL},
    {"ca01\\", NULL},
    {"\\myca", NULL},
    {"ca01\\my\\ca", NULL},
    {"\\\\ca01\\myca", NULL},
    {"192.0.2.1\\myca", NULL}, /* no ticket is ever for an address */
    {"ca_01\\myca", NULL},
    {"*.litwareinc.com\\myca", NULL},
    {"https://ca01.litwareinc.com/certsrv", "certsrv"},
    {"https://ca01.litwareinc.com/certsrv/", "certsrv"},
    {"HTTPS://ca01.litwareinc.com:8443/CertSrv", "certsrv"},
    {"https://ca01/x/certsrv", "certsrv"},
    {"http://ca01.litwareinc.com/certsrv", NULL},
    {"https://ca01.litwareinc.com/certsrv2", NULL},
    {"https://ca01.litwareinc.com/", NULL},
    {"https://ca01.litwareinc.com", NULL},
    {"https://user@ca01.litwareinc.com/certsrv", NULL},
    {"https://127.0.0.1/certsrv", NULL},
    {"https:///certsrv", NULL},
    {"https://ca01.litwareinc.com/my certsrv", NULL},
    {"https://ca01.litwareinc.com/myca_CES_Kerberos/service.svc/CES", "ces"},
    {"https://ca01.litwareinc.com/my%20ca_CES_UsernamePassword/service.svc/ces", "ces"},
    {"https://ca01.litwareinc.com/ADPolicyProvider_CEP_Kerberos/service.svc/CEP", "cep"},
    {"http://ca01.litwareinc.com/ADPolicyProvider_CEP_Kerberos/service.svc/CEP", NULL},
    {"acme:https://acme.example.com", NULL},
    {"ftp://ca01.litwareinc.com/certsrv", NULL},
    {"", NULL},
};

START_TEST(test_type)
{
    const char *type = cs_caname_type(names[_i].name);

    ck_assert_msg((type != NULL) == (names[_i].type != NULL), "%s: %s", names[_i].name,
                  type ? type : "none");
    if (type) {
        ck_assert_str_eq(type, names[_i].type);
    }
}
END_TEST

static const struct {
    const char *type;
    const char *address;
    const char *message; /* NULL: it is one */
} checks[] = {
    {"rpc", "ca01.litwareinc.com\\myca", NULL},
    {"rpc", "https://ca01/certsrv", "what \"https://ca01/certsrv\" is none of a CA of type rpc"},
    {"certsrv", "https://ca01/anything", NULL},
    {"certsrv", "http://ca01/certsrv", "is none of a CA of type certsrv"},
    {"ces", "https://ca01/anything", NULL},
    {"ces", "ca01\\myca", "is none of a CA of type ces"},
    {"cep", "https://ca01/anything", NULL},
    {"cep", "ca01\\myca", "is none of a CA of type cep"},
    {"program", "whatever it likes", NULL},
};

START_TEST(test_check)
{
    struct cs_err err = {0};
    cs_rc rc = cs_caname_check(checks[_i].type, checks[_i].address, "what", &err);

    ck_assert_int_eq(rc, checks[_i].message ? CS_E_CONFIG : CS_OK);
    if (rc != CS_OK) {
        assert_contains(err.message, checks[_i].message);
        ck_assert(err.hint[0]);
    }
}
END_TEST

START_TEST(test_rest)
{
    ck_assert(cs_caname_is_adcs("rpc") && cs_caname_is_adcs("certsrv") && cs_caname_is_adcs("ces"));
    ck_assert(cs_caname_is_adcs("cep"));
    ck_assert(!cs_caname_is_adcs("lab") && !cs_caname_is_adcs("program"));
    ck_assert_str_eq(cs_caname_ces_auth("https://h/x_CES_Kerberos/service.svc/CES"), "kerberos");
    ck_assert_str_eq(cs_caname_ces_auth("https://h/x_CES_UsernamePassword/service.svc/CES"),
                     "password");
    ck_assert_str_eq(cs_caname_ces_auth("https://h/x_ces_certificate/service.svc/CES"),
                     "certificate");
    ck_assert_str_eq(cs_caname_ces_auth("https://h/x_CEP_UsernamePassword/service.svc/CEP"),
                     "password");
    ck_assert_str_eq(cs_caname_ces_auth("https://h/ces"), "kerberos");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("caname");
    TCase *tcase = tcase_create("caname");

    add_rows(tcase, test_type, names);
    add_rows(tcase, test_check, checks);
    tcase_add_test(tcase, test_rest);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
