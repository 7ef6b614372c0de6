/* What the numbers of an answer of MS-ICPR mean: MS-WCCE section 3.2.1.4.2.1. */
#include "base/file.h"
#include "base/mem.h"
#include "ca/hresult.h"
#include "ca/icprmsg.h"
#include "support/check_run.h"

#define CA "ca01.litwareinc.test\\myca"

static const struct cs_bytes csr = {(uint8_t[]){0}, 1};
static const struct cs_icpr_question submit = {.authority = "myca", .csr = &csr};
static const struct cs_icpr_question poll = {.authority = "myca", .request_id = 7};

#define WIDE(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text)                                                      \
    }

static const struct {
    const struct cs_icpr_question *question;
    struct cs_icpr_reply reply;
    cs_rc rc;
    int disposition; /* of CS_OK */
    uint32_t code;   /* of the answer, or the error's cause */
    bool open;
    const char *text; /* in the answer's or the error's message */
} rows[] = {
    {&submit,
     {.request_id = 7, .disposition = 5, .message = WIDE("T\0a\0k\0e\0n\0\r\0\n\0")},
     CS_OK,
     CS_CA_PENDING,
     0,
     true,
     "Taken"},
    {&poll, {.request_id = 7, .disposition = 5}, CS_OK, CS_CA_PENDING, 0, false, NULL},
    {&poll,
     {.request_id = 7, .disposition = 6, .message = WIDE("R\0\n\0v\0")},
     CS_OK,
     CS_CA_REVOKED,
     0,
     false,
     "R v"},
    /* denied has its reason beside it */
    {&submit,
     {.request_id = 7, .disposition = 2, .result = 0x80094014},
     CS_OK,
     CS_CA_DENIED,
     0x80094014,
     true,
     NULL},
    {&poll,
     {.request_id = 7, .disposition = 2, .result = 0x80094014},
     CS_OK,
     CS_CA_DENIED,
     0x80094014,
     false,
     NULL},
    {&poll, {.request_id = 7, .disposition = 2}, CS_OK, CS_CA_DENIED, 0, false, NULL},
    /* one that failed when it was made */
    {&poll,
     {.request_id = 7, .disposition = 0xc80005e2},
     CS_OK,
     CS_CA_DENIED,
     0xc80005e2,
     false,
     NULL},
    /* refused at once: the CA has nothing of it to ask for */
    {&submit,
     {.request_id = 7, .disposition = 0x80094800, .message = WIDE("N\0o\0")},
     CS_E_CA_REFUSED,
     0,
     0x80094800,
     false,
     "(its number 7): No"},
    {&submit,
     {.request_id = 8, .disposition = 0x80094012},
     CS_E_CA_REFUSED,
     0,
     0x80094012,
     false,
     "refused the request (its number 8)"},
    {&submit, {.result = 0x80070005}, CS_E_CA_REFUSED, 0, 0x80070005, false, "refused the request"},
    {&submit,
     {.disposition = 0x80070057, .result = 0x80070057},
     CS_E_CA_REFUSED,
     0,
     0x80070057,
     false,
     "no CA of the name \"myca\""},
    {&poll,
     {.disposition = 0x80070057, .result = 0x80070057},
     CS_E_CA_REFUSED,
     0,
     0x80070057,
     false,
     "no CA of the name \"myca\""},
    {&poll,
     {.request_id = 7, .disposition = 0x80094004, .result = 0x80094004},
     CS_E_CA_REFUSED,
     0,
     0x80094004,
     false,
     "knows no request 7"},
    {&poll, {.result = 0x80070005}, CS_E_CA_REFUSED, 0, 0x80070005, false, "about request 7"},
    /* an HRESULT beside "issued" is a failure all the same */
    {&poll,
     {.request_id = 7, .disposition = 3, .result = 0x80094004},
     CS_E_CA_REFUSED,
     0,
     0x80094004,
     false,
     "knows no request 7"},
    /* RPC_S_SERVER_UNAVAILABLE and RPC_S_CALL_FAILED: nobody knows how far it got */
    {&submit,
     {.disposition = 0x800706ba, .result = 0x800706ba},
     CS_E_CA_UNREACHABLE,
     0,
     0x800706ba,
     true,
     "service of"},
    {&submit,
     {.request_id = 7, .disposition = 0x800706be},
     CS_E_CA_UNREACHABLE,
     0,
     0x800706be,
     true,
     "service of"},
    {&poll, {.disposition = 0x800706ba}, CS_E_CA_UNREACHABLE, 0, 0x800706ba, false, "service of"},
    /* nonsense */
    {&submit,
     {.request_id = 7, .disposition = 3},
     CS_OK,
     CS_CA_PENDING,
     0,
     true,
     CA " says that request 7 is issued, and sends no certificate"},
    {&poll,
     {.request_id = 7, .disposition = 3},
     CS_E_CA_UNREACHABLE,
     0,
     0,
     false,
     "sends no certificate"},
    {&submit, {.disposition = 5}, CS_E_CA_UNREACHABLE, 0, 0, true, "request 0 instead of 0"},
    {&poll,
     {.request_id = 8, .disposition = 5},
     CS_E_CA_UNREACHABLE,
     0,
     0,
     false,
     "request 8 instead of 7"},
    {&poll,
     {.request_id = 8, .disposition = 0xc80005e2},
     CS_E_CA_UNREACHABLE,
     0,
     0,
     false,
     "request 8 instead of 7"},
    {&poll, {.request_id = 7, .disposition = 0}, CS_E_CA_UNREACHABLE, 0, 0, false, "disposition 0"},
    {&submit,
     {.request_id = 7, .disposition = 4},
     CS_E_CA_UNREACHABLE,
     0,
     0,
     true,
     "disposition 4"},
    {&submit,
     {.request_id = 7, .disposition = 0x7fffffff},
     CS_E_CA_UNREACHABLE,
     0,
     0,
     true,
     "disposition 2147483647"},
};

