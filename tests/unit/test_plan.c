#include "base/mem.h"
#include "model/plan.h"
#include "support/check_run.h"
#include "unit/plan_rows.h"

/* Without a topology one warning says so; @parts are those behind it. */
static void assert_further_warnings(const struct cs_plan *plan, const char *parts)
{
    cs_autofree char *all = cs_asprintf("no topology is known | %s", parts ? parts : "");

    assert_warnings(plan, all);
}

/* The documented examples, as they must come out; example 2 is -List and has no plan. By hand: the
 * computer is the subject, -DomainName follows as said, each name once. */
static const struct {
    struct said said;
    const char *ca;
    const char *output;
    bool exportable;
    const char *friendly_name;
    const char *template_name;
    const char *names;
    const char *types;
    const char *warnings;
} examples[] = {
    {{"WebServicesExternal", NULL, NULL, HOST, NULL, 0},
     CA,
     NULL,
     false,
     NULL,
     NULL,
     HOST,
     "WebServicesExternal",
     NULL},
    {{"WebServicesExternal", NULL, NULL, HOST, NULL, 0},
     NULL,
     "C:\\Certificates\\WebServicesExternal.cer",
     false,
     NULL,
     NULL,
     HOST,
     "WebServicesExternal",
     "request, not a certificate"},
    {{"Default,WebServicesInternal,WebServicesExternal", "atl-cs-001.litwareinc.com",
      "atl-cs-001.litwareinc.com,atl-ext.litwareinc.com", HOST, NULL, 0},
     CA,
     NULL,
     true,
     "Standard Edition Certficate",
     "jcila",
     "atl-cs-001.litwareinc.com atl-ext.litwareinc.com",
     "Default,WebServicesInternal,WebServicesExternal",
     NULL},
    {{"Default,WebServicesInternal,WebServicesExternal", "atl-cs-001.litwareinc.com",
      "pool1.litwareinc.com,pool1int.litwareinc.com,pool1ext.litwareinc.com", HOST, NULL, 0},
     CA,
     NULL,
     true,
     "Enterprise Edition Pool Certificate",
     "jcila",
     "atl-cs-001.litwareinc.com pool1.litwareinc.com pool1int.litwareinc.com "
     "pool1ext.litwareinc.com",
     "Default,WebServicesInternal,WebServicesExternal",
     NULL},
    {{"Internal", "atl-edge-001", "atl-edge-001.litwareinc.com, ap.litwareinc.com", HOST, NULL, 0},
     CA,
     NULL,
     true,
     "Internal Edge Certificate",
     "jcila",
     "atl-edge-001 atl-edge-001.litwareinc.com ap.litwareinc.com",
     "Internal",
     "atl-edge-001 is a short name"},
    {{"AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication", "atl-edge-001",
      "atl-edge-001.litwareinc.com,ap.litwareinc.com,dp.litwareinc.com,atl-edge-001", HOST, NULL,
      0},
     CA,
     NULL,
     true,
     "External Edge Certificate",
     "jcila",
     "atl-edge-001 atl-edge-001.litwareinc.com ap.litwareinc.com dp.litwareinc.com",
     "AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication",
     "atl-edge-001 is a short name"},
};

START_TEST(test_example)
{
    struct cs_plan_input input = {
        .ca = examples[_i].ca,
        .output = examples[_i].output,
        .exportable = examples[_i].exportable,
        .friendly_name = examples[_i].friendly_name,
        .template_name = examples[_i].template_name,
    };
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};

    assert_ok(build(&examples[_i].said, &input, &plan, &err), &err);
    cs_autofree char *names = names_of(plan);
    cs_autofree char *types = cs_cert_types_text(plan->types);
    ck_assert_str_eq(names, examples[_i].names);
    ck_assert_str_eq(plan->subject.common_name, plan->names[0].name);
    ck_assert_str_eq(types, examples[_i].types);
    ck_assert_pstr_eq(plan->ca, examples[_i].ca);
    ck_assert_pstr_eq(plan->output, examples[_i].output);
    ck_assert_int_eq(plan->exportable, examples[_i].exportable);
    ck_assert_pstr_eq(plan->friendly_name, examples[_i].friendly_name);
    ck_assert_str_eq(plan->template_name,
                     examples[_i].template_name ? examples[_i].template_name : "WebServer");
    ck_assert_int_eq(plan->key_spec.alg, CS_KEY_RSA);
    ck_assert_uint_eq(plan->key_spec.bits, 2048);
    ck_assert(!plan->client_eku);
    assert_further_warnings(plan, examples[_i].warnings);
}
END_TEST

