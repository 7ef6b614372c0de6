#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/help.h"
#include "support/cmdline.h"

/* Lines are at most 90 columns. */
static void assert_narrow(const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        ck_assert_msg(len <= 90, "a line of %zu columns: %.*s", len, (int)len, text);
        text += len + (text[len] == '\n');
    }
}

START_TEST(test_program)
{
    for (int dialect = 0; dialect < 2; dialect++) {
        cs_autofree char *text = cs_help_text(CS_VERB_COUNT, (enum cs_dialect)dialect);
        assert_narrow(text);
        for (unsigned i = 0; i < CS_VERB_COUNT; i++) {
            cs_autofree char *verb = cs_verb_display((enum cs_verb)i, (enum cs_dialect)dialect);
            cs_autofree char *line = cs_asprintf("\n  %s ", verb);
            assert_contains(text, line);
        }
        assert_contains(text, "--json");
    }
}
END_TEST

/* Each verb shows the options that it takes, and no other. */
START_TEST(test_verb)
{
    enum cs_verb verb = (enum cs_verb)_i;

    for (int dialect = 0; dialect < 2; dialect++) {
        cs_autofree char *text = cs_help_text(verb, (enum cs_dialect)dialect);
        assert_narrow(text);
        for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
            const struct cs_opt_info *info = cs_opt_info((enum cs_opt)i);
            cs_autofree char *option = cs_help_option((enum cs_opt)i, (enum cs_dialect)dialect);
            cs_autofree char *line = cs_asprintf("\n  %s", option);
            cs_autofree char *alone = cs_asprintf("%s%s", line, *info->placeholder ? "" : " ");
            bool takes = info->type != CS_OT_VERB && (info->verbs & 1U << verb);
            ck_assert_msg((strstr(text, alone) != NULL) == takes, "%s", info->name);
        }
    }
}
END_TEST

static const struct {
    enum cs_verb verb;
    enum cs_dialect dialect;
    const char *text;
} parts[] = {
    {CS_VERB_NEW, CS_DIALECT_UNIX, "usage: cscert new [OPTION...]\n"},
    {CS_VERB_NEW, CS_DIALECT_CMDLET, "usage: Request-CsCertificate -New [OPTION...]\n"},
    {CS_VERB_NEW, CS_DIALECT_UNIX, "\n  --key-alg ALGORITHM "},
    {CS_VERB_NEW, CS_DIALECT_CMDLET, "\n  -KeyAlg ALGORITHM "},
    {CS_VERB_NEW, CS_DIALECT_CMDLET, "\n  --token URI "},
    {CS_VERB_NEW, CS_DIALECT_UNIX, " ECDH_P521."},
    {CS_VERB_CA_INIT, CS_DIALECT_UNIX, "usage: cscert ca init NAME [OPTION...]\n"},
    {CS_VERB_PLAN, CS_DIALECT_UNIX, "usage: cscert plan [OPTION...]\n"},
    {CS_VERB_TOPOLOGY_IMPORT, CS_DIALECT_UNIX,
     "usage: cscert topology import FILE... [OPTION...]\n"},
    {CS_VERB_TOPOLOGY_SHOW, CS_DIALECT_CMDLET, "usage: cscert topology show [OPTION...]\n"},
    {CS_VERB_CA_INIT, CS_DIALECT_CMDLET, "usage: cscert ca init NAME [OPTION...]\n"},
    {CS_VERB_GET, CS_DIALECT_UNIX, "usage: cscert get [IDENTITY] [OPTION...]\n"},
    {CS_VERB_GET, CS_DIALECT_GET, "usage: Get-CsCertificate [IDENTITY] [OPTION...]\n"},
    {CS_VERB_IMPORT, CS_DIALECT_IMPORT, "usage: Import-CsCertificate FILE [OPTION...]\n"},
    {CS_VERB_SET, CS_DIALECT_SET, "\n  -Thumbprint THUMBPRINT "},
    {CS_VERB_SET, CS_DIALECT_SET, "\n  --import-key "},
    {CS_VERB_SET, CS_DIALECT_CMDLET, "usage: cscert set [THUMBPRINT] [OPTION...]\n"},
};

START_TEST(test_part)
{
    cs_autofree char *text = cs_help_text(parts[_i].verb, parts[_i].dialect);

    ck_assert_msg(strstr(text, parts[_i].text) != NULL, "no \"%s\"", parts[_i].text);
}
END_TEST

START_TEST(test_version)
{
    cs_autofree char *text = cs_help_version();

    ck_assert_str_eq(text, "cscert " CS_VERSION "\n");
}
END_TEST

static const struct {
    const char *line;
    bool wanted;
} asked[] = {
    {"cscert|--help", true},
    {"cscert|help|new", true},
    {"cscert|new|-?", true},
    {"cscert|version", true},
    {"cscert|--version", true},
    {"cscert|list", false},
    {"cscert|list|--help:false", false},
};

START_TEST(test_wanted)
{
    cs_auto(cs_options) options = NULL;
    struct cs_err err = {0};

    assert_ok(cmdline_parse(asked[_i].line, &options, &err), &err);
    ck_assert_int_eq(cs_help_wanted(options), asked[_i].wanted);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("help");
    TCase *tcase = tcase_create("help");

    tcase_add_test(tcase, test_program);
    tcase_add_loop_test(tcase, test_verb, 0, CS_VERB_COUNT);
    add_rows(tcase, test_part, parts);
    tcase_add_test(tcase, test_version);
    add_rows(tcase, test_wanted, asked);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
