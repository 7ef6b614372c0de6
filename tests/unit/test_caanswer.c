/* What comes up from a CA's program: good answers in full, and everything that is none. */
#include "wire/caanswer.h"

#include "base/base64.h"
#include "base/mem.h"
#include "support/check_run.h"
#include "wire/cawire.h"

#define V "{\"v\":1,"

static cs_rc parse(const char *text, struct cs_caanswer *ret_answer, struct cs_err *err)
{
    return cs_caanswer_parse(text, strlen(text), ret_answer, err);
}

START_TEST(test_issued)
{
    cs_auto_value(cs_caanswer) answer = {0};
    struct cs_err err = {0};

    assert_ok(parse(V
                    "\"disposition\":\"issued\",\"request_id\":\"4294967295\",\"handle\":\"h\","
                    "\"certificate\":\"MAA=\",\"chain\":[\"MAEB\",\"MAEC\"],\"message\":\"Issued\","
                    "\"code\":0}",
                    &answer, &err),
              &err);
    ck_assert_int_eq(answer.kind, CS_CAANSWER_CA);
    ck_assert_int_eq(answer.answer.disposition, CS_CA_ISSUED);
    ck_assert_str_eq(answer.answer.request_id, "4294967295");
    ck_assert_str_eq(answer.answer.handle, "h");
    ck_assert_str_eq(answer.answer.message, "Issued");
    ck_assert_uint_eq(answer.answer.certificate.len, 2);
    ck_assert_uint_eq(answer.answer.chain.len, 6);
    ck_assert_mem_eq(answer.answer.chain.data, "\x30\x01\x01\x30\x01\x02", 6);
}
END_TEST

static const struct {
    const char *text;
    enum cs_disposition disposition;
} dispositions[] = {
    {V "\"disposition\":\"pending\",\"request_id\":\"1\"}", CS_CA_PENDING},
    {V "\"disposition\":\"pending\",\"handle\":\"1\"}", CS_CA_PENDING},
    {V "\"disposition\":\"denied\"}", CS_CA_DENIED},
    {V "\"disposition\":\"revoked\"}", CS_CA_REVOKED},
};

START_TEST(test_dispositions)
{
    cs_auto_value(cs_caanswer) answer = {0};
    struct cs_err err = {0};

    assert_ok(parse(dispositions[_i].text, &answer, &err), &err);
    ck_assert_int_eq(answer.kind, CS_CAANSWER_CA);
    ck_assert_int_eq(answer.answer.disposition, dispositions[_i].disposition);
}
END_TEST

/* The CA's words may be anything; they come escaped. */
START_TEST(test_denied)
{
    cs_auto_value(cs_caanswer) answer = {0};
    struct cs_err err = {0};

    assert_ok(parse(V "\"disposition\":\"denied\",\"message\":\"a\\u001b[2J\\n\\u202eb\",\"hint\":"
                      "\"\\u0007x\",\"code\":2148089876,\"code_name\":\"CERTSRV_E_X\"}",
                    &answer, &err),
              &err);
    ck_assert_str_eq(answer.answer.message, "a\\x1b[2J\\x0a\\u202eb");
    ck_assert_str_eq(answer.answer.hint, "\\x07x");
    ck_assert_int_eq(answer.answer.code, 0x80094014);
    ck_assert_str_eq(answer.answer.code_name, "CERTSRV_E_X");
}
END_TEST

START_TEST(test_error)
{
    cs_auto_value(cs_caanswer) answer = {0};
    struct cs_err err = {0};

    assert_ok(parse(V "\"disposition\":\"error\",\"sent\":false,\"error\":{\"code\":"
                      "\"CA_UNREACHABLE\",\"message\":\"m\",\"hint\":\"h\",\"origin\":\"HRESULT\","
                      "\"cause\":2147944122,\"cause_name\":\"RPC_S_SERVER_UNAVAILABLE\","
                      "\"operation\":\"connect\"}}",
                    &answer, &err),
              &err);
    ck_assert_int_eq(answer.kind, CS_CAANSWER_ERROR);
    ck_assert(!answer.may_have_it);
    ck_assert_int_eq(answer.error.code, CS_E_CA_UNREACHABLE);
    ck_assert_int_eq(answer.error.origin, CS_ORIGIN_HRESULT);
    ck_assert_int_eq(answer.error.cause, 0x800706ba);
    ck_assert_str_eq(answer.error.cause_name, "RPC_S_SERVER_UNAVAILABLE");
    ck_assert_str_eq(answer.error.operation, "connect");
    ck_assert_str_eq(answer.error.message, "m");
    ck_assert_str_eq(answer.error.hint, "h");
}
END_TEST

