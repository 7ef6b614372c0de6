/* The session and the login. */
#ifndef CS_PKCS11_SESSION_H
#define CS_PKCS11_SESSION_H

#include "pkcs11/token_internal.h"

#include <signal.h>

/* What can be said before a session is opened: write-protected, no user PIN, locked, final try
 * (asks), and the PIN from where the options say, if it is not longer than the token takes. Nothing
 * is sent to the token. CS_E_TOKEN_REFUSED, CS_E_TOKEN_AUTH, CS_E_CANCELLED. */
CS_MUST_CHECK cs_rc cs_session_prepare(struct cs_token *token,
                                       const struct cs_token_options *options, struct cs_err *err);

/* Opens the read-write session. CS_E_TOKEN_REFUSED for a token that cannot be written. */
CS_MUST_CHECK cs_rc cs_session_open(struct cs_token *token, struct cs_err *err);

/* Logs in, once: by the PIN, by the token's pad, or not at all where the token wants no login.
 * After a login that failed nothing is sent again as long as the token is open. */
CS_MUST_CHECK cs_rc cs_session_login(struct cs_token *token, struct cs_err *err);

/* Between C_SignInit and C_Sign with a key of CKA_ALWAYS_AUTHENTICATE. CS_E_TOKEN_AUTH,
 * CS_E_CANCELLED. */
CS_MUST_CHECK cs_rc cs_session_login_again(struct cs_token *token, struct cs_err *err);

/* The same in a session that somebody else opened (libp11). */
CS_MUST_CHECK cs_rc cs_session_login_in(struct cs_token *token, CK_SESSION_HANDLE session,
                                        struct cs_err *err);

/* After a failed operation, which may still be active in the session and then blocks every other
 * one: the same login goes on in a new session. Objects of the old session are gone. If none can be
 * had, the old one stays. */
void cs_session_renew(struct cs_token *token);

/* Calls that must not be torn: a token's file half-written, a key without its other half. */
void cs_session_hold_signals(sigset_t *ret_before);
void cs_session_let_signals(const sigset_t *before);

#endif
