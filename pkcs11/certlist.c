#include "pkcs11/certlist.h"

#include "base/mem.h"
#include "pkcs11/attrs.h"
#include "pkcs11/certobj.h"
#include "pkcs11/object.h"
#include "pkcs11/uri_internal.h"

#include <stdlib.h>
#include <string.h>

#define ID_MAX    256 /* octets; a longer CKA_ID is none that a key is found by */
#define LABEL_MAX 1024

/* Up to so many certificates each asks for its key: a search costs what reading some hundred keys'
 * CKA_IDs does. */
#define FEW 4

/* ---- private keys by their CKA_IDs ---- */

struct known_key {
    uint8_t id[ID_MAX];
    size_t id_len;
    enum cs_answer local;
};

struct known_keys {
    struct known_key *items; /* sorted */
    size_t count;
};

static void known_keys_done(struct known_keys *keys)
{
    free(keys->items);
    *keys = (struct known_keys){0};
}

static int compare_ids(const void *a, const void *b)
{
    const struct known_key *one = a;
    const struct known_key *other = b;

    if (one->id_len != other->id_len) {
        return one->id_len < other->id_len ? -1 : 1;
    }
    return memcmp(one->id, other->id, one->id_len);
}

/* *ret_is is false for an object that is no private key, or has no CKA_ID to be found by. */
static cs_rc read_key(struct cs_token *token, CK_OBJECT_HANDLE object, struct known_key *key,
                      bool *ret_is, struct cs_err *err)
{
    CK_OBJECT_CLASS class = 0;
    CK_BBOOL local = 0xff;
    CK_ATTRIBUTE attributes[] = {{CKA_CLASS, &class, sizeof class},
                                 {CKA_LOCAL, &local, sizeof local},
                                 {CKA_ID, key->id, sizeof key->id}};

    CS_TRY(cs_attrs_read(token, object, attributes, 3, err));
    *ret_is = attributes[0].ulValueLen == sizeof class && class == CKO_PRIVATE_KEY &&
              cs_attrs_has(&attributes[2]) && attributes[2].ulValueLen > 0;
    key->id_len = *ret_is ? attributes[2].ulValueLen : 0;
    bool answered = attributes[1].ulValueLen == sizeof local && local <= CK_TRUE;
    if (!answered || token->profile.unreliable[CS_ATTR_LOCAL]) {
        key->local = CS_UNKNOWN;
    } else {
        key->local = local ? CS_TRUE : CS_FALSE;
    }
    return CS_OK;
}

/* All of them in one search. */
static cs_rc read_keys(struct cs_token *token, struct known_keys *keys, struct cs_err *err)
{
    cs_autofree CK_OBJECT_HANDLE *handles = NULL;
    size_t count = 0;

    CS_TRY(cs_object_find_all(token, CKO_PRIVATE_KEY, &handles, &count, err));
    keys->items = cs_alloc(count + 1, sizeof *keys->items);
    for (size_t i = 0; i < count; i++) {
        bool is_key = false;
        CS_TRY(read_key(token, handles[i], &keys->items[keys->count], &is_key, err));
        keys->count += is_key;
    }
    if (keys->count) {
        qsort(keys->items, keys->count, sizeof *keys->items, compare_ids);
    }
    return CS_OK;
}

/* What the search finds must say itself that it is meant. */
static cs_rc search_key(struct cs_token *token, const struct known_key *wanted,
                        struct known_key *found, bool *ret_found, CK_OBJECT_HANDLE *ret_object,
                        struct cs_err *err)
{
    CK_OBJECT_HANDLE handles[CS_SAME_ID_MAX];
    size_t count = 0;

    *ret_found = false;
    CS_TRY(cs_object_find_id(token, CKO_PRIVATE_KEY, wanted->id, wanted->id_len, handles,
                             CS_SAME_ID_MAX, &count, err));
    for (size_t i = 0; i < count && !*ret_found; i++) {
        CS_TRY(read_key(token, handles[i], found, ret_found, err));
        *ret_found = *ret_found && compare_ids(wanted, found) == 0;
        *ret_object = handles[i];
    }
    return CS_OK;
}

/* ---- the certificates ---- */

struct listing {
    struct cs_token *token;
    cs_certificate_fn each;
    void *ctx;
    struct known_keys keys;
    bool searches;  /* for each certificate instead */
    uint8_t *value; /* CS_ATTRIBUTE_MAX octets */
};

static void listing_done(struct listing *listing)
{
    known_keys_done(&listing->keys);
    free(listing->value);
}

static cs_rc set_key(struct listing *listing, const struct known_key *wanted,
                     struct cs_certificate_object *object, struct cs_err *err)
{
    const struct known_key *key = NULL;
    struct known_key found;
    bool is_found = false;
    CK_OBJECT_HANDLE unused;

