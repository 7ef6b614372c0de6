#include "net/epm.h"

#include "support/check_run.h"

static const struct cs_rpc_syntax interface = {{0x20, 0x60, 0xae, 0x91, 0x3c, 0x9e, 0xcf, 0x11,
                                                0x8d, 0x7c, 0x00, 0xaa, 0x00, 0xc0, 0x91, 0xbe},
                                               0,
                                               0};

/* Floors by hand from C706 appendix I and L: each is two lengths with their octets. */
#define ICPR "\x20\x60\xae\x91\x3c\x9e\xcf\x11\x8d\x7c\x00\xaa\x00\xc0\x91\xbe"
#define NDR  "\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60"
#define HEAD                                                                                       \
    "\x05\x00"                                                                                     \
    "\x13\x00\x0d" ICPR "\x00\x00\x02\x00\x00\x00"                                                 \
    "\x13\x00\x0d" NDR "\x02\x00\x02\x00\x00\x00"
#define CONNECTION      "\x01\x00\x0b\x02\x00\x00\x00"
#define TCP(port)       "\x01\x00\x07\x02\x00" port
#define IP(address)     "\x01\x00\x09\x04\x00" address
#define TOWER(port, ip) HEAD CONNECTION TCP(port) IP(ip)

/* 75 octets: 2 + 25 + 25 + 7 + 7 + 9. */
START_TEST(test_question)
{
    static const char expected[] = "\x01\0\0\0"
                                   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* any object */
                                   "\x02\0\0\0"
                                   "\x4b\0\0\0\x4b\0\0\0" /* the tower, 75 octets */
        TOWER("\0\0", "\0\0\0\0") "\0"                    /* and one to align */
                                  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* entry_handle */
                                  "\x08\0\0\0";                              /* max_towers */
    cs_auto_value(cs_bytes) stub = {0};
    struct cs_err err = {0};

    assert_ok(cs_epm_put_map(&interface, &stub, &err), &err);
    ck_assert_uint_eq(stub.len, sizeof expected - 1);
    ck_assert_mem_eq(stub.data, expected, sizeof expected - 1);
}
END_TEST

#define HANDLE "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ONE                                                                                        \
    HANDLE "\1\0\0\0"                                                                              \
           "\x08\0\0\0\0\0\0\0\1\0\0\0"                                                            \
           "\3\0\0\0"
#define TWO                                                                                        \
    HANDLE "\2\0\0\0"                                                                              \
           "\x08\0\0\0\0\0\0\0\2\0\0\0"                                                            \
           "\3\0\0\0\4\0\0\0"
#define NONE                                                                                       \
    HANDLE "\0\0\0\0"                                                                              \
           "\x08\0\0\0\0\0\0\0\0\0\0\0"
#define LEN75   "\x4b\0\0\0\x4b\0\0\0"
#define GOOD    LEN75 TOWER("\xc3\x51", "\x7f\0\1\2") "\0"
#define DONE    "\0\0\0\0"
#define R(text) text, sizeof(text) - 1

/* A tower of named pipes: its fourth floor is 0x0f with a name, its fifth 0x11 with a host. 2 + 25
 * + 25 + 7 + (3 + 2 + 5) + (3 + 2 + 4) = 78 octets. */
#define PIPE                                                                                       \
    "\x4e\0\0\0\x4e\0\0\0" HEAD CONNECTION "\x01\x00\x0f\x05\x00"                                  \
    "cert\0"                                                                                       \
    "\x01\x00\x11\x04\x00"                                                                         \
    "ca1\0"                                                                                        \
    "\0\0"