START_TEST(test_judge)
{
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};
    bool open = !rows[_i].open;
    cs_rc rc = cs_icpr_judge(rows[_i].question, &rows[_i].reply, CA, &answer, &open, &err);

    ck_assert(open == rows[_i].open);
    if (rows[_i].rc != CS_OK) {
        assert_fails(rc, rows[_i].rc, &err);
        assert_contains(err.message, CA);
        assert_contains(err.message, rows[_i].text);
        ck_assert_uint_eq((uint32_t)err.cause, rows[_i].code);
        ck_assert_int_eq(err.origin, rows[_i].code ? CS_ORIGIN_HRESULT : CS_ORIGIN_NONE);
        if (rows[_i].code) {
            ck_assert_str_eq(err.cause_name, cs_hresult_name(rows[_i].code));
            ck_assert_msg(err.hint[0], "no hint");
        }
        ck_assert_ptr_null(answer.request_id);
        return;
    }
    assert_ok(rc, &err);
    ck_assert_int_eq(answer.disposition, rows[_i].disposition);
    ck_assert_str_eq(answer.request_id, "7");
    ck_assert_uint_eq((uint32_t)answer.code, rows[_i].code);
    ck_assert_pstr_eq(answer.code_name, rows[_i].code ? cs_hresult_name(rows[_i].code) : NULL);
    ck_assert_pstr_eq(answer.message, rows[_i].text);
}
END_TEST

/* ---- issued ---- */

/* A certificate and the CMS that an AD CS sent with it (tests/data/ca). */
static struct cs_bytes recorded(const char *name)
{
    struct cs_bytes octets = {0};
    struct cs_err err = {0};
    const char *folder = getenv("CS_TESTS");

    ck_assert_ptr_nonnull(folder);
    cs_autofree char *path = cs_asprintf("%s/data/ca/%s", folder, name);
    assert_ok(cs_file_read(path, 1 << 20, &octets, &err), &err);
    return octets;
}

START_TEST(test_issued)
{
    cs_auto_value(cs_bytes) cms = recorded("issued-0.der");
    cs_auto_value(cs_bytes) leaf = recorded("issued-1.der");
    cs_auto_value(cs_ca_answer) answer = {0};
    const struct cs_icpr_reply reply = {
        .request_id = 7,
        .disposition = 3,
        .chain = {cms.data, _i ? cms.len : 0},
        .certificate = {leaf.data, leaf.len},
    };
    struct cs_err err = {0};
    bool open = false;

    assert_ok(cs_icpr_judge(&poll, &reply, CA, &answer, &open, &err), &err);
    ck_assert_int_eq(answer.disposition, CS_CA_ISSUED);
    ck_assert(cs_bytes_equal(&answer.certificate, &leaf));
    if (!_i) {
        ck_assert_uint_eq(answer.chain.len, 0);
        return;
    }
    /* The issuer FB_EntSubCA stands before the root FB_EntRootCA; the leaf is not in it. */
    const uint8_t *sub = memmem(answer.chain.data, answer.chain.len, "FB_EntSubCA", 11);
    const uint8_t *root = memmem(answer.chain.data, answer.chain.len, "FB_EntRootCA", 12);
    ck_assert_ptr_nonnull(sub);
    ck_assert_ptr_nonnull(root);
    ck_assert_ptr_null(memmem(answer.chain.data, answer.chain.len, "abby", 4));
}
END_TEST

/* A chain that is none, or somebody else's; a certificate that is none. */
static const struct {
    const char *certificate;
    const char *cms;
} odd[] = {
    {"issued-1.der", "req.der"},
    {"issued-1.der", "iis-401.html"},
    {"req.der", "issued-0.der"},
};

START_TEST(test_issued_broken)
{
    cs_auto_value(cs_bytes) cms = recorded(odd[_i].cms);
    cs_auto_value(cs_bytes) leaf = recorded(odd[_i].certificate);
    cs_auto_value(cs_ca_answer) answer = {0};
    const struct cs_icpr_reply reply = {
        .request_id = 7,
        .disposition = 3,
        .chain = {cms.data, cms.len},
        .certificate = {leaf.data, leaf.len},
    };
    struct cs_err err = {0};
    bool open = false;

    /* it is issued: the CA must be asked again, but not sent the request again */
    assert_ok(cs_icpr_judge(&submit, &reply, CA, &answer, &open, &err), &err);
    ck_assert_int_eq(answer.disposition, CS_CA_PENDING);
    ck_assert_str_eq(answer.request_id, "7");
    assert_contains(answer.message, "cannot be used");
    ck_assert_uint_eq(answer.certificate.len, 0);
    cs_ca_answer_done(&answer);
    assert_fails(cs_icpr_judge(&poll, &reply, CA, &answer, &open, &err), CS_E_CA_UNREACHABLE, &err);
    ck_assert_ptr_null(answer.request_id);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("icprjudge");
    TCase *tcase = tcase_create("icprjudge");

    add_rows(tcase, test_judge, rows);
    tcase_add_loop_test(tcase, test_issued, 0, 2);
    add_rows(tcase, test_issued_broken, odd);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
