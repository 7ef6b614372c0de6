#include "base/file.h"
#include "base/mem.h"
#include "support/check_run.h"
#include "support/scratch.h"
#include "unit/file_things.h"

/* ---- reading ---- */

/* Sizes of a file, read with a limit. */
static const struct {
    size_t size;
    size_t max;
    bool good;
} sizes[] = {{0, 0, true},           {0, 10, true},        {1, 0, false},
             {10, 10, true},         {11, 10, false},      {16384, 16384, true},
             {16385, 16384, false},  {16385, 16385, true}, {100000, 100000, true},
             {100001, 100000, false}};

START_TEST(test_read_limit)
{
    cs_autofree char *text = cs_alloc(sizes[_i].size + 1, 1);
    cs_auto_value(cs_bytes) bytes = {0};
    struct cs_err err = {0};

    memset(text, 'r', sizes[_i].size);
    scratch_put("f", text, sizes[_i].size, 0600);
    if (!sizes[_i].good) {
        assert_fails(cs_file_read("f", sizes[_i].max, &bytes, &err), CS_E_INPUT, &err);
        assert_contains(err.message, "f is larger than");
        ck_assert_ptr_null(bytes.data);
        return;
    }
    assert_ok(cs_file_read("f", sizes[_i].max, &bytes, &err), &err);
    ck_assert_uint_eq(bytes.len, sizes[_i].size);
    ck_assert_str_eq((const char *)bytes.data, text);
}
END_TEST

static const struct {
    enum thing thing;
    bool readable;
} read_things[] = {{NOTHING, false},   {FIFO, false},      {DEVICE, false},
                   {FOLDER, false},    {DANGLING, false},  {TO_FILE, true},
                   {TO_DEVICE, false}, {TO_FOLDER, false}, {BELOW_FILE, false}};

START_TEST(test_read_thing)
{
    struct cs_err err = {0};

    alarm(20); /* a FIFO has no writer */
    scratch_put("f", "text", 4, 0600);
    make_thing(read_things[_i].thing);
    cs_rc expected = read_things[_i].readable ? CS_OK : CS_E_INPUT;
    for (int trusted = 0; trusted <= 1; trusted++) {
        cs_auto_value(cs_bytes) bytes = {0};
        cs_rc rc = trusted ? cs_file_read_trusted("thing", 100, &bytes, &err)
                           : cs_file_read("thing", 100, &bytes, &err);
        ck_assert_int_eq(rc, expected);
        if (rc != CS_OK) {
            assert_contains(err.message, "thing");
        }
    }
    cs_rc rc = cs_file_check_trusted("thing", &err);
    ck_assert_int_eq(rc, expected);
}
END_TEST

static const struct {
    mode_t mode;
    bool trusted;
} modes[] = {{0600, true},  {0644, true},  {0444, true},  {0755, true},
             {0664, false}, {0660, false}, {0620, false}, {0646, false},
             {0602, false}, {0666, false}, {0777, false}};

START_TEST(test_trusted_mode)
{
    cs_auto_value(cs_bytes) bytes = {0};
    struct cs_err err = {0};

    scratch_put("f", "text", 4, modes[_i].mode);
    if (modes[_i].trusted) {
        assert_ok(cs_file_check_trusted("f", &err), &err);
        assert_ok(cs_file_read_trusted("f", 100, &bytes, &err), &err);
        ck_assert_str_eq((const char *)bytes.data, "text");
        return;
    }
    assert_fails(cs_file_check_trusted("f", &err), CS_E_CONFIG, &err);
    assert_fails(cs_file_read_trusted("f", 100, &bytes, &err), CS_E_CONFIG, &err);
    assert_contains(err.hint, "chmod go-w 'f'");
    ck_assert_ptr_null(bytes.data);
    /* Others may read what is no secret. */
    assert_ok(cs_file_read("f", 100, &bytes, &err), &err);
}
END_TEST

/* What others may read is no secret any more. */
static const struct {
    mode_t mode;
    const char *hint; /* NULL: good */
} private_modes[] = {
    {0600, NULL},         {0400, NULL},         {0700, NULL},         {0640, "chmod 600"},
    {0604, "chmod 600"},  {0644, "chmod 600"},  {0610, "chmod 600"},  {0601, "chmod 600"},
    {0620, "chmod go-w"}, {0602, "chmod go-w"}, {0666, "chmod go-w"},
};

