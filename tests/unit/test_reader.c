#include "wire/reader.h"

#include "base/mem.h"
#include "base/strv.h"
#include "support/check_run.h"
#include "unit/wire_child.h"
#include "unit/wire_topology.h"
#include "wire/topojson.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* The real programs answer well within this on a machine that is busy; what must fail for being
 * late is given less. */
#define READ_MS 60000

/* A document in memory. */
static struct cs_reader_document document(const char *name, const void *data, size_t len)
{
    int fd = memfd_create("test", MFD_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, data, len, 0), (ssize_t)len);
    return (struct cs_reader_document){.fd = fd, .size = len, .name = name};
}

/* Has tests/support/wirechild.c read a document, which tells it what to do. */
static cs_rc read_with(const char *data, size_t len, unsigned within_ms,
                       struct cs_topology **ret_topology, struct cs_err *err)
{
    const struct cs_reader_document told = document("dir/a.xml", data, len);

    alarm(100);
    cs_rc rc = cs_reader_read_within(CS_WIRECHILD, &told, 1, within_ms, ret_topology, err);
    close(told.fd);
    return rc;
}

/* ---- good answers ---- */

START_TEST(test_good)
{
    cs_auto(cs_topology) topology = NULL;
    struct cs_err err = {0};

    assert_ok(read_with("parse:full", 10, READ_MS, &topology, &err), &err);
    cs_autofree char *json = cs_topojson_write(topology);
    ck_assert_str_eq(json, FULL_JSON);
}
END_TEST

/* Each document in its order, under its name, up to its size; an empty one too. */
START_TEST(test_documents)
{
    const struct cs_reader_document documents[] = {
        document("/a/one.xml", "parse:1", 7),
        document("two \"2\".xml", "second-longer", 6),
        document("no \xff utf-8", "third", 5),
        document("fourth", "x", 1),
    };
    cs_auto(cs_topology) topology = NULL;
    struct cs_err err = {0};

    assert_ok(cs_reader_read(CS_WIRECHILD, documents, ROWS(documents), &topology, &err), &err);
    ck_assert_uint_eq(topology->pool_count, 4);
    ck_assert_str_eq(topology->pools[0].fqdn.name, "parse:1");
    ck_assert_str_eq(topology->pools[0].fqdn.source, "/a/one.xml");
    ck_assert_str_eq(topology->pools[1].fqdn.name, "second");
    ck_assert_str_eq(topology->pools[1].fqdn.source, "two \"2\".xml");
    ck_assert_str_eq(topology->pools[2].fqdn.name, "third");
    ck_assert_str_eq(topology->pools[2].fqdn.source, "no \\xff utf-8");
    ck_assert_str_eq(topology->pools[3].fqdn.name, "x");
}
END_TEST

START_TEST(test_many_warnings)
{
    cs_auto(cs_topology) topology = NULL;
    struct cs_err err = {0};

    assert_ok(read_with("parse:warnings", 14, READ_MS, &topology, &err), &err);
    ck_assert_uint_eq(topology->warnings.count, CS_TOPOJSON_WARNINGS_MAX);
    ck_assert_str_eq(topology->warnings.items[CS_TOPOJSON_WARNINGS_MAX - 2], "warning 1022");
    ck_assert_str_eq(topology->warnings.items[CS_TOPOJSON_WARNINGS_MAX - 1],
                     "there are 1977 more warnings like these");
}
END_TEST

/* ---- bad answers ---- */

#define V "{\"v\":1,"

