#include "cli/like.h"
#include "support/check_run.h"
#include "support/judge.h"

#include <stdlib.h>

static char *folder;

static void setup(void)
{
    folder = cs_judge_folder();
}

static void teardown(void)
{
    cs_judge_remove(folder);
    free(folder);
}

#define NEW "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem "

/* What openssl makes, and the names that are to be found in it. */
static const struct {
    const char *command;
    const char *names;
} good[] = {
    {NEW "-subj /CN=Pool1.LitwareInc.net -addext "
         "subjectAltName=DNS:pool1.litwareinc.net,DNS:sip.litwareinc.com -out cert",
     "pool1.litwareinc.net|sip.litwareinc.com"},
    {NEW "-subj /CN=sip.litwareinc.com -outform DER -out cert", "sip.litwareinc.com"},
    {NEW "-subj '/CN=Litware Edge' -addext subjectAltName=DNS:a.litwareinc.com,DNS:*.b.test,"
         "IP:10.0.0.1,email:x@litwareinc.com -out cert",
     "a.litwareinc.com|*.b.test|IP Address:10.0.0.1|email:x@litwareinc.com"},
    {NEW "-subj /O=Litware -addext subjectAltName=DNS:a.litwareinc.com,DNS:A.litwareinc.com "
         "-out cert",
     "a.litwareinc.com"},
    {NEW "-subj /O=Litware -out cert", ""},
};

START_TEST(test_names)
{
    cs_auto_value(cs_bytes) made = cs_judge_make(folder, "cert", "%s", good[_i].command);
    cs_autofree char *path = cs_judge_write(folder, "like", made.data, made.len);
    cs_auto_value(cs_strv) names = {0};
    struct cs_err err = {0};

    assert_ok(cs_like_names(path, &names, &err), &err);
    cs_autofree char *joined = cs_strv_join(&names, "|");
    ck_assert_str_eq(joined, good[_i].names);
}
END_TEST

static const char *const bad[] = {"", "no certificate\n", "-----BEGIN CERTIFICATE-----\nAAAA\n"};

START_TEST(test_bad)
{
    cs_autofree char *path = cs_judge_write(folder, "like", bad[_i], strlen(bad[_i]));
    cs_auto_value(cs_strv) names = {0};
    struct cs_err err = {0};

    assert_fails(cs_like_names(path, &names, &err), CS_E_INPUT, &err);
    assert_contains(err.message, path);
    assert_contains(err.hint, "PEM, DER or PKCS#7");
}
END_TEST

START_TEST(test_no_file)
{
    cs_auto_value(cs_strv) names = {0};
    struct cs_err err = {0};

    assert_fails(cs_like_names("/nowhere/cert", &names, &err), CS_E_INPUT, &err);
    assert_contains(err.message, "/nowhere/cert");
    assert_fails(cs_like_names(folder, &names, &err), CS_E_INPUT, &err);
    assert_contains(err.message, "not a regular file");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("like");
    TCase *tcase = tcase_create("like");

    tcase_add_checked_fixture(tcase, setup, teardown);
    add_rows(tcase, test_names, good);
    add_rows(tcase, test_bad, bad);
    tcase_add_test(tcase, test_no_file);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
