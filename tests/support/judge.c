#include "support/judge.h"

#include "base/file.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_MAX ((size_t)4 << 20)

static CS_NORETURN void give_up(const char *what, const char *why)
{
    fprintf(stderr, "judge: %s: %s\n", what, why);
    abort();
}

static char *printed(const char *format, va_list args) CS_PRINTF(1, 0);
static char *printed(const char *format, va_list args)
{
    char *text = NULL;

    if (vasprintf(&text, format, args) < 0) {
        give_up(format, "vasprintf");
    }
    return text;
}

/* stdout and stderr of @command, and its wait status. */
static int run(const char *command, char **ret_output)
{
    cs_autofree char *both = cs_asprintf("{ %s ; } 2>&1 </dev/null", command);
    struct cs_buf buf = CS_BUF(FILE_MAX);
    char chunk[4096];
    size_t got;

    fflush(NULL);
    FILE *pipe = popen(both, "r");
    if (!pipe) {
        give_up(command, "popen");
    }
    while ((got = fread(chunk, 1, sizeof chunk, pipe)) > 0) {
        cs_buf_add(&buf, chunk, got);
    }
    int status = pclose(pipe);
    if (cs_buf_take_text(&buf, command, ret_output, NULL) != CS_OK) {
        give_up(command, "its output is too large");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int cs_judge(char **ret_output, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    cs_autofree char *command = printed(format, args);
    va_end(args);
    return run(command, ret_output);
}

char *cs_judge_folder(void)
{
    const char *parent = getenv("TMPDIR");
    char *folder = cs_asprintf("%s/cscert-test-XXXXXX", parent ? parent : "/tmp");

    if (!mkdtemp(folder)) {
        give_up(folder, "mkdtemp");
    }
    return folder;
}

void cs_judge_remove(const char *folder)
{
    cs_autofree char *output = NULL;

    if (cs_judge(&output, "rm -rf '%s'", folder) != 0) {
        give_up(folder, output);
    }
}

char *cs_judge_write(const char *folder, const char *name, const void *data, size_t len)
{
    char *path = cs_asprintf("%s/%s", folder, name);
    struct cs_err err;

    if (cs_file_write(path, data, len, 0600, true, &err) != CS_OK) {
        give_up(path, err.message);
    }
    return path;
}

struct cs_bytes cs_judge_read(const char *path)
{
    struct cs_bytes bytes = {0};
    struct cs_err err;

    if (cs_file_read(path, FILE_MAX, &bytes, &err) != CS_OK) {
        give_up(path, err.message);
    }
    return bytes;
}

struct cs_bytes cs_judge_make(const char *folder, const char *name, const char *format, ...)
{
    cs_autofree char *path = cs_asprintf("%s/%s", folder, name);
    cs_autofree char *output = NULL;
    va_list args;

    va_start(args, format);
    cs_autofree char *command = printed(format, args);
    va_end(args);
    if (cs_judge(&output, "cd '%s' && %s", folder, command) != 0) {
        give_up(command, output);
    }
    return cs_judge_read(path);
}
