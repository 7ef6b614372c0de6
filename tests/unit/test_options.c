#include "support/cmdline.h"

/* The seven examples of the cmdlet's documentation, as PowerShell hands them to a program, and once
 * more with $True and lists as they may also come. */
#define RC   "Request-CsCertificate"
#define CA   "atl-ca-001.litwareinc.com\\myca"
#define POOL "pool1.litwareinc.com,pool1int.litwareinc.com,pool1ext.litwareinc.com"

static const struct {
    const char *line;
    const char *said;
} documented[] = {
    {RC "|-New|-Type|WebServicesExternal|-CA|" CA,
     "new New=true Type=[WebServicesExternal] CA=" CA},
    {RC "|-List", "list List=true"},
    {RC "|-New|-Type|WebServicesExternal|-Output|C:\\Certificates\\WebServicesExternal.cer",
     "new New=true Type=[WebServicesExternal] Output=C:\\Certificates\\WebServicesExternal.cer"},
    {RC "|-New|-Type|Default,WebServicesInternal,WebServicesExternal|-ComputerFqdn|"
        "atl-cs-001.litwareinc.com|-CA|" CA "|-FriendlyName|Standard Edition Certficate|-Template|"
        "jcila|-PrivateKeyExportable|True|-DomainName|"
        "atl-cs-001.litwareinc.com,atl-ext.litwareinc.com",
     "new New=true Type=[Default|WebServicesInternal|WebServicesExternal] CA=" CA
     " ComputerFqdn=atl-cs-001.litwareinc.com DomainName=[atl-cs-001.litwareinc.com|"
     "atl-ext.litwareinc.com] FriendlyName=Standard Edition Certficate PrivateKeyExportable=true "
     "Template=jcila"},
    {RC "|-New|-Type|Default,WebServicesInternal,WebServicesExternal|-ComputerFqdn|"
        "atl-cs-001.litwareinc.com|-CA|" CA "|-FriendlyName|Enterprise Edition Pool Certificate|"
        "-Template|jcila|-PrivateKeyExportable|True|-DomainName|" POOL,
     "new New=true Type=[Default|WebServicesInternal|WebServicesExternal] CA=" CA
     " ComputerFqdn=atl-cs-001.litwareinc.com DomainName=[pool1.litwareinc.com|"
     "pool1int.litwareinc.com|pool1ext.litwareinc.com] FriendlyName=Enterprise Edition Pool "
     "Certificate PrivateKeyExportable=true Template=jcila"},
    {RC "|-New|-Type|Internal|-ComputerFqdn|atl-edge-001|-CA|" CA
        "|-FriendlyName|Internal Edge Certificate|-Template|jcila|-PrivateKeyExportable|True|"
        "-DomainName|atl-edge-001.litwareinc.com, ap.litwareinc.com",
     "new New=true Type=[Internal] CA=" CA " ComputerFqdn=atl-edge-001 DomainName=["
     "atl-edge-001.litwareinc.com|ap.litwareinc.com] FriendlyName=Internal Edge Certificate "
     "PrivateKeyExportable=true Template=jcila"},
    {RC "|-New|-Type|AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication|-ComputerFqdn|"
        "atl-edge-001|-CA|" CA "|-FriendlyName|External Edge Certificate|-Template|jcila|"
        "-PrivateKeyExportable|True|-DomainName|"
        "atl-edge-001.litwareinc.com,ap.litwareinc.com,dp.litwareinc.com,atl-edge-001",
     "new New=true Type=[AccessEdgeExternal|DataEdgeExternal|AudioVideoAuthentication] CA=" CA
     " ComputerFqdn=atl-edge-001 DomainName=[atl-edge-001.litwareinc.com|ap.litwareinc.com|"
     "dp.litwareinc.com|atl-edge-001] FriendlyName=External Edge Certificate "
     "PrivateKeyExportable=true Template=jcila"},
    /* The same with $True, and an array that PowerShell makes several words of. */
    {RC "|-New|-Type|Default|WebServicesInternal|WebServicesExternal|-PrivateKeyExportable|$True",
     "new New=true Type=[Default|WebServicesInternal|WebServicesExternal] "
     "PrivateKeyExportable=true"},
    /* "Detailed Description", with the page's own en dashes. */
    {RC "|\u2013Clear|\u2013RequestID|224", "clear Clear=true RequestId=224"},
    /* The parameter descriptions. */
    {RC "|-New|-Type|Internal,External,Default", "new New=true Type=[Internal|External|Default]"},
    {RC "|-New|-DomainName|atl-cs-001.litwareinc.com, atl-cs-002.litwareinc.com,"
        "atl-cs-003.litwareinc.com",
     "new New=true DomainName=[atl-cs-001.litwareinc.com|atl-cs-002.litwareinc.com|"
     "atl-cs-003.litwareinc.com]"},
    {RC "|-New|-CaAccount|litwareinc\\kenmyer|-KeySize|2048|-Organization|Litwareinc|-State|WA|"
        "-Template|WebServer",
     "new New=true CaAccount=litwareinc\\kenmyer KeySize=2048 Organization=Litwareinc State=WA "
     "Template=WebServer"},
    {RC "|-List|-Report|C:\\Logs\\Certificates.html",
     "list List=true Report=C:\\Logs\\Certificates.html"},
};

