/* The whole of port/keystore.h, over every token: tests/tokens/with-token.sh starts this program
 * for each. What a token cannot do is refused, clearly and before anything is made; the row says
 * it. */
#include "base/mem.h"
#include "keystore_bed.h"
#include "model/plan.h"
#include "pkcs11/token.h"
#include "support/judge.h"
#include "x509/csr.h"

#include <stdio.h>
#include <string.h>

/* The attributes that the issue asks for, one by one. What the profile calls not truthful is marked
 * so, and nothing else is. */
static void assert_attributes(const struct token_row *row, const struct cs_key *key, bool on_token,
                              bool exportable)
{
    bool rsa = cs_key_is_rsa(&key->spec);
    const struct {
        enum cs_key_attr attr;
        bool value;
    } expected[] = {
        {CS_ATTR_TOKEN, on_token},
        {CS_ATTR_PRIVATE, true},
        {CS_ATTR_LOCAL, true},
        {CS_ATTR_SENSITIVE, true},
        {CS_ATTR_ALWAYS_SENSITIVE, true},
        {CS_ATTR_EXTRACTABLE, exportable},
        {CS_ATTR_NEVER_EXTRACTABLE, !exportable},
        {CS_ATTR_SIGN, true},
        {CS_ATTR_DECRYPT, rsa},
        {CS_ATTR_DERIVE, !rsa},
        {CS_ATTR_UNWRAP, false},
        {CS_ATTR_SIGN_RECOVER, false},
    };

    for (size_t i = 0; i < ROWS(expected); i++) {
        enum cs_key_attr attr = expected[i].attr;
        enum cs_answer wanted = expected[i].value ? CS_TRUE : CS_FALSE;
        int special = (rsa ? row->rsa_answers : row->ec_answers)[attr];
        ck_assert_int_eq(key->attrs.unreliable[attr], row->untruthful[attr]);
        if (special != 0) {
            wanted = special == UNANSWERED ? CS_UNKNOWN : (enum cs_answer)special;
        }
        ck_assert_msg(key->attrs.answer[attr] == wanted, "%s is %s", cs_key_attr_name(attr),
                      cs_answer_text(key->attrs.answer[attr]));
    }
    ck_assert_int_eq(key->attrs.gen_mechanism_known, !row->hides_mechanism);
    /* PKCS#11 v2.40: CKM_RSA_PKCS_KEY_PAIR_GEN is 0, CKM_EC_KEY_PAIR_GEN 0x1040 */
    ck_assert_uint_eq(key->attrs.gen_mechanism, rsa || row->hides_mechanism ? 0 : 0x1040);
}

/* "id=%XX%XX..." of 20 equal octets. */
static void assert_uri(const struct cs_key *key, uint8_t seed)
{
    char id[4 + 3 * CS_KEY_ID_LEN] = "id=";

    for (size_t i = 0; i < CS_KEY_ID_LEN; i++) {
        snprintf(id + 3 + 3 * i, 4, "%%%02X", seed);
    }
    assert_contains(key->uri, "pkcs11:");
    assert_contains(key->uri, "token=cscert-test");
    assert_contains(key->uri, "serial=");
    assert_contains(key->uri, "type=private");
    assert_contains(key->uri, id);
    ck_assert_ptr_null(strstr(key->uri, "pin"));
    ck_assert_ptr_null(strstr(key->uri, "module"));
}

/* ---- the life of a key ---- */

static void assert_same_key(const struct cs_key *a, const struct cs_key *b)
{
    ck_assert_mem_eq(a->id, b->id, CS_KEY_ID_LEN);
    ck_assert_str_eq(a->label, b->label);
    ck_assert_str_eq(a->uri, b->uri);
    ck_assert(cs_key_spec_equal(&a->spec, &b->spec));
    ck_assert(cs_bytes_equal(&a->spki, &b->spki));
    ck_assert_mem_eq(a->attrs.answer, b->attrs.answer, sizeof a->attrs.answer);
    ck_assert_uint_eq(a->attrs.gen_mechanism, b->attrs.gen_mechanism);
}