/* What is refused, and a part of the message. */
static const struct {
    struct said said;
    cs_rc rc;
    const char *message;
} refused[] = {
    {{NULL, NULL, NULL, NULL, NULL, 0}, CS_E_USAGE, "which computer"},
    {{NULL, NULL, NULL, "", NULL, 0}, CS_E_USAGE, "which computer"},
    {{NULL, NULL, " ,", NULL, NULL, 0}, CS_E_USAGE, "which computer"},
    {{NULL, "", NULL, HOST, NULL, 0}, CS_E_USAGE, "-ComputerFqdn"},
    /* wildcards */
    {{NULL, "*.b.c", "a.b.c", HOST, NULL, 0}, CS_E_USAGE, "cannot be the subject"},
    {{NULL, NULL, "*.b.c,a.b.c", HOST, NULL, 0}, CS_E_USAGE, "cannot be the subject"},
    {{"External", "a.b.c", "*.b.c", NULL, NULL, 0}, CS_E_USAGE, "takes no wildcard"},
    {{"AccessEdgeExternal", "a.b.c", "*.b.c", NULL, NULL, 0}, CS_E_USAGE, "takes no wildcard"},
    {{"DataEdgeExternal", "a.b.c", "*.b.c", NULL, NULL, 0}, CS_E_USAGE, "takes no wildcard"},
    {{"AudioVideoAuthentication", "a.b.c", "*.b.c", NULL, NULL, 0}, CS_E_USAGE, "no wildcard"},
    {{"XmppServer", "a.b.c", "*.b.c", NULL, NULL, 0}, CS_E_USAGE, "takes no wildcard"},
    {{"OAuthTokenIssuer", "a.b.c", "*.b.c", NULL, NULL, 0}, CS_E_USAGE, "takes no wildcard"},
    {{"Internal,External", "a.b.c", "*.b.c", NULL, NULL, 0},
     CS_E_USAGE,
     "type Internal,AccessEdgeExternal,DataEdgeExternal takes no wildcard"},
    /* names that are none, wherever they stand */
    {{NULL, "fe_1.b.c", NULL, NULL, NULL, 0}, CS_E_USAGE, "-ComputerFqdn \"fe_1.b.c\""},
    {{NULL, "a.b.c", "d.e.f,fe_1.b.c", NULL, NULL, 0}, CS_E_USAGE, "-DomainName \"fe_1.b.c\""},
    {{NULL, NULL, NULL, "my_host", NULL, 0}, CS_E_USAGE, "host name \"my_host\""},
    {{NULL, "m\xc3\xbcnchen.de", NULL, NULL, NULL, 0}, CS_E_USAGE, "only letters"},
    {{NULL, "10.1.2.3", NULL, NULL, NULL, 0}, CS_E_USAGE, "IP address"},
    {{NULL, "a.b.c", "fe80::1", NULL, NULL, 0}, CS_E_USAGE, "fe80::1"},
    {{NULL, "a..c", NULL, NULL, NULL, 0}, CS_E_USAGE, "empty label"},
    {{NULL, CN65, NULL, NULL, NULL, 0}, CS_E_USAGE, "longer than the 64 characters"},
    {{NULL, NULL, CN65, NULL, NULL, 0}, CS_E_USAGE, "longer than the 64 characters"},
    {{NULL, "a.b.c", N253 "2", NULL, NULL, 0}, CS_E_USAGE, "longer than 253"},
    /* types */
    {{"", "a.b.c", NULL, NULL, NULL, 0}, CS_E_USAGE, "no certificate type"},
    {{"Bogus", "a.b.c", NULL, NULL, NULL, 0}, CS_E_USAGE, "\"Bogus\" is not a certificate type"},
    {{"PICWebService", "a.b.c", NULL, HOST, NULL, 0},
     CS_E_USAGE,
     "The computer a.b.c does not need a certificate of type PICWebService"},
    {{"TenantAdmin", NULL, "d.e.f", HOST, NULL, 0},
     CS_E_USAGE,
     "The computer d.e.f does not need a certificate of type TenantAdmin"},
    {{"Default,MPNService", NULL, NULL, HOST, NULL, 0},
     CS_E_USAGE,
     "The computer " HOST " does not need a certificate of type MPNService"},
    /* keys */
    {{NULL, "a.b.c", NULL, NULL, NULL, 1000}, CS_E_USAGE, "-KeySize 1000"},
    {{NULL, "a.b.c", NULL, NULL, "ECDH_P256", 2048}, CS_E_USAGE, "contradicts"},
    {{NULL, "a.b.c", NULL, NULL, "DSA", 0}, CS_E_USAGE, "-KeyAlg \"DSA\""},
    {{"OAuthTokenIssuer", "a.b.c", NULL, NULL, NULL, 1024},
     CS_E_POLICY,
     "OAuthTokenIssuer needs an RSA key of at least 2048 bits, not 1024"},
    {{"Default,OAuthTokenIssuer", "a.b.c", NULL, NULL, NULL, 1024}, CS_E_POLICY, "2048"},
};