static const struct {
    const char *octets;
    size_t len;
    uint16_t port; /* 0: it fails */
    const char *message;
} answers[] = {
    {R(ONE GOOD DONE), 50001, NULL},
    {R(TWO PIPE GOOD DONE), 50001, NULL},
    /* the first of two */
    {R(TWO GOOD LEN75 TOWER("\xc3\x52", "\x7f\0\1\2") "\0" DONE), 50001, NULL},
    /* another host's address is not looked at */
    {R(ONE LEN75 TOWER("\xc3\x51", "\x0a\x09\x08\x07") "\0" DONE), 50001, NULL},
    {R(NONE "\xd6\xa0\xc9\x16"), 0, "knows no CA"},
    {R(NONE DONE), 0, "knows no CA"},
    {R(ONE GOOD "\xd6\xa0\xc9\x16"), 0, "knows no CA"},
    {R(ONE LEN75 TOWER("\0\0", "\x7f\0\1\2") "\0" DONE), 0, "knows no CA"},
    {R(ONE PIPE DONE), 0, "knows no CA"},
    /* another interface */
    {R(ONE LEN75 "\x05\x00\x13\x00\x0d" NDR "\x00\x00\x02\x00\x00\x00\x13\x00\x0d" NDR
                 "\x02\x00\x02\x00\x00\x00" CONNECTION TCP("\xc3\x51") IP("\x7f\0\1\2") "\0" DONE),
     0, "knows no CA"},
    /* six floors, four floors */
    {R(ONE "\x54\0\0\0\x54\0\0\0"
           "\x06"
           "\x00\x13\x00\x0d" ICPR "\x00\x00\x02\x00\x00\x00"
           "\x13\x00\x0d" NDR "\x02\x00\x02\x00\x00\x00" CONNECTION TCP("\xc3\x51") IP("\x7f\0\1\2")
               IP("\x7f\0\1\2") DONE),
     0, "knows no CA"},
    {R(ONE "\x42\0\0\0\x42\0\0\0"
           "\x04"
           "\x00\x13\x00\x0d" ICPR "\x00\x00\x02\x00\x00\x00"
           "\x13\x00\x0d" NDR "\x02\x00\x02\x00\x00\x00" CONNECTION TCP("\xc3\x51") "\0\0" DONE),
     0, "knows no CA"},
    /* lies */
    {R(ONE "\x4a\0\0\0\x4a\0\0\0" TOWER("\xc3\x51", "\x7f\0\1\2") "\0" DONE), 0, "a tower"},
    {R(ONE "\x4c\0\0\0\x4c\0\0\0" TOWER("\xc3\x51", "\x7f\0\1\2") "\0" DONE), 0, "a tower"},
    {R(ONE "\x4b\0\0\0\x4c\0\0\0" TOWER("\xc3\x51", "\x7f\0\1\2") "\0" DONE), 0, "a tower"},
    {R(ONE "\xff\xff\xff\xff\xff\xff\xff\xff" TOWER("\xc3\x51", "\x7f\0\1\2") "\0" DONE), 0,
     "a tower"},
    {R(ONE "\x02\0\0\0\x02\0\0\0"
           "\xff\xff"
           "\0\0" DONE),
     0, "a tower"},
    {R(ONE "\0\0\0\0\0\0\0\0" DONE), 0, "a tower"},
    {R(ONE GOOD "\0\0\0"), 0, "its end is missing"},
    {R(ONE LEN75 HEAD CONNECTION), 0, "a tower"},
    {R(ONE), 0, "a tower"},
    {R(HANDLE "\1\0\0\0"
              "\x09\0\0\0\0\0\0\0\1\0\0\0"
              "\3\0\0\0" GOOD DONE),
     0, "towers"},
    {R(HANDLE "\1\0\0\0"
              "\x08\0\0\0\1\0\0\0\1\0\0\0"
              "\3\0\0\0" GOOD DONE),
     0, "towers"},
    {R(HANDLE "\2\0\0\0"
              "\x08\0\0\0\0\0\0\0\1\0\0\0"
              "\3\0\0\0" GOOD DONE),
     0, "towers"},
    {R(HANDLE "\1\0\0\0"
              "\x08\0\0\0\0\0\0\0\1\0\0\0"
              "\0\0\0\0" DONE),
     0, "towers"},
    {R(HANDLE "\xff\xff\xff\xff"
              "\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff"),
     0, "towers"},
    {R("\0\0\0\0"), 0, "towers"},
    {R(""), 0, "towers"},
};

START_TEST(test_answer)
{
    cs_auto_value(cs_bytes) stub = cs_bytes_copy(answers[_i].octets, answers[_i].len);
    struct cs_err err = {0};
    uint16_t port = 0;
    cs_rc rc = cs_epm_read_map(&stub, &interface, "the mapper", &port, &err);

    if (answers[_i].port) {
        assert_ok(rc, &err);
        ck_assert_uint_eq(port, answers[_i].port);
        return;
    }
    assert_fails(rc, CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.message, "the mapper");
    assert_contains(err.message, answers[_i].message);
    ck_assert_uint_eq(port, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("epm");
    TCase *tcase = tcase_create("epm");

    tcase_add_test(tcase, test_question);
    add_rows(tcase, test_answer, answers);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
