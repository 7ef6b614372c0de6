#include "pkcs11/inittoken.h"

#include "base/mem.h"
#include "pkcs11/ckr.h"
#include "pkcs11/module.h"
#include "pkcs11/session.h"
#include "pkcs11/slot.h"
#include "pkcs11/uri_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A token that another program is just logging in to can look uninitialised for a moment (slot.c):
 * an empty slot must look empty again after a new C_Initialize. */
#define LOOKS    3
#define PAUSE_MS 50

struct init {
    struct cs_watch watch;
    struct cs_module_list modules;
    struct cs_uri *uri;
    const struct cs_token_options *options;
    const char *label;
    CK_UTF8CHAR padded[CS_TOKEN_LABEL_MAX];

    struct cs_slot slot; /* the one that is empty */
    CK_FUNCTION_LIST *module;
    CK_SESSION_HANDLE session;
};

#define call_limited(init, limit, function, ...)                                                   \
    cs_watched(&(init)->watch, limit, (init)->module, function, __VA_ARGS__)
#define call(init, function, ...) call_limited(init, CS_LIMIT_CALL, function, __VA_ARGS__)

/* ---- which slot ---- */

/* The URI's token= is compared with what the token is to be called, not with what it is. */
static bool fits(const struct init *init, const struct cs_slot *slot)
{
    struct cs_slot named = *slot;

    memcpy(named.info.label, init->padded, sizeof named.info.label);
    return slot->rv == CKR_OK && slot->fits_module && cs_uri_fits_token(init->uri, &named.info);
}

static bool is_label_taken(const struct init *init, const struct cs_slot *slot)
{
    return cs_slot_is_initialised(slot) &&
           memcmp(slot->info.label, init->padded, sizeof init->padded) == 0;
}

static cs_rc fail_no_slot(const struct init *init, const struct cs_slot_list *all,
                          struct cs_err *err)
{
    cs_autofree char *there = cs_slots_text(all->items, all->count);
    cs_rc rc =
        cs_fail(err, CS_E_TOKEN_ABSENT, "no slot with a token that is not initialised fits %s",
                cs_uri_text(init->uri));

    if (all->count) {
        cs_err_hint(err,
                    "an initialised token is never touched; its own tool can erase it. There are: "
                    "%s",
                    there);
    } else {
        cs_err_hint(err, "connect the token; check the module");
    }
    return rc;
}

static cs_rc choose(struct init *init, const struct cs_slot_list *all, struct cs_err *err)
{
    cs_auto_value(cs_slot_list) empty = {0};

    for (size_t i = 0; i < all->count; i++) {
        const struct cs_slot *slot = &all->items[i];
        if (is_label_taken(init, slot)) {
            cs_autofree char *uri = cs_uri_of_token(&slot->info);
            return cs_fail_hint(err, CS_E_USAGE,
                                "choose another label: it is what token URIs name a token by",
                                "there is a token \"%s\" already: %s", init->label, uri);
        }
        if (slot->rv == CKR_OK && !cs_slot_is_initialised(slot) && fits(init, slot)) {
            empty.items = cs_realloc(empty.items, empty.count + 1, sizeof *empty.items);
            empty.items[empty.count++] = *slot;
        }
    }
    if (empty.count == 0) {
        return fail_no_slot(init, all, err);
    }
    if (empty.count > 1) {
        cs_autofree char *list = cs_slots_text(empty.items, empty.count);
        return cs_fail_hint(
            err, CS_E_TOKEN_ABSENT, "say which one: --token with one of these URIs, between quotes",
            "%zu slots have a token that is not initialised: %s", empty.count, list);
    }
    init->slot = empty.items[0];
    return CS_OK;
}

static cs_rc look_once(struct init *init, struct cs_err *err)
{
    struct cs_module *module = &init->modules.items[0];
    cs_auto_value(cs_slot_list) all = {0};

    cs_module_stop(&init->watch, module);
    CS_TRY(cs_module_start(&init->watch, module, init->options->lock_dir, err));
    CS_TRY(cs_slots_read(&init->watch, module, 0, init->uri, &all, err));
    return choose(init, &all, err);
}

/* A length that C_InitPIN refuses would leave a token without a user PIN. */
struct length {
    const struct init *init;
    const char *whose;
};

