#include "ca/icprmsg.h"

#include "support/check_run.h"

#define R(text) text, sizeof(text) - 1

/* ---- the question, by hand from MS-ICPR section 3.2.4.1.1 and C706 chapter 14 ---- */

static const struct cs_bytes csr = {(uint8_t[]){'c', 's', 'r', '1', '2', 0}, 5};

static const struct {
    struct cs_icpr_question question;
    const char *octets;
    size_t len;
} questions[] = {
    /* CR_IN_PKCS10; pointer, "myca" with its NUL as 5 characters; no number; the attribute of 25
     * characters and a NUL, 52 octets; the request of 5 octets */
    {{.authority = "myca", .csr = &csr, .template_name = "Tmpl1"},
     R("\x00\x01\x00\x00"
       "\x00\x00\x02\x00"
       "\x05\0\0\0"
       "\0\0\0\0"
       "\x05\0\0\0"
       "m\0y\0c\0a\0\0\0"
       "\0\0"
       "\0\0\0\0"
       "\x34\0\0\0"
       "\x00\x00\x02\x00"
       "\x34\0\0\0"
       "C\0e\0r\0t\0i\0f\0i\0c\0a\0t\0e\0T\0e\0m\0p\0l\0a\0t\0e\0:\0T\0m\0p\0l\0001\0\0\0"
       "\x05\0\0\0"
       "\x00\x00\x02\x00"
       "\x05\0\0\0"
       "csr12"
       "\0\0\0")},
    /* without a template: a NULL pointer */
    {{.authority = "abc", .csr = &csr},
     R("\x00\x01\x00\x00"
       "\x00\x00\x02\x00"
       "\x04\0\0\0"
       "\0\0\0\0"
       "\x04\0\0\0"
       "a\0b\0c\0\0\0"
       "\0\0\0\0"
       "\0\0\0\0\0\0\0\0"
       "\x05\0\0\0"
       "\x00\x00\x02\x00"
       "\x05\0\0\0"
       "csr12"
       "\0\0\0")},
    /* about a request: its number, no type, neither attributes nor request */
    {{.authority = "abc", .request_id = 0x01020304, .template_name = "x"},
     R("\x00\x00\x00\x00"
       "\x00\x00\x02\x00"
       "\x04\0\0\0"
       "\0\0\0\0"
       "\x04\0\0\0"
       "a\0b\0c\0\0\0"
       "\x04\x03\x02\x01"
       "\0\0\0\0\0\0\0\0"
       "\0\0\0\0\0\0\0\0")},
};

START_TEST(test_put)
{
    cs_auto_value(cs_bytes) stub = {0};
    struct cs_err err = {0};

    assert_ok(cs_icpr_put(&questions[_i].question, &stub, &err), &err);
    ck_assert_uint_eq(stub.len, questions[_i].len);
    ck_assert_mem_eq(stub.data, questions[_i].octets, questions[_i].len);
}
END_TEST

/* What would become another attribute, or is no text. */
static const char *const templates[] = {"", "a\nSAN:dns=x", "a\rb", "\x01", "caf\xe9", "a\x7f"};

START_TEST(test_template_refused)
{
    const struct cs_icpr_question question = {
        .authority = "myca", .csr = &csr, .template_name = templates[_i]};
    cs_auto_value(cs_bytes) stub = {0};
    struct cs_err err = {0};

    assert_fails(cs_icpr_put(&question, &stub, &err), CS_E_USAGE, &err);
    assert_contains(err.message, "template");
}
END_TEST

START_TEST(test_too_long)
{
    char name[4096];
    const struct cs_bytes large = {(uint8_t *)name, CS_ICPR_REQUEST_MAX};
    struct cs_icpr_question question = {.authority = "myca", .csr = &csr, .template_name = name};
    cs_auto_value(cs_bytes) stub = {0};
    struct cs_err err = {0};

    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_fails(cs_icpr_put(&question, &stub, &err), CS_E_USAGE, &err);
    assert_contains(err.message, "too long");
    question = (struct cs_icpr_question){.authority = name, .csr = &csr};
    assert_fails(cs_icpr_put(&question, &stub, &err), CS_E_USAGE, &err);
    question = (struct cs_icpr_question){.authority = "bad\xff", .csr = &csr};
    assert_fails(cs_icpr_put(&question, &stub, &err), CS_E_USAGE, &err);
    cs_auto_value(cs_bytes) octets = {calloc(large.len, 1), large.len};
    question = (struct cs_icpr_question){.authority = "myca", .csr = &octets};
    assert_fails(cs_icpr_put(&question, &stub, &err), CS_E_INPUT, &err);
}
END_TEST

/* ---- the answer ---- */

#define NOTHING "\0\0\0\0\0\0\0\0"

