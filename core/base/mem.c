#include "base/mem.h"

#include "base/cleanup.h"
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static CS_NORETURN void out_of_memory(void)
{
    static const char text[] = "cscert: out of memory\n"
                               "  run `cscert recover` to finish or undo what was begun\n";

    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) {
        _exit(CS_E_INTERNAL);
    }
    _exit(CS_E_INTERNAL);
}

static void *checked(void *pointer)
{
    if (!pointer) {
        out_of_memory();
    }
    return pointer;
}

void *cs_alloc(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *cs_realloc(void *pointer, size_t count, size_t size)
{
    return checked(reallocarray(pointer, count ? count : 1, size ? size : 1));
}

char *cs_strdup(const char *text)
{
    return text ? checked(strdup(text)) : NULL;
}

char *cs_strndup(const char *text, size_t len)
{
    char *copy = cs_alloc(len + 1, 1);

    memcpy(copy, text, len);
    return copy;
}

char *cs_asprintf(const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    return len < 0 ? checked(NULL) : checked(text);
}

void cs_free_auto_(void *pointer)
{
    free(*(void **)pointer);
}

void cs_close_auto_(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}