/* What the other end is told, and what becomes of it. */
static const struct {
    const char *told;
    size_t len; /* 0: as a string */
    cs_rc rc;
    const char *message;
    const char *hint; /* NULL: none */
} bad[] = {
    /* errors in good form */
    {"parse:input", 0, CS_E_INPUT, "dir/a.xml:7: Cluster has no Fqdn", "export it again"},
    {"parse:policy", 0, CS_E_INTERNAL, "cs-wirechild: no policy forbids it", NULL},
    {"answer:" V "\"error\":{\"code\":\"INPUT\",\"message\":\"m\"}}", 0, CS_E_INPUT, "m", NULL},

    /* errors that mean to deceive */
    {"answer:" V "\"error\":{\"code\":\"OK\",\"message\":\"m\"}}", 0, CS_E_INTERNAL,
     "cannot be used: its error has a code that is not known", NULL},
    {"answer:" V "\"error\":{\"code\":\"TOKEN_AUTH\",\"message\":\"m\"}}", 0, CS_E_INTERNAL,
     "cannot be used: its error has a code that is not known", NULL},
    {"answer:" V
     "\"error\":{\"code\":\"INPUT\",\"message\":\"a\\u001b[2Jb\\nc\",\"hint\":\"\\u0007\"}}",
     0, CS_E_INPUT, "a\\x1b[2Jb\\x0ac", "\\x07"},
    {"answer:" V "\"error\":{\"code\":\"INPUT\",\"message\":\"%s%n\",\"hint\":\"%s%n\"}}", 0,
     CS_E_INPUT, "%s%n", "%s%n"},
    {"answer:" V "\"error\":{\"code\":\"INPUT\"}}", 0, CS_E_INTERNAL, "cannot be used", NULL},
    {"answer:" V "\"error\":{\"code\":\"INPUT\",\"message\":7}}", 0, CS_E_INTERNAL,
     "cannot be used", NULL},
    {"answer:" V "\"error\":7}", 0, CS_E_INTERNAL, "cannot be used", NULL},
    {"answer:" V "\"error\":{\"code\":\"INPUT\",\"message\":\"m\",\"x\":1}}", 0, CS_E_INTERNAL,
     "cannot be used", NULL},
    {"answer:" V "\"error\":{\"code\":\"INPUT\",\"message\":\"m\"},\"topology\":{}}", 0,
     CS_E_INTERNAL, "cannot be used", NULL},

    /* answers of a wrong form */
    {"answer:", 0, CS_E_INTERNAL, "cannot be used: it is no JSON", NULL},
    {"answer:garbage", 0, CS_E_INTERNAL, "cannot be used: it is no JSON", NULL},
    {"answer:[]", 0, CS_E_INTERNAL, "cannot be used: it is no JSON object", NULL},
    {"answer:{}", 0, CS_E_INTERNAL, "cannot be used: it is of another version", NULL},
    {"answer:{\"v\":2,\"topology\":{}}", 0, CS_E_INTERNAL, "of another version", NULL},
    {"answer:{\"v\":1}", 0, CS_E_INTERNAL, "cannot be used", NULL},
    {"answer:" V "\"topology\":{},\"x\":1}", 0, CS_E_INTERNAL, "cannot be used", NULL},

    /* a topology that is none is the document's fault until proved otherwise */
    {"answer:" V "\"topology\":{}}", 0, CS_E_INPUT, "topology.v is not 1",
     "a newer cscert may have written it"},
    {"answer:" V "\"topology\":[]}", 0, CS_E_INPUT, "topology.v is not 1",
     "a newer cscert may have written it"},

    /* frames of a wrong form */
    {"raw:", 0, CS_E_INTERNAL,
     "cs-wirechild ended with exit code 0 while it read dir/a.xml: the other program closed",
     "the document may be damaged, or made to do harm; nothing was changed"},
    {"raw:\0\0\0\5{}", 10, CS_E_INTERNAL, "before the end of a frame",
     "the document may be damaged, or made to do harm; nothing was changed"},
    {"raw:\xff\xff\xff\xff", 0, CS_E_INTERNAL, "announced a frame of 4294967295 octets",
     "the document may be damaged, or made to do harm; nothing was changed"},
    {"raw:\1\0\x10\1", 8, CS_E_INTERNAL,
     "announced a frame of 16781313 octets, and 16781312 are the most",
     "the document may be damaged, or made to do harm; nothing was changed"},

    /* no answer */
    {"deaf:", 0, CS_E_INTERNAL, "cs-wirechild ended with exit code 7 while it read dir/a.xml",
     "the document may be damaged, or made to do harm; nothing was changed"},
    {"abort:", 0, CS_E_INTERNAL,
     "cs-wirechild was killed by signal 6 (Aborted) while it read dir/a.xml",
     "the document may be damaged, or made to do harm; nothing was changed"},
    {"parse:open", 0, CS_E_INTERNAL,
     "cs-wirechild was killed by signal 31 (Bad system call) while it read dir/a.xml",
     "the document may be damaged, or made to do harm; nothing was changed"},
#ifndef CS_SANITIZED /* which has no limit on memory */
    {"parse:memory", 0, CS_E_INTERNAL, "cs-wirechild ended with exit code 1 while it read",
     "the document may be damaged, or made to do harm; nothing was changed"},
#endif
};

