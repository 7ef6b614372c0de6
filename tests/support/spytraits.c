/* $CS_SPY_TRAITS is a list of words between commas:
 *
 *   final-try            C_GetTokenInfo: the next wrong PIN locks the token
 *   locked               C_GetTokenInfo says so, and C_Login: CKR_PIN_LOCKED
 *   write-protected      C_GetTokenInfo says so, and a read-write session:
 * CKR_TOKEN_WRITE_PROTECTED protected-path       the token has a pad: C_Login without a PIN uses
 * $CS_SPY_PAD_PIN, and one with a PIN is CKR_ARGUMENTS_BAD duplicate-slot       every slot is
 * listed a second time under another number extractable-ignored  generated keys are not
 * extractable, whatever was asked (OpenSC cards) extractable-forced   generated keys are
 * extractable, whatever was asked sensitive-false      CKA_SENSITIVE, CKA_ALWAYS_SENSITIVE and
 * CKA_LOCAL read back false (OpenSC) no-mechanism:TYPE    that mechanism is not there
 *   max-bits:TYPE:BITS   the largest key of that mechanism
 *   no-user-pin          C_GetTokenInfo: nobody but the security officer has a PIN
 *   count-low, to-be-changed
 *                        C_GetTokenInfo says so of the user's PIN
 *   max-pin:0:LENGTH     C_GetTokenInfo: the longest PIN
 *   no-login             C_GetTokenInfo: no login is required, and none is: every session is logged
 *                        in with $CS_SPY_PAD_PIN
 *   login-says:USER:CKR  C_Login of that kind of user (0 SO, 1 user, 2 context-specific) says that
 *   always-authenticate  generated keys want a login for each signature
 *   answer:TYPE:VALUE    a boolean attribute reads back as VALUE
 *   no-answer:TYPE       an attribute that the token does not know
 *   length:TYPE:NUMBER   an attribute that is said to have that many octets, with CKR_OK
 *   tells:TYPE           an attribute that is secret reads back all the same (as 0x5a octets)
 *   refuse:TYPE:VALUE    a boolean of that value in the template of a pair:
 * CKR_TEMPLATE_INCONSISTENT no-session-keys      pairs with CKA_TOKEN=false:
 * CKR_ATTRIBUTE_VALUE_INVALID
 *
 * TYPE is a number as pkcs11.h has it, e.g. 0x1040; several words with other TYPEs are allowed.
 *
 * CS_SPY_LOGINS=FILE gets a line "USER pin" or "USER nothing" for each C_Login that was not failed
 * by $CS_SPY_FAULT: the kind of user, and whether a PIN came with it; never the PIN. */
#include "support/spytraits.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

CK_FUNCTION_LIST *cs_spy_real;

/* Finds "word", or "word:@type" with the number after a further colon in *ret_value. */
static bool find_trait(const char *word, CK_ULONG type, CK_ULONG *ret_value)
{
    const char *at = getenv("CS_SPY_TRAITS");
    size_t len = strlen(word);

    for (; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        if (strncmp(at, word, len) != 0 || !strchr(":,", at[len])) {
            continue;
        }
        if (at[len] != ':') {
            return true; /* "," or the end: strchr() finds the NUL too */
        }
        char *rest;
        if (strtoul(at + len + 1, &rest, 0) == type) {
            *ret_value = *rest == ':' ? strtoul(rest + 1, NULL, 0) : 0;
            return true;
        }
    }
    return false;
}

static bool has_trait(const char *word)
{
    CK_ULONG unused;

    return find_trait(word, 0, &unused);
}

static bool lacks_mechanism(CK_MECHANISM_TYPE type)
{
    CK_ULONG unused;

    return find_trait("no-mechanism", type, &unused);
}

CK_RV cs_poor_slot_list(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count)
{
    CK_SLOT_ID own[256];
    CK_ULONG found = 256;

    if (!has_trait("duplicate-slot")) {
        return cs_spy_real->C_GetSlotList(present, slots, count);
    }
    CK_RV rv = cs_spy_real->C_GetSlotList(present, own, &found);
    if (rv != CKR_OK) {
        return rv;
    }
    CK_ULONG room = *count;
    *count = 2 * found;
    if (!slots) {
        return CKR_OK;
    }
    if (room < 2 * found) {
        return CKR_BUFFER_TOO_SMALL;
    }
    for (CK_ULONG i = 0; i < found; i++) {
        slots[i] = own[i];
        slots[found + i] = own[i] | CS_SPY_TWIN;
    }
    return CKR_OK;
}