START_TEST(test_refused)
{
    struct cs_plan_input input = {.ca = CA};
    struct cs_plan *plan = NULL;
    struct cs_err err = {0};

    assert_fails(build(&refused[_i].said, &input, &plan, &err), refused[_i].rc, &err);
    ck_assert_ptr_null(plan);
    assert_contains(err.message, refused[_i].message);
    ck_assert_msg(err.hint[0], "no remedy: %s", err.message);
}
END_TEST

START_TEST(test_no_types)
{
    struct cs_plan_input input = {.ca = CA, .computer_fqdn = "a.b.c"};
    struct cs_plan *plan = NULL;
    struct cs_err err = {0};

    assert_fails(cs_plan_build(&input, &plan, &err), CS_E_USAGE, &err);
    assert_contains(err.message, "-Type");
}
END_TEST

/* Key, policy and what comes of both. */
static const struct {
    struct said said;
    unsigned min_bits;
    bool exportable;
    bool forbid;
    cs_rc rc;
    const char *words; /* of the warning, or of the refusal */
} keys[] = {
    {{NULL, HOST, NULL, NULL, NULL, 1024}, 0, false, false, CS_OK, "WEAK KEY"},
    {{NULL, HOST, NULL, NULL, NULL, 1024}, 1024, false, false, CS_OK, "WEAK KEY"},
    {{NULL, HOST, NULL, NULL, NULL, 1024}, 2048, false, false, CS_E_POLICY, "min-rsa-bits of 2048"},
    {{NULL, HOST, NULL, NULL, NULL, 0}, 2048, false, false, CS_OK, NULL},
    {{NULL, HOST, NULL, NULL, NULL, 0}, 3072, false, false, CS_E_POLICY, "2048 bits is below"},
    {{NULL, HOST, NULL, NULL, NULL, 4096}, 3072, false, false, CS_OK, NULL},
    {{NULL, HOST, NULL, NULL, "ECDH_P256", 0}, 3072, false, false, CS_OK, NULL}, /* no RSA */
    {{"OAuthTokenIssuer", HOST, NULL, NULL, NULL, 2048}, 0, false, false, CS_OK, NULL},
    {{NULL, HOST, NULL, NULL, NULL, 0}, 0, true, false, CS_OK, NULL},
    {{NULL, HOST, NULL, NULL, NULL, 0}, 0, false, true, CS_OK, NULL},
    {{NULL, HOST, NULL, NULL, NULL, 0}, 0, true, true, CS_E_POLICY, "forbid-exportable"},
    {{NULL, HOST, NULL, NULL, "ECDH_P521", 521}, 0, true, true, CS_E_POLICY, "exportable"},
};

START_TEST(test_key)
{
    struct cs_plan_input input = {
        .ca = CA,
        .exportable = keys[_i].exportable,
        .policy_min_rsa_bits = keys[_i].min_bits,
        .policy_forbid_exportable = keys[_i].forbid,
    };
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};
    cs_rc rc = build(&keys[_i].said, &input, &plan, &err);

    if (keys[_i].rc != CS_OK) {
        assert_fails(rc, keys[_i].rc, &err);
        assert_contains(err.message, keys[_i].words);
        ck_assert_msg(err.hint[0], "no remedy");
        return;
    }
    assert_ok(rc, &err);
    assert_further_warnings(plan, keys[_i].words);
    ck_assert_int_eq(plan->exportable, keys[_i].exportable);
}
END_TEST

/* Where the request goes. */
static const struct {
    const char *ca;
    const char *output;
    const char *words; /* of the refusal or the warning */
    bool good;
} destinations[] = {
    {CA, NULL, NULL, true},
    {NULL, "/tmp/edge.req", NULL, true},
    {NULL, "edge.pem", NULL, true},
    {NULL, "edge.pfx", "edge.pfx will hold a certificate request", true},
    {NULL, "C:\\Certificates\\NewCertificate.PFX", "certificate request", true},
    {NULL, "edge.cer", "edge.cer will hold a certificate request", true},
    {NULL, ".cer", "certificate request", true},
    {NULL, "cer", NULL, true},
    {NULL, "edge.cer.req", NULL, true},
    {NULL, NULL, "where the request goes", false},
    {CA, "/tmp/edge.req", "not both", false},
};

