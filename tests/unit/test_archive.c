#include "base/strv.h"
#include "unit/document_bed.h"

#include <time.h>
#include <zip.h>

/* An archive in the making. */
struct pack {
    zip_source_t *source;
    struct zip *zip;
};

static struct pack pack_begin(void)
{
    zip_error_t error;
    struct pack pack = {NULL, NULL};

    zip_error_init(&error);
    pack.source = zip_source_buffer_create(NULL, 0, 0, &error);
    ck_assert_ptr_nonnull(pack.source);
    zip_source_keep(pack.source);
    pack.zip = zip_open_from_source(pack.source, ZIP_TRUNCATE, &error);
    ck_assert_ptr_nonnull(pack.zip);
    return pack;
}

static zip_int64_t pack_add(struct pack *pack, const char *name, const void *data, size_t len)
{
    zip_source_t *source = zip_source_buffer(pack->zip, data, len, 0);
    zip_int64_t index = zip_file_add(pack->zip, name, source, ZIP_FL_ENC_UTF_8);

    ck_assert_msg(index >= 0, "%s: %s", name, zip_strerror(pack->zip));
    zip_set_file_compression(pack->zip, (zip_uint64_t)index, ZIP_CM_DEFLATE, 1);
    return index;
}

static struct cs_bytes pack_end(struct pack *pack)
{
    zip_stat_t facts;

    ck_assert_msg(zip_close(pack->zip) == 0, "%s", zip_strerror(pack->zip));
    ck_assert_int_eq(zip_source_open(pack->source), 0);
    ck_assert_int_eq(zip_source_stat(pack->source, &facts), 0);
    struct cs_bytes bytes = {cs_alloc((size_t)facts.size + 1, 1), (size_t)facts.size};
    ck_assert_int_eq(zip_source_read(pack->source, bytes.data, bytes.len), (zip_int64_t)bytes.len);
    zip_source_close(pack->source);
    zip_source_free(pack->source);
    return bytes;
}

/* Names and texts in turn, NULL at the end. */
static struct cs_bytes packed(const char *const *entries)
{
    struct pack pack = pack_begin();

    for (; entries[0]; entries += 2) {
        pack_add(&pack, entries[0], entries[1], strlen(entries[1]));
    }
    return pack_end(&pack);
}

static void check_refused(const struct cs_bytes *zip, const char *const *words)
{
    cs_auto(cs_topology) topology = cs_topology_new();
    struct cs_err err = {0};

    assert_fails(cs_document_read("/tmp/x.zip", zip->data, zip->len, topology, &err), CS_E_INPUT,
                 &err);
    assert_contains(err.message, "/tmp/x.zip");
    ck_assert_msg(err.hint[0], "%s: no remedy", err.message);
    for (; *words; words++) {
        assert_contains(err.message, *words);
    }
}

static struct cs_topology *topology_of(const struct cs_bytes *zip)
{
    struct cs_topology *topology = cs_topology_new();
    struct cs_err err = {0};

    assert_ok(cs_document_read("/tmp/x.zip", zip->data, zip->len, topology, &err), &err);
    return topology;
}

/* ---- what is read ---- */

#define MEET URLS(URL("Meet", "*", "https://meet.litwareinc.com"))

START_TEST(test_folders)
{
    cs_auto_value(cs_bytes) zip = packed(
        (const char *[]){"DocItemSet.xml", "<x/>", "a/b/c/Topology.xml", "<r>" MINIMAL "</r>",
                         "simple\\urls.XML", "\n" MEET, "M\xc3\xbcnchen/..x../...", MEET, NULL});
    cs_auto(cs_topology) topology = topology_of(&zip);

    ck_assert_uint_eq(topology->pool_count, 1);
    ck_assert_str_eq(topology->pools[0].fqdn.source, "x.zip/a/b/c/Topology.xml:1 Cluster@Fqdn");
    ck_assert_uint_eq(topology->url_count, 2);
    ck_assert_str_eq(topology->urls[0].hosts[0].source,
                     "x.zip/simple\\urls.XML:2 SimpleUrl@ActiveUrl");
    ck_assert_str_eq(topology->urls[1].hosts[0].source,
                     "x.zip/M\xc3\xbcnchen/..x../...:1 SimpleUrl@ActiveUrl");
}
END_TEST

START_TEST(test_file)
{
    cs_auto(cs_topology) topology =
        bed_topology_of((const char *[]){"site-scoped-export.zip", NULL});

    ck_assert_uint_eq(topology->url_count, 9);
    ck_assert_ptr_null(topology->urls[4].site);
    ck_assert_str_eq(topology->urls[5].site, "Dublin");
}
END_TEST

