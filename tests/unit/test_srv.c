#include "base/bytes.h"
#include "net/srv.h"
#include "support/check_run.h"

#include <check.h>
#include <string.h>

/* An answer of a name server (RFC 1035 section 4.1) with SRV records (RFC 2782), by hand. The
 * question is "a." */
static void begin(struct cs_buf *buf, unsigned answers)
{
    const uint8_t header[] = {0, 1, 0x81, 0x80, 0, 1, 0, (uint8_t)answers, 0, 0, 0, 0};
    static const uint8_t question[] = {1, 'a', 0, 0, 33, 0, 1};

    cs_buf_add(buf, header, sizeof header);
    cs_buf_add(buf, question, sizeof question);
}

/* One label as the host's name, and the root behind it. */
static void add(struct cs_buf *buf, unsigned priority, unsigned weight, const char *label)
{
    size_t len = strlen(label);
    const uint8_t record[] = {0xc0,        12,
                              0,           33,
                              0,           1,
                              0,           0,
                              0,           60,
                              0,           (uint8_t)(len + 8),
                              0,           (uint8_t)priority,
                              0,           (uint8_t)weight,
                              1,           0x85,
                              (uint8_t)len};

    cs_buf_add(buf, record, sizeof record);
    cs_buf_add(buf, label, len);
    cs_buf_add(buf, "", 1);
}

START_TEST(in_their_order)
{
    struct cs_buf buf = CS_BUF(4096);
    cs_auto_value(cs_strv) hosts = {0};

    begin(&buf, 6);
    add(&buf, 20, 0, "late");
    add(&buf, 10, 5, "light");
    add(&buf, 10, 90, "heavy");
    add(&buf, 0, 0, "first");
    add(&buf, 0, 0, "no host");
    add(&buf, 0, 0, ""); /* the root: the service is not there */
    cs_srv_read(buf.data, buf.len, &hosts);
    cs_autofree char *all = cs_strv_join(&hosts, " ");
    ck_assert_str_eq(all, "first heavy light late");
    cs_buf_done(&buf);
}
END_TEST

START_TEST(cut_anywhere)
{
    struct cs_buf buf = CS_BUF(4096);

    begin(&buf, 2);
    add(&buf, 1, 1, "one");
    add(&buf, 2, 1, "two");
    for (size_t len = 0; len < buf.len; len++) {
        cs_auto_value(cs_strv) hosts = {0};
        struct cs_bytes part = cs_bytes_copy(buf.data, len);
        cs_srv_read(part.data, part.len, &hosts);
        ck_assert_uint_le(hosts.count, 1);
        cs_bytes_done(&part);
    }
    cs_buf_done(&buf);
}
END_TEST

START_TEST(no_more_than_32)
{
    struct cs_buf buf = CS_BUF(65536);
    cs_auto_value(cs_strv) hosts = {0};

    begin(&buf, 60);
    for (unsigned i = 0; i < 60; i++) {
        add(&buf, 1, 1, "host");
    }
    cs_srv_read(buf.data, buf.len, &hosts);
    ck_assert_uint_eq(hosts.count, 32);
    cs_buf_done(&buf);
}
END_TEST

/* RFC 6761 section 6.4: names that no name server knows. */
START_TEST(nobody)
{
    cs_auto_value(cs_strv) hosts = {0};
    struct cs_err err = {0};

    assert_fails(cs_srv_hosts("_ldap._tcp.dc._msdcs.nowhere.invalid", &hosts, &err),
                 CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.hint, "-GlobalSettingsDomainController");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("srv");
    TCase *tcase = tcase_create("srv");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, in_their_order);
    tcase_add_test(tcase, cut_anywhere);
    tcase_add_test(tcase, no_more_than_32);
    tcase_add_test(tcase, nobody);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