CK_RV cs_poor_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    static const struct {
        const char *word;
        CK_FLAGS flags;
    } traits[] = {
        {"final-try", CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_COUNT_LOW},
        {"locked", CKF_USER_PIN_LOCKED},
        {"write-protected", CKF_WRITE_PROTECTED},
        {"protected-path", CKF_PROTECTED_AUTHENTICATION_PATH},
        {"count-low", CKF_USER_PIN_COUNT_LOW},
        {"to-be-changed", CKF_USER_PIN_TO_BE_CHANGED},
    };
    CK_RV rv = cs_spy_real->C_GetTokenInfo(CS_SPY_SLOT(slot), info);

    for (size_t i = 0; rv == CKR_OK && i < sizeof traits / sizeof traits[0]; i++) {
        if (has_trait(traits[i].word)) {
            info->flags |= traits[i].flags;
        }
    }
    if (rv == CKR_OK) {
        info->flags &= ~(has_trait("no-user-pin") ? CKF_USER_PIN_INITIALIZED : 0UL);
        info->flags &= ~(has_trait("no-login") ? CKF_LOGIN_REQUIRED : 0UL);
        (void)find_trait("max-pin", 0, &info->ulMaxPinLen);
    }
    return rv;
}

CK_RV cs_poor_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
    CK_ULONG bits;

    if (lacks_mechanism(type)) {
        return CKR_MECHANISM_INVALID;
    }
    CK_RV rv = cs_spy_real->C_GetMechanismInfo(CS_SPY_SLOT(slot), type, info);
    if (rv == CKR_OK && find_trait("max-bits", type, &bits)) {
        info->ulMaxKeySize = bits;
    }
    return rv;
}

CK_RV cs_poor_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
    CK_RV rv = cs_spy_real->C_GetMechanismList(CS_SPY_SLOT(slot), list, count);
    CK_ULONG kept = 0;

    if (rv != CKR_OK || !list) {
        return rv; /* a length that is too large is allowed: PKCS#11 v2.40 section 5.2 */
    }
    for (CK_ULONG i = 0; i < *count; i++) {
        if (!lacks_mechanism(list[i])) {
            list[kept++] = list[i];
        }
    }
    *count = kept;
    return CKR_OK;
}

static CK_RV press_pad(CK_SESSION_HANDLE session, CK_USER_TYPE user)
{
    char *pressed = getenv("CS_SPY_PAD_PIN");

    return cs_spy_real->C_Login(session, user, (CK_BYTE *)pressed, pressed ? strlen(pressed) : 0);
}

CK_RV cs_poor_open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                           CK_SESSION_HANDLE *session)
{
    if ((flags & CKF_RW_SESSION) && has_trait("write-protected")) {
        return CKR_TOKEN_WRITE_PROTECTED;
    }
    CK_RV rv = cs_spy_real->C_OpenSession(CS_SPY_SLOT(slot), flags, application, notify, session);
    if (rv == CKR_OK && has_trait("no-login")) {
        press_pad(*session, CKU_USER);
    }
    return rv;
}

/* One write for one line, so that lines of several threads do not mix. */
static void log_login(CK_USER_TYPE user, bool pin)
{
    const char *path = getenv("CS_SPY_LOGINS");
    int fd = path && *path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

    if (fd >= 0) {
        dprintf(fd, "%lu %s\n", user, pin ? "pin" : "nothing");
        close(fd);
    }
}

CK_RV cs_poor_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG pin_len)
{
    CK_ULONG prescribed_rv;

    log_login(user, pin != NULL);
    if (find_trait("login-says", user, &prescribed_rv)) {
        return prescribed_rv;
    }
    if (has_trait("locked")) {
        return CKR_PIN_LOCKED;
    }
    if (!has_trait("protected-path")) {
        return cs_spy_real->C_Login(session, user, pin, pin_len);
    }
    if (pin) {
        return CKR_ARGUMENTS_BAD;
    }
    return press_pad(session, user);
}

CK_RV cs_poor_sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    if (mechanism && lacks_mechanism(mechanism->mechanism)) {
        return CKR_MECHANISM_INVALID;
    }
    return cs_spy_real->C_SignInit(session, mechanism, key);
}

