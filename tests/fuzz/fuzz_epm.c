/* The stub of an endpoint mapper's answer. */
#include "net/epm.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct cs_rpc_syntax interface = {{0x20, 0x60, 0xae, 0x91, 0x3c, 0x9e, 0xcf, 0x11,
                                                    0x8d, 0x7c, 0x00, 0xaa, 0x00, 0xc0, 0x91, 0xbe},
                                                   0,
                                                   0};
    const struct cs_bytes stub = {(uint8_t *)(uintptr_t)data, size};
    struct cs_err err = {0};
    uint16_t port = 0;

    cs_rc rc = cs_epm_read_map(&stub, &interface, "the mapper", &port, &err);
    if (rc == CS_OK ? !port : rc != CS_E_CA_UNREACHABLE || port || !err.message[0]) {
        abort();
    }
    return 0;
}
