/* Every sentence of docs/CLI.md, "Two dialects, one grammar". The program's name is the first word
 * of each row; Request-CsCertificate is written RC. */
#include "support/cmdline.h"

#define RC "Request-CsCertificate"

static const struct {
    const char *line;
    const char *said; /* as cmdline_describe() tells it */
} good[] = {
    /* The program's name says the dialect, with or without a path, without case; either name takes
     * either way of writing. */
    {"cscert|new|--type|Internal", "new Type=[Internal]"},
    {"/usr/bin/cscert|new|-Type|Internal", "new Type=[Internal]"},
    {RC "|-New|-Type|Internal", "new New=true Type=[Internal]"},
    {"/opt/bin/request-cscertificate|-new|--type=Internal", "new New=true Type=[Internal]"},
    {"cscert|-List", "list List=true"},
    {RC "|list", "list"},
    {RC "|recover", "recover"},
    {RC "|--type|Internal|-New|-KeySize:2048|--json",
     "new New=true Type=[Internal] KeySize=2048 Json=true"},
    /* The verb's switch in any place. */
    {RC "|-Type|Internal|-New", "new New=true Type=[Internal]"},
    {RC "|-RequestId|224|-Clear", "clear Clear=true RequestId=224"},
    {RC "|-List:$true", "list List=true"},
    {RC "|-List:$false|-New|-Type|A", "new New=true List=false Type=[A]"},
    /* Four ways to give a value. */
    {"cscert|new|-City|Oslo", "new City=Oslo"},
    {"cscert|new|-City:Oslo", "new City=Oslo"},
    {"cscert|new|--city=Oslo", "new City=Oslo"},
    {"cscert|new|--city|Oslo", "new City=Oslo"},
    {"cscert|new|-City=Oslo", "new City=Oslo"},
    {"cscert|new|--city:Oslo", "new City=Oslo"},
    {RC "|-New|-City:|Oslo", "new New=true City=Oslo"},
    {"cscert|new|--city=a=b:c", "new City=a=b:c"},
    {"cscert|new|-City|a=b:c", "new City=a=b:c"},
    {"cscert|new|--city=-Oslo", "new City=-Oslo"},
    {"cscert|new|-City:--json", "new City=--json"},
    {"cscert|new|-City|-5", "new City=-5"},
    {"cscert|new|--friendly-name|Standard Edition Certficate",
     "new FriendlyName=Standard Edition Certficate"},
    {"cscert|new|--organization|L\u00f8kk\u00e5s", "new Organization=L\u00f8kk\u00e5s"},
    /* Names compare without case and without inner hyphens. */
    {"cscert|new|--COMPUTER-FQDN|a.b", "new ComputerFqdn=a.b"},
    {"cscert|new|--computerfqdn|a.b", "new ComputerFqdn=a.b"},
    {"cscert|new|--com-puter-fqdn|a.b", "new ComputerFqdn=a.b"},
    {RC "|-New|-computer-FQDN|a.b", "new New=true ComputerFqdn=a.b"},
    {RC "|-New|-whatif", "new New=true WhatIf=true"},
    {RC "|-New|--what-if", "new New=true WhatIf=true"},
    /* An exact name wins, else a unique beginning. */
    {"cscert|new|--ca|lab", "new CA=lab"},
    {"cscert|new|--ca-password-s|prompt", "new CaPasswordSource=prompt"},
    {"cscert|new|--tem|x", "new Template=x"},
    {"cscert|new|--key-s|2048", "new KeySize=2048"},
    {"cscert|new|-Comp|a.b", "new ComputerFqdn=a.b"},
    {RC "|-New|-Ty|Internal", "new New=true Type=[Internal]"},
    {RC "|-Ret|-RequestI|5", "retrieve Retrieve=true RequestId=5"},
    {RC "|-L", "list List=true"},
    /* In the cmdlet's dialect its own names go first; elsewhere the verb's. */
    {RC "|-New|-Ou|x", "new New=true OU=x"},
    {RC "|-New|-Outp|x", "new New=true Output=x"},
    {RC "|-New|-Sta|WA", "new New=true State=WA"},
    {RC "|-New|-CaPass|x", "new New=true CaPassword=secret"},
    {"cscert|retrieve|--repl|x|--req|1", "retrieve RequestId=1 Reply=x"},
    {RC "|-New|-Conf", "new New=true Confirm=true"}, /* not --config */
    {"cscert|ca|deny|3|--re|no", "ca deny Id=3 Reason=no"},
    {"cscert|recover|--re|x", "recover Remove=x"},
    /* Switches alone, with a value, and the aliases. */
    {"cscert|list|--json", "list Json=true"},
    {"cscert|list|-Json:true", "list Json=true"},
    {"cscert|list|-Json:$TRUE", "list Json=true"},
    {"cscert|list|-Json:false", "list Json=false"},
    {"cscert|list|--json=$false", "list Json=false"},
    {RC "|-List|-Confirm:$false", "list List=true Confirm=false"},
    {RC "|-List|-cf:true|-wi", "list List=true Confirm=true WhatIf=true"},
    {RC "|-List|-CF|-WI:$false", "list List=true Confirm=true WhatIf=false"},
    {"cscert|list|-v", "list Verbose=true"},
    /* -Confirm $false is what it looks like. */
    {RC "|-List|-Confirm|$false", "list List=true Confirm=false"},
    {RC "|-List|-Confirm|False|-WhatIf|True", "list List=true Confirm=false WhatIf=true"},
    {RC "|-List|-Confirm:|False", "list List=true Confirm=false"},
    {"cscert|ca|approve|--verbose|1", "ca approve Id=1 Verbose=true"}, /* a number is no boolean */
    /* Booleans. */
    {RC "|-New|-ClientEKU|True", "new New=true ClientEKU=true"},
    {RC "|-New|-ClientEKU|$True", "new New=true ClientEKU=true"},
    {RC "|-New|-ClientEKU|$false", "new New=true ClientEKU=false"},
    {RC "|-New|-ClientEKU|FALSE", "new New=true ClientEKU=false"},
    {RC "|-New|-ClientEKU|1|-PrivateKeyExportable|0",
     "new New=true ClientEKU=true PrivateKeyExportable=false"},
    {RC "|-New|-PrivateKeyExportable:$true", "new New=true PrivateKeyExportable=true"},
    {RC "|-New|-PrivateKeyExportable:|$true", "new New=true PrivateKeyExportable=true"},
    {"cscert|new|--private-key-exportable=true", "new PrivateKeyExportable=true"},
    {"cscert|new|--private-key-exportable|true", "new PrivateKeyExportable=true"},
    /* Lists: one word or several, a comma at the end, added up. */
    {RC "|-New|-Type|A,B,C", "new New=true Type=[A|B|C]"},
    {RC "|-New|-Type|A|B|C", "new New=true Type=[A|B|C]"},
    {RC "|-New|-Type|A,|B", "new New=true Type=[A|B]"},
    {RC "|-New|-Type|A, B", "new New=true Type=[A|B]"},
    {RC "|-New|-Type|A|,|B", "new New=true Type=[A|B]"},
    {RC "|-New|-Type|A,|B,|C|-City|Oslo", "new New=true Type=[A|B|C] City=Oslo"},
    {RC "|-New|-Type:A,B|C", "new New=true Type=[A|B|C]"},
    {RC "|-New|-Type:|A", "new New=true Type=[A]"},
    {"cscert|new|--type=A|--type|B", "new Type=[A|B]"},
    {RC "|-New|-DomainName|a.b, c.d,e.f", "new New=true DomainName=[a.b|c.d|e.f]"},
    /* Dashes from documents: en, em, and what else looks like one. */
    {RC "|\u2013Clear|\u2013RequestID|224", "clear Clear=true RequestId=224"},
    {"cscert|new|\u2014type|A", "new Type=[A]"},
    {"cscert|new|\u2013\u2013type|A", "new Type=[A]"},
    {"cscert|new|-\u2013type=A", "new Type=[A]"},
    {"cscert|new|\u2011type|A", "new Type=[A]"},
    {"cscert|new|\u2212type|A", "new Type=[A]"},
    {"cscert|new|-Type|A|\u2013City|Oslo", "new Type=[A] City=Oslo"},
    /* Words that stand alone. */
    {"cscert|ca|init|Lab", "ca init Name=Lab"},
    {"cscert|CA|Init|--name|Lab", "ca init Name=Lab"},
    {"cscert|ca|init|--key-size|2048|Lab", "ca init KeySize=2048 Name=Lab"},
    {"cscert|ca|approve|17", "ca approve Id=17"},
    {"cscert|ca|deny|--id|17", "ca deny Id=17"},
    {"cscert|ca|revoke|--|17", "ca revoke Id=17"},
    {"cscert|ca|list", "ca list"},
    /* Several of them, each a file: a comma belongs to its name. */
    {"cscert|topology|import|a.xml", "topology import Document=[a.xml]"},
    {"cscert|topology|import|a,b.xml|--json|c.zip|--document|d e.xml",
     "topology import Document=[a,b.xml|c.zip|d e.xml] Json=true"},
    {"cscert|Topology|SHOW|--diff", "topology show Diff=true"},
    {"cscert|plan|--topology|t.xml|--simple-urls|u.xml|v, w.xml|--all",
     "plan Topology=t.xml SimpleUrls=[u.xml|v, w.xml] All=true"},
    /* What plan and new have in common. */
    {"cscert|plan|--type|Server|--computer-fqdn|a.b", "plan Type=[Server] ComputerFqdn=a.b"},
    {RC "|-New|--all|--all-sip-domain:$false|--output-dir|out",
     "new New=true AllSipDomain=false All=true OutputDir=out"},
    {"cscert|new|--all-s|--all-p|--no-l", "new AllSipDomain=true AllPoolMembers=true "
                                          "NoLyncdiscover=true"},
    {"cscert|plan|--like|old.cer|--like-keep", "plan Like=old.cer LikeKeep=true"},
    /* Help and version, by option and by word. */
    {"cscert|--help", "none Help=true"},
    {"cscert|-h", "none Help=true"},
    {RC "|-?", "none Help=true"},
    {"cscert|help", "none Help=true"},
    {"cscert|help|ca|init", "ca init Help=true"},
    {"cscert|ca|--help", "none Help=true"},
    {"cscert|ca|approve|--help", "ca approve Help=true"},
    {RC "|-New|-Help", "new New=true Help=true"},
    {"cscert|--version", "none Version=true"},
    {"cscert|version", "none Version=true"},
    {"cscert|new|--reply|x|--help", "new Reply=x Help=true"},
};

