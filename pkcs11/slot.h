/* Which of the tokens that the modules show is meant. */
#ifndef CS_PKCS11_SLOT_H
#define CS_PKCS11_SLOT_H

#include "pkcs11/module.h"
#include "port/keystore.h"

/* A module that shows more is not believed. */
#define CS_SLOTS_MAX 256

struct cs_slot {
    size_t module; /* in the list */
    CK_SLOT_ID id;
    CK_TOKEN_INFO info; /* fields padded with spaces, never with NULs */
    CK_RV rv;           /* of C_GetTokenInfo; not CKR_OK: the token does not say what it is */
    bool fits;          /* the URI */
    bool fits_module;   /* what it says of slot and library, whatever it says of the token */
};

/* {0} is empty. */
struct cs_slot_list {
    struct cs_slot *items;
    size_t count;
};
void cs_slot_list_done(struct cs_slot_list *list);

/* Adds all slots of a started module that have a token in them, also one that is not initialised.
 * @module is the module's number in the list. CS_E_TOKEN_ABSENT. */
CS_MUST_CHECK cs_rc cs_slots_read(struct cs_watch *watch, const struct cs_module *item,
                                  size_t module, const struct cs_uri *uri,
                                  struct cs_slot_list *list, struct cs_err *err);

static inline bool cs_slot_is_initialised(const struct cs_slot *slot)
{
    return slot->rv == CKR_OK && (slot->info.flags & CKF_TOKEN_INITIALIZED);
}

/* The one initialised token that @uri fits; its module is started and its lock held, all others are
 * stopped. CS_E_TOKEN_ABSENT with what is there if it is not exactly one. */
CS_MUST_CHECK cs_rc cs_slot_find(struct cs_watch *watch, struct cs_module_list *modules,
                                 const struct cs_uri *uri, const char *lock_dir,
                                 struct cs_slot *ret_slot, struct cs_err *err);

/* The URI of one of @slots: with the slot's number where nothing else tells two tokens apart, and
 * with nothing else where the token is not initialised. The caller frees. */
char *cs_slot_uri(const struct cs_slot *slots, size_t count, size_t number);

/* "URI, URI", the first few; the caller frees. */
char *cs_slots_text(const struct cs_slot *slots, size_t count);

/* A field of CK_TOKEN_INFO without its padding, escaped for a terminal; the caller frees. */
char *cs_slot_text(const CK_UTF8CHAR *field, size_t size);

/* URI, label, manufacturer, model and serial; the others stay. */
void cs_slot_describe(const CK_TOKEN_INFO *ck, struct cs_token_info *info);

/* What a module says of itself: "TPM2.0 Cryptoki". Many show a token under the name of its chip's
 * maker. Asked for (C_GetInfo) when somebody wants to know it, and once. */
struct cs_slot_library {
    struct cs_watch *watch;
    CK_FUNCTION_LIST *functions;
    bool is_asked;
    char *words;
};

/* For a struct cs_slot_library, as a profile wants it (struct cs_profile_token): escaped for a
 * terminal, NULL if the module does not say it; the library's own. */
const char *cs_slot_library_words(void *asked_of);
void cs_slot_library_done(struct cs_slot_library *library);

#endif