static cs_rc check_length(void *ctx, const unsigned char *pin, size_t len, struct cs_err *err)
{
    const struct length *length = ctx;
    const CK_TOKEN_INFO *info = &length->init->slot.info;
    CK_ULONG max = info->ulMaxPinLen;

    (void)pin;
    if (max == 0 || max == CK_UNAVAILABLE_INFORMATION || (len >= info->ulMinPinLen && len <= max)) {
        return CS_OK;
    }
    return cs_fail_hint(err, CS_E_USAGE, "choose another one; nothing was changed",
                        "the token takes PINs of %lu to %lu octets, and the %s PIN has %zu",
                        info->ulMinPinLen, max, length->whose, len);
}

static cs_rc check_pins(const struct init *init, const struct cs_secret *so_pin,
                        const struct cs_secret *pin, struct cs_err *err)
{
    struct length so = {init, "SO"};
    struct length user = {init, "user"};

    CS_TRY(cs_secret_lend(so_pin, check_length, &so, err));
    return cs_secret_lend(pin, check_length, &user, err);
}

/* Ends with the module started and its lock held. */
static cs_rc find_slot(struct init *init, struct cs_err *err)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};

    for (int i = 0; i < LOOKS; i++) {
        if (i) {
            nanosleep(&pause, NULL);
        }
        CS_TRY(look_once(init, err));
    }
    init->module = init->modules.items[0].list;
    return CS_OK;
}

/* ---- making the token ---- */

/* What the token is after a step that failed; one sentence. */
static cs_rc fail_step(const char *operation, CK_RV rv, const char *label, const char *state,
                       struct cs_err *err)
{
    cs_rc code = cs_ckr_code(rv);

    cs_err_set(err, code, "the token \"%s\" could not be initialised: %s", label, state);
    cs_err_cause_ckr(err, operation, rv);
    return code;
}

struct use_pin {
    struct init *init;
    CK_RV rv;
};

/* Cryptoki takes a PIN that it does not write to as a pointer to what is not const. */
static CK_UTF8CHAR *mutable(const unsigned char *pin)
{
    return (CK_UTF8CHAR *)(uintptr_t)pin;
}

static cs_rc use_so_pin(void *ctx, const unsigned char *pin, size_t len, struct cs_err *err)
{
    struct use_pin *use = ctx;

    (void)err;
    use->rv = call_limited(use->init, CS_LIMIT_LOGIN, C_InitToken, use->init->slot.id, mutable(pin),
                           len, use->init->padded);
    return CS_OK;
}

static cs_rc login_so(void *ctx, const unsigned char *pin, size_t len, struct cs_err *err)
{
    struct use_pin *use = ctx;

    (void)err;
    use->rv = call_limited(use->init, CS_LIMIT_LOGIN, C_Login, use->init->session, CKU_SO,
                           mutable(pin), len);
    return CS_OK;
}

static cs_rc use_user_pin(void *ctx, const unsigned char *pin, size_t len, struct cs_err *err)
{
    struct use_pin *use = ctx;

    (void)err;
    use->rv =
        call_limited(use->init, CS_LIMIT_LOGIN, C_InitPIN, use->init->session, mutable(pin), len);
    return CS_OK;
}

static CK_RV with_pin(struct init *init, const struct cs_secret *pin, cs_secret_fn step)
{
    struct use_pin use = {.init = init, .rv = CKR_GENERAL_ERROR};

    return cs_secret_lend(pin, step, &use, NULL) == CS_OK ? use.rv : CKR_GENERAL_ERROR;
}

#define NO_USER_PIN                                                                                \
    "it is initialised with that label and the SO PIN, but has no user PIN: set one with the "     \
    "token's own tool, or erase it and begin again"

static cs_rc set_user_pin(struct init *init, const struct cs_secret *so_pin,
                          const struct cs_secret *pin, struct cs_err *err)
{
    CK_RV rv = with_pin(init, so_pin, login_so);

    if (rv != CKR_OK) {
        return fail_step("C_Login", rv, init->label, NO_USER_PIN, err);
    }
    rv = with_pin(init, pin, use_user_pin);
    call(init, C_Logout, init->session);
    return rv == CKR_OK ? CS_OK : fail_step("C_InitPIN", rv, init->label, NO_USER_PIN, err);
}

static cs_rc make_token(struct init *init, const struct cs_secret *so_pin,
                        const struct cs_secret *pin, struct cs_err *err)
{
    CK_RV rv = with_pin(init, so_pin, use_so_pin);

    if (rv != CKR_OK) {
        return fail_step("C_InitToken", rv, init->label, "its slot is as empty as before", err);
    }
    rv = call(init, C_OpenSession, init->slot.id, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
              &init->session);
    if (rv != CKR_OK) {
        return fail_step("C_OpenSession", rv, init->label, NO_USER_PIN, err);
    }
    cs_rc rc = set_user_pin(init, so_pin, pin, err);
    call(init, C_CloseSession, init->session);
    return rc;
}

