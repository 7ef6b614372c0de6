#include "cli/libexec.h"

#include "base/cleanup.h"
#include "support/check_run.h"

#include <unistd.h>

/* The build's folder is that of this build, the other paths are made up; GNUInstallDirs puts
 * programs into bin and libexec. */
static const struct {
    const char *executable;
    const char *path;
} places[] = {
    {CS_BUILD_FOLDER "/cscert", CS_BUILD_FOLDER "/cscert-read"},
    {CS_BUILD_FOLDER "/cscert (deleted)", CS_BUILD_FOLDER "/cscert-read"},
    {"/usr/bin/cscert", "/usr/bin/../libexec/cscert/cscert-read"},
    {"/opt/cs cert/bin/cscert", "/opt/cs cert/bin/../libexec/cscert/cscert-read"},
    {"/usr/bin/cscert (deleted)", "/usr/bin/../libexec/cscert/cscert-read"},
    {CS_BUILD_FOLDER "x/cscert", CS_BUILD_FOLDER "x/../libexec/cscert/cscert-read"},
    {CS_BUILD_FOLDER "/x/cscert", CS_BUILD_FOLDER "/x/../libexec/cscert/cscert-read"},
};

START_TEST(test_place)
{
    cs_autofree char *path = cs_libexec_path_of(places[_i].executable, "cscert-read");

    ck_assert_str_eq(path, places[_i].path);
}
END_TEST

/* This test's own place counts, and nothing that can be set. */
START_TEST(test_own)
{
    char before[4096];
    char expected[4096] = "";

    ck_assert_int_gt(readlink("/proc/self/exe", expected, sizeof expected - 64), 0);
    strcpy(strrchr(expected, '/'), "/../libexec/cscert/cscert-ca");
    strcpy(before, cs_libexec_path("cscert-ca"));
    ck_assert_str_eq(before, expected);

    setenv("PATH", "/tmp", 1);
    setenv("PWD", "/tmp", 1);
    setenv("CSCERT_LIBEXEC", "/tmp", 1);
    ck_assert_int_eq(chdir("/tmp"), 0);
    ck_assert_str_eq(cs_libexec_path("cscert-ca"), before);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("libexec");
    TCase *tcase = tcase_create("libexec");

    add_rows(tcase, test_place, places);
    tcase_add_test(tcase, test_own);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
