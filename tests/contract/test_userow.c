/* Which certificate serves which type, and keys that came from a file: rows and their records. */
#include "base/mem.h"
#include "model/certtype.h"
#include "port/store.h"
#include "support/check_run.h"
#include "support/storebox.h"

static struct cs_err err;

static struct cs_use use(enum cs_use_slot slot, const char *certificate)
{
    return (struct cs_use){
        .slot = slot,
        .certificate = cs_bytes_copy(certificate, strlen(certificate)),
        .token_uri = cs_strdup("pkcs11:token=edge"),
        .key_id = cs_bytes_copy("\1\2", 2),
        .assigned = 1795000000,
        .effective = slot == CS_USE_STAGED ? 1796000000 : 0,
    };
}

static void set(struct cs_store *store, const char *type, struct cs_use *uses, size_t count,
                const char *record)
{
    assert_ok(cs_store_use_set(store, type, uses, count, record, &err), &err);
    for (size_t i = 0; i < count; i++) {
        cs_use_done(&uses[i]);
    }
}

static int64_t records(void)
{
    return storebox_number("SELECT count(*) FROM journal");
}

/* By type in the order of the table of types, then by slot: whatever order they came in. */
START_TEST(uses_come_back_in_order)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_use_list) list = {0};
    struct cs_use oauth[] = {use(CS_USE_STAGED, "three"), use(CS_USE_CURRENT, "one"),
                             use(CS_USE_PREVIOUS, "two")};
    struct cs_use standard[] = {use(CS_USE_CURRENT, "four")};

    set(store, "OAuthTokenIssuer", oauth, 3, "staged");
    set(store, "Default", standard, 1, "assigned");
    assert_ok(cs_store_uses(store, &list, &err), &err);
    static const struct {
        const char *type;
        enum cs_use_slot slot;
        const char *certificate;
        int64_t effective;
    } expected[] = {{"Default", CS_USE_CURRENT, "four", 0},
                    {"OAuthTokenIssuer", CS_USE_CURRENT, "one", 0},
                    {"OAuthTokenIssuer", CS_USE_PREVIOUS, "two", 0},
                    {"OAuthTokenIssuer", CS_USE_STAGED, "three", 1796000000}};
    ck_assert_uint_eq(list.count, 4);
    for (size_t i = 0; i < list.count; i++) {
        const struct cs_use *one = &list.items[i];
        ck_assert_str_eq(one->type, expected[i].type);
        ck_assert_int_eq(one->slot, expected[i].slot);
        ck_assert_str_eq((char *)one->certificate.data, expected[i].certificate);
        ck_assert_int_eq(one->effective, expected[i].effective);
        ck_assert_int_eq(one->assigned, 1795000000);
        ck_assert_str_eq(one->token_uri, "pkcs11:token=edge");
        ck_assert_uint_eq(one->key_id.len, 2);
    }
}
END_TEST

/* What is set is all there is for the type; other types keep theirs. */
START_TEST(set_replaces_one_type)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_use_list) list = {0};
    struct cs_use first[] = {use(CS_USE_CURRENT, "one"), use(CS_USE_PREVIOUS, "two")};
    struct cs_use other[] = {use(CS_USE_CURRENT, "three")};
    struct cs_use second[] = {use(CS_USE_CURRENT, "four")};

    set(store, "Default", first, 2, "assigned");
    set(store, "Internal", other, 1, "assigned");
    set(store, "Default", second, 1, "assigned");
    set(store, "Internal", NULL, 0, "unassigned");
    assert_ok(cs_store_uses(store, &list, &err), &err);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_str_eq((char *)list.items[0].certificate.data, "four");
    ck_assert_int_eq(records(), 4);
}
END_TEST

/* A record without a request stands in the one chain: it names the record before it. */
START_TEST(records_chain_with_those_of_requests)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    struct cs_use uses[] = {use(CS_USE_CURRENT, "one")};

    assert_ok(cs_store_add(store, request, &err), &err);
    set(store, "Default", uses, 1, "assigned");
    assert_ok(cs_store_transition(store, request, CS_STATE_FAILED, &err), &err);
    ck_assert_int_eq(records(), 3);
    ck_assert_int_eq(storebox_number("SELECT request IS NULL FROM journal WHERE seq = 2"), 1);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM journal WHERE json LIKE"
                                     " '%\"prev\":null%' AND seq > 1"),
                     0);
}
END_TEST

/* Neither the rows nor the record without the other. */
START_TEST(nothing_is_set_without_its_record)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_use_list) list = {0};
    struct cs_use uses[] = {use(CS_USE_CURRENT, "one")};

    storebox_sql("CREATE TRIGGER no_record BEFORE INSERT ON journal"
                 " BEGIN SELECT RAISE (ABORT, 'not today'); END");
    ck_assert_int_eq(cs_store_use_set(store, "Default", uses, 1, "assigned", &err), CS_E_STORE);
    assert_ok(cs_store_uses(store, &list, &err), &err);
    ck_assert_uint_eq(list.count, 0);
    cs_use_done(&uses[0]);
}
END_TEST

