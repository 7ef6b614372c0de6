/* What every Check program ends with and asks for. */
#ifndef CS_TESTS_SUPPORT_CHECK_RUN_H
#define CS_TESTS_SUPPORT_CHECK_RUN_H

#include "base/err.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(table) (sizeof(table) / sizeof *(table))

/* A loop test over every row of @table; the test finds its row at _i. */
#define add_rows(tcase, test, table) tcase_add_loop_test((tcase), (test), 0, (int)ROWS(table))

/* The call succeeds; if not, its message is the failure's. */
#define assert_ok(call, err)                                                                       \
    do {                                                                                           \
        cs_rc assert_rc_ = (call);                                                                 \
        ck_assert_msg(assert_rc_ == CS_OK, "%s: %s: %s (%s)", #call, cs_rc_name(assert_rc_),       \
                      (err)->message, (err)->cause_name);                                          \
    } while (0)

/* The call fails with @code, and the record says the same code and has a message. */
#define assert_fails(call, expected, err)                                                          \
    do {                                                                                           \
        cs_rc assert_rc_ = (call);                                                                 \
        ck_assert_msg(assert_rc_ == (expected), "%s: %s instead of %s: %s", #call,                 \
                      cs_rc_name(assert_rc_), cs_rc_name(expected), (err)->message);               \
        ck_assert_int_eq((err)->code, (expected));                                                 \
        ck_assert_msg((err)->message[0], "%s: no message", #call);                                 \
    } while (0)

#define assert_contains(text, part)                                                                \
    ck_assert_msg(strstr((text), (part)), "\"%s\" does not contain \"%s\"", (text), (part))

/* The exit code of a test program. */
static inline int check_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