START_TEST(test_documented)
{
    cs_auto(cs_options) options = NULL;
    struct cs_err err = {0};

    assert_ok(cmdline_parse(documented[_i].line, &options, &err), &err);
    ck_assert_int_eq(cs_options_dialect(options), CS_DIALECT_CMDLET);
    cs_autofree char *said = cmdline_describe(options);
    ck_assert_str_eq(said, documented[_i].said);
}
END_TEST

/* The examples of the sibling cmdlets' pages, as PowerShell would pass them on. */
#define THUMBPRINT "B142918E463981A76503828BB1278391B716280987B"
static const struct {
    const char *line;
    enum cs_dialect dialect;
    const char *said;
} siblings[] = {
    {"Get-CsCertificate", CS_DIALECT_GET, "get"},
    {"Get-CsCertificate|-Type|WebServicesInternal", CS_DIALECT_GET,
     "get Type=[WebServicesInternal]"},
    {"get-cscertificate|-Identity|global", CS_DIALECT_GET, "get Identity=global"},
    {"Get-CsCertificate|global", CS_DIALECT_GET, "get Identity=global"},
    {"/usr/bin/Set-CsCertificate|-Type|WebServicesExternal|-Thumbprint|" THUMBPRINT, CS_DIALECT_SET,
     "set Type=[WebServicesExternal] Thumbprint=" THUMBPRINT},
    {"Set-CsCertificate|-Type|Default,|WebServicesInternal,|WebServicesExternal|-Thumbprint"
     "|" THUMBPRINT,
     CS_DIALECT_SET,
     "set Type=[Default|WebServicesInternal|WebServicesExternal] Thumbprint=" THUMBPRINT},
    {"Set-CsCertificate|-Type|AudioVideoAuthentication|-Thumbprint|" THUMBPRINT
     "|-Roll|-EffectiveDate|7/22/2012 6:00:00 AM",
     CS_DIALECT_SET,
     "set Type=[AudioVideoAuthentication] Thumbprint=" THUMBPRINT
     " EffectiveDate=7/22/2012 6:00:00 AM Roll=true"},
    {"Set-CsCertificate|-Roll|-EffectiveTime|2012-07-22|" THUMBPRINT, CS_DIALECT_SET,
     "set Thumbprint=" THUMBPRINT " EffectiveDate=2012-07-22 Roll=true"},
    {"Remove-CsCertificate|-Type|WebServicesExternal|-Force", CS_DIALECT_REMOVE,
     "remove Type=[WebServicesExternal] Force=true"},
    {"Remove-CsCertificate|-Type|AudioVideoAuthentication|-Prev", CS_DIALECT_REMOVE,
     "remove Type=[AudioVideoAuthentication] Previous=true"},
    {"Import-CsCertificate|-Path|C:\\Certificates\\WebServer.pfx|-PrivateKeyExportable|True",
     CS_DIALECT_IMPORT, "import PrivateKeyExportable=true Path=C:\\Certificates\\WebServer.pfx"},
    {"Import-CsCertificate|WebServer.cer", CS_DIALECT_IMPORT, "import Path=WebServer.cer"},
};

START_TEST(test_siblings)
{
    cs_auto(cs_options) options = NULL;
    struct cs_err err = {0};

    assert_ok(cmdline_parse(siblings[_i].line, &options, &err), &err);
    ck_assert_int_eq(cs_options_dialect(options), siblings[_i].dialect);
    cs_autofree char *said = cmdline_describe(options);
    ck_assert_str_eq(said, siblings[_i].said);
}
END_TEST

