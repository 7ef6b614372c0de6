/* Refusals of DCE/RPC in words. */
#include "base/mem.h"
#include "net/ndr.h"
#include "net/rpcpdu.h"

#include <inttypes.h>
#include <string.h>

#define RIGHTS                                                                                     \
    "the account needs the right to reach the CA's computer over the network and, on the CA, the " \
    "permission \"Request Certificates\""
#define SERVICE "see whether the CA's service runs there (certsvc), and the CA's event log"
#define LATER   "try again later"

#define ACCESS_DENIED 0x00000005U
#define SEC_PKG_ERROR 0x00000721U
#define PROTO_ERROR   0x1c01000bU

/* Codes: C706 appendix E; the small ones are Windows' own (MS-ERREF section 2.2). */
static const struct {
    uint32_t status;
    cs_rc rc;
    const char *name;
    const char *sentence;
    const char *hint;
} faults[] = {
    {ACCESS_DENIED, CS_E_CA_REFUSED, "ERROR_ACCESS_DENIED", "refuses the account: access is denied",
     RIGHTS},
    {SEC_PKG_ERROR, CS_E_CA_REFUSED, "RPC_S_SEC_PKG_ERROR", "does not accept the authentication",
     "a wrong password, or a clock that differs from the domain's"},
    {0x1c010002, CS_E_CA_REFUSED, "nca_op_rng_error", "does not know the operation",
     "is this the computer of an AD CS CA?"},
    {0x1c010003, CS_E_CA_UNREACHABLE, "nca_unk_if", "does not know the interface", SERVICE},
    {PROTO_ERROR, CS_E_CA_UNREACHABLE, "nca_proto_error", "reports a protocol error", ""},
    {0x1c010014, CS_E_CA_UNREACHABLE, "nca_server_too_busy", "is too busy", LATER},
    {0x000006bb, CS_E_CA_UNREACHABLE, "RPC_S_SERVER_TOO_BUSY", "is too busy", LATER},
    {0x000006ba, CS_E_CA_UNREACHABLE, "RPC_S_SERVER_UNAVAILABLE", "says that the CA is not there",
     SERVICE},
    {0x000006be, CS_E_CA_UNREACHABLE, "RPC_S_CALL_FAILED", "says that the call failed", SERVICE},
    {0x000006bf, CS_E_CA_UNREACHABLE, "RPC_S_CALL_FAILED_DNE", "did not carry out the call",
     SERVICE},
    {0x000006f7, CS_E_CA_UNREACHABLE, "RPC_X_BAD_STUB_DATA", "cannot read the call", ""},
    {0x1c000006, CS_E_CA_UNREACHABLE, "nca_s_fault_context_mismatch", "lost the context", LATER},
    {0x1c000012, CS_E_CA_UNREACHABLE, "nca_s_fault_unspec", "failed", SERVICE},
};

/* Windows says the first, Samba the second. */
static bool means_account(uint32_t status)
{
    return status == ACCESS_DENIED || status == PROTO_ERROR || status == SEC_PKG_ERROR;
}

cs_rc cs_rpc_fail_fault(const struct cs_rpc_pdu *pdu, const char *from, bool unproved,
                        struct cs_err *err)
{
    /* alloc_hint, p_cont_id, cancel_count and reserved stand before it. */
    struct cs_ndr ndr = {.data = pdu->octets, .len = pdu->body_end, .at = CS_RPC_REQUEST_LEN};
    const char *name = "unknown";
    const char *sentence = "refused the call";
    const char *hint = "";
    cs_rc rc = CS_E_CA_UNREACHABLE;

    ndr.at = ndr.len < ndr.at ? ndr.len : ndr.at;
    uint32_t status = cs_ndr_u32(&ndr);
    if (ndr.failed) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "the answer of %s is broken: a fault without its "
                       "status",
                       from);
    }
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (faults[i].status == status) {
            name = faults[i].name;
            sentence = faults[i].sentence;
            hint = faults[i].hint;
            rc = faults[i].rc;
        }
    }
    if (unproved && means_account(status)) {
        rc = CS_E_CA_REFUSED;
        sentence = "does not accept the account and its password by NTLM";
        hint = "check both; several wrong passwords lock the account. Many domains forbid NTLM: "
               "then only Kerberos is left";
    }
    cs_err_set(err, rc, "%s %s", from, sentence);
    cs_err_cause(err, CS_ORIGIN_RPC, status, name, "");
    if (*hint) {
        cs_err_hint(err, "%s", hint);
    }
    return rc;
}

/* provider_reject_reason (C706 section 12.6.3.1, MS-RPCE section 2.2.2.5). */
static const char *nak_text(uint16_t reason)
{
    switch (reason) {
    case 1:
        return "it is overloaded";
    case 2:
        return "it has too many connections";
    case 4:
        return "it does not speak this version of the protocol";
    case 8:
        return "it does not take this way of authentication";
    case 9:
        return "it does not accept the authentication";
    default:
        return "no reason is given";
    }
}

cs_rc cs_rpc_fail_nak(const struct cs_rpc_pdu *pdu, const char *from, struct cs_err *err)
{
    struct cs_ndr ndr = {.data = pdu->octets, .len = pdu->body_end, .at = CS_RPC_HEADER_LEN};
    uint16_t reason = cs_ndr_u16(&ndr);

    cs_err_set(err, CS_E_CA_UNREACHABLE, "%s refused the connection: %s", from, nak_text(reason));
    cs_err_cause(err, CS_ORIGIN_RPC, reason, "bind_nak", "bind");
    return CS_E_CA_UNREACHABLE;
}
