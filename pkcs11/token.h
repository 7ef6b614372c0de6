/* A PKCS#11 token as a keystore (port/keystore.h). */
#ifndef CS_PKCS11_TOKEN_H
#define CS_PKCS11_TOKEN_H

#include "base/err.h"
#include "base/secret.h"
#include "port/keystore.h"
#include "port/ui.h"

#include <openssl/types.h>
#include <stdbool.h>

/* Limits for one call on the token, in seconds; 0: the built-in ones. */
struct cs_token_limits {
    unsigned call;     /* any call that is not named here; 30 */
    unsigned login;    /* C_Login; 60: a person may have to press a pad; 300 then */
    unsigned generate; /* C_GenerateKeyPair; 300 */
};

/* Asked once, and only if the token wants a PIN and has no pad of its own. @info tells which token;
 * *ret_pin is the token's to free. */
typedef cs_rc (*cs_pin_fn)(void *ctx, const struct cs_token_info *info, struct cs_secret **ret_pin,
                           struct cs_err *err);

/* Strings are borrowed for the call. */
struct cs_token_options {
    const char *uri; /* RFC 7512 token URI; NULL or "": the only initialised token there is */
    const char
        *module; /* path or p11-kit name where the URI names none; NULL: all that p11-kit knows */
    const char *profile;  /* path of a profile that goes before the built-in ones; NULL: none */
    const char *lock_dir; /* the user's runtime directory; made if it is not there */
    cs_pin_fn pin;
    void *pin_ctx;
    struct cs_ui *ui; /* for progress and the question at the final try */
    struct cs_token_limits limits;
};

/* Loads the module, finds the one token, logs in. CS_E_CONFIG for a module path that is not root's
 * or the user's, CS_E_USAGE for a bad URI, CS_E_TOKEN_ABSENT for no module, no token or several
 * (all are listed), CS_E_TOKEN_AUTH for the login, CS_E_TOKEN_REFUSED for a token that cannot be
 * written. The key of the session never outlives it: close frees everything. */
CS_MUST_CHECK cs_rc cs_token_open(const struct cs_token_options *options,
                                  struct cs_keystore **ret_store, struct cs_err *err);

/* The token's private key of that CKA_ID as an EVP_PKEY by libp11, for what OpenSSL must drive
 * itself (TLS, CMS).
 * @store is one that cs_token_open() made. Free it with EVP_PKEY_free(), best before the store is
 * closed: afterwards it is a public key, and what signs with it fails. */
CS_MUST_CHECK cs_rc cs_token_evp_pkey(struct cs_keystore *store, const uint8_t id[CS_KEY_ID_LEN],
                                      EVP_PKEY **ret_pkey, struct cs_err *err);

/* After an operation of OpenSSL with such a key failed: the token's error, or OpenSSL's if the
 * token had none. @what says what failed ("the TLS handshake with ..."). */
cs_rc cs_token_evp_error(struct cs_keystore *store, const char *what, struct cs_err *err);

#endif