START_TEST(test_read)
{
    static const char octets[] = "\x07\0\0\0"
                                 "\x03\0\0\0"
                                 "\x05\0\0\0"
                                 "\1\0\0\0"
                                 "\x05\0\0\0"
                                 "chain"
                                 "\0\0\0"
                                 "\x04\0\0\0"
                                 "\2\0\0\0"
                                 "\x04\0\0\0"
                                 "cert"
                                 "\x06\0\0\0"
                                 "\3\0\0\0"
                                 "\x06\0\0\0"
                                 "H\0i\0\0\0"
                                 "\0\0"
                                 "\x14\x40\x09\x80";
    cs_auto_value(cs_bytes) stub = cs_bytes_copy(octets, sizeof octets - 1);
    struct cs_icpr_reply reply;
    struct cs_err err = {0};

    assert_ok(cs_icpr_read(&stub, &reply, &err), &err);
    ck_assert_uint_eq(reply.request_id, 7);
    ck_assert_uint_eq(reply.disposition, 3);
    ck_assert_uint_eq(reply.chain.len, 5);
    ck_assert_mem_eq(reply.chain.data, "chain", 5);
    ck_assert_uint_eq(reply.certificate.len, 4);
    ck_assert_mem_eq(reply.certificate.data, "cert", 4);
    ck_assert_uint_eq(reply.message.len, 6);
    ck_assert_mem_eq(reply.message.data, "H\0i\0\0", 6);
    ck_assert_uint_eq(reply.result, 0x80094014);
}
END_TEST

static const struct {
    const char *octets;
    size_t len;
} broken[] = {
    {R("")},
    {R("\1\0\0\0\3\0\0\0")},
    {R("\1\0\0\0\3\0\0\0" NOTHING NOTHING NOTHING "\0\0\0")}, /* no result */
    {R("\1\0\0\0\3\0\0\0" NOTHING NOTHING NOTHING "\0\0\0\0"
       "x")}, /* something after it */
    {R("\1\0\0\0\3\0\0\0"
       "\1\0\0\0\0\0\0\0" NOTHING NOTHING "\0\0\0\0")}, /* NULL of 1 octet */
    {R("\1\0\0\0\3\0\0\0"
       "\4\0\0\0\1\0\0\0\5\0\0\0"
       "abcd" NOTHING NOTHING "\0\0\0\0")},
    {R("\1\0\0\0\3\0\0\0"
       "\5\0\0\0\1\0\0\0\4\0\0\0"
       "abcd" NOTHING NOTHING "\0\0\0\0")},
    {R("\1\0\0\0\3\0\0\0"
       "\xff\0\0\0\1\0\0\0\xff\0\0\0"
       "abcd" NOTHING NOTHING "\0\0\0\0")},
    {R("\1\0\0\0\3\0\0\0"
       "\xff\xff\xff\xff\1\0\0\0\xff\xff\xff\xff"
       "abcd" NOTHING NOTHING "\0\0\0\0")},
    {R("\1\0\0\0\3\0\0\0" NOTHING NOTHING "\2\0\0\0\1\0\0\0"
       "\2\0\0\0"
       "ab")},
};

START_TEST(test_read_broken)
{
    cs_auto_value(cs_bytes) stub = cs_bytes_copy(broken[_i].octets, broken[_i].len);
    struct cs_icpr_reply reply = {.request_id = 99};
    struct cs_err err = {0};

    assert_fails(cs_icpr_read(&stub, &reply, &err), CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.message, "broken");
    ck_assert_uint_eq(reply.request_id, 99);
}
END_TEST

/* ---- numbers ---- */

static const struct {
    const char *text;
    uint32_t id; /* 0: it is none */
} ids[] = {
    {"1", 1},
    {"4294967295", 4294967295U},
    {"0012", 12},
    {"4294967296", 0},
    {"0", 0},
    {"", 0},
    {NULL, 0},
    {"-1", 0},
    {"+1", 0},
    {" 1", 0},
    {"1 ", 0},
    {"0x10", 0},
    {"1\nSAN:dns=x", 0},
    {"18446744073709551617", 0},
};

START_TEST(test_id)
{
    uint32_t id = 0;
    struct cs_err err = {0};
    cs_rc rc = cs_icpr_parse_id(ids[_i].text, &id, &err);

    if (ids[_i].id) {
        assert_ok(rc, &err);
        ck_assert_uint_eq(id, ids[_i].id);
    } else {
        assert_fails(rc, CS_E_CA_REFUSED, &err);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("icprmsg");
    TCase *tcase = tcase_create("icprmsg");

    add_rows(tcase, test_put, questions);
    add_rows(tcase, test_template_refused, templates);
    tcase_add_test(tcase, test_too_long);
    tcase_add_test(tcase, test_read);
    add_rows(tcase, test_read_broken, broken);
    add_rows(tcase, test_id, ids);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