START_TEST(test_destination)
{
    const struct said said = {.computer = HOST};
    struct cs_plan_input input = {.ca = destinations[_i].ca, .output = destinations[_i].output};
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};
    cs_rc rc = build(&said, &input, &plan, &err);

    if (!destinations[_i].good) {
        assert_fails(rc, CS_E_USAGE, &err);
        assert_contains(err.message, destinations[_i].words);
        ck_assert_msg(err.hint[0], "no remedy");
        return;
    }
    assert_ok(rc, &err);
    assert_further_warnings(plan, destinations[_i].words);
    ck_assert_pstr_eq(plan->ca, destinations[_i].ca);
    ck_assert_pstr_eq(plan->output, destinations[_i].output);
}
END_TEST

START_TEST(test_all_sip_domain_says_that_it_adds_nothing)
{
    const struct said said = {.computer = HOST};
    struct cs_plan_input input = {.ca = CA, .all_sip_domain = true};
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};

    assert_ok(build(&said, &input, &plan, &err), &err);
    ck_assert_uint_eq(plan->name_count, 1);
    assert_further_warnings(plan, "-AllSipDomain");
}
END_TEST

static void assert_all_fields(const struct cs_plan *plan)
{
    ck_assert_str_eq(plan->subject.common_name, HOST);
    ck_assert_str_eq(plan->subject.country, "US");
    ck_assert_str_eq(plan->subject.state, "WA");
    ck_assert_str_eq(plan->subject.locality, "Redmond");
    ck_assert_str_eq(plan->subject.organization, "Litwareinc");
    ck_assert_str_eq(plan->subject.organizational_unit, "IT");
    ck_assert_str_eq(plan->computer, HOST);
    ck_assert_str_eq(plan->friendly_name, "name");
    ck_assert_str_eq(plan->ca, CA);
    ck_assert_ptr_null(plan->output);
    ck_assert_str_eq(plan->template_name, "jcila");
    ck_assert_str_eq(plan->ca_account, "litwareinc\\kenmyer");
    ck_assert_str_eq(plan->global_catalog, "gc.litwareinc.com");
    ck_assert_str_eq(plan->global_settings_dc, "dc.litwareinc.com");
    ck_assert(plan->exportable && plan->client_eku && plan->output_der);
    ck_assert_int_eq(plan->key_spec.alg, CS_KEY_EC_P384);
    ck_assert_uint_eq(plan->types, 1u << CS_TYPE_DEFAULT);
    ck_assert_uint_eq(plan->name_count, 2);
    ck_assert_str_eq(plan->names[1].name, "sip");
    ck_assert_uint_eq(plan->warnings.count, 2); /* no topology, a short name */
}

/* Each value arrives where it belongs, in the plan and in a copy that outlives it. */
START_TEST(test_every_field)
{
    const struct said said = {.computer = HOST, .domains = "sip", .alg = "ECDH_P384"};
    struct cs_plan_input input = {
        .ca = CA,
        .exportable = true,
        .client_eku = true,
        .friendly_name = "name",
        .country = "US",
        .state = "WA",
        .city = "Redmond",
        .organization = "Litwareinc",
        .organizational_unit = "IT",
        .output_der = true,
        .template_name = "jcila",
        .ca_account = "litwareinc\\kenmyer",
        .global_catalog = "gc.litwareinc.com",
        .global_settings_dc = "dc.litwareinc.com",
    };
    struct cs_plan *plan = NULL;
    struct cs_err err = {0};

    assert_ok(build(&said, &input, &plan, &err), &err);
    assert_all_fields(plan);
    cs_auto(cs_plan) copy = cs_plan_copy(plan);
    cs_plan_free(plan);
    assert_all_fields(copy);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan");
    TCase *tcase = tcase_create("plan");

    add_rows(tcase, test_example, examples);
    add_rows(tcase, test_refused, refused);
    tcase_add_test(tcase, test_no_types);
    add_rows(tcase, test_key, keys);
    add_rows(tcase, test_destination, destinations);
    tcase_add_test(tcase, test_all_sip_domain_says_that_it_adds_nothing);
    tcase_add_test(tcase, test_every_field);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
