#include "net/ntlmseal.h"

#include "support/check_run.h"

/* MS-NLMP section 4.2.4 (NTLM v2 with key exchange and 128 bits): the exported session key is
 * sixteen times 0x55, the message "Plaintext" in UTF-16LE, the sequence number 0. */
static const uint8_t key[CS_NTLM_KEY_LEN] = {0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
                                             0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55};
static const uint8_t plain[18] = "P\0l\0a\0i\0n\0t\0e\0x\0t";
static const uint8_t sealed_text[18] = {0x54, 0xe5, 0x01, 0x65, 0xbf, 0x19, 0x36, 0xdc, 0x99,
                                        0x60, 0x20, 0xc1, 0x81, 0x1b, 0x0f, 0x06, 0xfb, 0x5f};
static const uint8_t signature[16] = {0x01, 0x00, 0x00, 0x00, 0x7f, 0xb3, 0x8e, 0xc5,
                                      0xc5, 0x5d, 0x49, 0x76, 0x00, 0x00, 0x00, 0x00};

/* Checked with Python's hashlib and hmac and an RC4 written for that. */
START_TEST(test_published_values)
{
    cs_auto(cs_ntlmseal) seal = NULL;
    struct cs_err err = {0};
    uint8_t pdu[34] = {0};
    const struct cs_rpc_sealed sealed = {pdu, 0, 18, 18, 34};

    memcpy(pdu, plain, sizeof plain);
    assert_ok(cs_ntlmseal_new(key, &seal, &err), &err);
    assert_ok(cs_ntlmseal_out(seal, &sealed, &err), &err);
    ck_assert_mem_eq(pdu, sealed_text, sizeof sealed_text);
    ck_assert_mem_eq(pdu + 18, signature, sizeof signature);
}
END_TEST

/* Both ends; header and trailer are signed but not encrypted. */
static struct cs_ntlmseal *near_end;
static struct cs_ntlmseal *far_end;

static void open_ends(void)
{
    struct cs_err err = {0};

    assert_ok(cs_ntlmseal_new(key, &near_end, &err), &err);
    assert_ok(cs_ntlmseal_new(key, &far_end, &err), &err);
    cs_ntlmseal_swap(far_end);
}

static void close_ends(void)
{
    cs_ntlmseal_free(near_end);
    cs_ntlmseal_free(far_end);
}

#define BODY    24
#define TRAILER 40
#define TOKEN   48
#define END     64

static void fill(uint8_t pdu[END], uint8_t octet)
{
    memset(pdu, octet, END);
}

START_TEST(test_conversation)
{
    struct cs_err err = {0};
    uint8_t pdu[END];
    uint8_t before[END];
    const struct cs_rpc_sealed sealed = {pdu, BODY, TRAILER, TOKEN, END};

    for (uint8_t i = 0; i < 5; i++) {
        struct cs_ntlmseal *from = i % 2 ? far_end : near_end;
        fill(pdu, i);
        memcpy(before, pdu, END);
        assert_ok(cs_ntlmseal_out(from, &sealed, &err), &err);
        ck_assert_mem_eq(pdu, before, BODY);
        ck_assert_mem_ne(pdu + BODY, before + BODY, TRAILER - BODY);
        ck_assert_mem_eq(pdu + TRAILER, before + TRAILER, TOKEN - TRAILER);
        assert_ok(cs_ntlmseal_in(i % 2 ? near_end : far_end, &sealed, &err), &err);
        ck_assert_mem_eq(pdu, before, TOKEN);
    }
}
END_TEST

/* An octet of each part that is another one on arrival. */
static const size_t changed[] = {0,       BODY - 1, BODY,      TRAILER - 1,
                                 TRAILER, TOKEN,    TOKEN + 4, END - 1};

START_TEST(test_changed)
{
    struct cs_err err = {0};
    uint8_t pdu[END];
    const struct cs_rpc_sealed sealed = {pdu, BODY, TRAILER, TOKEN, END};

    fill(pdu, 7);
    assert_ok(cs_ntlmseal_out(near_end, &sealed, &err), &err);
    pdu[changed[_i]] ^= 1;
    assert_fails(cs_ntlmseal_in(far_end, &sealed, &err), CS_E_CA_UNREACHABLE, &err);
}
END_TEST

START_TEST(test_repeated)
{
    struct cs_err err = {0};
    uint8_t pdu[END];
    uint8_t again[END];
    const struct cs_rpc_sealed sealed = {pdu, BODY, TRAILER, TOKEN, END};

    fill(pdu, 7);
    assert_ok(cs_ntlmseal_out(near_end, &sealed, &err), &err);
    memcpy(again, pdu, END);
    assert_ok(cs_ntlmseal_in(far_end, &sealed, &err), &err);
    memcpy(pdu, again, END);
    assert_fails(cs_ntlmseal_in(far_end, &sealed, &err), CS_E_CA_UNREACHABLE, &err);
}
END_TEST

START_TEST(test_short_signature)
{
    struct cs_err err = {0};
    uint8_t pdu[END] = {0};
    const struct cs_rpc_sealed sealed = {pdu, BODY, TRAILER, TOKEN, END - 1};

    assert_fails(cs_ntlmseal_in(far_end, &sealed, &err), CS_E_CA_UNREACHABLE, &err);
    assert_fails(cs_ntlmseal_out(near_end, &sealed, &err), CS_E_INTERNAL, &err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ntlmseal");
    TCase *tcase = tcase_create("ntlmseal");

    tcase_add_test(tcase, test_published_values);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("both ends");
    tcase_add_checked_fixture(tcase, open_ends, close_ends);
    tcase_add_test(tcase, test_conversation);
    add_rows(tcase, test_changed, changed);
    tcase_add_test(tcase, test_repeated);
    tcase_add_test(tcase, test_short_signature);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
