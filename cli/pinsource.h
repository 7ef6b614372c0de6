/* Where PINs and passwords come from: a file, a descriptor, the terminal. */
#ifndef CS_CLI_PINSOURCE_H
#define CS_CLI_PINSOURCE_H

#include "base/err.h"
#include "base/secret.h"
#include "cli/config.h"
#include "cli/options.h"
#include "port/keystore.h"

/* Reads the secret that @source names: "file:PATH", "fd:NUMBER" or "prompt", which asks @prompt on
 * the terminal without echo. @what names the source for messages ("--pin-source"). CS_E_CONFIG for
 * a source that is not there or a file that others can read, CS_E_USAGE for what is no source,
 * CS_E_CANCELLED when the prompt is interrupted. */
CS_MUST_CHECK cs_rc cs_pinsource_read(const char *source, const char *what, const char *prompt,
                                      struct cs_secret **ret_secret, struct cs_err *err);

/* The same for a secret that is new: who types it types it twice, and CS_E_USAGE says that the two
 * differ. @name is what it is: "the PIN of the new token". NULL as @source: prompt. */
CS_MUST_CHECK cs_rc cs_pinsource_read_new(const char *source, const char *what, const char *name,
                                          struct cs_secret **ret_secret, struct cs_err *err);

/* The value of the pin-source attribute of a PKCS#11 URI, decoded, in *ret_source (the caller
 * frees; NULL if @uri has none). CS_E_USAGE for what is no URI of a token (pkcs11/uri.h),
 * CS_E_CONFIG for a source that is a command or no file. */
CS_MUST_CHECK cs_rc cs_pinsource_of_uri(const char *uri, char **ret_source, struct cs_err *err);

/* Which token, and who says where its PIN is; the context of cs_pinsource_ask(). Strings are
 * borrowed from options and configuration; NULL where nothing was said. */
struct cs_pinsource {
    const char *option;     /* --pin-source */
    const char *uri;        /* of the token */
    const char *configured; /* the token section's pin-source */
};

/* --token goes before the configured uri. A configured pin-source belongs to the configured token:
 * it is not sent to another one that --token names. */
struct cs_pinsource cs_pinsource_choose(const struct cs_options *options,
                                        const struct cs_config *config);

/* A cs_pin_fn (pkcs11/token.h): option, then the URI's pin-source, then the configured one, then
 * the terminal. @ctx: struct cs_pinsource. */
CS_MUST_CHECK cs_rc cs_pinsource_ask(void *ctx, const struct cs_token_info *info,
                                     struct cs_secret **ret_pin, struct cs_err *err);

#endif