static void assert_certificate_life(const struct cs_key *key)
{
    cs_auto_value(cs_bytes) der = cs_testtoken_certificate(&key->spki, "edge1.litwareinc.test");
    bool has = true;

    assert_ok(store->ops->has_certificate(store, key->id, &has, &err), &err);
    ck_assert(!has);
    assert_ok(store->ops->put_certificate(store, key, &der, &err), &err);
    assert_ok(store->ops->put_certificate(store, key, &der, &err), &err);
    assert_objects(1, 1, 1);
    assert_ok(store->ops->has_certificate(store, key->id, &has, &err), &err);
    ck_assert(has);
}

static void assert_destroyed(const uint8_t id[CS_KEY_ID_LEN])
{
    struct cs_key *found = NULL;
    bool has = false;
    size_t count = 0;

    assert_ok(store->ops->destroy(store, id, &count, &err), &err);
    ck_assert_uint_eq(count, 2);
    assert_ok(store->ops->find(store, id, &found, &err), &err);
    ck_assert_ptr_null(found);
    assert_ok(store->ops->has_certificate(store, id, &has, &err), &err);
    ck_assert_msg(has, "destroy() took the certificate away");
    assert_ok(store->ops->destroy(store, id, &count, &err), &err);
    ck_assert_uint_eq(count, 0);
    assert_objects(0, tokens->shows_halves, 1);
}

/* A token that shows the public half of a certificate as a key says that it removed that, too, and
 * does not touch the certificate. */
static void assert_destroyed_for_good(const uint8_t id[CS_KEY_ID_LEN])
{
    bool has = false;
    size_t count = 0;

    cs_keystore_close(store);
    store = NULL;
    assert_ok(cs_token_open(&bed.token.options, &store, &err), &err);
    assert_ok(store->ops->destroy(store, id, &count, &err), &err);
    ck_assert_uint_eq(count, tokens->shows_halves);
    assert_ok(store->ops->has_certificate(store, id, &has, &err), &err);
    ck_assert(has);
}

/* A request as the flow builds it; openssl is its judge. */
static void assert_csr(struct cs_key *key)
{
    cs_auto(cs_plan) plan = cs_plan_new();
    cs_auto_value(cs_bytes) der = {0};
    cs_autofree char *output = NULL;

    plan->key_spec = key->spec;
    plan->subject.common_name = cs_strdup("edge1.litwareinc.test");
    cs_plan_add_name(plan, "edge1.litwareinc.test", "subject name", "-ComputerFqdn");
    assert_ok(cs_csr_build(plan, store, key, &der, &err), &err);
    cs_autofree char *folder = cs_judge_folder();
    cs_autofree char *path = cs_judge_write(folder, "request", der.data, der.len);
    int code = cs_judge(&output, "openssl req -inform DER -in %s -verify -noout", path);
    cs_judge_remove(folder);
    ck_assert_msg(code == 0, "%s", output);
    assert_contains(output, "verify OK");
}

/* Refused by our own check, in words that say what and why, before an object is made. */
static void assert_refused(const struct cs_key_spec *spec, bool exportable, const char *words)
{
    assert_fails(store->ops->check(store, spec, exportable, &err), CS_E_TOKEN_REFUSED, &err);
    cs_autofree char *whole = cs_asprintf("%s %s", err.message, err.cause_name);
    assert_contains(whole, words);
    ck_assert_msg(err.hint[0], "no hint: %s", err.message);
    assert_objects(0, 0, 0);
}

/* What reads back otherwise than the standard, or the template, would have it. */
static void say_answers(const struct token_row *row, int number)
{
    bool rsa = cs_key_is_rsa(&kinds[number].spec);
    const int *special = rsa ? row->rsa_answers : row->ec_answers;

    for (int i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        if (special[i] != 0) {
            say(rsa ? "RSA answers" : "EC answers", "%s\t%s%s",
                cs_key_attr_name((enum cs_key_attr)i),
                special[i] == UNANSWERED ? "unknown" : cs_answer_text((enum cs_answer)special[i]),
                row->untruthful[i] ? ", not compared" : "");
        }
    }
}

