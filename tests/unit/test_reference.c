/* -Reference: one certificate's thumbprint out of JSON. */
#include "base/mem.h"
#include "cli/reference.h"
#include "support/check_run.h"
#include "support/judge.h"

#include <fcntl.h>
#include <unistd.h>

#define A "\"Thumbprint\":\"B142918E463981A76503828BB1278391B7162809\""
#define B "\"Thumbprint\":\"0042918E463981A76503828BB1278391B7162809\""

static const struct {
    const char *json;
    const char *wrong; /* NULL: it is A */
} texts[] = {
    {"[{" A "}]", NULL},
    {"{" A ",\"Other\":[1,2]}", NULL},
    {"[{\"Thumbprint\":null},{" A "}]", NULL}, /* a request that waits is none */
    {"[{" A "},{\"Thumbprint\":\"b142918e463981a76503828bb1278391b7162809\"}]", NULL},
    {"[{" A "},{" B "}]", "several"},
    {"[]", "no certificate"},
    {"{}", "no certificate"},
    {"[{\"Thumbprint\":5}]", "no certificate"},
    {"[[{" A "}]]", "no certificate"},
    {"[{" A "," A "}]", "no JSON"}, /* a member twice */
    {"[{" A "}", "no JSON"},
    {"", "no JSON"},
    {"B142918E463981A76503828BB1278391B7162809", "no JSON"},
};

START_TEST(thumbprint_is_found)
{
    const struct cs_bytes json = {(uint8_t *)(uintptr_t)texts[_i].json, strlen(texts[_i].json)};
    cs_autofree char *thumbprint = NULL;
    struct cs_err err = {0};

    if (texts[_i].wrong) {
        assert_fails(cs_reference_thumbprint(&json, "-", &thumbprint, &err), CS_E_INPUT, &err);
        assert_contains(err.message, texts[_i].wrong);
        ck_assert_ptr_null(thumbprint);
        return;
    }
    assert_ok(cs_reference_thumbprint(&json, "-", &thumbprint, &err), &err);
    ck_assert_str_eq(thumbprint, "B142918E463981A76503828BB1278391B7162809");
}
END_TEST

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

/* From a file and from standard input, up to the limit and not beyond. */
START_TEST(text_is_read_within_its_limit)
{
    const size_t sizes[] = {3, CS_REFERENCE_MAX, CS_REFERENCE_MAX + 1};
    cs_autofree char *octets = cs_alloc(CS_REFERENCE_MAX + 1, 1);

    for (size_t i = 0; i < CS_REFERENCE_MAX + 1; i++) {
        octets[i] = 'x';
    }
    for (size_t i = 0; i < ROWS(sizes); i++) {
        cs_autofree char *path = cs_judge_write(folder, "text", octets, sizes[i]);
        cs_auto_value(cs_bytes) of_file = {0};
        cs_auto_value(cs_bytes) of_input = {0};
        struct cs_err err = {0};
        const cs_rc wanted = sizes[i] > CS_REFERENCE_MAX ? CS_E_INPUT : CS_OK;
        int fd = open(path, O_RDONLY);
        ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
        close(fd);
        ck_assert_int_eq(cs_reference_read("-", &of_input, &err), wanted);
        ck_assert_int_eq(cs_reference_read(path, &of_file, &err), wanted);
        if (wanted == CS_OK) {
            ck_assert_uint_eq(of_file.len, sizes[i]);
            ck_assert(cs_bytes_equal(&of_file, &of_input));
        }
    }
}
END_TEST

START_TEST(no_file_is_an_error)
{
    cs_auto_value(cs_bytes) json = {0};
    struct cs_err err = {0};

    assert_fails(cs_reference_read("/nowhere/at/all", &json, &err), CS_E_INPUT, &err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reference");
    TCase *tcase = tcase_create("reference");

    tcase_add_checked_fixture(tcase, setup, teardown);
    add_rows(tcase, thumbprint_is_found, texts);
    tcase_add_test(tcase, text_is_read_within_its_limit);
    tcase_add_test(tcase, no_file_is_an_error);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
