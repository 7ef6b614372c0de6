#include "pkcs11/session.h"

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
    return options->pin(options->pin_ctx, &token->info, &token->pin, err);
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
    if (flags & CKF_USER_PIN_LOCKED) {
        return cs_fail_hint(err, CS_E_TOKEN_AUTH, cs_ckr_hint(CKR_PIN_LOCKED),
                            "the PIN of the token \"%s\" is locked; no login was tried",
                            token->info.label);
    }
    if (flags & CKF_USER_PIN_FINAL_TRY) {
        CS_TRY(ask_at_final_try(token, err));
    }
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
    CK_USER_TYPE user;
    CK_RV rv;
};

static cs_rc login_with(void *ctx, const unsigned char *pin, size_t len, struct cs_err *err)
{
    struct login *login = ctx;
    struct cs_token *token = login->token;
    sigset_t before;

    (void)err;
    cs_session_hold_signals(&before);
    /* Cryptoki takes a PIN that it does not write to as a pointer to what is not const. */
    login->rv = cs_ck_limited(token, CS_LIMIT_LOGIN, C_Login, token->session, login->user,
                              (CK_UTF8CHAR *)(uintptr_t)pin, len);
    cs_session_let_signals(&before);
    return CS_OK;
}

static CK_RV send_login(struct cs_token *token, CK_USER_TYPE user)
{
    struct login login = {.token = token, .user = user, .rv = CKR_GENERAL_ERROR};
    cs_rc rc = CS_OK;

    if (token->has_pad) {
        if (token->ui) {
            token->ui->ops->begin(token->ui, "waiting for the PIN at the token's own pad");
        }
        rc = login_with(&login, NULL, 0, NULL);
        if (token->ui) {
            token->ui->ops->end(token->ui);
        }
    } else if (token->pin) {
        rc = cs_secret_lend(token->pin, login_with, &login, NULL);
    } else {
        return CKR_USER_NOT_LOGGED_IN;
    }
    return rc == CS_OK ? login.rv : CKR_GENERAL_ERROR;
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

cs_rc cs_session_login(struct cs_token *token, struct cs_err *err)
{
    if (!needs_login(token)) {
        return CS_OK;
    }
    CK_RV rv = send_login(token, CKU_USER);
    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) {
        return CS_OK;
    }
    cs_rc code = cs_ckr_code(rv);
    const char *left = rv == CKR_PIN_INCORRECT ? what_is_left(token) : "";
    cs_err_set(err, code, "the login to the token \"%s\" failed", token->info.label);
    if (*left) {
        cs_err_hint(err, "%s", left);
    }
    cs_err_cause_ckr(err, "C_Login", rv);
    return code;
}

cs_rc cs_session_login_again(struct cs_token *token, struct cs_err *err)
{
    CK_RV rv = send_login(token, CKU_CONTEXT_SPECIFIC);

    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) {
        return CS_OK;
    }
    return cs_fail_ckr(err, cs_ckr_code(rv), "C_Login", rv,
                       "the key wants a login for each signature, and the token \"%s\" refused it",
                       token->info.label);
}
