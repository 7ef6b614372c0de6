#include "pkcs11/ckr.h"

#include <stdlib.h>

#define RETRY "run it again; `cscert recover` finishes or undoes what was begun"
#define VENDOR                                                                                     \
    "the token's own log says more; if it is a limit of this token, a profile can name it "        \
    "(softhsm2.profile shows how)"
#define CANCELLED "it was cancelled at the token; run it again"
#define PIN       "check the PIN; it was sent once and is not tried again"

struct ckr_row {
    CK_RV rv;
    const char *name;
    cs_rc code;
    const char *hint;
};

#define ROW(name, code, hint)                                                                      \
    {                                                                                              \
        name, #name, code, hint                                                                    \
    }

/* Ascending, for the search. */
static const struct ckr_row rows[] = {
    ROW(CKR_OK, CS_E_INTERNAL, NULL),
    ROW(CKR_CANCEL, CS_E_CANCELLED, CANCELLED),
    ROW(CKR_HOST_MEMORY, CS_E_TOKEN_REFUSED, RETRY),
    ROW(CKR_SLOT_ID_INVALID, CS_E_TOKEN_ABSENT, "the token went away while it was used: " RETRY),
    ROW(CKR_GENERAL_ERROR, CS_E_TOKEN_REFUSED, VENDOR),
    ROW(CKR_FUNCTION_FAILED, CS_E_TOKEN_REFUSED, VENDOR),
    ROW(CKR_ARGUMENTS_BAD, CS_E_TOKEN_REFUSED,
        "a module that needs initialisation arguments gets them from `x-init-reserved` in its "
        "p11-kit module file: name it there instead of by its path"),
    ROW(CKR_NO_EVENT, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_NEED_TO_CREATE_THREADS, CS_E_TOKEN_REFUSED, VENDOR),
    ROW(CKR_CANT_LOCK, CS_E_TOKEN_REFUSED, "the module cannot be used by a program with threads"),
    ROW(CKR_ATTRIBUTE_READ_ONLY, CS_E_TOKEN_REFUSED, VENDOR),
    ROW(CKR_ATTRIBUTE_SENSITIVE, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_ATTRIBUTE_TYPE_INVALID, CS_E_TOKEN_REFUSED, VENDOR),
    ROW(CKR_ATTRIBUTE_VALUE_INVALID, CS_E_TOKEN_REFUSED, VENDOR),
    ROW(CKR_ACTION_PROHIBITED, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_DATA_INVALID, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_DATA_LEN_RANGE, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_DEVICE_ERROR, CS_E_TOKEN_REFUSED, "check the token and its connection, then " RETRY),
    ROW(CKR_DEVICE_MEMORY, CS_E_TOKEN_REFUSED,
        "the token is full: remove keys and certificates that nobody needs (`cscert recover` lists "
        "what interrupted runs left), or use another token"),
    ROW(CKR_DEVICE_REMOVED, CS_E_TOKEN_ABSENT, "put the token back, then " RETRY),
    ROW(CKR_ENCRYPTED_DATA_INVALID, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_ENCRYPTED_DATA_LEN_RANGE, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_FUNCTION_CANCELED, CS_E_CANCELLED, CANCELLED),
    ROW(CKR_FUNCTION_NOT_PARALLEL, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_FUNCTION_NOT_SUPPORTED, CS_E_TOKEN_REFUSED, "this token cannot do it: use another one"),
    ROW(CKR_KEY_HANDLE_INVALID, CS_E_TOKEN_REFUSED, RETRY),
    ROW(CKR_KEY_SIZE_RANGE, CS_E_TOKEN_REFUSED,
        "choose a key that the token can make (-KeyAlg, -KeySize)"),
    ROW(CKR_KEY_TYPE_INCONSISTENT, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_KEY_NOT_NEEDED, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_KEY_CHANGED, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_KEY_NEEDED, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_KEY_INDIGESTIBLE, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_KEY_FUNCTION_NOT_PERMITTED, CS_E_TOKEN_REFUSED,
        "the key's usage attributes do not allow it"),
    ROW(CKR_KEY_NOT_WRAPPABLE, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_KEY_UNEXTRACTABLE, CS_E_TOKEN_REFUSED, "the key was made not exportable"),
    ROW(CKR_MECHANISM_INVALID, CS_E_TOKEN_REFUSED,
        "the token does not have this algorithm: choose another key (-KeyAlg) or another token"),
    ROW(CKR_MECHANISM_PARAM_INVALID, CS_E_TOKEN_REFUSED, VENDOR),
    ROW(CKR_OBJECT_HANDLE_INVALID, CS_E_TOKEN_REFUSED,
        "another program removed the object while it was used"),
    ROW(CKR_OPERATION_ACTIVE, CS_E_TOKEN_REFUSED, RETRY),
    ROW(CKR_OPERATION_NOT_INITIALIZED, CS_E_TOKEN_REFUSED, RETRY),
    ROW(CKR_PIN_INCORRECT, CS_E_TOKEN_AUTH, PIN),
    ROW(CKR_PIN_INVALID, CS_E_TOKEN_AUTH,
        "the token does not take these characters in a PIN; it was sent once and is not tried "
        "again"),
    ROW(CKR_PIN_LEN_RANGE, CS_E_TOKEN_AUTH,
        "the PIN is too short or too long for this token; it was sent once and is not tried again"),
    ROW(CKR_PIN_EXPIRED, CS_E_TOKEN_AUTH, "set a new PIN with the token's own tool"),
    ROW(CKR_PIN_LOCKED, CS_E_TOKEN_AUTH,
        "the token locked its PIN after too many wrong ones: unlock it with the token's own tool "
        "and the SO PIN (PUK)"),
    ROW(CKR_SESSION_CLOSED, CS_E_TOKEN_REFUSED, RETRY),
    ROW(CKR_SESSION_COUNT, CS_E_TOKEN_REFUSED,
        "the token has no session left: end other programs that use it"),
    ROW(CKR_SESSION_HANDLE_INVALID, CS_E_TOKEN_REFUSED, RETRY),
    ROW(CKR_SESSION_PARALLEL_NOT_SUPPORTED, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_SESSION_READ_ONLY, CS_E_TOKEN_REFUSED,
        "the token cannot be written: take off its write protection or use another one"),
    ROW(CKR_SESSION_EXISTS, CS_E_TOKEN_REFUSED, "end other programs that use the token"),
    ROW(CKR_SESSION_READ_ONLY_EXISTS, CS_E_TOKEN_REFUSED, "end other programs that use the token"),
    ROW(CKR_SESSION_READ_WRITE_SO_EXISTS, CS_E_TOKEN_REFUSED,
        "the security officer is logged in: end that program first"),
    ROW(CKR_SIGNATURE_INVALID, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_SIGNATURE_LEN_RANGE, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_TEMPLATE_INCOMPLETE, CS_E_TOKEN_REFUSED, VENDOR),
    ROW(CKR_TEMPLATE_INCONSISTENT, CS_E_TOKEN_REFUSED, VENDOR),
    ROW(CKR_TOKEN_NOT_PRESENT, CS_E_TOKEN_ABSENT, "put the token back, then " RETRY),
    ROW(CKR_TOKEN_NOT_RECOGNIZED, CS_E_TOKEN_ABSENT,
        "the module does not know this kind of token: name the token's own module"),
    ROW(CKR_TOKEN_WRITE_PROTECTED, CS_E_TOKEN_REFUSED,
        "the token cannot be written: take off its write protection or use another one"),
    ROW(CKR_UNWRAPPING_KEY_SIZE_RANGE, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_USER_ALREADY_LOGGED_IN, CS_E_TOKEN_AUTH, NULL),
    ROW(CKR_USER_NOT_LOGGED_IN, CS_E_TOKEN_AUTH, RETRY),
    ROW(CKR_USER_PIN_NOT_INITIALIZED, CS_E_TOKEN_AUTH,
        "set a user PIN with the token's own tool (`pkcs11-tool --init-pin`)"),
    ROW(CKR_USER_TYPE_INVALID, CS_E_TOKEN_AUTH, VENDOR),
    ROW(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, CS_E_TOKEN_AUTH,
        "another kind of user is logged in: end that program first"),
    ROW(CKR_USER_TOO_MANY_TYPES, CS_E_TOKEN_AUTH, "end other programs that use the token"),
    ROW(CKR_WRAPPED_KEY_INVALID, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_WRAPPED_KEY_LEN_RANGE, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_WRAPPING_KEY_HANDLE_INVALID, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_WRAPPING_KEY_SIZE_RANGE, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_WRAPPING_KEY_TYPE_INCONSISTENT, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_RANDOM_SEED_NOT_SUPPORTED, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_RANDOM_NO_RNG, CS_E_TOKEN_REFUSED, "the token has no random numbers: use another one"),
    ROW(CKR_DOMAIN_PARAMS_INVALID, CS_E_TOKEN_REFUSED,
        "the token does not have this curve: choose another key (-KeyAlg)"),
    ROW(CKR_CURVE_NOT_SUPPORTED, CS_E_TOKEN_REFUSED,
        "the token does not have this curve: choose another key (-KeyAlg)"),
    ROW(CKR_BUFFER_TOO_SMALL, CS_E_TOKEN_REFUSED, "the token's answer is larger than it can be"),
    ROW(CKR_SAVED_STATE_INVALID, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_INFORMATION_SENSITIVE, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_STATE_UNSAVEABLE, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_CRYPTOKI_NOT_INITIALIZED, CS_E_TOKEN_REFUSED, RETRY),
    ROW(CKR_CRYPTOKI_ALREADY_INITIALIZED, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_MUTEX_BAD, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_MUTEX_NOT_LOCKED, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_NEW_PIN_MODE, CS_E_TOKEN_AUTH, "set a new PIN with the token's own tool"),
    ROW(CKR_NEXT_OTP, CS_E_TOKEN_AUTH, VENDOR),
    ROW(CKR_EXCEEDED_MAX_ITERATIONS, CS_E_TOKEN_REFUSED, RETRY),
    ROW(CKR_FIPS_SELF_TEST_FAILED, CS_E_TOKEN_REFUSED, VENDOR),
    ROW(CKR_LIBRARY_LOAD_FAILED, CS_E_TOKEN_ABSENT, VENDOR),
    ROW(CKR_PIN_TOO_WEAK, CS_E_TOKEN_AUTH, "set a new PIN with the token's own tool"),
    ROW(CKR_PUBLIC_KEY_INVALID, CS_E_TOKEN_REFUSED, NULL),
    ROW(CKR_FUNCTION_REJECTED, CS_E_TOKEN_REFUSED, "somebody must allow it at the token"),
};

