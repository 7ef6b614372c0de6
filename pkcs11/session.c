#include "pkcs11/session.h"

#include "base/mem.h"
#include "pkcs11/ckr.h"

#include <stdio.h>
#include <string.h>

/* Somebody has to walk to the pad (token.h). */
#define PAD_SECONDS 300

#define FINAL_TRY                                                                                  \
    "make sure of the PIN, then say yes on a terminal, or log in once with the token's own tool"

void cs_session_hold_signals(sigset_t *ret_before)
{
    sigset_t held;

    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP); /* a terminal that closes, an ssh that ends */
    sigaddset(&held, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, &held, ret_before);
}

void cs_session_let_signals(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

static bool needs_login(const struct cs_token *token)
{
    return token->ck_info.flags & CKF_LOGIN_REQUIRED;
}

/* One wrong PIN more and the token is locked: only somebody who was asked may risk it. */
static cs_rc ask_at_final_try(struct cs_token *token, struct cs_err *err)
{
    struct cs_ui *ui = token->ui;

    if (!ui || !ui->ops->can_ask(ui)) {
        return cs_fail_hint(
            err, CS_E_TOKEN_AUTH, FINAL_TRY,
            "the token \"%s\" has one PIN try left before it locks: not logged in without being "
            "asked",
            token->info.label);
    }
    char question[256];
    snprintf(question, sizeof question,
             "The token \"%.100s\" locks itself at the next wrong PIN. Log in?", token->info.label);
    cs_rc rc = ui->ops->confirm(ui, question, err);
    if (rc != CS_OK) {
        cs_err_hint(err, FINAL_TRY);
    }
    return rc;
}

/* What the flags tell of the user's PIN: said, and where need be asked, before it is sent. */
static cs_rc check_flags(struct cs_token *token, CK_FLAGS flags, struct cs_err *err)
{
    if (!(flags & CKF_USER_PIN_INITIALIZED)) {
        return cs_fail_hint(err, CS_E_TOKEN_AUTH, cs_ckr_hint(CKR_USER_PIN_NOT_INITIALIZED),
                            "the token \"%s\" has no user PIN yet, only its security officer "
                            "could log in; no login was tried",
                            token->info.label);
    }
    if (flags & CKF_USER_PIN_LOCKED) {
        return cs_fail_hint(err, CS_E_TOKEN_AUTH, cs_ckr_hint(CKR_PIN_LOCKED),
                            "the PIN of the token \"%s\" is locked; no login was tried",
                            token->info.label);
    }
    return flags & CKF_USER_PIN_FINAL_TRY ? ask_at_final_try(token, err) : CS_OK;
}

static void warn(struct cs_token *token, const char *what)
{
    if (token->ui) {
        cs_autofree char *text = cs_asprintf("the token \"%s\" %s", token->info.label, what);
        token->ui->ops->warn(token->ui, text);
    }
}

static void warn_of_flags(struct cs_token *token, CK_FLAGS flags)
{
    if ((flags & CKF_USER_PIN_COUNT_LOW) && !(flags & CKF_USER_PIN_FINAL_TRY)) {
        warn(token, "counts wrong PINs, and one was wrong since the last login that succeeded");
    }
    if (flags & CKF_USER_PIN_TO_BE_CHANGED) {
        warn(token, "wants a new PIN: this one is its maker's, or has expired");
    }
}

/* A PIN of a wrong length is a wrong PIN for some tokens. What a token says of the least length is
 * not used: it may be newer than the PIN. 0 and CK_UNAVAILABLE_INFORMATION say nothing. */
static cs_rc check_length(void *ctx, const unsigned char *pin, size_t len, struct cs_err *err)
{
    const struct cs_token *token = ctx;
    CK_ULONG max = token->ck_info.ulMaxPinLen;

    (void)pin;
    if (max == 0 || max == CK_UNAVAILABLE_INFORMATION || len <= max) {
        return CS_OK;
    }
    return cs_fail_hint(err, CS_E_TOKEN_AUTH,
                        "check the PIN and where it comes from; it was not sent",
                        "the token \"%s\" takes PINs of at most %lu octets, and this one is longer",
                        token->info.label, max);
}

static cs_rc prepare_pin(struct cs_token *token, const struct cs_token_options *options,
                         struct cs_err *err)
{
    token->has_pad = token->ck_info.flags & CKF_PROTECTED_AUTHENTICATION_PATH;
    if (token->has_pad) {
        if (options->limits.login == 0) {
            token->watch.seconds[CS_LIMIT_LOGIN] = PAD_SECONDS;
        }
        return CS_OK;
    }
    if (!options->pin) {
        return cs_fail_hint(err, CS_E_TOKEN_AUTH,
                            "say where it comes from: --pin-source, pin-source in the token URI",
                            "the token \"%s\" wants a PIN", token->info.label);
    }
    CS_TRY(options->pin(options->pin_ctx, &token->info, &token->pin, err));
    return cs_secret_lend(token->pin, check_length, token, err);
}

cs_rc cs_session_prepare(struct cs_token *token, const struct cs_token_options *options,
                         struct cs_err *err)
{
    CK_FLAGS flags = token->ck_info.flags;

    if (flags & CKF_WRITE_PROTECTED) {
        return cs_fail_hint(err, CS_E_TOKEN_REFUSED, cs_ckr_hint(CKR_TOKEN_WRITE_PROTECTED),
                            "the token \"%s\" is write-protected", token->info.label);
    }
    if (!needs_login(token)) {
        return CS_OK;
    }
    CS_TRY(check_flags(token, flags, err));
    warn_of_flags(token, flags);
    return prepare_pin(token, options, err);
}

static CK_RV open_session(struct cs_token *token, CK_SESSION_HANDLE *ret_session)
{
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    CK_RV rv = cs_ck(token, C_OpenSession, token->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                     NULL, &session);

    if (rv == CKR_OK) {
        *ret_session = session;
    }
    return rv;
}

cs_rc cs_session_open(struct cs_token *token, struct cs_err *err)
{
    CK_RV rv = open_session(token, &token->session);

    if (rv != CKR_OK) {
        return cs_fail_ckr(err, cs_ckr_code(rv), "C_OpenSession", rv,
                           "the token \"%s\" opens no session for writing", token->info.label);
    }
    return CS_OK;
}

void cs_session_renew(struct cs_token *token)
{
    CK_SESSION_HANDLE old = token->session;

    /* The new one first: with the last session the login would end. */
    if (open_session(token, &token->session) == CKR_OK) {
        cs_ck(token, C_CloseSession, old);
    }
}

struct login {
    struct cs_token *token;
    CK_SESSION_HANDLE session;
    CK_USER_TYPE user;
    CK_RV rv;
};

static cs_rc login_with(void *ctx, const unsigned char *pin, size_t len, struct cs_err *err)
{
    struct login *login = ctx;
    sigset_t before;

    (void)err;
    cs_session_hold_signals(&before);
    /* Cryptoki takes a PIN that it does not write to as a pointer to what is not const. */
    login->rv = cs_ck_limited(login->token, CS_LIMIT_LOGIN, C_Login, login->session, login->user,
                              (CK_UTF8CHAR *)(uintptr_t)pin, len);
    cs_session_let_signals(&before);
    return CS_OK;
}

static void login_at_pad(struct login *login)
{
    struct cs_token *token = login->token;
    struct cs_ui *ui = token->ui;

    warn(token, "waits: enter the PIN on the token's pad");
    if (ui) {
        ui->ops->begin(ui, "enter the PIN on the token's pad");
    }
    (void)!login_with(login, NULL, 0, NULL);
    if (ui) {
        ui->ops->end(ui);
    }
}

/* No PIN goes to a token once it has refused one: a wrong one must not be counted twice, and a key
 * may want another PIN than the login. */
static void note_result(struct cs_token *token, CK_RV rv)
{
    if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN && rv != CKR_USER_TYPE_INVALID) {
        token->login_failed = true;
        cs_secret_free(token->pin);
        token->pin = NULL;
    }
}

