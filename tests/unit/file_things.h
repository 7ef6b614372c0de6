/* What the tests of file.c share: the things a path can be, and a look at what was written. */
#ifndef CS_TESTS_UNIT_FILE_THINGS_H
#define CS_TESTS_UNIT_FILE_THINGS_H

#include "base/file.h"
#include "support/check_run.h"
#include "support/scratch.h"

#include <sys/sysmacros.h>

/* What a path can be beside a file; each is made at "thing". */
enum thing { NOTHING, FIFO, DEVICE, FOLDER, DANGLING, TO_FILE, TO_DEVICE, TO_FOLDER, BELOW_FILE };

static inline void make_thing(enum thing thing)
{
    static const char *const targets[] = {
        [DANGLING] = "nowhere", [TO_FILE] = "f", [TO_DEVICE] = "/dev/null", [TO_FOLDER] = "/tmp"};

    switch (thing) {
    case NOTHING:
        break;
    case FIFO:
        ck_assert_int_eq(mkfifo("thing", 0600), 0);
        break;
    case DEVICE: /* as /dev/null is one; who is not root may not make any */
        ck_assert_int_eq(mknod("thing", (geteuid() == 0 ? S_IFCHR : S_IFIFO) | 0600, makedev(1, 3)),
                         0);
        break;
    case FOLDER:
        ck_assert_int_eq(mkdir("thing", 0700), 0);
        break;
    case BELOW_FILE:
        ck_assert_int_eq(symlink("f/below", "thing"), 0);
        break;
    default:
        ck_assert_int_eq(symlink(targets[thing], "thing"), 0);
    }
}

#define LABEL_50 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
#define NAME_255 LABEL_50 LABEL_50 LABEL_50 LABEL_50 LABEL_50 "abcde"

static inline void assert_content(const char *path, const char *text)
{
    cs_auto_value(cs_bytes) bytes = {0};
    struct cs_err err = {0};

    assert_ok(cs_file_read(path, 1 << 20, &bytes, &err), &err);
    ck_assert_str_eq((const char *)bytes.data, text);
}

static inline unsigned mode_of(const char *path)
{
    struct stat info;

    ck_assert_int_eq(lstat(path, &info), 0);
    return info.st_mode & 07777;
}

#endif