START_TEST(test_bad)
{
    size_t len = bad[_i].len ? bad[_i].len : strlen(bad[_i].told);
    struct cs_topology *topology = NULL;
    struct cs_err err = {0};

    assert_fails(read_with(bad[_i].told, len, READ_MS, &topology, &err), bad[_i].rc, &err);
    assert_contains(err.message, bad[_i].message);
    ck_assert_str_eq(err.hint, bad[_i].hint ? bad[_i].hint : "");
    ck_assert(cs_text_is_clean(err.message) && cs_text_is_clean(err.hint));
    ck_assert_ptr_null(topology);
}
END_TEST

static const char *const stalls[] = {"stall:", "parse:stall"};

START_TEST(test_stall)
{
    struct cs_topology *topology = NULL;
    struct cs_err err = {0};

    assert_fails(read_with(stalls[_i], strlen(stalls[_i]), 200, &topology, &err), CS_E_INTERNAL,
                 &err);
    assert_contains(err.message, "cs-wirechild did not end and was killed while it read dir/a.xml: "
                                 "the other program did not answer in time");
}
END_TEST

/* A message of the child's is as long as ours may be, and no longer. */
START_TEST(test_long_error)
{
    static const char head[] = "answer:" V "\"error\":{\"code\":\"INPUT\",\"message\":\"";
    cs_auto_value(cs_buf) buf = CS_BUF(65536);
    struct cs_topology *topology = NULL;
    struct cs_err err = {0};

    cs_buf_puts(&buf, head);
    for (int i = 0; i < 10000; i++) {
        cs_buf_puts(&buf, "abcde");
    }
    cs_buf_puts(&buf, "\"}}");
    assert_fails(read_with((const char *)buf.data, buf.len, READ_MS, &topology, &err), CS_E_INPUT,
                 &err);
    ck_assert_uint_eq(strlen(err.message), sizeof err.message - 1);
    assert_contains(err.message, "abcdeabcde");
}
END_TEST

/* ---- before anything is started ---- */

START_TEST(test_too_large)
{
    const struct cs_reader_document documents[] = {
        {.fd = -1, .size = CS_READER_DOCUMENT_MAX, .name = "good.xml"},
        {.fd = -1, .size = CS_READER_DOCUMENT_MAX + 1, .name = "b\033ad.xml"},
    };
    struct cs_topology *topology = NULL;
    struct cs_err err = {0};

    assert_fails(cs_reader_read("/nonexistent", documents, 2, &topology, &err), CS_E_INPUT, &err);
    ck_assert_str_eq(err.message, "b\\x1bad.xml has 67108865 octets, more than 67108864");
}
END_TEST

START_TEST(test_count)
{
    const struct cs_reader_document documents[CS_READER_DOCUMENTS_MAX + 1] = {{0}};
    struct cs_topology *topology = NULL;
    struct cs_err err = {0};

    assert_fails(cs_reader_read("/nonexistent", documents, 0, &topology, &err), CS_E_INPUT, &err);
    assert_fails(
        cs_reader_read("/nonexistent", documents, CS_READER_DOCUMENTS_MAX + 1, &topology, &err),
        CS_E_INPUT, &err);
    assert_contains(err.message, "17 documents");
}
END_TEST

START_TEST(test_no_program)
{
    const struct cs_reader_document told = document("a.xml", "x", 1);
    struct cs_topology *topology = NULL;
    struct cs_err err = {0};

    assert_fails(cs_reader_read("/nonexistent/cscert-read", &told, 1, &topology, &err), CS_E_CONFIG,
                 &err);
    assert_contains(err.message, "/nonexistent/cscert-read");
}
END_TEST