static void assert_life(const struct token_row *row, int number, bool exportable)
{
    bool in_session = row->generation == CS_GEN_SESSION_COPY;
    struct cs_key *found = NULL;
    struct cs_key *key = make(&kinds[number].spec, 0x7a, exportable);

    ck_assert_int_eq(key->generation, row->generation);
    ck_assert_str_eq(key->label, "test-key");
    assert_attributes(row, key, !in_session, exportable);
    assert_uri(key, 0x7a);
    assert_objects(!in_session, !in_session, 0);
    assert_csr(key);
    assert_ok(store->ops->keep(store, key, &err), &err);
    assert_ok(store->ops->keep(store, key, &err), &err); /* nothing left to do */
    assert_attributes(row, key, true, exportable);
    assert_objects(1, 1, 0);
    assert_signs(key, cs_key_digest(&key->spec));

    assert_ok(store->ops->find(store, key->id, &found, &err), &err);
    ck_assert_ptr_nonnull(found);
    assert_same_key(key, found);
    assert_signs(found, cs_key_digest(&found->spec));
    assert_certificate_life(found);
    assert_destroyed(key->id);
    assert_destroyed_for_good(key->id);
    store->ops->key_free(found);
    store->ops->key_free(key);
}

START_TEST(life_of_a_key)
{
    const struct token_row *row = &tokens[_i / (2 * KEY_COUNT)];
    int number = _i / 2 % KEY_COUNT;
    bool exportable = _i % 2;
    const char *refusal = exportable ? row->not_exportable : NULL;

    if (exportable && row->token && (number == RSA_3072 || number == RSA_4096)) {
        return; /* half the time of all, and CKA_EXTRACTABLE is the same with every size */
    }
    if (!refusal) {
        refusal = row->cannot[number];
    }
    open_row(row);
    if (refusal) {
        assert_refused(&kinds[number].spec, exportable, refusal);
        fact(exportable ? "exportable" : "key", number, "no", err.message);
        return;
    }
    assert_life(row, number, exportable);
    if (!exportable && (number == RSA_2048 || number == P256)) {
        say_answers(row, number);
    }
    fact(exportable ? "exportable" : "key", number, "yes", "");
}
END_TEST

/* What happens without the profile, so that no line of one outlives its reason. Whatever the token
 * does, nothing is left on it. */
START_TEST(a_profile_says_what_is_true)
{
    const struct truth *truth = &tokens->truths[_i];
    struct cs_key_request request;
    struct cs_key *key = NULL;

    if (!truth->without) {
        return;
    }
    request = cs_testtoken_request(kinds[truth->key].spec.alg, kinds[truth->key].spec.bits, 0x5e);
    request.exportable = truth->exportable;
    cs_testtoken_profile(&bed.token, &bed.hsm, truth->lines);
    assert_ok(cs_token_open(&bed.token.options, &store, &err), &err);
    assert_fails(store->ops->generate(store, &request, &key, &err), CS_E_TOKEN_REFUSED, &err);
    ck_assert_ptr_null(key);
    cs_autofree char *whole = cs_asprintf("%s %s", err.message, err.cause_name);
    assert_contains(whole, truth->words);
    assert_objects(0, 0, 0);
    say("without", "%s\t%s%s\t%s%s%s", truth->without, kinds[truth->key].name,
        truth->exportable ? ", exportable" : "", err.message, *err.cause_name ? ": " : "",
        err.cause_name);
}
END_TEST

/* Any digest with any key: of a digest that is longer than the curve's order ECDSA takes the first
 * bits (FIPS 186-4 section 6.4). */
START_TEST(signs_every_digest)
{
    const struct token_row *row = &tokens[_i];
    const int numbers[] = {row->cannot[RSA_1024] ? RSA_2048 : RSA_1024, P256, P384, P521};

    open_row(row);
    for (size_t i = 0; i < ROWS(numbers); i++) {
        if (row->cannot[numbers[i]]) {
            continue; /* life_of_a_key asserts that it is refused */
        }
        struct cs_key *key = make_kept(&kinds[numbers[i]].spec, (uint8_t)(1 + i));
        for (int digest = 0; digest < CS_DIGEST_COUNT; digest++) {
            assert_signs(key, (enum cs_digest)digest);
        }
        store->ops->key_free(key);
    }
}
END_TEST

/* A session ends: with session-copy everything that was not kept is gone, without a trace. */
START_TEST(unkept_key_ends_with_its_session)
{
    size_t left = tokens[_i].generation == CS_GEN_TOKEN;
    struct cs_key *key;

    open_row(&tokens[_i]);
    key = make(quick(), 0x11, false);
    store->ops->key_free(key);
    cs_keystore_close(store);
    store = NULL;
    assert_objects(left, left, 0);
}
END_TEST