/* What the words mean together. */
static const struct {
    const char *line;
    const char *message;
    const char *hint;
} refused[] = {
    {"cscert|list|--key-size|2048", "--key-size does not go with list", "new, plan, ca init"},
    {RC "|-List|-Type|A", "-Type does not go with -List", "-New"},
    {RC "|-New|-RequestId|5", "-RequestId does not go with -New", "-List, -Retrieve, -Clear"},
    {RC "|-Clear|--reply|x", "--reply does not go with -Clear", "-Retrieve"},
    {"cscert|list|--token|pkcs11:", "--token does not go with list", "recover"},
    {"cscert|recover|-WhatIf", "--what-if does not go with recover", "new, plan, list"},
    {RC "|-New|-CA|x|-Output|y", "-CA and -Output cannot be said together", "leave one"},
    {"cscert|new|--ca-password|x|--ca-password-source|prompt",
     "--ca-password and --ca-password-source cannot", "leave one"},
    {RC "|-List|-RequestId|1|--ca-request-id|2", "-RequestId and --ca-request-id cannot",
     "leave one"},
    {"cscert|ca|approve", "ca approve needs a NUMBER", "cscert ca approve NUMBER"},
    {"cscert|ca|init|--key-alg|RSA", "ca init needs a NAME", "cscert ca init NAME"},
    {"cscert|retrieve|--reply|x", "--reply needs --request-id", "cscert list"},
    {"cscert|list|--output|x", "--output needs --request-id", "cscert list"},
    {RC "|-List|-Output|x", "-Output needs -RequestId", "cscert list"},
    {"cscert|get|--output|x", "--output needs --request-id", "cscert list"},
    {"cscert|get|--request-id|5|--type|A", "--request-id and --type cannot", "leave one"},
    {"cscert|get|global|--request-id|5", "--request-id and --identity cannot", "leave one"},
    {"cscert|list|--request-id|5|--ca-request-id|6", "--request-id and --ca-request-id cannot",
     "leave one"},
    {"cscert|plan|--all|--type|Default", "--all and --type cannot be said together", "leave one"},
    {"cscert|new|--all|--computer-fqdn|fe1.a", "--all and --computer-fqdn cannot", "leave one"},
    {"cscert|new|--all|--output|x", "--all and --output cannot", "leave one"},
    {RC "|-New|--all|--like|x", "--all and --like cannot", "leave one"},
    {RC "|-New|--all|-FriendlyName|x", "--all and -FriendlyName cannot", "leave one"},
    {"cscert|new|--all|--output-dir|x|--ca|y", "--ca and --output-dir cannot", "leave one"},
    {"cscert|new|--output-dir|x", "--output-dir needs --all", "-Output FILE"},
    {"cscert|new|--output-dir|x|--all:false", "--output-dir needs --all", "-Output FILE"},
    {"cscert|list|--output|x|--output-dir|y", "--output and --output-dir cannot", "leave one"},
    {"cscert|retrieve|--output-dir|x", "--output-dir does not go with", "new, plan, list"},
    {"cscert|plan|--like-keep", "--like-keep needs --like", "--like FILE"},
    {"cscert|topology|show|--diff|--topology|x", "--diff and --topology cannot", "leave one"},
    {"cscert|topology|check|--diff", "--diff does not go with topology check", "topology show"},
    {"cscert|list|--topology|x", "--topology does not go with list", "new, plan, topology show"},
    {"cscert|topology|import", "topology import needs a FILE...", "cscert topology import FILE..."},
    {"Set-CsCertificate|-Type|A|-Roll", "-Roll needs -EffectiveDate", "-EffectiveDate 20"},
    {"Set-CsCertificate|-EffectiveDate|2026-12-31", "-EffectiveDate needs -Roll", "at once"},
    {"Set-CsCertificate|-Thumbprint|a|-Path|b", "-Thumbprint and -Path cannot", "leave one"},
    {"cscert|set|a|--reference|b", "--thumbprint and --reference cannot", "leave one"},
    {"cscert|import|a|--password|b|--password-source|prompt",
     "--password and --password-source cannot", "leave one"},
    {"Get-CsCertificate|-Confirm", "--confirm does not go with Get-CsCertificate", "new"},
    {"Get-CsCertificate|-New", "Get-CsCertificate and new cannot be said together",
     "one after the other"},
    {"Remove-CsCertificate|-Thumbprint|a", "--thumbprint does not go with Remove-CsCertificate",
     "set"},
    {"Import-CsCertificate", "Import-CsCertificate needs a FILE",
     "write Import-CsCertificate FILE"},
    {"cscert|import", "import needs a FILE", "write cscert import FILE"},
    {"Import-CsCertificate|-Pa|x", "-Pa is ambiguous", "-Path, -Password"},
    {"Remove-CsCertificate|global|again", "the word \"again\" belongs to no option", "quotation"},
};

