/* Keys that are about to be generated (port/store.h), over SQLite. */
#include "port/store.h"

#include "base/mem.h"
#include "support/check_run.h"
#include "support/storebox.h"

static struct cs_key_intent intent(uint8_t octet)
{
    struct cs_key_intent made = {.token_uri = cs_asprintf("pkcs11:token=t%u", octet)};

    memset(made.key_id, octet, sizeof made.key_id);
    return made;
}

static void add(struct cs_store *store, uint8_t octet)
{
    struct cs_key_intent one = intent(octet);
    struct cs_err err = {0};

    assert_ok(cs_store_intent_add(store, &one, &err), &err);
    free(one.token_uri);
}

/* The store holds the intents of exactly these keys. */
static void assert_intents(struct cs_store *store, const uint8_t *octets, size_t count)
{
    cs_auto_value(cs_key_intent_list) list = {0};
    struct cs_err err = {0};

    assert_ok(cs_store_intents(store, &list, &err), &err);
    ck_assert_uint_eq(list.count, count);
    for (size_t i = 0; i < count; i++) {
        struct cs_key_intent expected = intent(octets[i]);
        size_t found = 0;
        for (size_t j = 0; j < count; j++) {
            found += memcmp(list.items[j].key_id, expected.key_id, CS_KEY_ID_LEN) == 0 &&
                     strcmp(list.items[j].token_uri, expected.token_uri) == 0;
        }
        ck_assert_uint_eq(found, 1);
        free(expected.token_uri);
    }
}

START_TEST(intent_stays_until_it_is_removed)
{
    cs_auto(cs_store) store = storebox_open();
    struct cs_key_intent second = intent(2);
    struct cs_err err = {0};

    assert_intents(store, NULL, 0);
    add(store, 1);
    add(store, 2);
    assert_intents(store, (const uint8_t[]){1, 2}, 2);
    /* Through the file. */
    cs_store_close(cs_steal(&store));
    store = storebox_open();
    assert_ok(cs_store_intent_remove(store, second.key_id, &err), &err);
    assert_intents(store, (const uint8_t[]){1}, 1);
    /* Twice is no error. */
    assert_ok(cs_store_intent_remove(store, second.key_id, &err), &err);
    assert_intents(store, (const uint8_t[]){1}, 1);
    free(second.token_uri);
}
END_TEST

START_TEST(authority_takes_the_place_of_its_intent)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_labca_row) row = {
        .name = cs_strdup("lab"),
        .token_uri = cs_strdup("pkcs11:token=t1"),
        .certificate = cs_bytes_copy("der", 3),
    };
    struct cs_err err = {0};

    add(store, 1);
    add(store, 2);
    memset(row.key_id, 1, sizeof row.key_id);
    assert_ok(cs_store_labca_add(store, &row, &err), &err);
    assert_intents(store, (const uint8_t[]){2}, 1);

    /* The name is taken: the key that was made for it still has to be undone. */
    memset(row.key_id, 2, sizeof row.key_id);
    assert_fails(cs_store_labca_add(store, &row, &err), CS_E_USAGE, &err);
    assert_intents(store, (const uint8_t[]){2}, 1);
}
END_TEST

static const char *const damages[] = {
    "UPDATE key_intent SET key_id = x'00'",
    "UPDATE key_intent SET key_id = 'text of twenty octets'",
    "UPDATE key_intent SET token_uri = NULL",
    "UPDATE key_intent SET token_uri = x'70'",
};

START_TEST(damaged_intent_is_refused)
{
    cs_auto(cs_store) store = storebox_open();
    struct cs_key_intent_list list = {0};
    struct cs_err err = {0};

    add(store, 1);
    cs_store_close(cs_steal(&store));
    storebox_unstrict();
    storebox_sql(damages[_i]);
    store = storebox_open();
    assert_fails(cs_store_intents(store, &list, &err), CS_E_STORE, &err);
    assert_contains(err.message, "is damaged");
    ck_assert_uint_eq(list.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("intents");
    TCase *tcase = tcase_create("contract");

    tcase_add_checked_fixture(tcase, storebox_setup, storebox_teardown);
    tcase_add_test(tcase, intent_stays_until_it_is_removed);
    tcase_add_test(tcase, authority_takes_the_place_of_its_intent);
    add_rows(tcase, damaged_intent_is_refused, damages);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
