#include "base/bytes.h"
#include "support/check_run.h"
#include "support/no_memory.h"

#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(test_copy_steal_equal)
{
    cs_auto_value(cs_bytes) a = cs_bytes_copy("ab\0c", 4);
    cs_auto_value(cs_bytes) none = cs_bytes_copy(NULL, 0);

    ck_assert_uint_eq(a.len, 4);
    ck_assert_mem_eq(a.data, "ab\0c\0", 5);
    ck_assert_ptr_nonnull(none.data);
    ck_assert_uint_eq(none.data[0], 0);

    struct cs_bytes zero = {0};
    ck_assert(cs_bytes_equal(&none, &zero));
    ck_assert(!cs_bytes_equal(&a, &zero));

    cs_auto_value(cs_bytes) b = cs_bytes_steal(&a);
    ck_assert_ptr_null(a.data);
    ck_assert_uint_eq(a.len, 0);
    cs_auto_value(cs_bytes) same = cs_bytes_copy("ab\0c", 4);
    cs_auto_value(cs_bytes) other = cs_bytes_copy("ab\0d", 4);
    cs_auto_value(cs_bytes) shorter = cs_bytes_copy("ab\0", 3);
    ck_assert(cs_bytes_equal(&b, &same));
    ck_assert(!cs_bytes_equal(&b, &other));
    ck_assert(!cs_bytes_equal(&b, &shorter));
}
END_TEST

/* Text that is hexadecimal; octets NULL: refused. */
static const struct {
    const char *text;
    const char *octets;
    size_t len;
} hex[] = {
    {"", "", 0},       {"00", "\0", 1},   {"0aff", "\x0a\xff", 2}, {"DeAd", "\xde\xad", 2},
    {"0", NULL, 0},    {"abc", NULL, 0},  {"0g", NULL, 0},         {"g0", NULL, 0},
    {" 00 ", NULL, 0}, {"0x00", NULL, 0}, {"\xc3\xbc", NULL, 0},   {"/0", NULL, 0},
    {":0", NULL, 0},   {"@0", NULL, 0},   {"`0", NULL, 0},         {"00\n", NULL, 0},
    {"-1", NULL, 0},
};

START_TEST(test_unhex)
{
    cs_auto_value(cs_bytes) bytes = {0};
    struct cs_err err = {0};

    if (!hex[_i].octets) {
        assert_fails(cs_unhex(hex[_i].text, &bytes, &err), CS_E_INPUT, &err);
        ck_assert_ptr_null(bytes.data);
        return;
    }
    assert_ok(cs_unhex(hex[_i].text, &bytes, &err), &err);
    ck_assert_uint_eq(bytes.len, hex[_i].len);
    ck_assert_mem_eq(bytes.data, hex[_i].octets, hex[_i].len);
}
END_TEST

START_TEST(test_hex)
{
    const uint8_t octets[] = {0x00, 0x0f, 0xf0, 0xab, 0xff};
    cs_autofree char *text = cs_hex(octets, sizeof octets);
    cs_autofree char *empty = cs_hex(octets, 0);

    ck_assert_str_eq(text, "000ff0abff");
    ck_assert_str_eq(empty, "");
}
END_TEST

START_TEST(test_buf_appends)
{
    cs_auto_value(cs_buf) buf = CS_BUF(100000);
    cs_auto_value(cs_bytes) bytes = {0};
    struct cs_err err = {0};

    for (int i = 0; i < 10000; i++) {
        cs_buf_printf(&buf, "%04d,", i);
    }
    cs_buf_puts(&buf, "end");
    cs_buf_add(&buf, "\0", 1);
    cs_buf_add(&buf, NULL, 0);
    assert_ok(cs_buf_take(&buf, "x", &bytes, &err), &err);
    ck_assert_uint_eq(bytes.len, 50004);
    ck_assert_mem_eq(bytes.data, "0000,0001,", 10);
    ck_assert_mem_eq(bytes.data + 49990, "9998,9999,end\0\0", 15);
    ck_assert_uint_eq(buf.len, 0);
}
END_TEST