START_TEST(test_refused)
{
    cs_auto(cs_options) options = NULL;
    struct cs_err err = {0};

    assert_fails(cmdline_parse(refused[_i].line, &options, &err), CS_E_USAGE, &err);
    assert_contains(err.message, refused[_i].message);
    assert_contains(err.hint, refused[_i].hint);
}
END_TEST

START_TEST(test_nothing_said)
{
    cs_auto(cs_options) options = NULL;
    struct cs_err err = {0};

    assert_ok(cmdline_parse("cscert|new", &options, &err), &err);
    ck_assert_int_eq(cs_options_dialect(options), CS_DIALECT_UNIX);
    ck_assert_int_eq(cs_options_verb(options), CS_VERB_NEW);
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        enum cs_opt option = (enum cs_opt)i;
        ck_assert(!cs_options_has(options, option));
        ck_assert(!cs_options_flag(options, option));
        ck_assert_ptr_null(cs_options_text(options, option));
        ck_assert_uint_eq(cs_options_list(options, option)->count, 0);
        ck_assert_int_eq(cs_options_number(options, option), 0);
    }
    ck_assert_ptr_null(cs_options_secret(options, CS_OPT_CA_PASSWORD));
    ck_assert_uint_eq(cs_options_warnings(options)->count, 0);
}
END_TEST

static cs_rc is_hunter2(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    (void)err;
    *(bool *)ctx = len == 7 && memcmp(octets, "hunter2", 7) == 0;
    return CS_OK;
}

/* Ways to say a password; the whole line is searched for it afterwards. */
static const struct {
    const char *line;
    cs_rc rc;
} passwords[] = {
    {RC "|-New|-CaPassword|hunter2", CS_OK},
    {RC "|-New|-CaPassword:hunter2", CS_OK},
    {"cscert|new|--ca-password=hunter2", CS_OK},
    {"cscert|retrieve|--capassword|hunter2", CS_OK},
    /* Also when the line is refused, before it or after it. */
    {RC "|-New|-CaPassword|hunter2|-Bogus", CS_E_USAGE},
    {RC "|-New|-Bogus|-CaPassword|hunter2", CS_E_USAGE},
    {RC "|-New|-Bogus|-CaPassword:hunter2", CS_E_USAGE},
    {RC "|-New|-ClientEKU|-CaPass|hunter2", CS_E_USAGE},
    {RC "|-List|-CaPassword|hunter2", CS_E_USAGE},
    {"cscert|new|--bogus|--token|pkcs11:a?pin-value=hunter2", CS_E_USAGE},
    {"cscert|new|--token|pkcs11:a?pin-value=hunter2", CS_E_USAGE},
    {"cscert|new|--ca-password|a|hunter2", CS_E_USAGE},
    {"cscert|new|--pin-source|hunter2", CS_E_USAGE},
};

START_TEST(test_password)
{
    struct cmdline line = cmdline_split(passwords[_i].line);
    cs_auto(cs_options) options = NULL;
    struct cs_err err = {0};

    cs_rc rc = cs_options_parse(line.argc, line.argv, &options, &err);
    ck_assert_msg(rc == passwords[_i].rc, "%s: %s", cs_rc_name(rc), err.message);
    ck_assert_ptr_null(strstr(err.message, "hunter2"));
    ck_assert_ptr_null(strstr(err.hint, "hunter2"));
    if (rc == CS_OK) {
        bool same = false;
        assert_ok(
            cs_secret_lend(cs_options_secret(options, CS_OPT_CA_PASSWORD), is_hunter2, &same, &err),
            &err);
        ck_assert(same);
        ck_assert_uint_eq(cs_options_warnings(options)->count, 1);
        assert_contains(cs_options_warnings(options)->items[0], "--ca-password-source");
        ck_assert_ptr_null(strstr(cs_options_warnings(options)->items[0], "hunter2"));
    }
    /* The two words that only look like one of ours stay: nobody could know. */
    bool unknowable = _i >= (int)ROWS(passwords) - 2;
    for (int i = 0; i < line.argc && !unknowable; i++) {
        ck_assert_msg(!strstr(line.argv[i], "hunter2"), "argv[%d] still holds the password", i);
    }
    cmdline_done(&line);
}
END_TEST