static CK_RV send_login(struct login *login)
{
    struct cs_token *token = login->token;

    login->rv = CKR_USER_NOT_LOGGED_IN;
    if (token->login_failed) {
        return login->rv;
    }
    if (token->has_pad) {
        login_at_pad(login);
    } else if (token->pin && cs_secret_lend(token->pin, login_with, login, NULL) != CS_OK) {
        login->rv = CKR_GENERAL_ERROR;
    }
    note_result(token, login->rv);
    return login->rv;
}

/* How many tries are left, as far as the token says it. */
static const char *what_is_left(struct cs_token *token)
{
    CK_TOKEN_INFO info = {0};

    if (cs_ck(token, C_GetTokenInfo, token->slot, &info) != CKR_OK) {
        return "";
    }
    if (info.flags & CKF_USER_PIN_LOCKED) {
        return "the token is locked now: unlock it with its own tool and the SO PIN (PUK)";
    }
    if (info.flags & CKF_USER_PIN_FINAL_TRY) {
        return "one try is left, then the token locks; the PIN was sent once and is not tried "
               "again";
    }
    if (info.flags & CKF_USER_PIN_COUNT_LOW) {
        return "the token counts wrong PINs and may lock; the PIN was sent once and is not tried "
               "again";
    }
    return "";
}

