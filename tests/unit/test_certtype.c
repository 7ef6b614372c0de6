#include "base/cleanup.h"
#include "model/certtype.h"
#include "support/check_run.h"

/* The cmdlet's page lists the types, Import-CsCertificate's the rest. Which ones no computer on
 * premises needs, and where a wildcard may stand: docs/NAMES.md. OAuth: 2048 bits at least. */
static const struct {
    const char *name;
    enum cs_cert_type type;
    bool on_premises;
    bool wildcard;
    unsigned bits;
} types[] = {
    {"Default", CS_TYPE_DEFAULT, true, true, 1024},
    {"WebServicesInternal", CS_TYPE_WEB_SERVICES_INTERNAL, true, true, 1024},
    {"WebServicesExternal", CS_TYPE_WEB_SERVICES_EXTERNAL, true, true, 1024},
    {"Internal", CS_TYPE_INTERNAL, true, true, 1024},
    {"External", CS_TYPE_EXTERNAL, true, false, 1024},
    {"AccessEdgeExternal", CS_TYPE_ACCESS_EDGE_EXTERNAL, true, false, 1024},
    {"DataEdgeExternal", CS_TYPE_DATA_EDGE_EXTERNAL, true, false, 1024},
    {"AudioVideoAuthentication", CS_TYPE_AUDIO_VIDEO_AUTHENTICATION, true, false, 1024},
    {"XmppServer", CS_TYPE_XMPP_SERVER, true, false, 1024},
    {"OAuthTokenIssuer", CS_TYPE_OAUTH_TOKEN_ISSUER, true, false, 2048},
    {"Server", CS_TYPE_SERVER, true, true, 1024},
    {"iPhoneAPNService", CS_TYPE_IPHONE_APN_SERVICE, false, false, 0},
    {"iPadAPNService", CS_TYPE_IPAD_APN_SERVICE, false, false, 0},
    {"MPNService", CS_TYPE_MPN_SERVICE, false, false, 0},
    {"PICWebService", CS_TYPE_PIC_WEB_SERVICE, false, false, 0},
    {"ProvisionService", CS_TYPE_PROVISION_SERVICE, false, false, 0},
    {"WsFedTokenTransfer", CS_TYPE_WS_FED_TOKEN_TRANSFER, false, false, 0},
    {"LogRetentionService", CS_TYPE_LOG_RETENTION_SERVICE, false, false, 0},
    {"SMPDNSWebService", CS_TYPE_SMP_DNS_WEB_SERVICE, false, false, 0},
    {"TenantAdmin", CS_TYPE_TENANT_ADMIN, false, false, 0},
    {"UpgradeEngineService", CS_TYPE_UPGRADE_ENGINE_SERVICE, false, false, 0},
};

START_TEST(test_table_is_whole)
{
    ck_assert_uint_eq(ROWS(types), CS_TYPE_COUNT);
    ck_assert_uint_le(CS_TYPE_COUNT, 8 * sizeof(cs_type_set));
}
END_TEST

START_TEST(test_type)
{
    const struct cs_cert_type_info *info = cs_cert_type_info(types[_i].type);
    cs_type_set set = (cs_type_set)1 << types[_i].type;
    cs_autofree char *text = cs_cert_types_text(set);

    ck_assert_int_eq(types[_i].type, _i);
    ck_assert_str_eq(info->name, types[_i].name);
    ck_assert_int_eq(info->on_premises, types[_i].on_premises);
    ck_assert_str_eq(text, types[_i].name);
    if (types[_i].on_premises) {
        ck_assert_int_eq(cs_cert_types_allow_wildcard(set), types[_i].wildcard);
        ck_assert_uint_eq(cs_cert_types_min_rsa_bits(set), types[_i].bits);
    }
}
END_TEST

/* A word for the two external services that have names of their own. */
#define EXTERNAL_SET (1u << CS_TYPE_ACCESS_EDGE_EXTERNAL | 1u << CS_TYPE_DATA_EDGE_EXTERNAL)

static void parse_one(const char *word, bool good, int type)
{
    static const char needs_none[] = "The computer edge1.litwareinc.net does not need a "
                                     "certificate of type ";
    cs_auto_value(cs_strv) words = {0};
    cs_type_set set = 0xdead;
    struct cs_err err = {0};

    cs_strv_add(&words, word);
    if (good) {
        assert_ok(cs_cert_types_parse(&words, "edge1.litwareinc.net", &set, &err), &err);
        ck_assert_uint_eq(set, type == CS_TYPE_EXTERNAL ? EXTERNAL_SET : 1u << type);
        return;
    }
    assert_fails(cs_cert_types_parse(&words, "edge1.litwareinc.net", &set, &err), CS_E_USAGE, &err);
    ck_assert_uint_eq(set, 0xdead);
    ck_assert_msg(strncmp(err.message, needs_none, strlen(needs_none)) == 0, "%s", err.message);
    ck_assert_str_eq(err.message + strlen(needs_none), types[type].name);
}

