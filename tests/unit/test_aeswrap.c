/* What tokens make of CKM_AES_KEY_WRAP_PAD and its like, judged by python3-cryptography's own
 * key wrap, and what is refused of what a token gives. */
#include "base/mem.h"
#include "pkcs11/aeswrap.h"
#include "support/check_run.h"
#include "support/judge.h"

#include <openssl/crypto.h>
#include <stdio.h>

#define KEY_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define IV_HEX  "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"

static uint8_t key[CS_AESWRAP_KEY_LEN];
static uint8_t iv[CS_AESWRAP_IV_LEN];
static char *folder;

static void setup(void)
{
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof iv; i++) {
        iv[i] = (uint8_t)(0xf0 + i);
    }
    folder = cs_judge_folder();
}

static void teardown(void)
{
    cs_judge_remove(folder);
    free(folder);
}

/* A SEQUENCE of @len octets in all (at least 132, below 64 KiB). */
static struct cs_bytes sequence(size_t len)
{
    struct cs_bytes der = {.data = cs_alloc(len + 1, 1), .len = len};

    der.data[0] = 0x30;
    if (len - 3 < 256) {
        der.data[1] = 0x81;
        der.data[2] = (uint8_t)(len - 3);
    } else {
        der.data[1] = 0x82;
        der.data[2] = (uint8_t)((len - 4) >> 8);
        der.data[3] = (uint8_t)(len - 4);
    }
    for (size_t i = 4; i < len; i++) {
        der.data[i] = (uint8_t)(i * 7 + 1);
    }
    return der;
}

/* ---- other people's wrapping ---- */

#define PYTHON(script)                                                                             \
    "/usr/bin/python3 -c '"                                                                        \
    "from cryptography.hazmat.primitives.keywrap import *\n"                                       \
    "from cryptography.hazmat.primitives.ciphers import Cipher,algorithms,modes\n"                 \
    "from cryptography.hazmat.primitives import padding\n"                                         \
    "k=bytes.fromhex(\"" KEY_HEX "\"); iv=bytes.fromhex(\"" IV_HEX "\")\n"                         \
    "def read(name): return open(name,\"rb\").read()\n"                                            \
    "def write(name,data): open(name,\"wb\").write(data)\n"                                        \
    "def zeros(n): return d+bytes(-len(d)%%n)\n"                                                   \
    "def pkcs7(n):\n p=padding.PKCS7(n*8).padder()\n return p.update(d)+p.finalize()\n"            \
    "def cbc(x):\n e=Cipher(algorithms.AES(k),modes.CBC(iv)).encryptor()\n"                        \
    " return e.update(x)+e.finalize()\n" script "'"

static const struct form {
    const char *name;
    const char *python;
    enum cs_aeswrap way;
} forms[] = {
    {"RFC 5649", "aes_key_wrap_with_padding(k,d)", CS_AESWRAP_KWP},
    {"RFC 5649 over octets filled up (SoftHSM2)", "aes_key_wrap_with_padding(k,zeros(8))",
     CS_AESWRAP_KWP},
    {"RFC 3394 with PKCS#7", "aes_key_wrap(k,pkcs7(8))", CS_AESWRAP_KW_PKCS7},
    {"RFC 3394 over octets filled up", "aes_key_wrap(k,zeros(8))", CS_AESWRAP_KW_PKCS7},
    {"CBC with PKCS#7", "cbc(pkcs7(16))", CS_AESWRAP_CBC_PKCS7},
};

/* All remainders of 8, so that every padding is met; lengths as of keys of EC and RSA-4096. */
static const size_t lengths[] = {132, 133, 134, 135, 136, 137, 138, 139, 2376, 2377, 2383};

static char *wrapped_folder;

