/* Which module and which token (the list of modules, p11-kit). */
#ifndef CS_PKCS11_MODULE_H
#define CS_PKCS11_MODULE_H

#include "pkcs11/call.h"
#include "pkcs11/lock.h"
#include "pkcs11/uri.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>

/* A module that may hold the token. */
struct cs_module {
    CK_FUNCTION_LIST *list; /* managed by p11-kit */
    char *path;             /* canonical */
    struct cs_lock lock;
    bool ready;  /* initialised, and the lock held */
    bool failed; /* it did not start */
};

struct cs_module_list {
    CK_FUNCTION_LIST **loaded; /* by p11-kit's configuration; NULL: one by its path */
    struct cs_module *items;
    size_t count;
};

/* Loads, and does not initialise, what URI and options name. CS_E_CONFIG, CS_E_TOKEN_ABSENT. */
CS_MUST_CHECK cs_rc cs_modules_load(struct cs_watch *watch, const struct cs_uri *uri,
                                    const char *wanted, struct cs_module_list *ret_list,
                                    struct cs_err *err);

/* Takes the module's lock and initialises it. */
CS_MUST_CHECK cs_rc cs_module_start(struct cs_watch *watch, struct cs_module *module,
                                    const char *lock_dir, struct cs_err *err);
void cs_module_stop(struct cs_watch *watch, struct cs_module *module);

/* Stops and releases all. */
void cs_modules_release(struct cs_watch *watch, struct cs_module_list *list);

#endif
