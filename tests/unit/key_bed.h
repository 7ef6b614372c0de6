/* Keys and certificates that openssl's programs made, for the tests of pkcs8.c and pkcs12.c. */
#ifndef CS_TESTS_UNIT_KEY_BED_H
#define CS_TESTS_UNIT_KEY_BED_H

#include "base/mem.h"
#include "base/secret.h"
#include "support/check_run.h"
#include "support/judge.h"

static char *folder;

static inline void judge_ok(const char *command)
{
    cs_autofree char *output = NULL;
    int rc = cs_judge(&output, "cd '%s' && %s", folder, command);

    ck_assert_msg(rc == 0, "%s: %s", command, output);
}

static const char *const kinds[] = {"rsa1024", "rsa4096", "p256", "p384", "p521"};

/* NAME.key, NAME.pub and NAME.crt (issued by inter under root) for each kind, and a stranger. */
static inline void bed_make(void)
{
    folder = cs_judge_folder();
    judge_ok("ca=basicConstraints=critical,CA:TRUE && "
             "rsa() { openssl genrsa -out $1.key $2 2>/dev/null; } && "
             "ec() { openssl ecparam -name $2 -genkey -noout -out $1.key; } && "
             "rsa rsa1024 1024 && rsa rsa4096 4096 && ec p256 prime256v1 && ec p384 secp384r1 && "
             "ec p521 secp521r1 && ec root prime256v1 && ec inter prime256v1 && "
             "ec stranger prime256v1 && rsa rsastranger 1024 && "
             "for k in *.key; do openssl pkey -in $k -pubout -out ${k%.key}.pub; done && "
             "openssl req -x509 -new -key root.key -subj /CN=Root -addext $ca -out root.crt && "
             "openssl x509 -new -force_pubkey inter.pub -subj /CN=Inter -CA root.crt "
             "-CAkey root.key -out inter.crt && "
             "for k in rsa1024 rsa4096 p256 p384 p521; do "
             "openssl x509 -new -force_pubkey $k.pub -subj /CN=$k -CA inter.crt "
             "-CAkey inter.key -out $k.crt; done");
}

static inline void bed_remove(void)
{
    cs_judge_remove(folder);
    free(folder);
}

static inline void secrets_on(void)
{
    struct cs_err err = {0};

    assert_ok(cs_secret_setup(&err), &err);
}

static inline cs_rc copy_octets(void *ctx, unsigned char *octets, size_t size, size_t *ret_len,
                                struct cs_err *err)
{
    const struct cs_bytes *from = ctx;

    (void)err;
    ck_assert_uint_eq(size, from->len);
    memcpy(octets, from->data, from->len);
    *ret_len = from->len;
    return CS_OK;
}

static inline struct cs_secret *secret_of(const void *octets, size_t len)
{
    cs_auto_value(cs_bytes) copy = cs_bytes_copy(octets, len);
    struct cs_secret *secret = NULL;
    struct cs_err err = {0};

    assert_ok(cs_secret_make(len, copy_octets, &copy, &secret, &err), &err);
    return secret;
}

/* "NAME.key" as PKCS#8, as openssl writes it. */
static inline struct cs_bytes pkcs8_of(const char *name)
{
    return cs_judge_make(folder, "tmp.p8",
                         "openssl pkcs8 -topk8 -nocrypt -in %s.key -outform DER -out tmp.p8", name);
}

static inline struct cs_secret *key_of(const char *name)
{
    cs_auto_value(cs_bytes) der = pkcs8_of(name);

    return secret_of(der.data, der.len);
}

static inline struct cs_bytes spki_of(const char *name)
{
    return cs_judge_make(folder, "tmp.spki",
                         "openssl pkey -pubin -in %s.pub -outform DER -pubout -out tmp.spki", name);
}

static inline struct cs_bytes cert_of(const char *name)
{
    return cs_judge_make(folder, "tmp.der", "openssl x509 -in %s.crt -outform DER -out tmp.der",
                         name);
}

static inline cs_rc same_octets(void *ctx, const unsigned char *octets, size_t len,
                                struct cs_err *err)
{
    const struct cs_bytes *expected = ctx;

    (void)err;
    ck_assert_uint_eq(len, expected->len);
    ck_assert_mem_eq(octets, expected->data, len);
    return CS_OK;
}

#endif
