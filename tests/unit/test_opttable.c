#include "base/cleanup.h"
#include "cli/opttable.h"
#include "support/check_run.h"

#include <ctype.h>

/* The parameters of the cmdlet's page, in its order. */
static const char *const parameters[] = {
    "Clear",
    "List",
    "New",
    "Retrieve",
    "Type",
    "AllSipDomain",
    "CA",
    "CaAccount",
    "CaPassword",
    "City",
    "ClientEKU",
    "ComputerFqdn",
    "Confirm",
    "Country",
    "DomainName",
    "Force",
    "FriendlyName",
    "GlobalCatalog",
    "GlobalSettingsDomainController",
    "KeyAlg",
    "KeySize",
    "Organization",
    "OU",
    "Output",
    "PrivateKeyExportable",
    "Report",
    "RequestId",
    "State",
    "Template",
    "WhatIf",
};

START_TEST(test_thirty)
{
    size_t count = 0;

    ck_assert_uint_eq(ROWS(parameters), 30);
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        count += (cs_opt_info((enum cs_opt)i)->cmdlets & CS_C_REQUEST) != 0;
    }
    ck_assert_uint_eq(count, 30);
    for (size_t i = 0; i < ROWS(parameters); i++) {
        cs_auto_value(cs_strv) candidates = {0};
        enum cs_opt option = CS_OPT_COUNT;
        ck_assert_int_eq(cs_opt_find(parameters[i], strlen(parameters[i]), CS_DIALECT_CMDLET, 0,
                                     &option, &candidates),
                         CS_OPT_FOUND);
        ck_assert_str_eq(cs_opt_info(option)->name, parameters[i]);
        ck_assert(cs_opt_info(option)->cmdlets & CS_C_REQUEST);
    }
}
END_TEST

/* Parameters of the siblings as their pages have them (Skype for Business Server 2019). */
static const struct {
    enum cs_dialect dialect;
    enum cs_verb verb;
    const char *parameters[16];
} cmdlets[] = {
    {CS_DIALECT_GET, CS_VERB_GET, {"Type", "NetportId", "Report", "Identity"}},
    {CS_DIALECT_IMPORT,
     CS_VERB_IMPORT,
     {"Identity", "Path", "Type", "Confirm", "EffectiveDate", "Force", "Password", "Report", "Roll",
      "WhatIf", "PrivateKeyExportable"}},
    {CS_DIALECT_SET,
     CS_VERB_SET,
     {"NetportId", "Reference", "Thumbprint", "Type", "Force", "Report", "WhatIf", "Confirm",
      "Identity", "EffectiveDate", "Roll", "Path", "Password"}},
    {CS_DIALECT_REMOVE,
     CS_VERB_REMOVE,
     {"Type", "NetportId", "Force", "Report", "WhatIf", "Confirm", "Identity", "Previous"}},
};

START_TEST(test_sibling_parameters)
{
    const enum cs_dialect dialect = cmdlets[_i].dialect;
    size_t count = 0;
    size_t shown = 0;

    ck_assert_int_eq(cs_dialect_verb(dialect), cmdlets[_i].verb);
    ck_assert_int_eq(cs_verb_dialect(cmdlets[_i].verb), dialect);
    for (; cmdlets[_i].parameters[count]; count++) {
        const char *name = cmdlets[_i].parameters[count];
        cs_auto_value(cs_strv) candidates = {0};
        enum cs_opt option = CS_OPT_COUNT;
        ck_assert_int_eq(cs_opt_find(name, strlen(name), dialect, 0, &option, &candidates),
                         CS_OPT_FOUND);
        cs_autofree char *display = cs_opt_display(option, dialect);
        ck_assert_str_eq(display + 1, name);
        ck_assert(cs_opt_info(option)->verbs & 1U << cmdlets[_i].verb);
    }
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        cs_autofree char *display = cs_opt_display((enum cs_opt)i, dialect);
        shown += strncmp(display, "--", 2) != 0;
    }
    ck_assert_uint_eq(shown, count);
}
END_TEST

/* A cmdlet's own parameters go first: what is short enough for it is enough. */
static const struct {
    enum cs_dialect dialect;
    const char *prefix;
    enum cs_opt option; /* CS_OPT_COUNT: ambiguous */
} prefixes[] = {
    {CS_DIALECT_GET, "T", CS_OPT_TYPE},
    {CS_DIALECT_SET, "T", CS_OPT_COUNT}, /* Type, Thumbprint */
    {CS_DIALECT_SET, "Th", CS_OPT_THUMBPRINT},
    {CS_DIALECT_REMOVE, "P", CS_OPT_PREVIOUS},
    {CS_DIALECT_IMPORT, "P", CS_OPT_COUNT},
    {CS_DIALECT_IMPORT, "Pr", CS_OPT_PRIVATE_KEY_EXPORTABLE},
    {CS_DIALECT_IMPORT, "Ro", CS_OPT_ROLL},
    {CS_DIALECT_SET, "Ef", CS_OPT_EFFECTIVE_DATE},
    {CS_DIALECT_SET, "EffectiveTime", CS_OPT_EFFECTIVE_DATE},
    {CS_DIALECT_CMDLET, "P", CS_OPT_PRIVATE_KEY_EXPORTABLE}, /* as before there were siblings */
    {CS_DIALECT_CMDLET, "Out", CS_OPT_OUTPUT},
};

