#include "model/certtype.h"

#include "base/cleanup.h"

#include <stddef.h>
#include <string.h>

/* Wildcards: certificate summaries of Lync 2013, "Wildcard certificate support": simple URLs and
 * lyncdiscover on Front End, Standard Edition and Director; tolerated on the Edge's internal side.
 */
static const struct cs_cert_type_info table[CS_TYPE_COUNT] = {
    [CS_TYPE_DEFAULT] = {"Default", true, true, 1024},
    [CS_TYPE_WEB_SERVICES_INTERNAL] = {"WebServicesInternal", true, true, 1024},
    [CS_TYPE_WEB_SERVICES_EXTERNAL] = {"WebServicesExternal", true, true, 1024},
    [CS_TYPE_INTERNAL] = {"Internal", true, true, 1024},
    [CS_TYPE_EXTERNAL] = {"External", true, false, 1024},
    [CS_TYPE_ACCESS_EDGE_EXTERNAL] = {"AccessEdgeExternal", true, false, 1024},
    [CS_TYPE_DATA_EDGE_EXTERNAL] = {"DataEdgeExternal", true, false, 1024},
    [CS_TYPE_AUDIO_VIDEO_AUTHENTICATION] = {"AudioVideoAuthentication", true, false, 1024},
    [CS_TYPE_XMPP_SERVER] = {"XmppServer", true, false, 1024},
    [CS_TYPE_OAUTH_TOKEN_ISSUER] = {"OAuthTokenIssuer", true, false, 2048},
    [CS_TYPE_SERVER] = {"Server", true, true, 1024},
    [CS_TYPE_IPHONE_APN_SERVICE] = {"iPhoneAPNService", false, false, 2048},
    [CS_TYPE_IPAD_APN_SERVICE] = {"iPadAPNService", false, false, 2048},
    [CS_TYPE_MPN_SERVICE] = {"MPNService", false, false, 2048},
    [CS_TYPE_PIC_WEB_SERVICE] = {"PICWebService", false, false, 2048},
    [CS_TYPE_PROVISION_SERVICE] = {"ProvisionService", false, false, 2048},
    [CS_TYPE_WS_FED_TOKEN_TRANSFER] = {"WsFedTokenTransfer", false, false, 2048},
    [CS_TYPE_LOG_RETENTION_SERVICE] = {"LogRetentionService", false, false, 2048},
    [CS_TYPE_SMP_DNS_WEB_SERVICE] = {"SMPDNSWebService", false, false, 2048},
    [CS_TYPE_TENANT_ADMIN] = {"TenantAdmin", false, false, 2048},
    [CS_TYPE_UPGRADE_ENGINE_SERVICE] = {"UpgradeEngineService", false, false, 2048},
};

/* A word of the cmdlet without a definition; the Edge has these two external services with names of
 * their own, so a certificate for "External" is one for both. */
static const cs_type_set external =
    (cs_type_set)1 << CS_TYPE_ACCESS_EDGE_EXTERNAL | (cs_type_set)1 << CS_TYPE_DATA_EDGE_EXTERNAL;

const struct cs_cert_type_info *cs_cert_type_info(enum cs_cert_type type)
{
    return &table[type];
}

enum cs_cert_type cs_cert_type_find(const char *name)
{
    unsigned type = 0;

    while (type < CS_TYPE_COUNT && strcmp(table[type].name, name) != 0) {
        type++;
    }
    return (enum cs_cert_type)type;
}

static cs_rc fail_unknown(const char *word, struct cs_err *err)
{
    cs_auto_value(cs_strv) known = {0};

    for (size_t i = 0; i < CS_TYPE_COUNT; i++) {
        if (table[i].on_premises) {
            cs_strv_add(&known, table[i].name);
        }
    }
    cs_autofree char *list = cs_strv_join(&known, ", ");
    cs_rc rc = cs_fail(err, CS_E_USAGE, "\"%.100s\" is not a certificate type", word);
    cs_err_hint(err, "the types are %s", list);
    return rc;
}

/* CS_TYPE_COUNT: it names none. */
static unsigned find_word(const char *word)
{
    unsigned type = 0;

    while (type < CS_TYPE_COUNT && !cs_ascii_iequal(word, table[type].name)) {
        type++;
    }
    return type;
}

static cs_type_set set_of(unsigned type)
{
    return type == CS_TYPE_EXTERNAL ? external : (cs_type_set)1 << type;
}

cs_type_set cs_cert_type_said(const char *word, const char **ret_name)
{
    unsigned type = find_word(word);

    if (type == CS_TYPE_COUNT) {
        return 0;
    }
    *ret_name = table[type].name;
    return set_of(type);
}

static cs_rc parse_word(const char *word, const char *computer, cs_type_set *types,
                        struct cs_err *err)
{
    unsigned type = find_word(word);

    if (type == CS_TYPE_COUNT) {
        return fail_unknown(word, err);
    }
    if (!table[type].on_premises) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "this type belongs to Lync Online; leave it out of -Type",
                            "The computer%s%s does not need a certificate of type %s",
                            computer ? " " : "", computer ? computer : "", table[type].name);
    }
    *types |= set_of(type);
    return CS_OK;
}

cs_rc cs_cert_types_parse(const struct cs_strv *words, const char *computer, cs_type_set *ret_types,
                          struct cs_err *err)
{
    cs_type_set types = 0;

    for (size_t i = 0; i < words->count; i++) {
        CS_TRY(parse_word(words->items[i], computer, &types, err));
    }
    if (!types) {
        return cs_fail_hint(err, CS_E_USAGE, "say for instance -Type Internal",
                            "-Type names no certificate type");
    }
    *ret_types = types;
    return CS_OK;
}

char *cs_cert_types_text(cs_type_set types)
{
    cs_auto_value(cs_strv) names = {0};

    for (size_t i = 0; i < CS_TYPE_COUNT; i++) {
        if (types & (cs_type_set)1 << i) {
            cs_strv_add(&names, table[i].name);
        }
    }
    return cs_strv_join(&names, ",");
}

unsigned cs_cert_types_min_rsa_bits(cs_type_set types)
{
    unsigned bits = 0;

    for (size_t i = 0; i < CS_TYPE_COUNT; i++) {
        if ((types & (cs_type_set)1 << i) && table[i].min_rsa_bits > bits) {
            bits = table[i].min_rsa_bits;
        }
    }
    return bits;
}

bool cs_cert_types_allow_wildcard(cs_type_set types)
{
    for (size_t i = 0; i < CS_TYPE_COUNT; i++) {
        if ((types & (cs_type_set)1 << i) && !table[i].wildcard_san) {
            return false;
        }
    }
    return true;
}