START_TEST(survives_close_and_open)
{
    struct cs_key *key;
    struct cs_key *found = NULL;

    open_row(&tokens[_i]);
    key = make_kept(&kinds[RSA_2048].spec, 0x22);
    cs_keystore_close(store);
    store = NULL;
    assert_ok(cs_token_open(&bed.token.options, &store, &err), &err);
    assert_ok(store->ops->find(store, key->id, &found, &err), &err);
    ck_assert_ptr_nonnull(found);
    assert_same_key(key, found);
    assert_signs(found, CS_SHA256);
    store->ops->key_free(found);
    store->ops->key_free(key);
}
END_TEST

/* ---- token and login ---- */

START_TEST(tells_what_it_opened)
{
    const struct cs_token_info *info;

    open_row(&tokens[_i]);
    info = store->ops->info(store);
    ck_assert_str_eq(info->label, bed.label);
    ck_assert_str_eq(info->manufacturer, tokens[_i].manufacturer);
    ck_assert_str_eq(info->model, tokens[_i].model);
    ck_assert_msg(*info->serial, "no serial number");
    say("token", "%s\t%s\t%s\t%s", info->manufacturer, info->model, info->profile,
        cs_generation_name(tokens[_i].generation));
    ck_assert_str_eq(info->profile, tokens[_i].lines ? "test" : tokens[_i].profile);
    assert_contains(info->uri, info->serial);
    ck_assert_ptr_null(strstr(info->uri, "module"));
    cs_autofree char *real = realpath(bed.token.options.module, NULL);
    ck_assert_str_eq(info->module_path, real ? real : bed.token.options.module);
}
END_TEST

START_TEST(sends_a_pin_once)
{
    const char *right = bed.token.person.pin;

    bed.token.person.pin = "wrong";
    bed.token.person.is_there = true;
    bed.token.person.says_yes = true;
    assert_fails(cs_token_open(&bed.token.options, &store, &err), CS_E_TOKEN_AUTH, &err);
    ck_assert_str_eq(err.operation, "C_Login");
    ck_assert_str_eq(err.cause_name, "CKR_PIN_INCORRECT");
    ck_assert_int_eq(err.cause, 0xa0);
    ck_assert_uint_eq(bed.token.person.pins, 1);
    ck_assert_ptr_null(store);
    assert_contains(err.hint, tokens->after_wrong_pin);
    say("after one wrong PIN", "%s", err.hint);

    bed.token.person.pin = right;
    assert_ok(cs_token_open(&bed.token.options, &store, &err), &err);
}
END_TEST

int main(void)
{
    if (!find_rows()) {
        fprintf(stderr, "no row for the token %s\n", cs_tokenbed_given());
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("keystore");
    TCase *tcase = tcase_create("keystore");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120); /* an RSA-4096 key can take half a minute under a sanitizer */
    tcase_add_loop_test(tcase, life_of_a_key, 0, (int)token_count * KEY_COUNT * 2);
    tcase_add_loop_test(tcase, a_profile_says_what_is_true, 0, TRUTHS);
    tcase_add_loop_test(tcase, signs_every_digest, 0, (int)token_count);
    tcase_add_loop_test(tcase, unkept_key_ends_with_its_session, 0, (int)token_count);
    tcase_add_loop_test(tcase, survives_close_and_open, 0, (int)token_count);
    add_objects(tcase);
    tcase_add_loop_test(tcase, tells_what_it_opened, 0, (int)token_count);
    tcase_add_test(tcase, sends_a_pin_once);
    suite_add_tcase(suite, tcase);

    TCase *uses = tcase_create("uses");
    tcase_add_checked_fixture(uses, setup, teardown);
    tcase_set_timeout(uses, 120);
    add_uses(uses);
    add_wrap(uses);
    suite_add_tcase(suite, uses);

    /* apart, so that CK_RUN_CASE=several can repeat what depends on who comes first */
    TCase *several = make_several();
    tcase_add_checked_fixture(several, setup, teardown);
    tcase_set_timeout(several, 120);
    suite_add_tcase(suite, several);
    return check_run(suite);
}
