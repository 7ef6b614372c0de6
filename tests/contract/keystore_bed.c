#include "keystore_bed.h"

#include "base/mem.h"
#include "keystore_rows.h"
#include "support/testtoken.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct cs_tokenbed bed;
struct cs_keystore *store;
struct cs_err err;

/* The rows of the token at hand stand beside each other in all_tokens. */
const struct token_row *tokens;
size_t token_count;

static bool is_at_hand(const struct token_row *row)
{
    const char *given = cs_tokenbed_given();

    return row->token && given ? strcmp(row->token, given) == 0 : !row->token && !given;
}

bool find_rows(void)
{
    for (size_t i = 0; i < ROWS(all_tokens); i++) {
        if (is_at_hand(&all_tokens[i])) {
            tokens = token_count ? tokens : &all_tokens[i];
            token_count++;
        }
    }
    return token_count > 0;
}

void setup(void)
{
    cs_tokenbed_init(&bed);
}

void teardown(void)
{
    cs_keystore_close(store);
    store = NULL;
    cs_tokenbed_done(&bed);
}

void open_row(const struct token_row *row)
{
    if (row->lines) {
        cs_testtoken_profile(&bed.token, &bed.hsm, row->lines);
    }
    assert_ok(cs_token_open(&bed.token.options, &store, &err), &err);
}

/* What this token did, for docs/TOKENS.md. */
void say(const char *name, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (tokens->token) {
        cs_tokenbed_fact(name, "%s", text);
    }
}

void fact(const char *what, int number, const char *value, const char *why)
{
    cs_autofree char *name = cs_asprintf("%s %s", what, kinds[number].name);

    say(name, "%s\t%s", value, why);
}

/* The key that this token makes fastest. */
const struct cs_key_spec *quick(void)
{
    return &kinds[tokens->cannot[P256] ? RSA_2048 : P256].spec;
}

struct cs_key *make(const struct cs_key_spec *spec, uint8_t seed, bool exportable)
{
    struct cs_key_request request = cs_testtoken_request(spec->alg, spec->bits, seed);
    struct cs_key *key = NULL;

    request.exportable = exportable;
    assert_ok(store->ops->check(store, spec, exportable, &err), &err);
    assert_ok(store->ops->generate(store, &request, &key, &err), &err);
    return key;
}

struct cs_key *make_kept(const struct cs_key_spec *spec, uint8_t seed)
{
    struct cs_key *key = make(spec, seed, false);

    assert_ok(store->ops->keep(store, key, &err), &err);
    return key;
}

void assert_signs(struct cs_key *key, enum cs_digest algorithm)
{
    cs_testtoken_assert_signs(store, key, &key->spki, algorithm);
}

void assert_objects(size_t private_keys, size_t public_keys, size_t certificates)
{
    struct cs_softhsm_count count = cs_tokenbed_count(&bed);

    ck_assert_uint_eq(count.private_keys, private_keys);
    ck_assert_uint_eq(count.public_keys, public_keys);
    ck_assert_uint_eq(count.certificates, certificates);
    ck_assert_uint_eq(count.others, 0);
}
