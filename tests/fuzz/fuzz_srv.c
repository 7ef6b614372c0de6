/* What a DNS server answers to a question for SRV records: names of hosts, or nothing. */
#include "net/srv.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_auto_value(cs_strv) hosts = {0};
    uint8_t *exact = malloc(size ? size : 1); /* so that a sanitizer sees what is read too far */

    memcpy(exact, data, size);
    cs_srv_read(exact, size, &hosts);
    free(exact);
    /* Each becomes a part of a URL and of a service's name. */
    for (size_t i = 0; i < hosts.count; i++) {
        if (!*hosts.items[i] || *hosts.items[i] == '.' ||
            strpbrk(hosts.items[i], "/\\@: \t\r\n?#%")) {
            abort();
        }
    }
    return 0;
}