/* As written, and in any case. */
START_TEST(test_parse)
{
    cs_autofree char *lower = cs_ascii_lower(types[_i].name);
    char upper[64] = "";

    for (size_t i = 0; lower[i]; i++) {
        upper[i] = (char)(lower[i] - ('a' - 'A')); /* all are letters */
    }
    parse_one(types[_i].name, types[_i].on_premises, _i);
    parse_one(lower, types[_i].on_premises, _i);
    parse_one(upper, types[_i].on_premises, _i);
}
END_TEST

/* -Type lists; text NULL: CS_E_USAGE with the message. */
static const struct {
    const char *words;
    const char *text;
    const char *message;
} lists[] = {
    {"Internal,External,Default", "Default,Internal,AccessEdgeExternal,DataEdgeExternal",
     NULL}, /* order of the table */
    {"default,Default,DEFAULT", "Default", NULL},
    {"AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication",
     "AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication", NULL},
    {"XMPPServer", "XmppServer", NULL},
    {"external,DataEdgeExternal", "AccessEdgeExternal,DataEdgeExternal", NULL},
    {"Server", "Server", NULL},
    {"", NULL, "names no certificate type"},
    {"Edge", NULL, "\"Edge\" is not a certificate type"},
    {"Default,Interna", NULL, "\"Interna\" is not a certificate type"},
    {"Internal2", NULL, "\"Internal2\" is not a certificate type"},
    {"Default,MPNService", NULL, "does not need a certificate of type MPNService"},
};

START_TEST(test_tokenlist)
{
    cs_auto_value(cs_strv) words = {0};
    cs_type_set set = 0;
    struct cs_err err = {0};

    cs_strv_split(&words, lists[_i].words, ',');
    if (!lists[_i].text) {
        assert_fails(cs_cert_types_parse(&words, "x", &set, &err), CS_E_USAGE, &err);
        assert_contains(err.message, lists[_i].message);
        ck_assert_msg(err.hint[0], "no remedy");
        return;
    }
    assert_ok(cs_cert_types_parse(&words, "x", &set, &err), &err);
    cs_autofree char *text = cs_cert_types_text(set);
    ck_assert_str_eq(text, lists[_i].text);
}
END_TEST

START_TEST(test_unknown_lists_the_known)
{
    cs_auto_value(cs_strv) words = {0};
    cs_type_set set = 0;
    struct cs_err err = {0};

    cs_strv_add(&words, "Bogus");
    assert_fails(cs_cert_types_parse(&words, "x", &set, &err), CS_E_USAGE, &err);
    for (size_t i = 0; i < ROWS(types); i++) {
        ck_assert_msg((strstr(err.hint, types[i].name) != NULL) == types[i].on_premises, "%s: %s",
                      types[i].name, err.hint);
    }
}
END_TEST

START_TEST(test_nobody_knows_the_computer)
{
    cs_auto_value(cs_strv) words = {0};
    cs_type_set set = 0;
    struct cs_err err = {0};

    cs_strv_add(&words, "tenantadmin");
    assert_fails(cs_cert_types_parse(&words, NULL, &set, &err), CS_E_USAGE, &err);
    ck_assert_str_eq(err.message, "The computer does not need a certificate of type TenantAdmin");
}
END_TEST

/* As the store has it: exactly. */
START_TEST(test_find)
{
    for (unsigned i = 0; i < CS_TYPE_COUNT; i++) {
        const enum cs_cert_type type = (enum cs_cert_type)i;
        ck_assert_int_eq(cs_cert_type_find(cs_cert_type_info(type)->name), type);
    }
    ck_assert_int_eq(cs_cert_type_find("default"), CS_TYPE_COUNT);
    ck_assert_int_eq(cs_cert_type_find("Defaul"), CS_TYPE_COUNT);
    ck_assert_int_eq(cs_cert_type_find(""), CS_TYPE_COUNT);
}
END_TEST

/* A set is as strict as its strictest type. */
START_TEST(test_sets)
{
    cs_type_set internal = 1u << CS_TYPE_INTERNAL;
    cs_type_set edge = 1u << CS_TYPE_ACCESS_EDGE_EXTERNAL;
    cs_type_set oauth = 1u << CS_TYPE_OAUTH_TOKEN_ISSUER;
    cs_type_set web = 1u << CS_TYPE_DEFAULT | 1u << CS_TYPE_WEB_SERVICES_EXTERNAL;

    ck_assert(cs_cert_types_allow_wildcard(internal | web));
    ck_assert(!cs_cert_types_allow_wildcard(internal | edge));
    ck_assert_uint_eq(cs_cert_types_min_rsa_bits(internal | edge), 1024);
    ck_assert_uint_eq(cs_cert_types_min_rsa_bits(internal | oauth), 2048);
    ck_assert_uint_eq(cs_cert_types_min_rsa_bits(0), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("certtype");
    TCase *tcase = tcase_create("certtype");

    tcase_add_test(tcase, test_table_is_whole);
    add_rows(tcase, test_type, types);
    add_rows(tcase, test_parse, types);
    add_rows(tcase, test_tokenlist, lists);
    tcase_add_test(tcase, test_unknown_lists_the_known);
    tcase_add_test(tcase, test_nobody_knows_the_computer);
    tcase_add_test(tcase, test_find);
    tcase_add_test(tcase, test_sets);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
