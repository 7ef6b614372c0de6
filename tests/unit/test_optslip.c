#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/optslip.h"
#include "support/cmdline.h"

static const struct {
    const char *word;
    const char *quoted;
} quotes[] = {
    {"plain", "plain"},
    {"a.b,c/d:e=f@g%h+i-j_k", "a.b,c/d:e=f@g%h+i-j_k"},
    {"", "''"},
    {"two words", "'two words'"},
    {"C:\\x", "'C:\\x'"},
    {"$true", "'$true'"},
    {"it's", "'it'\\''s'"},
    {"'", "''\\'''"},
    {"*", "'*'"},
    {"~", "'~'"},
    {"a;b", "'a;b'"},
};

/* What is quoted, the shell itself gives back. */
START_TEST(test_quote)
{
    cs_autofree char *quoted = cs_shell_quote(quotes[_i].word);
    ck_assert_str_eq(quoted, quotes[_i].quoted);

    cs_autofree char *command = cs_asprintf("printf %%s %s", quoted);
    FILE *shell = popen(command, "r");
    char back[64] = {0};
    ck_assert_ptr_nonnull(shell);
    size_t len = fread(back, 1, sizeof back - 1, shell);
    ck_assert_int_eq(pclose(shell), 0);
    ck_assert_uint_eq(len, strlen(quotes[_i].word));
    ck_assert_str_eq(back, quotes[_i].word);
}
END_TEST

static const struct {
    const char *word;
    size_t dashes;
    const char *name; /* NULL: no option */
    char separator;
    const char *value;
} words[] = {
    {"-New", 1, "New", 0, NULL},
    {"--new", 2, "new", 0, NULL},
    {"---new", 2, NULL, 0, NULL},
    {"-", 1, NULL, 0, NULL},
    {"--", 2, NULL, 0, NULL},
    {"", 0, NULL, 0, NULL},
    {"new", 0, NULL, 0, NULL},
    {"-5", 1, NULL, 0, NULL},
    {"-?", 1, "?", 0, NULL},
    {"-Output:C:\\x", 1, "Output", ':', "C:\\x"},
    {"--output=a:b", 2, "output", '=', "a:b"},
    {"-Output:a=b", 1, "Output", ':', "a=b"},
    {"-Output:", 1, "Output", ':', ""},
    {"\u2013New", 3, "New", 0, NULL},
    {"\u2014new=1", 3, "new", '=', "1"},
    {"\u2010\u2015new", 6, "new", 0, NULL},
    {"\u2212new", 3, "new", 0, NULL},
    {"\u2016new", 0, NULL, 0, NULL},
    {"\xe2", 0, NULL, 0, NULL},
    {"\xe2\x80", 0, NULL, 0, NULL},
    {"-\u00d8l", 1, NULL, 0, NULL},
};

START_TEST(test_split)
{
    cs_autofree char *word = cs_strdup(words[_i].word);
    struct cs_opt_word parts = {0};

    ck_assert_uint_eq(cs_opt_dashes(word), words[_i].dashes);
    ck_assert_int_eq(cs_opt_word_split(word, &parts), words[_i].name != NULL);
    if (words[_i].name) {
        ck_assert_uint_eq(parts.name_len, strlen(words[_i].name));
        ck_assert(strncmp(parts.name, words[_i].name, parts.name_len) == 0);
        ck_assert_int_eq(parts.separator, words[_i].separator);
        ck_assert_pstr_eq(parts.value, words[_i].value);
    }
}
END_TEST

static const struct {
    const char *line;
    int index;
    enum cs_dialect dialect;
    enum cs_opt option;
    const char *right;
} booleans[] = {
    {"/usr/bin/cscert|new|--client-eku", 2, CS_DIALECT_UNIX, CS_OPT_CLIENT_EKU,
     ": cscert new --client-eku '$true'"},
    {"RC|-ClientEKU|-City|New York|-New", 1, CS_DIALECT_CMDLET, CS_OPT_CLIENT_EKU,
     ": RC -ClientEKU '$true' -City 'New York' -New"},
    {"RC|-Confirm:|-New", 1, CS_DIALECT_CMDLET, CS_OPT_CONFIRM, ": RC -Confirm:'$true' -New"},
    {"RC|-ClientEKU|-CaPassword|geheim", 1, CS_DIALECT_CMDLET, CS_OPT_CLIENT_EKU,
     ": RC -ClientEKU '$true' -CaPassword ..."},
};

START_TEST(test_boolean)
{
    struct cmdline line = cmdline_split(booleans[_i].line);
    const struct cs_cmdline words_ = {line.argc, line.argv, booleans[_i].dialect};
    struct cs_err err = {0};

    assert_fails(cs_slip_boolean(&words_, booleans[_i].option, booleans[_i].index, &err),
                 CS_E_USAGE, &err);
    const char *right = strstr(err.hint, "true: ");
    ck_assert_ptr_nonnull(right);
    ck_assert_str_eq(right + 4, booleans[_i].right);
    cmdline_done(&line);
}
END_TEST

/* A line that does not fit into a hint: the option alone is shown, whole. */
START_TEST(test_long_line)
{
    char long_value[700];
    char program[] = "cscert";
    char option[] = "--client-eku";
    char *argv[] = {program, option, long_value};
    const struct cs_cmdline line = {3, argv, CS_DIALECT_UNIX};
    struct cs_err err = {0};

    memset(long_value, 'a', sizeof long_value - 1);
    long_value[sizeof long_value - 1] = 0;
    assert_fails(cs_slip_boolean(&line, CS_OPT_CLIENT_EKU, 1, &err), CS_E_USAGE, &err);
    assert_contains(err.hint, "true: --client-eku '$true'");
    ck_assert_ptr_null(strstr(err.hint, "aaa"));
}
END_TEST

START_TEST(test_wipe)
{
    struct cmdline line = cmdline_split("cscert|new|--city|Oslo|--ca-pass|a|-CaPassword:b|"
                                        "--token|pkcs11:?pin-value=c");
    const struct cs_cmdline words_ = {line.argc, line.argv, CS_DIALECT_UNIX};

    cs_cmdline_wipe(&words_);
    ck_assert_str_eq(line.argv[3], "Oslo");
    ck_assert_str_eq(line.argv[5], ""); /* too short to be sure, near enough to be careful */
    ck_assert_str_eq(line.argv[6], "");
    ck_assert_str_eq(line.argv[8], "");
    cmdline_done(&line);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optslip");
    TCase *tcase = tcase_create("slips");

    add_rows(tcase, test_quote, quotes);
    add_rows(tcase, test_split, words);
    add_rows(tcase, test_boolean, booleans);
    tcase_add_test(tcase, test_long_line);
    tcase_add_test(tcase, test_wipe);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