/* What is none of ours is passed over; a warning where it was to be XML and may have been. */
static const struct {
    const char *name;
    const char *text;
    const char *warning; /* NULL: none */
} foreign[] = {
    {"readme.txt", "Topology", NULL},
    {"empty.xml", "", NULL},
    {"folder/", "", NULL},
    {"other.xml", "<other xmlns=\"urn:x\"/>", NULL},
    {"nested.zip", "PK\3\4" MINIMAL, NULL},
    {"page.htm", "<html><br></html>", "x.zip/page.htm was passed over: /tmp/x.zip/page.htm:1"},
    {"open.xml", "<a xmlns=\"urn:x\">", "no well-formed XML"},
    {"latin.xml", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><a/>", "iso-8859-1"},
    {"odd.xml", "\xff\xfe<\xd8x\xd8", NULL}, /* as UTF-16 it does not begin with "<" */
};

START_TEST(test_foreign)
{
    cs_auto_value(cs_bytes) zip =
        packed((const char *[]){foreign[_i].name, foreign[_i].text, "t.xml", MINIMAL, NULL});
    cs_auto(cs_topology) topology = topology_of(&zip);

    ck_assert_uint_eq(topology->pool_count, 1);
    ck_assert_uint_eq(topology->warnings.count, foreign[_i].warning != NULL);
    if (foreign[_i].warning) {
        assert_contains(topology->warnings.items[0], foreign[_i].warning);
    }
}
END_TEST

/* ---- names ---- */

static const struct {
    const char *name;
    const char *why;
} names[] = {
    {"../etc/t.xml", "\"..\""},   {"..", "\"..\""},
    {"a/../../t.xml", "\"..\""},  {"a/..", "\"..\""},
    {"..\\t.xml", "\"..\""},      {"a\\..\\t.xml", "\"..\""},
    {"a/..\\t.xml", "\"..\""},    {"../", "\"..\""},
    {"/etc/t.xml", "absolute"},   {"\\\\server\\t.xml", "absolute"},
    {"C:\\t.xml", "absolute"},    {"c:t.xml", "absolute"},
    {"a\xc2\x85.xml", "control"},
};

START_TEST(test_name)
{
    cs_auto_value(cs_bytes) zip =
        packed((const char *[]){"t.xml", MINIMAL, names[_i].name, "x", NULL});
    cs_autofree char *shown = cs_terminal_escape(names[_i].name);

    check_refused(&zip, (const char *[]){shown, names[_i].why, NULL});
}
END_TEST

/* libzip takes no such name: it is put in where '?' stood, in both headers. */
static const char controls[] = {1, 7, 8, '\t', '\n', '\r', 0x1b, 0x1f, 0x7f};

START_TEST(test_control)
{
    cs_auto_value(cs_bytes) zip = packed((const char *[]){"t.xml", MINIMAL, "odd?name", "x", NULL});
    unsigned found = 0;

    for (size_t at = 0; at + 8 <= zip.len; at++) {
        if (memcmp(zip.data + at, "odd?name", 8) == 0) {
            zip.data[at + 3] = (uint8_t)controls[_i];
            found++;
        }
    }
    ck_assert_uint_eq(found, 2);
    check_refused(&zip, (const char *[]){"control characters", NULL});
}
END_TEST

START_TEST(test_long_name)
{
    char name[257];

    memset(name, 'x', sizeof name);
    name[256] = 0;
    cs_auto_value(cs_bytes) bad = packed((const char *[]){"t.xml", MINIMAL, name, "x", NULL});
    check_refused(&bad, (const char *[]){"255", NULL});
    name[255] = 0;
    cs_auto_value(cs_bytes) good = packed((const char *[]){name, MINIMAL, NULL});
    cs_auto(cs_topology) topology = topology_of(&good);
    ck_assert_uint_eq(topology->pool_count, 1);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(test_nothing)
{
    static const char empty[22] = "PK\5\6";
    struct cs_bytes nothing = cs_bytes_copy(empty, sizeof empty);
    cs_auto_value(cs_bytes) zip = packed((const char *[]){"a.xml", "<a/>", "b", "b", NULL});

    check_refused(&nothing, (const char *[]){"neither a topology nor simple URLs", NULL});
    check_refused(&zip, (const char *[]){"neither a topology nor simple URLs", NULL});
    cs_bytes_done(&nothing);
}
END_TEST

START_TEST(test_second)
{
    cs_auto_value(cs_bytes) zip =
        packed((const char *[]){"a.xml", MINIMAL, "b/c.xml", MINIMAL, NULL});

    check_refused(&zip, (const char *[]){"/tmp/x.zip/b/c.xml:1", "second", "of x.zip/a.xml", NULL});
}
END_TEST

/* A document that is ours is read as strictly as one that stands alone. */
static const struct {
    const char *text;
    const char *words[3];
} entries[] = {
    {TOPOLOGY(CLUSTERS(CLUSTER("1", "a.net")) "\n<X>"), {"/tmp/x.zip/b/c.xml:2"}},
    {TOPOLOGY(""), {"/tmp/x.zip/b/c.xml:1: <Topology>", "no cluster"}},
    {URLS("<SimpleUrl/>"), {"/tmp/x.zip/b/c.xml:1: <SimpleUrl>", "Component"}},
    {"<a xmlns=\"" NS_SC "\">\n<b>", {"/tmp/x.zip/b/c.xml:2", "no well-formed XML"}},
    {"<!DOCTYPE a><a/>", {"/tmp/x.zip/b/c.xml:1", "DOCTYPE"}},
};

START_TEST(test_entry)
{
    cs_auto_value(cs_bytes) zip =
        packed((const char *[]){"a.xml", MEET, "b/c.xml", entries[_i].text, NULL});

    check_refused(&zip, entries[_i].words);
}
END_TEST

START_TEST(test_encrypted)
{
    struct pack pack = pack_begin();
    zip_int64_t index = pack_add(&pack, "t.xml", MINIMAL, strlen(MINIMAL));

    ck_assert_int_eq(zip_file_set_encryption(pack.zip, (zip_uint64_t)index, ZIP_EM_AES_256, "x"),
                     0);
    cs_auto_value(cs_bytes) zip = pack_end(&pack);
    check_refused(&zip, (const char *[]){"t.xml", "encrypted", NULL});
}
END_TEST

START_TEST(test_method)
{
    static const char text[] = MINIMAL "                                                       ";
    struct pack pack = pack_begin();
    zip_int64_t index = pack_add(&pack, "t.xml", text, strlen(text));

    ck_assert_int_eq(zip_set_file_compression(pack.zip, (zip_uint64_t)index, ZIP_CM_BZIP2, 9), 0);
    cs_auto_value(cs_bytes) zip = pack_end(&pack);
    check_refused(&zip, (const char *[]){"t.xml", "another method", NULL});
}
END_TEST

/* Every archive that is cut off, wherever, is refused. */
START_TEST(test_cut)
{
    cs_auto_value(cs_bytes) zip = packed((const char *[]){"t.xml", MINIMAL, "u.xml", MEET, NULL});

    for (size_t len = 4; len < zip.len; len++) {
        cs_auto_value(cs_bytes) cut = cs_bytes_copy(zip.data, len);
        check_refused(&cut, (const char *[]){NULL});
    }
}
END_TEST

/* With one octet changed it is refused or read, but nothing else. */
START_TEST(test_changed)
{
    cs_auto_value(cs_bytes) zip = packed((const char *[]){"t.xml", MINIMAL, NULL});

    for (size_t at = 0; at < zip.len; at++) {
        cs_auto_value(cs_bytes) changed = cs_bytes_copy(zip.data, zip.len);
        cs_auto(cs_topology) topology = cs_topology_new();
        struct cs_err err = {0};
        changed.data[at] ^= 0x41;
        cs_rc rc = cs_document_read("x.zip", changed.data, changed.len, topology, &err);
        ck_assert_msg(rc == CS_OK ? topology->pool_count == 1
                                  : rc == CS_E_INPUT && err.message[0] && err.code == rc,
                      "octet %zu: %d %s", at, (int)rc, err.message);
    }
}
END_TEST

/* ---- limits ---- */

/* White space that packs very well or, @uneven, less. */
static char *padding(size_t size, bool uneven)
{
    char *data = cs_alloc(size, 1);
    unsigned seed = 1;

    memset(data, ' ', size);
    for (size_t i = 0; uneven && i < size; i += 32) {
        seed = seed * 1103515245 + 12345; /* ISO C's own example of rand() */
        data[i] = seed >> 16 & 1 ? '\n' : '\t';
    }
    return data;
}

/* An archive with one entry, a topology and so much white space. */
static struct cs_bytes padded(const char *name, size_t size, bool uneven)
{
    struct pack pack = pack_begin();
    cs_autofree char *data = padding(size, uneven);

    memcpy(data, MINIMAL, strlen(MINIMAL));
    pack_add(&pack, name, data, size);
    return pack_end(&pack);
}

/* Refused before it has grown: the limit is met while expanding. */
static void check_quickly(const struct cs_bytes *zip, const char *const *words)
{
    clock_t start = clock();

    check_refused(zip, words);
    ck_assert_double_lt((double)(clock() - start) / CLOCKS_PER_SEC, 10);
}

START_TEST(test_bomb)
{
    cs_auto_value(cs_bytes) zip = padded("bomb.xml", 50U << 20, false);

    ck_assert_uint_lt(zip.len, (50U << 20) / 200);
    check_quickly(&zip, (const char *[]){"bomb.xml", "200 times", NULL});
}
END_TEST

START_TEST(test_large_entry)
{
    cs_auto_value(cs_bytes) zip = padded("large.xml", (64U << 20) + 1, true);

    check_quickly(&zip, (const char *[]){"large.xml", "64 MiB", NULL});
}
END_TEST

/* Together they are too much, though each of them is passed over. */
START_TEST(test_large_together)
{
    struct pack pack = pack_begin();
    cs_autofree char *data = padding(43U << 20, true);

    for (int i = 0; i < 3; i++) {
        const char name[] = {(char)('a' + i), 0};
        pack_add(&pack, name, data, 43U << 20);
    }
    cs_auto_value(cs_bytes) zip = pack_end(&pack);
    check_quickly(&zip, (const char *[]){"\"c\"", "128 MiB", NULL});
}
END_TEST

/* The ratio counts from 1 MiB on. */
START_TEST(test_at_limits)
{
    cs_auto_value(cs_bytes) zip = padded("t.xml", 1U << 20, false);
    cs_auto(cs_topology) topology = topology_of(&zip);

    ck_assert_uint_lt(zip.len, (1U << 20) / 200);
    ck_assert_uint_eq(topology->pool_count, 1);
}
END_TEST

static struct cs_bytes with_entries(int count)
{
    struct pack pack = pack_begin();

    pack_add(&pack, "t.xml", MINIMAL, strlen(MINIMAL));
    for (int i = 1; i < count; i++) {
        cs_autofree char *name = cs_asprintf("%d", i);
        pack_add(&pack, name, "", 0);
    }
    return pack_end(&pack);
}

START_TEST(test_entries)
{
    cs_auto_value(cs_bytes) most = with_entries(4096);
    cs_auto_value(cs_bytes) more = with_entries(4097);
    cs_auto(cs_topology) topology = topology_of(&most);

    ck_assert_uint_eq(topology->pool_count, 1);
    check_refused(&more, (const char *[]){"4096 entries", NULL});
}
END_TEST

/* libzip tries each of them (APPNOTE.TXT 4.3.16): thousands would keep it busy for minutes. */
START_TEST(test_ends)
{
    static const uint8_t end[22] = {'P', 'K', 5, 6};
    cs_auto_value(cs_bytes) zip = packed((const char *[]){"t.xml", MINIMAL, NULL});
    cs_auto_value(cs_buf) buf = CS_BUF(1 << 20);

    for (int i = 0; i < 2000; i++) {
        cs_buf_add(&buf, end, sizeof end);
    }
    cs_buf_add(&buf, zip.data, zip.len);
    const struct cs_bytes bytes = {buf.data, buf.len};
    check_refused(&bytes, (const char *[]){"seems to end in 2001 places", NULL});
}
END_TEST

/* Headers may lie (APPNOTE.TXT 4.3.7, 4.3.12: sizes at 22 and 24): what comes out counts. */
START_TEST(test_lying_size)
{
    cs_auto_value(cs_bytes) zip = padded("bomb.xml", 50U << 20, false);
    unsigned char *central = memmem(zip.data, zip.len, "PK\1\2", 4);
    const unsigned char small[4] = {100, 0, 0, 0};

    ck_assert_ptr_nonnull(central);
    memcpy(zip.data + 22, small, 4);
    memcpy(central + 24, small, 4);
    check_quickly(&zip, (const char *[]){"bomb.xml", NULL});
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("archive");
    TCase *tcase = tcase_create("archive");

    cs_document_init();
    tcase_add_test(tcase, test_folders);
    tcase_add_test(tcase, test_file);
    add_rows(tcase, test_foreign, foreign);
    add_rows(tcase, test_name, names);
    add_rows(tcase, test_control, controls);
    tcase_add_test(tcase, test_long_name);
    tcase_add_test(tcase, test_nothing);
    tcase_add_test(tcase, test_second);
    add_rows(tcase, test_entry, entries);
    tcase_add_test(tcase, test_encrypted);
    tcase_add_test(tcase, test_method);
    tcase_add_test(tcase, test_cut);
    tcase_add_test(tcase, test_changed);
    tcase_add_test(tcase, test_bomb);
    tcase_add_test(tcase, test_large_entry);
    tcase_add_test(tcase, test_large_together);
    tcase_add_test(tcase, test_at_limits);
    tcase_add_test(tcase, test_entries);
    tcase_add_test(tcase, test_ends);
    tcase_add_test(tcase, test_lying_size);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