static cs_rc fail_login(struct cs_token *token, CK_RV rv, const char *what, struct cs_err *err)
{
    cs_rc code = cs_ckr_code(rv);
    const char *left = rv == CKR_PIN_INCORRECT ? what_is_left(token) : "";

    cs_err_set(err, code, "%s the token \"%s\" failed", what, token->info.label);
    if (*left) {
        cs_err_hint(err, "%s", left);
    }
    cs_err_cause_ckr(err, "C_Login", rv);
    return code;
}

cs_rc cs_session_login(struct cs_token *token, struct cs_err *err)
{
    struct login login = {token, token->session, CKU_USER, CKR_GENERAL_ERROR};

    if (!needs_login(token)) {
        return CS_OK;
    }
    CK_RV rv = send_login(&login);
    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) {
        return CS_OK;
    }
    return fail_login(token, rv, "the login to", err);
}

/* The flags of now: others may have tried wrong PINs since the login. */
static cs_rc check_again(struct cs_token *token, struct cs_err *err)
{
    CK_TOKEN_INFO info = {0};

    if (token->login_failed) {
        return cs_fail_hint(err, CS_E_TOKEN_AUTH, "what that login said is the cause",
                            "a login to the token \"%s\" failed before, and none is tried again",
                            token->info.label);
    }
    if (!token->pin && !token->has_pad) {
        return cs_fail_hint(err, CS_E_TOKEN_AUTH, "use a key that does not want one",
                            "the key wants a login for each signature, but the token \"%s\" says "
                            "that it takes none",
                            token->info.label);
    }
    CK_RV rv = cs_ck(token, C_GetTokenInfo, token->slot, &info);
    return rv == CKR_OK ? check_flags(token, info.flags, err) : CS_OK;
}

cs_rc cs_session_login_in(struct cs_token *token, CK_SESSION_HANDLE session, struct cs_err *err)
{
    struct login login = {token, session, CKU_CONTEXT_SPECIFIC, CKR_GENERAL_ERROR};

    CS_TRY(check_again(token, err));
    switch (send_login(&login)) {
    case CKR_OK:
    case CKR_USER_ALREADY_LOGGED_IN:
    case CKR_USER_TYPE_INVALID: /* openCryptoki does not know this kind of login: C_Sign tells */
        return CS_OK;
    default:
        return fail_login(token, login.rv,
                          "the key wants a login for each signature, and this one to", err);
    }
}

cs_rc cs_session_login_again(struct cs_token *token, struct cs_err *err)
{
    return cs_session_login_in(token, token->session, err);
}
