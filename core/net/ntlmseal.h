/* The NTLM session security of version 2 (MS-NLMP sections 3.4.4.2 and 3.4.5) over whole DCE/RPC
 * PDUs. */
#ifndef CS_NET_NTLMSEAL_H
#define CS_NET_NTLMSEAL_H

#include "base/cleanup.h"
#include "base/err.h"
#include "net/rpcsec.h"

#include <stddef.h>
#include <stdint.h>

#define CS_NTLM_KEY_LEN       16
#define CS_NTLM_SIGNATURE_LEN 16

struct cs_ntlmseal;

/* Of the exported session key. RC4 is OpenSSL's, from its legacy provider, which gss-ntlmssp needs
 * for MD4 too, so that nothing more must be installed. CS_E_CONFIG if it is not there. */
CS_MUST_CHECK cs_rc cs_ntlmseal_new(const uint8_t key[CS_NTLM_KEY_LEN],
                                    struct cs_ntlmseal **ret_seal, struct cs_err *err);
void cs_ntlmseal_free(struct cs_ntlmseal *seal);
CS_DEFINE_AUTO(cs_ntlmseal, cs_ntlmseal_free);

/* Encrypts, and writes the signature of CS_NTLM_SIGNATURE_LEN octets at sealed->token. */
CS_MUST_CHECK cs_rc cs_ntlmseal_out(struct cs_ntlmseal *seal, const struct cs_rpc_sealed *sealed,
                                    struct cs_err *err);

/* Decrypts; CS_E_CA_UNREACHABLE if the signature is not the next message's. */
CS_MUST_CHECK cs_rc cs_ntlmseal_in(struct cs_ntlmseal *seal, const struct cs_rpc_sealed *sealed,
                                   struct cs_err *err);

/* The other direction's keys: for the tests, which are the server. */
void cs_ntlmseal_swap(struct cs_ntlmseal *seal);

#endif