/* The file has become shorter since its size was taken. */
START_TEST(test_shorter)
{
    struct cs_reader_document told = document("dir/a.xml", "parse:full", 10);
    struct cs_topology *topology = NULL;
    struct cs_err err = {0};

    told.size = 11;
    assert_fails(cs_reader_read(CS_WIRECHILD, &told, 1, &topology, &err), CS_E_INPUT, &err);
    assert_contains(err.message, "dir/a.xml ends after 10 of 11 octets");
}
END_TEST

/* ---- the real program ---- */

/* Every file of tests/data/topology (or its folder bad) through cscert-read in its sandbox: what is
 * good there is read, what is bad is refused with its name, and none makes it crash. */
static int read_folder(const char *folder, cs_rc expected)
{
    cs_autofree char *path = cs_asprintf("%s/data/topology%s", getenv("CS_TESTS"), folder);
    DIR *dir = opendir(path);
    int count = 0;

    ck_assert_msg(dir, "%s cannot be read", path);
    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *suffix = strrchr(entry->d_name, '.');
        if (!suffix || (strcmp(suffix, ".xml") != 0 && strcmp(suffix, ".zip") != 0 &&
                        strcmp(suffix, ".tbxml") != 0)) {
            continue;
        }
        cs_autofree char *file = cs_asprintf("%s/%s", path, entry->d_name);
        cs_autoclose int fd = open(file, O_RDONLY | O_CLOEXEC);
        cs_auto(cs_topology) topology = NULL;
        struct cs_err err = {0};
        struct stat info;
        ck_assert_int_eq(fstat(fd, &info), 0);
        const struct cs_reader_document one = {fd, (size_t)info.st_size, file};
        cs_rc rc = cs_reader_read(CS_READ_PROGRAM, &one, 1, &topology, &err);
        ck_assert_msg(rc == expected, "%s: %s: %s", file, cs_rc_name(rc), err.message);
        if (rc != CS_OK) {
            assert_contains(err.message, entry->d_name);
        }
        count++;
    }
    closedir(dir);
    return count;
}

START_TEST(test_real_good)
{
    ck_assert_int_ge(read_folder("", CS_OK), 5);
}
END_TEST

START_TEST(test_real_bad)
{
    ck_assert_int_ge(read_folder("/bad", CS_E_INPUT), 20);
}
END_TEST

/* Whatever an encoding is called, no converter is loaded from a file for it: that would be a system
 * call too many. Each is refused by name or read. */
static const char *const encodings[] = {"UTF-8",        "utf-8",     "UTF-16",    "ISO-8859-1",
                                        "windows-1252", "Shift_JIS", "EBCDIC-US", "no-such-thing"};

START_TEST(test_real_encoding)
{
    cs_autofree char *text = cs_asprintf(
        "<?xml version=\"1.0\" encoding=\"%s\"?>\n<Topology "
        "xmlns=\"urn:schema:Microsoft.Rtc.Management.Deploy.Topology.2008\">\xe4</Topology>\n",
        encodings[_i]);
    const struct cs_reader_document one = document("encoded.xml", text, strlen(text));
    struct cs_topology *topology = NULL;
    struct cs_err err = {0};

    assert_fails(cs_reader_read(CS_READ_PROGRAM, &one, 1, &topology, &err), CS_E_INPUT, &err);
    assert_contains(err.message, "encoded.xml");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader");
    TCase *tcase = tcase_create("reader");

    tcase_add_test(tcase, test_good);
    tcase_add_test(tcase, test_documents);
    tcase_add_test(tcase, test_many_warnings);
    add_rows(tcase, test_bad, bad);
    add_rows(tcase, test_stall, stalls);
    tcase_add_test(tcase, test_long_error);
    tcase_add_test(tcase, test_too_large);
    tcase_add_test(tcase, test_count);
    tcase_add_test(tcase, test_no_program);
    tcase_add_test(tcase, test_shorter);
    tcase_add_test(tcase, test_real_good);
    tcase_add_test(tcase, test_real_bad);
    add_rows(tcase, test_real_encoding, encodings);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
