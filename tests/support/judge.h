/* Other people's programs as judges of what we made: openssl, certtool, python3-cryptography. */
#ifndef CS_TESTS_SUPPORT_JUDGE_H
#define CS_TESTS_SUPPORT_JUDGE_H

#include "base/bytes.h"

/* Runs a shell command made like printf's; its exit code (128 and the signal if one ended it). What
 * it wrote to stdout and stderr goes to *ret_output, which the caller frees. What goes wrong with
 * running it aborts the test. */
int cs_judge(char **ret_output, const char *format, ...) CS_PRINTF(2, 3);

/* A new folder in TMPDIR, or in /tmp; the caller frees. cs_judge_remove() takes it away with all
 * in it. */
char *cs_judge_folder(void);
void cs_judge_remove(const char *folder);

/* Writes "FOLDER/NAME"; the path is the caller's to free. */
char *cs_judge_write(const char *folder, const char *name, const void *data, size_t len);

/* The whole file. */
struct cs_bytes cs_judge_read(const char *path);

/* What stands at "FOLDER/NAME" after the shell command made like printf's, in that folder. It must
 * exit with 0. */
struct cs_bytes cs_judge_make(const char *folder, const char *name, const char *format, ...)
    CS_PRINTF(3, 4);

#endif