static cs_rc read_back(struct init *init, struct cs_token_info *ret_info, struct cs_err *err)
{
    const CK_FLAGS wanted = CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED;
    CK_TOKEN_INFO info = {0};
    CK_RV rv = call(init, C_GetTokenInfo, init->slot.id, &info);

    if (rv != CKR_OK) {
        return fail_step("C_GetTokenInfo", rv, init->label, "it does not say what became of it",
                         err);
    }
    if ((info.flags & wanted) != wanted ||
        memcmp(info.label, init->padded, sizeof init->padded) != 0) {
        cs_autofree char *label = cs_slot_text(info.label, sizeof info.label);
        return cs_fail_hint(err, CS_E_TOKEN_REFUSED, "see `cscert token list`",
                            "the token \"%s\" took all that it was told, but reads back as \"%s\", "
                            "%s, %s",
                            init->label, label,
                            info.flags & CKF_TOKEN_INITIALIZED ? "initialised" : "not initialised",
                            info.flags & CKF_USER_PIN_INITIALIZED ? "with a PIN" : "without a PIN");
    }
    *ret_info = (struct cs_token_info){.module_path = cs_strdup(init->modules.items[0].path)};
    cs_slot_describe(&info, ret_info);
    return CS_OK;
}

static cs_rc run(struct init *init, const struct cs_init_pins *pins, struct cs_token_info *ret_info,
                 struct cs_err *err)
{
    cs_auto(cs_secret) so_pin = NULL;
    cs_auto(cs_secret) pin = NULL;
    sigset_t before;

    CS_TRY(cs_modules_load(&init->watch, init->uri, init->options->module, &init->modules, err));
    if (init->modules.count != 1) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "name it: --token 'pkcs11:?module-path=/path/to/module.so', or token { "
                            "module = ... } in the configuration",
                            "a token is initialised through one module, and p11-kit knows %zu",
                            init->modules.count);
    }
    CS_TRY(find_slot(init, err));
    /* Not with the lock held: somebody may be typing. */
    cs_module_stop(&init->watch, &init->modules.items[0]);
    CS_TRY(pins->get(pins->ctx, &so_pin, &pin, err));
    CS_TRY(find_slot(init, err));
    CS_TRY(check_pins(init, so_pin, pin, err));
    cs_session_hold_signals(&before);
    cs_rc rc = make_token(init, so_pin, pin, err);
    cs_session_let_signals(&before);
    return rc == CS_OK ? read_back(init, ret_info, err) : rc;
}

static cs_rc pad_label(struct init *init, struct cs_err *err)
{
    size_t len = strlen(init->label);

    if (init->label[strspn(init->label, " ")] == 0) {
        return cs_fail_hint(err, CS_E_USAGE, "it is what token URIs name a token by",
                            "the label of a token cannot be empty");
    }
    if (len > CS_TOKEN_LABEL_MAX) {
        return cs_fail_hint(err, CS_E_USAGE, "choose a short one",
                            "the label of a token has 1 to %d octets, not %zu", CS_TOKEN_LABEL_MAX,
                            len);
    }
    memset(init->padded, ' ', sizeof init->padded);
    memcpy(init->padded, init->label, len);
    return CS_OK;
}

static cs_rc fail_other_label(const struct init *init, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_USAGE, "--token 'pkcs11:' stands for any slot of the module",
                        "the new token is to have the label \"%s\", but the URI names another: %s",
                        init->label, cs_uri_text(init->uri));
}

cs_rc cs_token_init(const struct cs_token_options *options, const char *label,
                    const struct cs_init_pins *pins, struct cs_token_info *ret_info,
                    struct cs_err *err)
{
    struct init init = {.options = options, .label = label};

    CS_TRY(pad_label(&init, err));
    CS_TRY(cs_uri_parse(options->uri, &init.uri, err));
    if (!cs_uri_fits_label(init.uri, init.padded)) {
        cs_rc wrong = fail_other_label(&init, err);
        cs_uri_free(init.uri);
        return wrong;
    }
    cs_rc rc = cs_watch_start(&init.watch, &options->limits, err);
    if (rc == CS_OK) {
        rc = run(&init, pins, ret_info, err);
        cs_modules_release(&init.watch, &init.modules);
        cs_watch_stop(&init.watch);
    }
    cs_uri_free(init.uri);
    return rc;
}