/* The password of a file, the same. */
static const char *const file_passwords[] = {
    "Import-CsCertificate|-Path|x|-Password|hunter2",
    "Import-CsCertificate|-Path|x|-Password:hunter2",
    "Set-CsCertificate|-Path|x|-Type|A|-Passw|hunter2",
    "cscert|import|x|--password=hunter2",
};

START_TEST(test_file_password)
{
    struct cmdline line = cmdline_split(file_passwords[_i]);
    cs_auto(cs_options) options = NULL;
    struct cs_err err = {0};
    bool same = false;

    assert_ok(cs_options_parse(line.argc, line.argv, &options, &err), &err);
    ck_assert_ptr_null(cs_options_secret(options, CS_OPT_CA_PASSWORD));
    assert_ok(cs_secret_lend(cs_options_secret(options, CS_OPT_PASSWORD), is_hunter2, &same, &err),
              &err);
    ck_assert(same);
    assert_contains(cs_options_warnings(options)->items[0], "--password-source");
    for (int i = 0; i < line.argc; i++) {
        ck_assert_msg(!strstr(line.argv[i], "hunter2"), "argv[%d] still holds the password", i);
    }
    cmdline_done(&line);
}
END_TEST

/* The corrected command line repeats no secret. */
START_TEST(test_correction_hides)
{
    static const char *const lines[] = {
        RC "|-New|-CaPassword|hunter2|-ClientEKU",
        RC "|-New|-ClientEKU|-CaPassword|hunter2",
        RC "|-New|-ClientEKU|-CaPassword:hunter2",
        RC "|-New|-ClientEKU|-CaPasswrod|hunter2",
        RC "|-New|-ClientEKU|--capasswrod=hunter2",
        RC "|-New|-ClientEKU|--token|pkcs11:a?pin-value=hunter2",
    };

    for (size_t i = 0; i < ROWS(lines); i++) {
        cs_auto(cs_options) options = NULL;
        struct cs_err err = {0};
        assert_fails(cmdline_parse(lines[i], &options, &err), CS_E_USAGE, &err);
        assert_contains(err.hint, "-ClientEKU '$true'");
        ck_assert_ptr_null(strstr(err.hint, "hunter2"));
    }
}
END_TEST

static const struct {
    const char *line;
    const char *warning;
} warned[] = {
    {RC "|-New|-Output|C:\\Certificates\\x.cer", "C:\\Certificates\\x.cer"},
    {"cscert|list|--report|logs\\x.html", "backslashes"},
};

START_TEST(test_warned)
{
    cs_auto(cs_options) options = NULL;
    struct cs_err err = {0};

    assert_ok(cmdline_parse(warned[_i].line, &options, &err), &err);
    ck_assert_uint_eq(cs_options_warnings(options)->count, 1);
    assert_contains(cs_options_warnings(options)->items[0], warned[_i].warning);
}
END_TEST

START_TEST(test_no_program_name)
{
    char *argv[] = {NULL};
    cs_auto(cs_options) options = NULL;
    struct cs_err err = {0};

    assert_fails(cs_options_parse(0, argv, &options, &err), CS_E_USAGE, &err);
}
END_TEST

static void setup(void)
{
    struct cs_err err = {0};

    assert_ok(cs_secret_setup(&err), &err);
}

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("meaning");

    tcase_add_checked_fixture(tcase, setup, NULL);
    add_rows(tcase, test_documented, documented);
    add_rows(tcase, test_siblings, siblings);
    add_rows(tcase, test_refused, refused);
    tcase_add_test(tcase, test_nothing_said);
    add_rows(tcase, test_password, passwords);
    add_rows(tcase, test_file_password, file_passwords);
    tcase_add_test(tcase, test_correction_hides);
    add_rows(tcase, test_warned, warned);
    tcase_add_test(tcase, test_no_program_name);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