START_TEST(test_sign)
{
    cs_auto_value(cs_caanswer) answer = {0};
    struct cs_err err = {0};

    assert_ok(parse(V "\"op\":\"sign\",\"key\":\"client\",\"scheme\":\"ecdsa-sha256\",\"data\":"
                      "\"AAE=\"}",
                    &answer, &err),
              &err);
    ck_assert_int_eq(answer.kind, CS_CAANSWER_SIGN);
    ck_assert_str_eq(answer.scheme, "ecdsa-sha256");
    ck_assert_uint_eq(answer.data.len, 2);
}
END_TEST

#define ISSUED V "\"disposition\":\"issued\",\"certificate\":\"MAA=\","
#define ERROR  V "\"disposition\":\"error\",\"error\":"

static const struct {
    const char *text;
    const char *message;
} bad[] = {
    {"", "no JSON"},
    {"[]", "no JSON object"},
    {"{}", "another version"},
    {"{\"v\":\"1\",\"disposition\":\"ok\"}", "another version"},
    {"{\"v\":2,\"disposition\":\"ok\"}", "another version"},
    {V "\"v\":1}", "no JSON"},
    {V "\"disposition\":1}", "has no disposition"},
    {V "\"disposition\":\"Issued\"}", "a word that is not known"},
    {V "\"disposition\":\"\"}", "a word that is not known"},
    /* what does not go together */
    {V "\"disposition\":\"issued\"}", "is issued is not in it"},
    {V "\"disposition\":\"issued\",\"certificate\":\"\"}", "no base64"},
    {V "\"disposition\":\"denied\",\"certificate\":\"MAA=\"}", "does not say that it is issued"},
    {V "\"disposition\":\"pending\"}", "without a number it cannot be asked for again"},
    {V "\"disposition\":\"pending\",\"request_id\":\"\"}", "request_id has 0 octets"},
    /* wrong types, unknown members */
    {ISSUED "\"request_id\":1}", "request_id: Expected string, got integer"},
    {ISSUED "\"chain\":\"MAA=\"}", "chain is no array"},
    {ISSUED "\"chain\":[1]}", "chain is no base64"},
    {ISSUED "\"chain\":[\"MAA=\",\"!\"]}", "chain is no base64"},
    {ISSUED "\"code\":4294967296}", "no number of 32 bits"},
    {ISSUED "\"code\":-1}", "no number of 32 bits"},
    {ISSUED "\"code\":\"0x80094800\"}", "code: Expected integer, got string"},
    {ISSUED "\"surprise\":1}", "surprise"},
    {V "\"disposition\":\"ok\",\"certificate\":\"MAA=\"}", "certificate"},
    {V "\"disposition\":\"unsupported\",\"x\":1}", "x"},
    /* texts that mean to deceive */
    {ISSUED "\"request_id\":\"1\\u001b[2J\"}", "request_id holds control characters"},
    {ISSUED "\"request_id\":\"\\u202e1\"}", "request_id holds control characters"},
    {ISSUED "\"handle\":\"a\\nb\"}", "handle holds control characters"},
    {ISSUED "\"request_id\":\"a\\u0000b\"}", "no JSON"},
    /* errors */
    {ERROR "1}", "error"},
    {ERROR "{\"code\":\"CA_REFUSED\"}}", "message"},
    {ERROR "{\"code\":\"OK\",\"message\":\"m\"}}", "code that is not known"},
    {ERROR "{\"code\":\"TOKEN_AUTH\",\"message\":\"m\"}}", "code that is not known"},
    {ERROR "{\"code\":\"STORE\",\"message\":\"m\"}}", "code that is not known"},
    {ERROR "{\"code\":\"CONFIG\",\"message\":\"m\",\"origin\":\"x\"}}", "origin that is not known"},
    {ERROR "{\"code\":\"CONFIG\",\"message\":\"m\",\"pin\":\"x\"}}", "pin"},
    {ERROR "{\"code\":\"CONFIG\",\"message\":\"m\"},\"sent\":\"no\"}", "Expected true or false"},
    /* findings and CAs */
    {V "\"disposition\":\"ok\",\"findings\":{}}", "findings are no array"},
    {V "\"disposition\":\"ok\",\"findings\":[1]}", "a finding"},
    {V "\"disposition\":\"ok\",\"findings\":[{\"step\":\"a\",\"detail\":\"b\"}]}", "a finding"},
    {V "\"disposition\":\"ok\",\"cas\":{}}", "CAs are no array"},
    {V "\"disposition\":\"ok\",\"cas\":[{\"name\":\"a\"}]}", "a CA"},
    {V "\"disposition\":\"ok\",\"cas\":[{\"name\":\"a\",\"host\":\"h\",\"authority\":\"c\","
       "\"templates\":{},\"urls\":[]}]}",
     "templates are no array"},
    {V "\"disposition\":\"ok\",\"cas\":[{\"name\":\"a\\u001b\",\"host\":\"h\",\"authority\":\"c\","
       "\"templates\":[],\"urls\":[]}]}",
     "name holds control characters"},
    /* signatures of other keys, of other ops */
    {V "\"op\":\"sign\",\"key\":\"ca\",\"scheme\":\"s\",\"data\":\"AA==\"}", "something else"},
    {V "\"op\":\"export\",\"key\":\"client\",\"scheme\":\"s\",\"data\":\"AA==\"}",
     "something else"},
    {V "\"op\":\"sign\",\"key\":\"client\",\"scheme\":\"s\"}", "data"},
    {V "\"op\":\"sign\",\"key\":\"client\",\"scheme\":\"s\",\"data\":\"AA==\",\"pin\":\"1\"}",
     "pin"},
};