START_TEST(test_good)
{
    cs_auto(cs_options) options = NULL;
    struct cs_err err = {0};

    assert_ok(cs_secret_setup(&err), &err);
    assert_ok(cmdline_parse(good[_i].line, &options, &err), &err);
    cs_autofree char *said = cmdline_describe(options);
    ck_assert_str_eq(said, good[_i].said);
}
END_TEST

static const struct {
    const char *line;
    const char *message; /* a part of it */
    const char *hint;    /* a part of it */
} bad[] = {
    /* One verb, exactly. */
    {"cscert", "nothing says what to do", "cscert --help"},
    {RC, "nothing says what to do", "-New, -List, -Retrieve or -Clear"},
    {RC "|-Type|A", "nothing says what to do", "-New"},
    {RC "|-New:$false", "nothing says what to do", "-New"},
    {RC "|-New|-List", "-New and -List cannot be said together", "one after the other"},
    {"cscert|new|-List", "new and list cannot be said together", ""},
    {RC "|-New|-New", "-New is said twice", ""},
    {"cscert|ca", "ca needs a verb", "approve"},
    {"cscert|nwe", "there is no verb \"nwe\"", "new"},
    {"cscert|lsit", "there is no verb \"lsit\"", "list"},
    {"cscert|frobnicate", "there is no verb \"frobnicate\"", "--help"},
    {"cscert|ca|new", "there is no verb \"ca new\"", "init, approve, deny, revoke, list or probe"},
    {"cscert|ca|aprove|1", "there is no verb \"ca aprove\"", "ca approve"},
    {"cscert|topology", "topology needs a verb", "say topology import, show or check"},
    {"cscert|topology|shwo", "there is no verb \"topology shwo\"", "topology show"},
    {"cscert|topologie|show", "there is no verb \"topologie\"", "topology"},
    {"cscert|imprt|x", "there is no verb \"imprt\"", "import"},
    {"cscert|topology|import|pkcs11:x", "--document wants a file", "never a file name"},
    {"cscert|plan|--simple-urls", "--simple-urls has no value", "--simple-urls FILE..."},
    {"cscert|plan|--output-d|x|--like|a|--like|b", "--like is said twice", "once"},
    {"cscert|init", "there is no verb \"init\"", "ca init"},
    /* A boolean without a value is never guessed; neither is a switch with a colon. */
    {RC "|-New|-PrivateKeyExportable", "-PrivateKeyExportable needs a value: True or False",
     RC " -New -PrivateKeyExportable '$true'"},
    {RC "|-New|-PrivateKeyExportable|-DomainName|a.b", "-PrivateKeyExportable needs a value",
     "-PrivateKeyExportable '$true' -DomainName a.b"},
    {RC "|-New|-PrivateKeyExportable:|-City|x", "-PrivateKeyExportable needs a value", "$true"},
    {RC "|-New|-PrivateKeyExportable|", "-PrivateKeyExportable needs a value", "$true"},
    {"cscert|new|--client-eku=", "--client-eku needs a value", "--client-eku '$true'"},
    {RC "|-New|-ClientEKU|yes", "-ClientEKU \"yes\" is neither true nor false", "True or False"},
    {RC "|-New|-ClientEKU|2", "neither true nor false", "True or False"},
    {RC "|-New|-ClientEKU|$$true", "neither true nor false", "True or False"},
    {RC "|-List|-Confirm:", "-Confirm needs a value", "-Confirm:'$true'"},
    {RC "|-List|-Confirm:maybe", "-Confirm \"maybe\" is neither true nor false", ""},
    /* A path that lost its backslashes. */
    {RC "|-New|-Output|C:CertificatesWeb.cer", "lost its backslashes",
     RC " -New -Output 'C:\\CertificatesWeb.cer'"},
    {RC "|-New|-Output:C:CertificatesWeb.cer|-City|x", "lost its backslashes",
     RC " -New -Output 'C:\\CertificatesWeb.cer' -City x"},
    {"cscert|list|--report|d:x.html", "lost its backslashes", "--report 'd:\\x.html'"},
    {"cscert|list|--state-dir|d:x", "lost its backslashes", "--state-dir 'd:\\x'"},
    {"cscert|list|--config|C:", "lost its backslashes", "--config 'C:\\'"},
    /* pkcs11: is never a file. */
    {RC "|-New|-Output|pkcs11:token=edge", "-Output wants a file", "never a file name"},
    {"cscert|list|--config=PKCS11:x", "--config wants a file", "--token"},
    {"cscert|retrieve|--request-id|1|--reply|pkcs11:x", "--reply wants a file", "--token"},
    /* Twice. */
    {"cscert|new|--city|a|-City|b", "--city is said twice", "once"},
    {"cscert|list|--json|--json:false", "--json is said twice", "once"},
    {"cscert|new|--ca-password|a|--ca-password|b", "--ca-password is said twice", "once"},
    {"cscert|ca|init|Lab|--na|x", "--name is said twice", "once"},
    {"cscert|ca|approve|1|--id|2", "--id is said twice", "once"},
    {"cscert|ca|approve|--id|2|1", "the word \"1\" belongs to no option", ""},
    /* Names that are none, or several. */
    {"cscert|new|--organisation|x", "there is no option --organisation", "--organization"},
    {RC "|-New|-Tpye|x", "there is no option -Tpye", "-Type"},
    {"cscert|new|--qqqqqq", "there is no option --qqqqqq", "--help lists"},
    {RC "|-New|-K|x", "-K is ambiguous", "-KeyAlg, -KeySize"},
    {RC "|-R", "-R is ambiguous", "-Retrieve, -Report, -RequestId"},
    {"cscert|retrieve|--rep|x|--request-id|1", "--rep is ambiguous", "--report, --reply"},
    {"cscert|new|--sta|WA", "--sta is ambiguous", "--state, --state-dir"},
    {"cscert|new|--ca-p|x", "--ca-p is ambiguous", "--ca-password, --ca-password-source"},
    {"cscert|new|--ca-passwrd|geheim", "there is no option --ca-passwrd", "--ca-password"},
    /* Values that are not there. */
    {RC "|-New|-City", "-City has no value", "-City TEXT"},
    {RC "|-New|-City|-State|WA", "-City has no value", "--City=VALUE"},
    {RC "|-New|-City|", "-City has no value", ""},
    {"cscert|new|--city=", "--city has no value", "--city TEXT"},
    {RC "|-New|-City:|-State|x", "-City has no value", ""},
    {RC "|-New|-Type", "-Type has no value", "-Type TYPE"},
    {RC "|-New|-Type|,", "-Type names nothing", ""},
    {"cscert|new|--ca-password", "--ca-password has no value", "prompt"},
    /* Words that belong to nothing. */
    {"cscert|new|-FriendlyName|Standard|Edition", "the word \"Edition\" belongs to no option",
     "quotation marks"},
    {"cscert|list|5", "the word \"5\" belongs to no option", ""},
    {"cscert|new|--|--json", "the word \"--json\" belongs to no option", ""},
    {"cscert|ca|approve|1|2", "the word \"2\" belongs to no option", ""},
    {"cscert|list|-", "the word \"-\" belongs to no option", ""},
    {"cscert|import|", "a word of the command line is empty", "variable"},
    {"cscert|export|", "a word of the command line is empty", "variable"},
    {"cscert|", "a word of the command line is empty", "variable"},
    {RC "|-List|", "a word of the command line is empty", "variable"},
    {"cscert|list|\u2013", "belongs to no option", ""},
    {"cscert|new|--ca-password|my|secret", "the word after the password belongs to no option", ""},
};

START_TEST(test_bad)
{
    cs_auto(cs_options) options = NULL;
    struct cs_err err = {0};

    assert_ok(cs_secret_setup(&err), &err);
    assert_fails(cmdline_parse(bad[_i].line, &options, &err), CS_E_USAGE, &err);
    ck_assert_ptr_null(options);
    assert_contains(err.message, bad[_i].message);
    assert_contains(err.hint, bad[_i].hint);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optparse");
    TCase *tcase = tcase_create("grammar");

    add_rows(tcase, test_good, good);
    add_rows(tcase, test_bad, bad);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
