/* Memory that is there or the program is not: all sizes are bounded by our own limits, so running
 * out is a machine's failure. The program then ends with INTERNAL, and `cscert recover` takes up
 * what was begun. */
#ifndef CS_BASE_MEM_H
#define CS_BASE_MEM_H

#include <stddef.h>

/* Zeroed memory for @count objects of @size octets; never NULL. */
void *cs_alloc(size_t count, size_t size) __attribute__((returns_nonnull, alloc_size(1, 2)));

/* Grows or shrinks as reallocarray(3); never NULL. */
void *cs_realloc(void *pointer, size_t count, size_t size) __attribute__((returns_nonnull));

/* A copy of @text, or NULL for NULL. */
char *cs_strdup(const char *text);

/* A copy of the first @len octets of @text with a closing NUL. */
char *cs_strndup(const char *text, size_t len) __attribute__((returns_nonnull));

/* A printed string; never NULL. */
char *cs_asprintf(const char *format, ...) __attribute__((returns_nonnull, format(printf, 1, 2)));

#endif