/* Parts that are added to a buffer of a maximum; taken NULL: the maximum was passed. */
static const struct {
    size_t max;
    const char *parts[4];
    const char *taken;
} limits[] = {
    {0, {NULL}, ""},
    {0, {"", ""}, ""},
    {0, {"a"}, NULL},
    {3, {"abc"}, "abc"},
    {3, {"a", "b", "c"}, "abc"},
    {3, {"abcd"}, NULL},
    {3, {"abc", "d"}, NULL},
    {3, {"abcd", "a"}, NULL}, /* nothing is appended after a refusal, though it would fit */
    {3, {"a", "bcd", "b"}, NULL},
    {256, {"abc", "def"}, "abcdef"},
};

START_TEST(test_buf_limit)
{
    cs_auto_value(cs_buf) buf = CS_BUF(limits[_i].max);
    cs_autofree char *text = NULL;
    struct cs_err err = {0};

    for (size_t i = 0; i < 4 && limits[_i].parts[i]; i++) {
        cs_buf_puts(&buf, limits[_i].parts[i]);
        ck_assert_uint_le(buf.len, limits[_i].max);
    }
    if (limits[_i].taken) {
        assert_ok(cs_buf_take_text(&buf, "the reply", &text, &err), &err);
        ck_assert_str_eq(text, limits[_i].taken);
        return;
    }
    ck_assert(buf.overflow);
    assert_fails(cs_buf_take_text(&buf, "the reply", &text, &err), CS_E_INPUT, &err);
    assert_contains(err.message, "the reply is larger than");
    ck_assert_ptr_null(text);
}
END_TEST

START_TEST(test_buf_printf_limit)
{
    cs_auto_value(cs_buf) buf = CS_BUF(4);

    cs_buf_printf(&buf, "%s", "abcd");
    ck_assert(!buf.overflow);
    cs_buf_printf(&buf, "%s", "");
    ck_assert(!buf.overflow);
    cs_buf_printf(&buf, "%c", 'e');
    ck_assert(buf.overflow);
    ck_assert_mem_eq(buf.data, "abcd\0", 5);
}
END_TEST

START_TEST(test_buf_is_used_again)
{
    cs_auto_value(cs_buf) buf = CS_BUF(4);
    struct cs_err err = {0};

    for (int i = 0; i < 3; i++) {
        cs_autofree char *text = NULL;
        cs_buf_puts(&buf, "abcd");
        assert_ok(cs_buf_take_text(&buf, "x", &text, &err), &err);
        ck_assert_str_eq(text, "abcd");
    }
    cs_buf_puts(&buf, "abcde");
    cs_buf_done(&buf);
    ck_assert(!buf.overflow);
    cs_buf_puts(&buf, "abcd");
    ck_assert(!buf.overflow);
}
END_TEST

/* Lengths near what size_t can say: refused, or the end of memory, but never a loop nor a buffer
 * that is smaller than its length. */
static const struct {
    size_t len;
    int exit;
} huge[] = {
    {SIZE_MAX, 0},
    {SIZE_MAX - 2, 0},
    {SIZE_MAX / 2 + 2, 0},
    {PTRDIFF_MAX - 1, 0},
    {PTRDIFF_MAX - 2, CS_E_INTERNAL},
    {PTRDIFF_MAX / 2 + 2, CS_E_INTERNAL},
};

START_TEST(test_buf_huge)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        struct cs_buf buf = CS_BUF(SIZE_MAX);
        volatile size_t len = huge[_i].len;
        alarm(20);
        cs_buf_add(&buf, "a", 1);
        cs_buf_add(&buf, "b", len);
        _exit(buf.overflow && buf.len == 1 ? 0 : 99);
    }
    ck_assert_int_gt(child, 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
    ck_assert_int_eq(WEXITSTATUS(status), huge[_i].exit);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bytes");
    TCase *tcase = tcase_create("bytes");

    tcase_add_test(tcase, test_copy_steal_equal);
    add_rows(tcase, test_unhex, hex);
    tcase_add_test(tcase, test_hex);
    tcase_add_test(tcase, test_buf_appends);
    add_rows(tcase, test_buf_limit, limits);
    tcase_add_test(tcase, test_buf_printf_limit);
    tcase_add_test(tcase, test_buf_is_used_again);
    add_rows(tcase, test_buf_huge, huge);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
