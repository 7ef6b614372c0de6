/* What the tests of secret.c share. */
#ifndef CS_TESTS_UNIT_SECRET_CHECKS_H
#define CS_TESTS_UNIT_SECRET_CHECKS_H

#include "base/secret.h"
#include "support/check_run.h"
#include "support/scratch.h"

/* Locks are not inherited over a fork, so that each test sets up its own. */
static inline void secret_enter(void)
{
    struct cs_err err = {0};

    scratch_enter();
    assert_ok(cs_secret_setup(&err), &err);
}

struct expected {
    const void *octets;
    size_t len;
    const unsigned char *seen; /* where they stood */
    cs_rc answer;
};

static inline cs_rc compare(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    struct expected *expected = ctx;

    (void)err;
    ck_assert_uint_eq(len, expected->len);
    ck_assert_mem_eq(octets, expected->octets, len);
    expected->seen = octets;
    return expected->answer;
}

static inline void assert_holds(const struct cs_secret *secret, const void *octets, size_t len)
{
    struct expected expected = {octets, len, NULL, CS_OK};
    struct cs_err err = {0};

    assert_ok(cs_secret_lend(secret, compare, &expected, &err), &err);
}

#endif
