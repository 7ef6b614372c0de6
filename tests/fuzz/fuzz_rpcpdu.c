/* PDUs of a DCE/RPC server, one after the other as a connection brings them: binding, answers,
 * refusals. */
#include "net/rpcpdu.h"

#include <stdlib.h>
#include <string.h>

static void check_err(cs_rc rc, const struct cs_err *err)
{
    if (rc == CS_OK || (rc != CS_E_CA_UNREACHABLE && rc != CS_E_CA_REFUSED) || !err->message[0]) {
        abort();
    }
}

static void read_body(const struct cs_rpc_pdu *pdu)
{
    struct cs_err err = {0};
    uint16_t fragment = 0;

    if (pdu->body_end > pdu->len || pdu->pad_len > pdu->body_end - CS_RPC_HEADER_LEN ||
        (pdu->auth_len && pdu->body_end + CS_RPC_TRAILER_LEN + pdu->auth_len != pdu->len)) {
        abort();
    }
    cs_rc rc = cs_rpc_read_ack(pdu, "the server", &fragment, &err);
    if (rc != CS_OK) {
        check_err(rc, &err);
    } else if (fragment < CS_RPC_FRAGMENT_MIN || fragment > CS_RPC_FRAGMENT_MAX) {
        abort();
    }
    check_err(cs_rpc_fail_nak(pdu, "the server", &err), &err);
    check_err(cs_rpc_fail_fault(pdu, "the server", pdu->flags & 1, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    while (size >= CS_RPC_HEADER_LEN) {
        struct cs_err err = {0};
        struct cs_rpc_pdu pdu;
        size_t len = 0;
        cs_rc rc = cs_rpc_pdu_len(data, "the server", &len, &err);
        if (rc != CS_OK) {
            check_err(rc, &err);
            return 0;
        }
        if (len > size) {
            return 0;
        }
        /* The exact size, so that a sanitizer sees what is read too far. */
        uint8_t *exact = malloc(len);
        memcpy(exact, data, len);
        rc = cs_rpc_pdu_read(exact, len, "the server", &pdu, &err);
        if (rc == CS_OK) {
            read_body(&pdu);
        } else {
            check_err(rc, &err);
        }
        free(exact);
        data += len;
        size -= len;
    }
    return 0;
}