/* All of them by one Python, before the tests: it takes longest to start. */
static void wrap_all(void)
{
    cs_autofree char *output = NULL;
    struct cs_buf script = CS_BUF(1 << 14);
    cs_autofree char *text = NULL;

    wrapped_folder = cs_judge_folder();
    for (size_t i = 0; i < ROWS(lengths); i++) {
        cs_auto_value(cs_bytes) der = sequence(lengths[i]);
        cs_autofree char *name = cs_asprintf("in-%zu", i);
        free(cs_judge_write(wrapped_folder, name, der.data, der.len));
        for (size_t j = 0; j < ROWS(forms); j++) {
            cs_buf_printf(&script, "d=read(\"%s\"); write(\"out-%zu-%zu\",%s)\n", name, j, i,
                          forms[j].python);
        }
    }
    ck_assert_int_eq(cs_buf_take_text(&script, "the script", &text, NULL), CS_OK);
    int code = cs_judge(&output, "cd '%s' && " PYTHON("%s"), wrapped_folder, text);
    ck_assert_msg(code == 0, "%s", output);
}

static void wrapped_remove(void)
{
    cs_judge_remove(wrapped_folder);
    free(wrapped_folder);
}

static struct cs_bytes wrapped_as(size_t form, size_t length)
{
    cs_autofree char *path = cs_asprintf("%s/out-%zu-%zu", wrapped_folder, form, length);

    return cs_judge_read(path);
}

START_TEST(each_form_is_told_apart)
{
    size_t which = (size_t)_i / ROWS(lengths);
    size_t length = (size_t)_i % ROWS(lengths);
    const struct form *form = &forms[which];
    cs_auto_value(cs_bytes) der = sequence(lengths[length]);
    cs_auto_value(cs_bytes) wrapped = wrapped_as(which, length);
    cs_autofree uint8_t *out = cs_alloc(wrapped.len, 1);
    cs_autofree uint8_t *none = cs_alloc(wrapped.len, 1);
    size_t len = 0;

    for (int way = 0; way < CS_AESWRAP_COUNT; way++) {
        memset(out, 0xee, wrapped.len);
        bool opened =
            cs_aeswrap_open((enum cs_aeswrap)way, key, iv, wrapped.data, wrapped.len, out, &len);
        ck_assert_msg(opened == ((enum cs_aeswrap)way == form->way), "%s, %zu octets, way %d: %d",
                      form->name, der.len, way, opened);
        if (opened) {
            ck_assert_uint_eq(len, der.len);
            ck_assert_mem_eq(out, der.data, der.len);
        } else {
            ck_assert_mem_eq(out, none, wrapped.len); /* wiped */
        }
    }
}
END_TEST

#define CBC_OPENED                                                                                 \
    "(lambda c,u: u.update(c.update(d)+c.finalize())+u.finalize())("                               \
    "Cipher(algorithms.AES(k),modes.CBC(iv)).decryptor(),padding.PKCS7(128).unpadder())"

/* What is wrapped here others can unwrap. */
START_TEST(others_unwrap_it)
{
    static const char *const opened[] = {
        [CS_AESWRAP_KWP] = "aes_key_unwrap_with_padding(k,d)",
        [CS_AESWRAP_KW_PKCS7] =
            "(lambda u: u.update(aes_key_unwrap(k,d))+u.finalize())(padding.PKCS7(64).unpadder())",
        [CS_AESWRAP_CBC_PKCS7] = CBC_OPENED,
    };
    enum cs_aeswrap way = (enum cs_aeswrap)(_i / 3);
    cs_auto_value(cs_bytes) der = sequence(lengths[3 + _i % 3]);
    uint8_t wrapped[4096];
    size_t len = 0;

    ck_assert(cs_aeswrap_close(way, key, iv, der.data, der.len, wrapped, sizeof wrapped, &len));
    ck_assert_uint_gt(len, der.len);
    ck_assert_uint_le(len, der.len + CS_AESWRAP_MORE);
    free(cs_judge_write(folder, "in", wrapped, len));
    cs_auto_value(cs_bytes) back =
        cs_judge_make(folder, "out", PYTHON("d=read(\"in\"); write(\"out\",%s)"), opened[way]);
    ck_assert(cs_bytes_equal(&back, &der));
}
END_TEST

