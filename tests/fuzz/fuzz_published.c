/* The published form from outside: topology_fuzz.h says what must hold. */
#include "topology_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_document("topology.xml", data, size);
}
