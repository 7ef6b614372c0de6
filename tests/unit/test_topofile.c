#include "base/mem.h"
#include "cli/topofile.h"
#include "support/check_run.h"
#include "support/scratch.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static int seals(int fd)
{
    return fcntl(fd, F_GET_SEALS);
}

/* FIPS 180-4's digest of "abc", the octets, and no way to change them. */
START_TEST(test_copy)
{
    cs_auto_value(cs_topofiles) files = {0};
    struct cs_err err = {0};
    char text[8] = "";

    write_file("abc", "abc");
    write_file("other", "");
    assert_ok(cs_topofiles_add(&files, "abc", &err), &err);
    write_file("abc", "changed since");
    ck_assert_uint_eq(files.count, 1);
    ck_assert_uint_eq(files.items[0].size, 3);
    ck_assert_str_eq(files.items[0].name, "abc");
    ck_assert_str_eq(files.sha256[0],
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert_int_eq(read(files.items[0].fd, text, sizeof text), 3);
    ck_assert_str_eq(text, "abc");
    ck_assert_int_eq(write(files.items[0].fd, "x", 1), -1);
    ck_assert_int_eq(ftruncate(files.items[0].fd, 0), -1);
    ck_assert_int_eq(seals(files.items[0].fd),
                     F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
    ck_assert_int_ne(fcntl(files.items[0].fd, F_GETFD) & FD_CLOEXEC, 0);
}
END_TEST

START_TEST(test_several)
{
    cs_auto_value(cs_topofiles) files = {0};
    struct cs_err err = {0};

    write_file("abc", "abc");
    for (int i = 0; i < CS_READER_DOCUMENTS_MAX; i++) {
        assert_ok(cs_topofiles_add(&files, "abc", &err), &err);
    }
    cs_autofree char *sha256 = cs_topofiles_sha256(&files);
    ck_assert_uint_eq(strlen(sha256), CS_READER_DOCUMENTS_MAX * 65 - 1);
    ck_assert_int_eq(sha256[64], ',');
    assert_fails(cs_topofiles_add(&files, "abc", &err), CS_E_INPUT, &err);
    assert_contains(err.message, "16");
    ck_assert_uint_eq(files.count, CS_READER_DOCUMENTS_MAX);
}
END_TEST

static void make_large(const char *name, off_t size)
{
    cs_autoclose int fd = open(name, O_WRONLY | O_CREAT, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, size), 0);
}

static const struct {
    const char *name;
    const char *message;
} bad[] = {
    {"nowhere", "nowhere cannot be read"},
    {"folder", "folder is not a regular file"},
    {"fifo", "fifo is not a regular file"}, /* and does not wait for its writer */
    {"/dev/zero", "/dev/zero is not a regular file"},
    {"empty", "empty is empty"},
    {"large", "large is larger than the 64 MiB"},
};

START_TEST(test_bad)
{
    cs_auto_value(cs_topofiles) files = {0};
    struct cs_err err = {0};

    ck_assert_int_eq(mkdir("folder", 0700), 0);
    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    write_file("empty", "");
    make_large("large", (off_t)200 << 20);
    assert_fails(cs_topofiles_add(&files, bad[_i].name, &err), CS_E_INPUT, &err);
    assert_contains(err.message, bad[_i].message);
    ck_assert_msg(*err.hint, "no remedy for: %s", err.message);
    ck_assert_uint_eq(files.count, 0);
}
END_TEST

/* Exactly the limit is allowed. */
START_TEST(test_limit)
{
    cs_auto_value(cs_topofiles) files = {0};
    struct cs_err err = {0};

    make_large("limit", CS_READER_DOCUMENT_MAX);
    make_large("beyond", (off_t)CS_READER_DOCUMENT_MAX + 1);
    assert_ok(cs_topofiles_add(&files, "limit", &err), &err);
    ck_assert_uint_eq(files.items[0].size, CS_READER_DOCUMENT_MAX);
    assert_fails(cs_topofiles_add(&files, "beyond", &err), CS_E_INPUT, &err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("topofile");
    TCase *tcase = tcase_create("files");

    tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
    tcase_add_test(tcase, test_copy);
    tcase_add_test(tcase, test_several);
    add_rows(tcase, test_bad, bad);
    tcase_add_test(tcase, test_limit);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
