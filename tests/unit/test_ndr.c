#include "net/ndr.h"

#include "support/check_run.h"

/* C706 section 14.2.5: little-endian, aligned to their size. */
START_TEST(test_write)
{
    struct cs_buf buf = CS_BUF(64);
    static const uint8_t expected[] = {0x01, 0, 0x03, 0x02, 0x07, 0x06, 0x05, 0x04, 0xff, 0, 0, 0};

    cs_ndr_put_u8(&buf, 1);
    cs_ndr_put_align(&buf, 2);
    cs_ndr_put_u16(&buf, 0x0203);
    cs_ndr_put_align(&buf, 4); /* is aligned */
    cs_ndr_put_u32(&buf, 0x04050607);
    cs_ndr_put_u8(&buf, 0xff);
    cs_ndr_put_align(&buf, 4);
    ck_assert_uint_eq(buf.len, sizeof expected);
    ck_assert_mem_eq(buf.data, expected, sizeof expected);
    cs_buf_done(&buf);
}
END_TEST

START_TEST(test_read)
{
    static const uint8_t octets[] = {0x01, 0xee, 0x03, 0x02, 0x07, 0x06, 0x05, 0x84, 'a', 'b'};
    struct cs_ndr ndr = {.data = octets, .len = sizeof octets};

    ck_assert_uint_eq(cs_ndr_u8(&ndr), 1);
    cs_ndr_align(&ndr, 2);
    ck_assert_uint_eq(cs_ndr_u16(&ndr), 0x0203);
    cs_ndr_align(&ndr, 4);
    ck_assert_uint_eq(cs_ndr_u32(&ndr), 0x84050607);
    ck_assert_uint_eq(cs_ndr_left(&ndr), 2);
    ck_assert_ptr_eq(cs_ndr_octets(&ndr, 2), octets + 8);
    ck_assert_ptr_eq(cs_ndr_octets(&ndr, 0), octets + 10);
    ck_assert(!ndr.failed);
    ck_assert_uint_eq(cs_ndr_left(&ndr), 0);
}
END_TEST

/* One octet less than what is read; what comes afterwards fails too, and gives 0. */
static const struct {
    size_t len;
    size_t size; /* 0: align to 4 after one octet */
} ends[] = {{0, 1}, {1, 2}, {3, 4}, {2, 4}, {3, 0}};

START_TEST(test_read_past_the_end)
{
    static const uint8_t octets[] = {0xff, 0xff, 0xff, 0xff};
    struct cs_ndr ndr = {.data = octets, .len = ends[_i].len};

    switch (ends[_i].size) {
    case 1:
        ck_assert_uint_eq(cs_ndr_u8(&ndr), 0);
        break;
    case 2:
        ck_assert_uint_eq(cs_ndr_u16(&ndr), 0);
        break;
    case 4:
        ck_assert_uint_eq(cs_ndr_u32(&ndr), 0);
        break;
    default:
        ck_assert_uint_eq(cs_ndr_u8(&ndr), 0xff);
        cs_ndr_align(&ndr, 4);
        break;
    }
    ck_assert(ndr.failed);
    ck_assert_uint_eq(cs_ndr_u8(&ndr), 0);
    ck_assert_uint_eq(cs_ndr_left(&ndr), 0);
    ck_assert_ptr_null(cs_ndr_octets(&ndr, 0));
}
END_TEST

START_TEST(test_read_huge)
{
    static const uint8_t octets[] = {1, 2};
    struct cs_ndr ndr = {.data = octets, .len = sizeof octets, .at = 1};

    ck_assert_ptr_null(cs_ndr_octets(&ndr, SIZE_MAX));
    ck_assert(ndr.failed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ndr");
    TCase *tcase = tcase_create("ndr");

    tcase_add_test(tcase, test_write);
    tcase_add_test(tcase, test_read);
    add_rows(tcase, test_read_past_the_end, ends);
    tcase_add_test(tcase, test_read_huge);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