START_TEST(test_sibling_prefixes)
{
    const char *prefix = prefixes[_i].prefix;
    cs_auto_value(cs_strv) candidates = {0};
    enum cs_opt option = CS_OPT_COUNT;
    enum cs_opt_match match =
        cs_opt_find(prefix, strlen(prefix), prefixes[_i].dialect, 0, &option, &candidates);

    ck_assert_int_eq(option, prefixes[_i].option);
    ck_assert_int_eq(match, prefixes[_i].option == CS_OPT_COUNT ? CS_OPT_AMBIGUOUS : CS_OPT_FOUND);
}
END_TEST

/* The four common parameters work on all four verbs. */
START_TEST(test_common)
{
    const enum cs_opt common[] = {CS_OPT_CONFIRM, CS_OPT_FORCE, CS_OPT_REPORT, CS_OPT_WHAT_IF};

    for (size_t i = 0; i < ROWS(common); i++) {
        ck_assert_uint_eq(cs_opt_info(common[i])->verbs & CS_V_MAIN, CS_V_MAIN);
    }
}
END_TEST

START_TEST(test_rows)
{
    const struct cs_opt_info *info = cs_opt_info((enum cs_opt)_i);
    bool is_switch = info->type == CS_OT_SWITCH || info->type == CS_OT_VERB;

    ck_assert_msg(isupper((unsigned char)*info->name), "%s", info->name);
    ck_assert_uint_ne(info->verbs, 0);
    ck_assert_uint_eq(info->verbs & ~(unsigned)CS_V_ALL, 0);
    ck_assert_msg(is_switch == !*info->placeholder, "%s: placeholder", info->name);
    ck_assert_msg(info->help[strlen(info->help) - 1] == '.', "%s: no sentence", info->name);
    ck_assert_msg(isupper((unsigned char)*info->help), "%s: no sentence", info->name);
    ck_assert_msg((info->type != CS_OT_CHOICE) || *info->choices, "%s: no choices", info->name);
    ck_assert_msg((info->type != CS_OT_VERB) || cs_opt_verb((enum cs_opt)_i) != CS_VERB_COUNT,
                  "%s: no verb", info->name);
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        const struct cs_opt_info *other = cs_opt_info((enum cs_opt)i);
        ck_assert_msg((int)i == _i || !cs_ascii_iequal(info->name, other->name), "%s twice",
                      info->name);
        ck_assert_msg(!*info->aliases || !cs_ascii_iequal(info->aliases, other->name),
                      "the alias %s is a name", info->aliases);
    }
}
END_TEST

START_TEST(test_verb_rows)
{
    const struct cs_verb_info *info = cs_verb_info((enum cs_verb)_i);

    ck_assert_msg(info->help[strlen(info->help) - 1] == '.', "%s: no sentence", info->name);
    ck_assert_int_eq(cs_verb_find(info->group, info->name), _i);
    ck_assert_int_eq(info->option == CS_OPT_COUNT, !*info->operand);
    if (info->option != CS_OPT_COUNT) {
        ck_assert(cs_opt_info(info->option)->verbs & 1U << _i);
    }
}
END_TEST

static const struct {
    enum cs_opt option;
    const char *long_name;
    const char *shown[2]; /* cscert's dialect, the cmdlet's */
} names[] = {
    {CS_OPT_COMPUTER_FQDN, "computer-fqdn", {"--computer-fqdn", "-ComputerFqdn"}},
    {CS_OPT_CA, "ca", {"--ca", "-CA"}},
    {CS_OPT_OU, "ou", {"--ou", "-OU"}},
    {CS_OPT_CLIENT_EKU, "client-eku", {"--client-eku", "-ClientEKU"}},
    {CS_OPT_ALL_SIP_DOMAIN, "all-sip-domain", {"--all-sip-domain", "-AllSipDomain"}},
    {CS_OPT_GLOBAL_SETTINGS_DC,
     "global-settings-domain-controller",
     {"--global-settings-domain-controller", "-GlobalSettingsDomainController"}},
    {CS_OPT_CA_PASSWORD_SOURCE,
     "ca-password-source",
     {"--ca-password-source", "--ca-password-source"}},
    {CS_OPT_JSON, "json", {"--json", "--json"}},
};