static int compare(const void *key, const void *element)
{
    CK_RV rv = *(const CK_RV *)key;
    const struct ckr_row *row = element;

    return rv < row->rv ? -1 : rv > row->rv;
}

static const struct ckr_row *find(CK_RV rv)
{
    return bsearch(&rv, rows, sizeof rows / sizeof *rows, sizeof *rows, compare);
}

const char *cs_ckr_name(CK_RV rv)
{
    const struct ckr_row *row = find(rv);

    if (row) {
        return row->name;
    }
    return rv & CKR_VENDOR_DEFINED ? "CKR_VENDOR_DEFINED" : "unknown";
}

cs_rc cs_ckr_code(CK_RV rv)
{
    const struct ckr_row *row = find(rv);

    return row ? row->code : CS_E_TOKEN_REFUSED;
}

const char *cs_ckr_hint(CK_RV rv)
{
    const struct ckr_row *row = find(rv);

    return row ? row->hint : VENDOR;
}

void cs_err_cause_ckr(struct cs_err *err, const char *operation, CK_RV rv)
{
    const char *hint = cs_ckr_hint(rv);

    cs_err_cause(err, CS_ORIGIN_CKR, (int64_t)rv, cs_ckr_name(rv), operation);
    if (hint) {
        cs_err_hint(err, "%s", hint);
    }
}

CK_RV cs_ckr_of(const struct cs_err *err)
{
    return err->origin == CS_ORIGIN_CKR ? (CK_RV)err->cause : CKR_OK;
}
