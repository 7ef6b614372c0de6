#include "net/curlmem.h"

#include <curl/curl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void wipe_and_free(void *block)
{
    if (block) {
        explicit_bzero(block, malloc_usable_size(block));
        free(block);
    }
}

/* realloc(3) would leave what it has moved. */
static void *move(void *old, size_t size)
{
    void *block = malloc(size ? size : 1);

    if (block && old) {
        size_t had = malloc_usable_size(old);
        memcpy(block, old, had < size ? had : size);
        wipe_and_free(old);
    }
    return block;
}

cs_rc cs_curlmem_setup(struct cs_err *err)
{
    static bool done;

    if (!done && curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_and_free, move, strdup,
                                      calloc) != CURLE_OK) {
        return cs_fail(err, CS_E_INTERNAL, "libcurl does not start");
    }
    done = true;
    return CS_OK;
}