START_TEST(test_names)
{
    cs_autofree char *long_name = cs_opt_long_name(names[_i].option);

    ck_assert_str_eq(long_name, names[_i].long_name);
    for (int dialect = 0; dialect < 2; dialect++) {
        cs_autofree char *shown = cs_opt_display(names[_i].option, (enum cs_dialect)dialect);
        ck_assert_str_eq(shown, names[_i].shown[dialect]);
    }
}
END_TEST

START_TEST(test_too_long)
{
    char name[300];
    cs_auto_value(cs_strv) candidates = {0};
    enum cs_opt option;

    memset(name, 'a', sizeof name);
    for (size_t len = 60; len < sizeof name; len++) {
        ck_assert_int_eq(cs_opt_find(name, len, CS_DIALECT_UNIX, 0, &option, &candidates),
                         CS_OPT_UNKNOWN);
    }
    ck_assert_int_eq(cs_opt_find("---", 3, CS_DIALECT_UNIX, 0, &option, &candidates),
                     CS_OPT_UNKNOWN);
    ck_assert_uint_eq(candidates.count, 0);
}
END_TEST

START_TEST(test_verb_display)
{
    cs_autofree char *own = cs_verb_display(CS_VERB_NEW, CS_DIALECT_UNIX);
    cs_autofree char *cmdlet = cs_verb_display(CS_VERB_NEW, CS_DIALECT_CMDLET);
    cs_autofree char *group = cs_verb_display(CS_VERB_CA_INIT, CS_DIALECT_CMDLET);

    ck_assert_str_eq(own, "new");
    ck_assert_str_eq(cmdlet, "-New");
    ck_assert_str_eq(group, "ca init");
    ck_assert_int_eq(cs_verb_find("", "init"), CS_VERB_COUNT);
    ck_assert_int_eq(cs_verb_find("CA", "INIT"), CS_VERB_CA_INIT);
}
END_TEST

/* Each word before a verb is one that verbs have, and no verb itself. */
START_TEST(test_groups)
{
    const struct cs_group_info *info = cs_group_info((enum cs_group)_i);
    cs_autofree char *verbs = cs_group_verbs((enum cs_group)_i);

    ck_assert_int_eq(cs_group_find(info->name), _i);
    ck_assert_int_eq(cs_verb_find("", info->name), CS_VERB_COUNT);
    ck_assert_msg(info->help[strlen(info->help) - 1] == '.', "%s: no sentence", info->name);
    ck_assert_ptr_nonnull(strstr(verbs, " or "));
    for (unsigned i = 0; i < CS_VERB_COUNT; i++) {
        const struct cs_verb_info *verb = cs_verb_info((enum cs_verb)i);
        ck_assert(!*verb->group || cs_group_find(verb->group) != CS_GROUP_COUNT);
    }
}
END_TEST

START_TEST(test_group_verbs)
{
    cs_autofree char *verbs = cs_group_verbs(CS_GROUP_TOPOLOGY);

    ck_assert_str_eq(verbs, "import, show or check");
    ck_assert_int_eq(cs_group_find("Topology"), CS_GROUP_TOPOLOGY);
    ck_assert_int_eq(cs_group_find("new"), CS_GROUP_COUNT);
    ck_assert(cs_opt_is_list(CS_OPT_DOCUMENT));
    ck_assert(cs_opt_is_list(CS_OPT_TYPE));
    ck_assert(!cs_opt_is_list(CS_OPT_TOPOLOGY));
}
END_TEST

/* Whatever new takes, plan takes: one word is changed to look first. */
START_TEST(test_plan_as_new)
{
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        const struct cs_opt_info *info = cs_opt_info((enum cs_opt)i);
        ck_assert_msg(info->type == CS_OT_VERB ||
                          !(info->verbs & CS_V_NEW) == !(info->verbs & CS_V_PLAN),
                      "%s", info->name);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("opttable");
    TCase *tcase = tcase_create("tables");

    tcase_add_test(tcase, test_thirty);
    add_rows(tcase, test_sibling_parameters, cmdlets);
    add_rows(tcase, test_sibling_prefixes, prefixes);
    tcase_add_test(tcase, test_common);
    tcase_add_loop_test(tcase, test_rows, 0, CS_OPT_COUNT);
    tcase_add_loop_test(tcase, test_verb_rows, 0, CS_VERB_COUNT);
    add_rows(tcase, test_names, names);
    tcase_add_test(tcase, test_too_long);
    tcase_add_test(tcase, test_verb_display);
    tcase_add_loop_test(tcase, test_groups, 0, CS_GROUP_COUNT);
    tcase_add_test(tcase, test_group_verbs);
    tcase_add_test(tcase, test_plan_as_new);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
