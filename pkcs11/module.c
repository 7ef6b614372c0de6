#include "pkcs11/module.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/strv.h"
#include "pkcs11/ckr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add(struct cs_module_list *list, CK_FUNCTION_LIST *functions, char *path)
{
    list->items = cs_realloc(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = (struct cs_module){.list = functions, .path = path};
}

/* A module is code that runs with the PIN: only root and the user may have put it there. */
static cs_rc check_file(const char *path, char **ret_real, struct cs_err *err)
{
    cs_autofree char *real = realpath(path, NULL);

    if (!real || access(real, R_OK) != 0) {
        cs_rc rc = cs_fail_errno(err, CS_E_TOKEN_ABSENT, "open", errno,
                                 "the PKCS#11 module %s cannot be read", path);
        cs_err_hint(err, "install the token's module, or correct `module` in the configuration or "
                         "module-path in the URI");
        return rc;
    }
    if (cs_file_check_trusted(real, err) == CS_E_CONFIG) {
        return CS_E_CONFIG;
    }
    *ret_real = cs_steal(&real);
    return CS_OK;
}

static cs_rc load_path(struct cs_watch *watch, const char *path, struct cs_module_list *list,
                       struct cs_err *err)
{
    cs_autofree char *real = NULL;

    CS_TRY(check_file(path, &real, err));
    cs_watch_begin(watch, "C_GetFunctionList", CS_LIMIT_CALL);
    CK_FUNCTION_LIST *functions = p11_kit_module_load(real, 0);
    cs_watch_end(watch);
    if (!functions) {
        const char *why = p11_kit_message();
        return cs_fail_hint(err, CS_E_TOKEN_ABSENT,
                            "name the token's PKCS#11 module, a shared library for this machine",
                            "the PKCS#11 module %s cannot be loaded: %s", real,
                            why ? why : "no reason is given");
    }
    add(list, functions, cs_steal(&real));
    return CS_OK;
}

/* Its path; the name of one that is no file (`remote:` in a module file), by which it is found
 * again.
 */
static void add_configured(struct cs_module_list *list, CK_FUNCTION_LIST *functions)
{
    char *file = p11_kit_module_get_filename(functions);
    char *name = p11_kit_module_get_name(functions);
    char *real = file ? realpath(file, NULL) : NULL;
    const char *known = real ? real : (file ? file : name);

    add(list, functions, cs_strdup(known ? known : "configured by p11-kit"));
    free(real);
    free(name);
    free(file);
}

static cs_rc fail_no_name(const char *name, CK_FUNCTION_LIST **loaded, struct cs_err *err)
{
    cs_auto_value(cs_strv) names = {0};

    for (size_t i = 0; loaded[i]; i++) {
        char *known = p11_kit_module_get_name(loaded[i]);
        cs_strv_add(&names, known ? known : "?");
        free(known);
    }
    cs_autofree char *all = cs_strv_join(&names, ", ");
    cs_rc rc = cs_fail(err, CS_E_TOKEN_ABSENT, "p11-kit knows no module of the name %s", name);
    cs_err_hint(err, "it knows: %s; a module can also be named by its path",
                names.count ? all : "none");
    return rc;
}

/* @name NULL: all but those that p11-kit takes trust anchors from, whose tokens hold no keys. */
static cs_rc load_configured(struct cs_watch *watch, const char *name, struct cs_module_list *list,
                             struct cs_err *err)
{
    cs_watch_begin(watch, "C_GetFunctionList", CS_LIMIT_CALL);
    list->loaded = p11_kit_modules_load(NULL, 0);
    cs_watch_end(watch);
    if (!list->loaded) {
        const char *why = p11_kit_message();
        return cs_fail_hint(err, CS_E_TOKEN_ABSENT, "name the module by its path",
                            "p11-kit cannot load the modules of its configuration: %s",
                            why ? why : "no reason is given");
    }
    if (name) {
        CK_FUNCTION_LIST *functions = p11_kit_module_for_name(list->loaded, name);
        if (!functions) {
            return fail_no_name(name, list->loaded, err);
        }
        add_configured(list, functions);
        return CS_OK;
    }
    for (size_t i = 0; list->loaded[i]; i++) {
        if (!(p11_kit_module_get_flags(list->loaded[i]) & P11_KIT_MODULE_TRUSTED)) {
            add_configured(list, list->loaded[i]);
        }
    }
    if (list->count == 0) {
        return cs_fail_hint(err, CS_E_TOKEN_ABSENT,
                            "name a module in cscert.conf (token { module = ... }), in the token "
                            "URI (?module-path=...), or in a p11-kit module file",
                            "no PKCS#11 module is configured");
    }
    return CS_OK;
}

cs_rc cs_modules_load(struct cs_watch *watch, const struct cs_uri *uri, const char *wanted,
                      struct cs_module_list *ret_list, struct cs_err *err)
{
    const char *path = cs_uri_module_path(uri);
    const char *name = cs_uri_module_name(uri);
    struct cs_module_list list = {0};

    p11_kit_be_quiet();
    if (!path && !name && wanted && *wanted) {
        *(strchr(wanted, '/') ? &path : &name) = wanted;
    }
    cs_rc rc = path ? load_path(watch, path, &list, err) : load_configured(watch, name, &list, err);
    if (rc != CS_OK) {
        cs_modules_release(watch, &list);
        return rc;
    }
    *ret_list = list;
    return CS_OK;
}

cs_rc cs_module_start(struct cs_watch *watch, struct cs_module *module, const char *lock_dir,
                      struct cs_err *err)
{
    if (!module->lock.file) {
        CS_TRY(cs_lock_open(&module->lock, lock_dir, module->path, err));
    }
    CS_TRY(cs_lock_take(&module->lock, CS_LOCK_WAIT_MS, err));
    cs_watch_begin(watch, "C_Initialize", CS_LIMIT_CALL);
    CK_RV rv = p11_kit_module_initialize(module->list);
    cs_watch_end(watch);
    if (rv != CKR_OK) {
        cs_lock_release(&module->lock);
        module->failed = true;
        return cs_fail_ckr(err, CS_E_TOKEN_ABSENT, "C_Initialize", rv,
                           "the PKCS#11 module %s does not start", module->path);
    }
    module->ready = true;
    return CS_OK;
}

void cs_module_stop(struct cs_watch *watch, struct cs_module *module)
{
    if (module->ready) {
        cs_watch_begin(watch, "C_Finalize", CS_LIMIT_CALL);
        p11_kit_module_finalize(module->list);
        cs_watch_end(watch);
        cs_lock_release(&module->lock);
        module->ready = false;
    }
}

void cs_modules_release(struct cs_watch *watch, struct cs_module_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        cs_module_stop(watch, &list->items[i]);
        if (!list->loaded) {
            p11_kit_module_release(list->items[i].list);
        }
        cs_lock_done(&list->items[i].lock);
        free(list->items[i].path);
    }
    if (list->loaded) {
        p11_kit_modules_release(list->loaded);
    }
    free(list->items);
    *list = (struct cs_module_list){0};
}
