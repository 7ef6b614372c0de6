/* tests/support/wirechild.c as a child. Each test that uses it has a process of its own. */
#ifndef CS_TESTS_UNIT_WIRE_CHILD_H
#define CS_TESTS_UNIT_WIRE_CHILD_H

#include "base/bytes.h"
#include "support/check_run.h"
#include "wire/frame.h"
#include "wire/spawn.h"

#include <unistd.h>

/* A build that is loaded takes its time; a test that hangs has failed. */
#define CHILD_MS 60000

static inline struct cs_child *start_child(const int *fds, size_t count)
{
    struct cs_child *child = NULL;
    struct cs_err err = {0};

    alarm(100);
    assert_ok(cs_child_start(CS_WIRECHILD, fds, count, &child, &err), &err);
    return child;
}

static inline void tell(const struct cs_child *child, const char *order)
{
    struct cs_err err = {0};

    assert_ok(cs_frame_write(cs_child_socket(child), order, strlen(order),
                             cs_frame_deadline(CHILD_MS), &err),
              &err);
}

/* Its answer to @order, or NULL if it ends instead; the caller frees. */
static inline char *ask(const struct cs_child *child, const char *order)
{
    struct cs_bytes answer = {0};
    struct cs_err err = {0};

    tell(child, order);
    if (cs_frame_read(cs_child_socket(child), 1 << 16, cs_frame_deadline(CHILD_MS), &answer,
                      &err) != CS_OK) {
        assert_contains(err.message, "closed the connection");
        return NULL;
    }
    return (char *)answer.data;
}

#endif
