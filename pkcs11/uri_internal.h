/* URIs against what a module answers. */
#ifndef CS_PKCS11_URI_INTERNAL_H
#define CS_PKCS11_URI_INTERNAL_H

#include "pkcs11/uri.h"

#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool cs_uri_fits_token(const struct cs_uri *uri, const CK_TOKEN_INFO *info);

/* True if the URI names no token's label, or this one (padded with spaces). */
bool cs_uri_fits_label(const struct cs_uri *uri, const CK_UTF8CHAR label[32]);

/* Slot and library attributes are rare: only a URI that has some needs C_GetSlotInfo or
 * C_GetInfo. */
bool cs_uri_asks_for_slot(const struct cs_uri *uri);
bool cs_uri_fits_slot(const struct cs_uri *uri, CK_SLOT_ID slot, const CK_SLOT_INFO *info);
bool cs_uri_asks_for_library(const struct cs_uri *uri);
bool cs_uri_fits_library(const struct cs_uri *uri, const CK_INFO *info);

/* What the object has as CKA_CLASS, CKA_LABEL and CKA_ID, as far as the URI says; the URI's own. */
CK_ATTRIBUTE *cs_uri_object_template(const struct cs_uri *uri, CK_ULONG *ret_count);
bool cs_uri_fits_object(const struct cs_uri *uri, const CK_ATTRIBUTE *found, CK_ULONG count);

/* "pkcs11:model=...;manufacturer=...;serial=...;token=..."; the caller frees. */
char *cs_uri_of_token(const CK_TOKEN_INFO *info);

/* The same with the slot's number: for tokens that nothing else tells apart. */
char *cs_uri_of_slot(const CK_TOKEN_INFO *info, CK_SLOT_ID slot);

/* A slot whose token is not initialised: there is nothing else to name it by. */
char *cs_uri_of_empty_slot(CK_SLOT_ID slot);

/* An object of the token by its CKA_CLASS, CKA_LABEL and CKA_ID. */
char *cs_uri_of_object(const CK_TOKEN_INFO *info, CK_ATTRIBUTE *attributes, CK_ULONG count);

/* The token's private key of that CKA_ID. */
char *cs_uri_of_key(const CK_TOKEN_INFO *info, const uint8_t *id, size_t id_len);

#endif
