/* Which of the tokens that the modules show is meant. */
#ifndef CS_PKCS11_SLOT_H
#define CS_PKCS11_SLOT_H

#include "pkcs11/module.h"

/* A module that shows more is not believed. */
#define CS_SLOTS_MAX 256

struct cs_slot {
    size_t module; /* in the list */
    CK_SLOT_ID id;
    CK_TOKEN_INFO info; /* fields padded with spaces, never with NULs */
};

/* The one initialised token that @uri fits; its module is started and its lock held, all others are
 * stopped. CS_E_TOKEN_ABSENT with what is there if it is not exactly one. */
CS_MUST_CHECK cs_rc cs_slot_find(struct cs_watch *watch, struct cs_module_list *modules,
                                 const struct cs_uri *uri, const char *lock_dir,
                                 struct cs_slot *ret_slot, struct cs_err *err);

/* A field of CK_TOKEN_INFO without its padding, escaped for a terminal; the caller frees. */
char *cs_slot_text(const CK_UTF8CHAR *field, size_t size);

#endif