#define TEMPLATE_MAX 64

/* @template with @attribute in place of what it says of that type. */
static CK_ULONG put_attribute(CK_ATTRIBUTE *template, CK_ULONG count, CK_ATTRIBUTE attribute)
{
    CK_ULONG kept = 0;

    for (CK_ULONG i = 0; i < count; i++) {
        if (template[i].type != attribute.type) {
            template[kept++] = template[i];
        }
    }
    template[kept++] = attribute;
    return kept;
}

/* A boolean that the trait refuses. */
static bool is_refused(const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    for (CK_ULONG i = 0; i < count; i++) {
        CK_ULONG value;
        const CK_BBOOL *flag = attributes[i].pValue;
        if (attributes[i].ulValueLen == sizeof *flag &&
            find_trait("refuse", attributes[i].type, &value) && *flag == (CK_BBOOL)value) {
            return true;
        }
    }
    return false;
}

static bool is_of_session(const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    for (CK_ULONG i = 0; i < count; i++) {
        if (attributes[i].type == CKA_TOKEN) {
            return !*(const CK_BBOOL *)attributes[i].pValue;
        }
    }
    return true;
}

CK_RV cs_poor_generate_pair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                            CK_ATTRIBUTE *public_template, CK_ULONG public_count,
                            CK_ATTRIBUTE *private_template, CK_ULONG private_count,
                            CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
    bool forced = has_trait("extractable-forced");
    CK_BBOOL extractable = forced ? CK_TRUE : CK_FALSE;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE changed[TEMPLATE_MAX + 2];

    if (mechanism && lacks_mechanism(mechanism->mechanism)) {
        return CKR_MECHANISM_INVALID;
    }
    if (private_count > TEMPLATE_MAX) {
        return CKR_GENERAL_ERROR;
    }
    if (is_refused(public_template, public_count) || is_refused(private_template, private_count)) {
        return CKR_TEMPLATE_INCONSISTENT;
    }
    if (has_trait("no-session-keys") && is_of_session(private_template, private_count)) {
        return CKR_ATTRIBUTE_VALUE_INVALID;
    }
    memcpy(changed, private_template, private_count * sizeof *changed);
    if (forced || has_trait("extractable-ignored")) {
        private_count =
            put_attribute(changed, private_count, (CK_ATTRIBUTE){CKA_EXTRACTABLE, &extractable, 1});
    }
    if (has_trait("always-authenticate")) {
        private_count =
            put_attribute(changed, private_count, (CK_ATTRIBUTE){CKA_ALWAYS_AUTHENTICATE, &yes, 1});
    }
    return cs_spy_real->C_GenerateKeyPair(session, mechanism, public_template, public_count,
                                          changed, private_count, public_key, private_key);
}

/* The answer that a trait prescribes for a boolean; false if none does. */
static bool prescribed(CK_ATTRIBUTE_TYPE type, CK_ULONG *ret_value)
{
    if (find_trait("answer", type, ret_value)) {
        return true;
    }
    *ret_value = CK_FALSE;
    return (type == CKA_SENSITIVE || type == CKA_ALWAYS_SENSITIVE || type == CKA_LOCAL) &&
           has_trait("sensitive-false");
}

CK_RV cs_poor_get_attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                             CK_ATTRIBUTE *template, CK_ULONG count)
{
    CK_RV rv = cs_spy_real->C_GetAttributeValue(session, object, template, count);
    CK_ULONG value;

    for (CK_ULONG i = 0; template && i < count; i++) {
        if (template[i].pValue && rv == CKR_ATTRIBUTE_SENSITIVE &&
            find_trait("tells", template[i].type, &value)) {
            memset(template[i].pValue, 0x5a, 32);
            template[i].ulValueLen = 32;
            rv = CKR_OK;
        } else if (find_trait("no-answer", template[i].type, &value)) {
            template[i].ulValueLen = CK_UNAVAILABLE_INFORMATION;
            rv = rv == CKR_OK ? CKR_ATTRIBUTE_TYPE_INVALID : rv;
        } else if (find_trait("length", template[i].type, &value)) {
            template[i].ulValueLen = value;
        } else if (template[i].pValue && template[i].ulValueLen == sizeof(CK_BBOOL) &&
                   prescribed(template[i].type, &value)) {
            *(CK_BBOOL *)template[i].pValue = (CK_BBOOL)value;
        }
    }
    return rv;
}
