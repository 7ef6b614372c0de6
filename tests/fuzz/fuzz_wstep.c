/* What an enrolment web service answers. */
#include "ca/wstep.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_bytes reply = cs_bytes_copy(data, size);
    struct cs_ca_answer answer = {0};
    struct cs_err err = {0};

    if (cs_wstep_answer(&reply, &answer, &err) == CS_OK) {
        cs_ca_answer_done(&answer);
    }
    cs_bytes_done(&reply);
    return 0;
}