START_TEST(room_is_needed)
{
    cs_auto_value(cs_bytes) der = sequence(136);
    uint8_t wrapped[136 + CS_AESWRAP_MORE];
    size_t len = 0;

    for (int way = 0; way < CS_AESWRAP_COUNT; way++) {
        ck_assert(cs_aeswrap_close((enum cs_aeswrap)way, key, iv, der.data, der.len, wrapped,
                                   sizeof wrapped, &len));
        ck_assert(!cs_aeswrap_close((enum cs_aeswrap)way, key, iv, der.data, der.len, wrapped,
                                    sizeof wrapped - 1, &len));
        ck_assert(
            !cs_aeswrap_close((enum cs_aeswrap)way, key, iv, der.data, der.len, wrapped, 0, &len));
    }
}
END_TEST

/* ---- what is no wrapped key ---- */

/* Octets after the DER: up to 7 zeros and nothing else. */
START_TEST(what_follows_the_key)
{
    static const struct {
        size_t zeros;
        uint8_t last; /* 0: a zero too */
        bool opens;
    } rows[] = {{0, 0, true}, {7, 0, true}, {8, 0, false}, {3, 1, false}, {16, 0, false}};
    cs_auto_value(cs_bytes) der = sequence(136);
    uint8_t octets[256] = {0};
    uint8_t wrapped[512];
    uint8_t out[512];
    size_t total = der.len + rows[_i].zeros;
    size_t len = 0;

    memcpy(octets, der.data, der.len);
    if (rows[_i].last) {
        octets[total - 1] = rows[_i].last;
    }
    ck_assert(
        cs_aeswrap_close(CS_AESWRAP_KWP, key, iv, octets, total, wrapped, sizeof wrapped, &len));
    bool opens = cs_aeswrap_open(CS_AESWRAP_KWP, key, iv, wrapped, len, out, &len);
    ck_assert_int_eq(opens, rows[_i].opens);
    if (opens) {
        ck_assert_uint_eq(len, der.len);
    }
}
END_TEST

/* Any length, any octet changed, any key: of the two that look at what they unwrap nothing comes
 * out; of CBC nothing that is longer than what went in. */
START_TEST(broken_octets)
{
    enum cs_aeswrap way = (enum cs_aeswrap)_i;
    cs_auto_value(cs_bytes) der = sequence(136);
    uint8_t wrapped[512];
    size_t len = 0;
    size_t out_len = 0;

    ck_assert(cs_aeswrap_close(way, key, iv, der.data, der.len, wrapped, sizeof wrapped, &len));
    for (size_t i = 0; i < len; i++) {
        cs_autofree uint8_t *part = cs_alloc(i + 1, 1);
        cs_autofree uint8_t *out = cs_alloc(len, 1);
        memcpy(part, wrapped, i);
        if (cs_aeswrap_open(way, key, iv, part, i, out, &out_len)) {
            ck_assert_int_eq(way, CS_AESWRAP_CBC_PKCS7);
            ck_assert_uint_le(out_len, i);
        }
        wrapped[i] ^= 0x10;
        if (cs_aeswrap_open(way, key, iv, wrapped, len, out, &out_len)) {
            ck_assert_int_eq(way, CS_AESWRAP_CBC_PKCS7);
            ck_assert_uint_le(out_len, len);
        }
        wrapped[i] ^= 0x10;
    }
    key[0] ^= 1;
    cs_autofree uint8_t *out = cs_alloc(len, 1);
    ck_assert(!cs_aeswrap_open(way, key, iv, wrapped, len, out, &out_len));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("aeswrap");
    TCase *tcase = tcase_create("aeswrap");

    tcase_add_unchecked_fixture(tcase, wrap_all, wrapped_remove);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, each_form_is_told_apart, 0, (int)(ROWS(forms) * ROWS(lengths)));
    tcase_add_loop_test(tcase, others_unwrap_it, 0, 3 * CS_AESWRAP_COUNT);
    tcase_add_test(tcase, room_is_needed);
    tcase_add_loop_test(tcase, what_follows_the_key, 0, 5);
    tcase_add_loop_test(tcase, broken_octets, 0, CS_AESWRAP_COUNT);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
