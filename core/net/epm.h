/* The endpoint mapper: which TCP port an interface listens on (C706 appendix O, MS-RPCE section
 * 2.2.1.2). */
#ifndef CS_NET_EPM_H
#define CS_NET_EPM_H

#include "base/bytes.h"
#include "base/err.h"
#include "net/rpcpdu.h"
#include "net/tcp.h"

#include <stdint.h>

#define CS_EPM_PORT 135

/* Asks the endpoint mapper that @tcp is connected to. CS_E_CA_UNREACHABLE if it has no port for
 * @interface. Only the port is taken: nobody can send us to another host. */
CS_MUST_CHECK cs_rc cs_epm_map(struct cs_tcp *tcp, const struct cs_rpc_syntax *interface,
                               int64_t deadline_ms, uint16_t *ret_port, struct cs_err *err);

/* The stubs of ept_map. The answer is hostile: every tower in it is checked to its end. */
CS_MUST_CHECK cs_rc cs_epm_put_map(const struct cs_rpc_syntax *interface, struct cs_bytes *ret_stub,
                                   struct cs_err *err);
CS_MUST_CHECK cs_rc cs_epm_read_map(const struct cs_bytes *stub,
                                    const struct cs_rpc_syntax *interface, const char *from,
                                    uint16_t *ret_port, struct cs_err *err);

#endif
