/* A topology's JSON from cscert-read or the store: whatever it is, it is read or refused with a
 * message, and what was read is written as it will be read again. */
#include "base/mem.h"
#include "base/strv.h"
#include "wire/topojson.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct cs_topology *read_again(const char *json)
{
    struct cs_topology *topology = NULL;
    struct cs_err err = {0};

    if (cs_topojson_read(json, strlen(json), &topology, &err) != CS_OK) {
        abort();
    }
    return topology;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_auto(cs_topology) topology = NULL;
    struct cs_err err = {0};

    if (cs_topojson_read((const char *)data, size, &topology, &err) != CS_OK) {
        if (topology || !err.message[0] || !cs_text_is_clean(err.message)) {
            abort();
        }
        return 0;
    }
    cs_autofree char *first = cs_topojson_write(topology);
    cs_auto(cs_topology) again = read_again(first);
    cs_autofree char *second = cs_topojson_write(again);
    if (strcmp(first, second) != 0) {
        abort();
    }
    return 0;
}
