/* A request from outside, as the lab CA gets it: signed, or refused with a reason. */
#include "labca/wish.h"
#include "x509/csr.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_auto_value(cs_bytes) der = cs_bytes_copy(data, size);
    cs_auto_value(cs_bytes) spki = {0};
    cs_auto_value(cs_labca_wish) wish = {0};
    struct cs_err err = {0};

    cs_rc rc = cs_csr_check(&der, &spki, &err);
    if (rc != CS_OK && (rc != CS_E_INPUT || !err.message[0] || spki.data)) {
        abort();
    }
    cs_rc wish_rc = cs_labca_wish_read(&der, &wish, &err);
    if (wish_rc != CS_OK &&
        (wish_rc != CS_E_CA_REFUSED || err.code != wish_rc || !err.message[0])) {
        abort();
    }
    /* The lab CA never takes what does not verify, and what it takes names a server. */
    if (wish_rc == CS_OK && (rc != CS_OK || wish.names.count == 0)) {
        abort();
    }
    return 0;
}
