/* SRV records (RFC 2782), asked of this machine's resolver. */
#ifndef CS_NET_SRV_H
#define CS_NET_SRV_H

#include "base/err.h"
#include "base/strv.h"

#include <stddef.h>
#include <stdint.h>

/* Hosts to try, at most 32, by priority and then weight. CS_E_CA_UNREACHABLE if there is none. */
CS_MUST_CHECK cs_rc cs_srv_hosts(const char *name, struct cs_strv *ret_hosts, struct cs_err *err);

/* The same of an answer of a name server; nothing for what is none. */
void cs_srv_read(const uint8_t *answer, size_t len, struct cs_strv *ret_hosts);

#endif
