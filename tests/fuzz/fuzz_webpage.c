/* A page of web enrolment. */
#include "ca/webpage.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_bytes html = cs_bytes_copy(data, size);
    struct cs_webpage page = {.disposition = -1};
    struct cs_err err = {0};

    if (cs_webpage_read(&html, &page, &err) == CS_OK) {
        cs_webpage_done(&page);
    }
    cs_bytes_done(&html);
    return 0;
}