START_TEST(test_bad)
{
    struct cs_caanswer answer = {0};
    struct cs_err err = {0};

    assert_fails(parse(bad[_i].text, &answer, &err), CS_E_INPUT, &err);
    assert_contains(err.message, bad[_i].message);
}
END_TEST

/* ---- sizes: the largest that is taken, and one more ---- */

enum part { REQUEST_ID, HANDLE, MESSAGE, CERTIFICATE, CHAIN, DATA };

static const struct {
    enum part part;
    size_t size;
    bool good;
} sizes[] = {
    {REQUEST_ID, 1024, true},   {REQUEST_ID, 1025, false},   {HANDLE, 4096, true},
    {HANDLE, 4097, false},      {MESSAGE, 4096, true},       {MESSAGE, 4097, false},
    {CERTIFICATE, 65536, true}, {CERTIFICATE, 65537, false}, {CHAIN, 16, true},
    {CHAIN, 17, false},         {DATA, 1024, true},          {DATA, 1025, false},
};

static char *of_size(enum part part, size_t size)
{
    cs_autofree char *text = cs_alloc(size + 1, 1);
    memset(text, 'x', size);
    cs_autofree char *digits = cs_base64(text, size);

    switch (part) {
    case REQUEST_ID:
        return cs_asprintf(V "\"disposition\":\"denied\",\"request_id\":\"%s\"}", text);
    case HANDLE:
        return cs_asprintf(V "\"disposition\":\"denied\",\"handle\":\"%s\"}", text);
    case MESSAGE:
        return cs_asprintf(V "\"disposition\":\"denied\",\"message\":\"%s\"}", text);
    case CERTIFICATE:
        return cs_asprintf(V "\"disposition\":\"issued\",\"certificate\":\"%s\"}", digits);
    case DATA:
        return cs_asprintf(V "\"op\":\"sign\",\"key\":\"client\",\"scheme\":\"s\",\"data\":\"%s\"}",
                           digits);
    default:
        break;
    }
    char *list = cs_strdup("\"MAA=\"");
    for (size_t i = 1; i < size; i++) {
        char *longer = cs_asprintf("%s,\"MAA=\"", list);
        free(list);
        list = longer;
    }
    char *json = cs_asprintf(ISSUED "\"chain\":[%s]}", list);
    free(list);
    return json;
}

START_TEST(test_sizes)
{
    cs_autofree char *text = of_size(sizes[_i].part, sizes[_i].size);
    cs_auto_value(cs_caanswer) answer = {0};
    struct cs_err err = {0};

    if (sizes[_i].good) {
        assert_ok(parse(text, &answer, &err), &err);
    } else {
        assert_fails(parse(text, &answer, &err), CS_E_INPUT, &err);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("caanswer");
    TCase *tcase = tcase_create("caanswer");

    tcase_add_test(tcase, test_issued);
    add_rows(tcase, test_dispositions, dispositions);
    tcase_add_test(tcase, test_denied);
    tcase_add_test(tcase, test_error);
    tcase_add_test(tcase, test_sign);
    add_rows(tcase, test_bad, bad);
    add_rows(tcase, test_sizes, sizes);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
