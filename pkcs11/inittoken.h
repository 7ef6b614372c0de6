/* An empty slot becomes a token, for tests. */
#ifndef CS_PKCS11_INITTOKEN_H
#define CS_PKCS11_INITTOKEN_H

#include "base/err.h"
#include "base/secret.h"
#include "pkcs11/token.h"

/* Octets of a token's label (PKCS#11 v2.40 section 3.2, CK_TOKEN_INFO). */
#define CS_TOKEN_LABEL_MAX 32

/* The token's new PINs, asked for when it is known that there is a slot for them. Both are the
 * callback's to hand over. */
struct cs_init_pins {
    cs_rc (*get)(void *ctx, struct cs_secret **ret_so_pin, struct cs_secret **ret_pin,
                 struct cs_err *err);
    void *ctx;
};

/* Initialises the one slot whose token is not initialised and that options->uri fits, with
 * @label and both PINs, and reads it back: *ret_info, the caller's to free. A token that is
 * initialised is never touched. A URI's token= is the label that the token is to get.
 * CS_E_USAGE for a label that is too long or another token's, CS_E_TOKEN_ABSENT for no such slot or
 * several (they are listed), CS_E_TOKEN_REFUSED and CS_E_TOKEN_AUTH with the state that a failure
 * in the middle leaves the token in. */
CS_MUST_CHECK cs_rc cs_token_init(const struct cs_token_options *options, const char *label,
                                  const struct cs_init_pins *pins, struct cs_token_info *ret_info,
                                  struct cs_err *err);

#endif