    if (wanted->id_len == 0) {
        return CS_OK;
    }
    if (listing->searches) {
        CS_TRY(search_key(listing->token, wanted, &found, &is_found, &unused, err));
        key = is_found ? &found : NULL;
    } else if (listing->keys.count) {
        key = bsearch(wanted, listing->keys.items, listing->keys.count, sizeof *listing->keys.items,
                      compare_ids);
    }
    object->has_private_key = key != NULL;
    object->local = key ? key->local : CS_UNKNOWN;
    return CS_OK;
}

/* By its CKA_ID; one that has none by its label. */
static char *uri_of(const struct cs_token *token, struct known_key *key, char *label)
{
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_ATTRIBUTE attributes[] = {{CKA_CLASS, &class, sizeof class}, {CKA_ID, key->id, key->id_len}};

    if (key->id_len == 0) {
        attributes[1] = (CK_ATTRIBUTE){CKA_LABEL, label, strlen(label)};
    }
    return cs_uri_of_object(&token->ck_info, attributes, 2);
}

static cs_rc list_one(struct listing *listing, CK_OBJECT_HANDLE handle, struct cs_err *err)
{
    struct cs_token *token = listing->token;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    struct known_key key = {0};
    char label[LABEL_MAX];
    CK_ATTRIBUTE attributes[] = {{CKA_CERTIFICATE_TYPE, &type, sizeof type},
                                 {CKA_ID, key.id, sizeof key.id},
                                 {CKA_LABEL, label, sizeof label},
                                 {CKA_VALUE, listing->value, CS_ATTRIBUTE_MAX}};

    CS_TRY(cs_attrs_read(token, handle, attributes, 4, err));
    if (attributes[0].ulValueLen == sizeof type && type != CKC_X_509) {
        return CS_OK;
    }
    key.id_len = cs_attrs_has(&attributes[1]) ? attributes[1].ulValueLen : 0;
    size_t label_len = cs_attrs_has(&attributes[2]) ? attributes[2].ulValueLen : 0;
    size_t value_len = cs_attrs_has(&attributes[3]) ? attributes[3].ulValueLen : 0;
    cs_autofree char *text = cs_strndup(label, label_len);
    cs_autofree char *uri = uri_of(token, &key, text);
    struct cs_certificate_object object = {
        .der = {listing->value, value_len},
        .id = {key.id, key.id_len},
        .label = text,
        .uri = uri,
        .local = CS_UNKNOWN,
    };
    CS_TRY(set_key(listing, &key, &object, err));
    return listing->each(listing->ctx, &object, err);
}

cs_rc cs_certlist_each(struct cs_token *token, cs_certificate_fn each, void *ctx,
                       struct cs_err *err)
{
    cs_auto_value(listing) listing = {.token = token, .each = each, .ctx = ctx};
    cs_autofree CK_OBJECT_HANDLE *handles = NULL;
    size_t count = 0;

    CS_TRY(cs_object_find_all(token, CKO_CERTIFICATE, &handles, &count, err));
    if (count == CS_OBJECTS_MAX) {
        return cs_fail(err, CS_E_TOKEN_REFUSED,
                       "the token \"%s\" lists %zu certificates or more: none of them is shown",
                       token->info.label, count);
    }
    listing.searches = count <= FEW;
    if (!listing.searches) {
        CS_TRY(read_keys(token, &listing.keys, err));
    }
    listing.value = cs_alloc(CS_ATTRIBUTE_MAX, 1);
    for (size_t i = 0; i < count; i++) {
        CS_TRY(list_one(&listing, handles[i], err));
    }
    return CS_OK;
}

/* ---- the key of a certificate ---- */

cs_rc cs_certlist_put_at(struct cs_token *token, const struct cs_bytes *id, const char *label,
                         const struct cs_bytes *der, struct cs_err *err)
{
    struct known_key wanted = {.id_len = id->len};
    struct known_key found;
    CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE;
    bool is_found = false;
    char text[LABEL_MAX];

    if (id->len == 0 || id->len > ID_MAX) {
        return cs_fail(err, CS_E_INTERNAL, "a CKA_ID of %zu octets is none", id->len);
    }
    memcpy(wanted.id, id->data, id->len);
    CS_TRY(search_key(token, &wanted, &found, &is_found, &private_key, err));
    if (!is_found) {
        return cs_fail(err, CS_E_TOKEN_ABSENT, "the certificate's key is not on the token \"%s\"",
                       token->info.label);
    }
    CK_ATTRIBUTE attribute = {CKA_LABEL, text, sizeof text};
    CS_TRY(cs_attrs_read(token, private_key, &attribute, 1, err));
    cs_autofree char *own = cs_strndup(text, cs_attrs_has(&attribute) ? attribute.ulValueLen : 0);
    return cs_certobj_put(token, id->data, id->len, label ? label : own, der, private_key, err);
}
