/* The certificate types of the cmdlet, as a table. Source: docs/NAMES.md and the cmdlet's own
 * page. */
#ifndef CS_MODEL_CERTTYPE_H
#define CS_MODEL_CERTTYPE_H

#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stdint.h>

enum cs_cert_type {
    CS_TYPE_DEFAULT,
    CS_TYPE_WEB_SERVICES_INTERNAL,
    CS_TYPE_WEB_SERVICES_EXTERNAL,
    CS_TYPE_INTERNAL,
    CS_TYPE_EXTERNAL, /* a word for the two that follow; no set that was parsed has it */
    CS_TYPE_ACCESS_EDGE_EXTERNAL,
    CS_TYPE_DATA_EDGE_EXTERNAL,
    CS_TYPE_AUDIO_VIDEO_AUTHENTICATION,
    CS_TYPE_XMPP_SERVER,
    CS_TYPE_OAUTH_TOKEN_ISSUER,
    CS_TYPE_SERVER, /* ours: any TLS server that is not part of Lync */
    CS_TYPE_IPHONE_APN_SERVICE,
    CS_TYPE_IPAD_APN_SERVICE,
    CS_TYPE_MPN_SERVICE,
    CS_TYPE_PIC_WEB_SERVICE,
    CS_TYPE_PROVISION_SERVICE,
    CS_TYPE_WS_FED_TOKEN_TRANSFER,
    CS_TYPE_LOG_RETENTION_SERVICE,
    CS_TYPE_SMP_DNS_WEB_SERVICE,
    CS_TYPE_TENANT_ADMIN,
    CS_TYPE_UPGRADE_ENGINE_SERVICE,
    CS_TYPE_COUNT
};

struct cs_cert_type_info {
    const char *name;      /* as the cmdlet writes it */
    bool on_premises;      /* a computer of an on-premises deployment can need it */
    bool wildcard_san;     /* a wildcard may stand among the alternative names */
    unsigned min_rsa_bits; /* Lync's own minimum for this type */
};

/* One bit for each type: 1u << CS_TYPE_DEFAULT and so on. */
typedef uint32_t cs_type_set;

const struct cs_cert_type_info *cs_cert_type_info(enum cs_cert_type type);

/* The type of that name, as the cmdlet writes it; CS_TYPE_COUNT: none has it. */
enum cs_cert_type cs_cert_type_find(const char *name);

/* The types that @word names, without case; *ret_name is how the cmdlet writes it ("External",
 * which is two of them). 0: it names none. */
cs_type_set cs_cert_type_said(const char *word, const char **ret_name);

/* The types that @words name, without case; duplicates are one; External is AccessEdgeExternal and
 * DataEdgeExternal. CS_E_USAGE for an unknown word (the
 * known ones are listed), for none, and for a type that no on-premises computer needs (@computer
 * names it). */
CS_MUST_CHECK cs_rc cs_cert_types_parse(const struct cs_strv *words, const char *computer,
                                        cs_type_set *ret_types, struct cs_err *err);

/* "Default,WebServicesInternal" in the order of the table; the caller frees. */
char *cs_cert_types_text(cs_type_set types);

/* The strictest minimum of the types in the set, in bits. */
unsigned cs_cert_types_min_rsa_bits(cs_type_set types);

/* True if every type in the set takes a wildcard as an alternative name. */
bool cs_cert_types_allow_wildcard(cs_type_set types);

#endif