static const struct {
    const char *type;
    enum cs_use_slot slots[4];
    size_t count;
    bool is_empty;
} wrong[] = {
    {"default", {CS_USE_CURRENT}, 1, false},                 /* not as the table writes it */
    {"NoType", {CS_USE_CURRENT}, 1, false},                  /* none at all */
    {"Default", {CS_USE_CURRENT, CS_USE_CURRENT}, 2, false}, /* a slot twice */
    {"Default", {CS_USE_COUNT}, 1, false},                   /* no slot */
    {"Default", {CS_USE_CURRENT}, 1, true},                  /* no certificate */
};

START_TEST(nonsense_is_not_stored)
{
    cs_auto(cs_store) store = storebox_open();
    struct cs_use uses[4];
    size_t count = wrong[_i].count;

    for (size_t i = 0; i < count; i++) {
        uses[i] = use(wrong[_i].slots[i], "one");
        if (wrong[_i].is_empty) {
            cs_bytes_done(&uses[i].certificate);
        }
    }
    ck_assert_int_eq(cs_store_use_set(store, wrong[_i].type, uses, count, "assigned", &err),
                     CS_E_INTERNAL);
    ck_assert_int_eq(records(), 0);
    for (size_t i = 0; i < count; i++) {
        cs_use_done(&uses[i]);
    }
}
END_TEST

/* A store is input: what we would never have written is named, not used. */
static const char *const damages[] = {
    "UPDATE certificate_use SET type = 'NoType'",
    "UPDATE certificate_use SET slot = 'next'",
    "UPDATE certificate_use SET certificate = x''",
    "UPDATE certificate_use SET token_uri = 'a' || char (0) || 'b'",
};

START_TEST(damage_is_found)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_use_list) list = {0};
    struct cs_use uses[] = {use(CS_USE_CURRENT, "one")};

    set(store, "Default", uses, 1, "assigned");
    storebox_sql(damages[_i]);
    ck_assert_int_eq(cs_store_uses(store, &list, &err), CS_E_STORE);
    ck_assert(*err.message);
}
END_TEST

static struct cs_imported_key imported(void)
{
    return (struct cs_imported_key){
        .key_id = {1, 2, 3},
        .token_uri = cs_strdup("pkcs11:token=edge"),
        .certificate = cs_bytes_copy("certificate", 11),
    };
}

/* The row takes the place of the intent. */
START_TEST(imported_key_is_remembered)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_imported_key) key = imported();
    cs_auto_value(cs_key_intent_list) intents = {0};
    const struct cs_key_intent intent = {.key_id = {1, 2, 3}, .token_uri = key.token_uri};
    const uint8_t other[CS_KEY_ID_LEN] = {1, 2, 4};
    bool is = true;

    assert_ok(cs_store_intent_add(store, &intent, &err), &err);
    assert_ok(cs_store_is_imported(store, key.key_id, &is, &err), &err);
    ck_assert(!is);
    assert_ok(cs_store_imported_add(store, &key, &err), &err);
    ck_assert_int_gt(key.imported, 1700000000);
    assert_ok(cs_store_is_imported(store, key.key_id, &is, &err), &err);
    ck_assert(is);
    assert_ok(cs_store_is_imported(store, other, &is, &err), &err);
    ck_assert(!is);
    assert_ok(cs_store_intents(store, &intents, &err), &err);
    ck_assert_uint_eq(intents.count, 0);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM journal WHERE json LIKE"
                                     " '%\"type\":\"key-imported\"%'"),
                     1);
}
END_TEST

/* The same CKA_ID twice is a mistake of ours: the intent stays for `recover`. */
START_TEST(imported_key_is_added_once)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_imported_key) key = imported();
    cs_auto_value(cs_key_intent_list) intents = {0};
    const struct cs_key_intent intent = {.key_id = {1, 2, 3}, .token_uri = key.token_uri};

    assert_ok(cs_store_imported_add(store, &key, &err), &err);
    assert_ok(cs_store_intent_add(store, &intent, &err), &err);
    ck_assert_int_eq(cs_store_imported_add(store, &key, &err), CS_E_STORE);
    assert_ok(cs_store_intents(store, &intents, &err), &err);
    ck_assert_uint_eq(intents.count, 1);
    ck_assert_int_eq(records(), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("userow");
    TCase *tcase = tcase_create("userow");

    tcase_add_checked_fixture(tcase, storebox_setup, storebox_teardown);
    tcase_add_test(tcase, uses_come_back_in_order);
    tcase_add_test(tcase, set_replaces_one_type);
    tcase_add_test(tcase, records_chain_with_those_of_requests);
    tcase_add_test(tcase, nothing_is_set_without_its_record);
    add_rows(tcase, nonsense_is_not_stored, wrong);
    add_rows(tcase, damage_is_found, damages);
    tcase_add_test(tcase, imported_key_is_remembered);
    tcase_add_test(tcase, imported_key_is_added_once);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
