/* A folder of its own for each test that works with files: a checked fixture that makes it, stands
 * in it, and removes it. */
#ifndef CS_TESTS_SUPPORT_SCRATCH_H
#define CS_TESTS_SUPPORT_SCRATCH_H

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_folder[] = "/tmp/cs-test-XXXXXX";

static inline void scratch_enter(void)
{
    strcpy(strrchr(scratch_folder, '-'), "-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scratch_folder));
    ck_assert_int_eq(chdir(scratch_folder), 0);
}

static inline void scratch_leave(void)
{
    char command[sizeof scratch_folder + 16] = "rm -rf ";

    ck_assert_int_eq(chdir("/"), 0);
    strcat(command, scratch_folder);
    ck_assert_int_eq(system(command), 0);
}

/* A new file with @len octets and exactly that mode. */
static inline void scratch_put(const char *name, const void *data, size_t len, mode_t mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_uint_eq((size_t)write(fd, data, len), len);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

/* How many names a folder holds, hidden ones too. */
static inline int scratch_entries(const char *path)
{
    DIR *dir = opendir(path);
    int count = -2; /* "." and ".." */

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir)) {
        count++;
    }
    closedir(dir);
    return count;
}

#endif