START_TEST(test_private_mode)
{
    struct cs_err err = {0};

    scratch_put("f", "text", 4, private_modes[_i].mode);
    if (!private_modes[_i].hint) {
        assert_ok(cs_file_check_private("f", &err), &err);
        return;
    }
    assert_fails(cs_file_check_private("f", &err), CS_E_CONFIG, &err);
    assert_contains(err.hint, private_modes[_i].hint);
}
END_TEST

/* Only root can make a file of somebody else; for all others root's files are the foreign ones that
 * are trusted. */
START_TEST(test_trusted_owner)
{
    struct cs_err err = {0};

    if (geteuid() != 0) {
        assert_ok(cs_file_check_trusted("/etc/passwd", &err), &err);
        return;
    }
    scratch_put("f", "text", 4, 0644);
    ck_assert_int_eq(chown("f", 65534, 65534), 0);
    assert_fails(cs_file_check_trusted("f", &err), CS_E_CONFIG, &err);
    assert_contains(err.message, "owner 65534");
    ck_assert_int_eq(chmod("f", 0600), 0);
    assert_fails(cs_file_check_private("f", &err), CS_E_CONFIG, &err);
    assert_contains(err.message, "owner 65534");
    ck_assert_int_eq(symlink("f", "link"), 0); /* the link is root's, the file is not */
    assert_fails(cs_file_check_trusted("link", &err), CS_E_CONFIG, &err);
}
END_TEST

/* ---- folders ---- */

static const struct {
    const char *path;
    bool good;
} folders[] = {{"a", true},          {"a/b/c", true},     {"sub", true},         {"sub/new", true},
               {"a//b/", true},      {".", true},         {"/", true},           {"./a/../b", true},
               {"link/x", true},     {"", false},         {"f", false},          {"f/x", false},
               {"f/", false},        {"dangling", false}, {"dangling/x", false}, {"/proc/a", false},
               {NAME_255 "f", false}};

START_TEST(test_make_folder)
{
    struct cs_err err = {0};
    struct stat info;
    const char *path = folders[_i].path;

    scratch_put("f", "text", 4, 0600);
    ck_assert_int_eq(mkdir("sub", 0755), 0);
    ck_assert_int_eq(symlink("sub", "link"), 0);
    ck_assert_int_eq(symlink("nowhere", "dangling"), 0);
    umask(0);
    if (!folders[_i].good) {
        assert_fails(cs_file_make_folder(path, &err), CS_E_OUTPUT, &err);
        assert_contains(err.hint, "folder");
        ck_assert_int_eq(scratch_entries("."), 4);
        return;
    }
    assert_ok(cs_file_make_folder(path, &err), &err);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert(S_ISDIR(info.st_mode));
    assert_ok(cs_file_make_folder(path, &err), &err); /* that it is there is no error */
}
END_TEST

START_TEST(test_make_folder_mode)
{
    struct cs_err err = {0};

    umask(0);
    ck_assert_int_eq(mkdir("there", 0755), 0);
    assert_ok(cs_file_make_folder("there/a/b", &err), &err);
    ck_assert_uint_eq(mode_of("there"), 0755);
    ck_assert_uint_eq(mode_of("there/a"), 0700);
    ck_assert_uint_eq(mode_of("there/a/b"), 0700);
}
END_TEST

static TCase *reading(void)
{
    TCase *tcase = tcase_create("read");

    tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
    add_rows(tcase, test_read_limit, sizes);
    add_rows(tcase, test_read_thing, read_things);
    add_rows(tcase, test_trusted_mode, modes);
    add_rows(tcase, test_private_mode, private_modes);
    tcase_add_test(tcase, test_trusted_owner);
    return tcase;
}

static TCase *making(void)
{
    TCase *tcase = tcase_create("folders");

    tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
    add_rows(tcase, test_make_folder, folders);
    tcase_add_test(tcase, test_make_folder_mode);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("file");

    suite_add_tcase(suite, reading());
    suite_add_tcase(suite, making());
    return check_run(suite);
}
