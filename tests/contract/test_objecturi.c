/* A URI that names an object: exactly one must fit. */
#include "base/mem.h"
#include "pkcs11/objecturi.h"
#include "support/check_run.h"
#include "support/testtoken.h"

#include <string.h>

static struct cs_softhsm hsm;
static struct cs_testtoken token;
static struct cs_keystore *store;
static struct cs_listed_object object;
static struct cs_err err;

/* Two pairs "old00000" and "old00001" with the CKA_IDs "olde", zeroes and their numbers. */
#define ID_0 "%6f%6c%64%65%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00"

static void setup(void)
{
    cs_softhsm_init(&hsm);
    cs_softhsm_populate(&hsm, CS_SOFTHSM_LABEL, 2, CS_SOFTHSM_EC);
    cs_testtoken_init(&token, &hsm, CS_SOFTHSM_MODULE);
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
}

static void teardown(void)
{
    cs_listed_object_done(&object);
    cs_keystore_close(store);
    store = NULL;
    cs_testtoken_done(&token);
    cs_softhsm_done(&hsm);
}

static const struct {
    const char *uri;
    const char *class_name;
    const char *label;
} good[] = {
    {"pkcs11:object=old00000;type=private", "private key", "old00000"},
    {"pkcs11:object=old00001;type=public", "public key", "old00001"},
    {"pkcs11:token=x;id=" ID_0 ";type=private", "private key", "old00000"},
    {"pkcs11:id=" ID_0 ";object=old00000;type=public", "public key", "old00000"},
};

START_TEST(finds_the_one)
{
    assert_ok(cs_token_object(store, good[_i].uri, &object, &err), &err);
    ck_assert_str_eq(object.class_name, good[_i].class_name);
    ck_assert_str_eq(object.label, good[_i].label);
    ck_assert_uint_eq(strlen(object.id), 40);
    assert_contains(object.uri, "token=" CS_SOFTHSM_LABEL);
    ck_assert_int_eq(object.facts.count > 0, strcmp(good[_i].class_name, "private key") == 0);
}
END_TEST

/* Its own URI names it again. */
START_TEST(names_it_again)
{
    struct cs_listed_object again = {0};

    assert_ok(cs_token_object(store, good[_i].uri, &object, &err), &err);
    assert_ok(cs_token_object(store, object.uri, &again, &err), &err);
    ck_assert_str_eq(again.uri, object.uri);
    cs_listed_object_done(&again);
}
END_TEST

static const struct {
    const char *uri;
    const char *says;
    const char *lists; /* in message or hint */
} bad[] = {
    {"pkcs11:object=nobody", "no object", "object=old00000;type=p"},
    {"pkcs11:object=old00000;type=cert", "no object", "old00001"},
    {"pkcs11:id=%00", "no object", "type=private"},
    {"pkcs11:object=old00000", "2 objects", "type=public"},
    {"pkcs11:type=private", "2 objects", "object=old00001"},
};

START_TEST(lists_candidates)
{
    assert_fails(cs_token_object(store, bad[_i].uri, &object, &err), CS_E_TOKEN_ABSENT, &err);
    assert_contains(err.message, bad[_i].says);
    cs_autofree char *both = cs_asprintf("%s\n%s", err.message, err.hint);
    assert_contains(both, bad[_i].lists);
    ck_assert(err.hint[0]);
}
END_TEST

START_TEST(an_empty_token_says_so)
{
    cs_keystore_close(store);
    store = NULL;
    cs_softhsm_wipe(&hsm, CS_SOFTHSM_LABEL);
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    assert_fails(cs_token_object(store, "pkcs11:type=private", &object, &err), CS_E_TOKEN_ABSENT,
                 &err);
    assert_contains(err.hint, "no object on the token");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("objecturi");
    TCase *tcase = tcase_create("objects");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    add_rows(tcase, finds_the_one, good);
    add_rows(tcase, names_it_again, good);
    add_rows(tcase, lists_candidates, bad);
    tcase_add_test(tcase, an_empty_token_says_so);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
