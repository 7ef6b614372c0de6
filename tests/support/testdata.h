/* Files of tests/data. */
#ifndef CS_TESTS_SUPPORT_TESTDATA_H
#define CS_TESTS_SUPPORT_TESTDATA_H

#include "base/bytes.h"
#include "base/mem.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* The octets of tests/data/@name, the caller's to free. CS_TESTS is the folder tests (ctest sets
 * it). */
static inline struct cs_bytes testdata(const char *name)
{
    const char *tests = getenv("CS_TESTS");

    ck_assert_msg(tests, "CS_TESTS is not set: run by ctest");
    cs_autofree char *path = cs_asprintf("%s/data/%s", tests, name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file, "%s cannot be read", path);
    struct cs_buf buf = CS_BUF((size_t)16 << 20);
    char block[4096];
    for (size_t len; (len = fread(block, 1, sizeof block, file)) > 0;) {
        cs_buf_add(&buf, block, len);
    }
    fclose(file);
    struct cs_bytes octets = {0};
    struct cs_err err = {0};
    ck_assert_msg(cs_buf_take(&buf, name, &octets, &err) == CS_OK, "%s", err.message);
    return octets;
}

#endif
