#include "base/cleanup.h"
#include "support/check_run.h"
#include "x509/hash.h"

/* The examples of FIPS 180-4 (NIST, "SHA256.pdf") and the empty message. */
static const struct {
    const char *text;
    size_t times;
    const char *digest;
} vectors[] = {
    {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"aaaaaaaaaa", 100000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

START_TEST(test_vector)
{
    cs_auto(cs_hash) hash = NULL;
    char text[CS_HASH_TEXT_SIZE];
    struct cs_err err = {0};

    assert_ok(cs_hash_new(&hash, &err), &err);
    for (size_t i = 0; i < vectors[_i].times; i++) {
        assert_ok(cs_hash_add(hash, vectors[_i].text, strlen(vectors[_i].text), &err), &err);
    }
    assert_ok(cs_hash_text(hash, text, &err), &err);
    ck_assert_str_eq(text, vectors[_i].digest);
}
END_TEST

/* Pieces are the whole. */
START_TEST(test_pieces)
{
    cs_auto(cs_hash) hash = NULL;
    char text[CS_HASH_TEXT_SIZE];
    struct cs_err err = {0};

    assert_ok(cs_hash_new(&hash, &err), &err);
    assert_ok(cs_hash_add(hash, "a", 1, &err), &err);
    assert_ok(cs_hash_add(hash, "", 0, &err), &err);
    assert_ok(cs_hash_add(hash, "bc", 2, &err), &err);
    assert_ok(cs_hash_text(hash, text, &err), &err);
    ck_assert_str_eq(text, vectors[0].digest);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hash");
    TCase *tcase = tcase_create("hash");

    add_rows(tcase, test_vector, vectors);
    tcase_add_test(tcase, test_pieces);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
