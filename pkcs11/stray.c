#include "pkcs11/stray.h"

#include "base/mem.h"
#include "pkcs11/attrs.h"
#include "pkcs11/object.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 4096 /* octets of an attribute that goes into a name */
#define NAME_HEX  12

static const struct kind {
    CK_OBJECT_CLASS class;
    const char *word;
    const char *class_name;
} kinds[] = {{CKO_PRIVATE_KEY, "private", "private key"}, {CKO_PUBLIC_KEY, "public", "public key"}};

/* What of an object can be read by everybody and stays the same. */
static const CK_ATTRIBUTE_TYPE named_by[] = {CKA_LABEL, CKA_KEY_TYPE, CKA_MODULUS, CKA_EC_POINT,
                                             CKA_SUBJECT};
#define NAMED_BY_COUNT (sizeof named_by / sizeof *named_by)

struct stray {
    char *name;
    char *label;
};

static void stray_done(struct stray *stray)
{
    free(stray->name);
    free(stray->label);
    *stray = (struct stray){0};
}

/* The beginning of the SHA-256 over type, length and value of what is there. */
static cs_rc make_name(const char *word, const CK_ATTRIBUTE *attributes, char **ret_name,
                       struct cs_err *err)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t digest[EVP_MAX_MD_SIZE];
    bool ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;

    for (size_t i = 0; i < NAMED_BY_COUNT && ok; i++) {
        uint64_t head[2] = {attributes[i].type, attributes[i].ulValueLen};
        if (cs_attrs_has(&attributes[i])) {
            ok = EVP_DigestUpdate(context, head, sizeof head) == 1 &&
                 EVP_DigestUpdate(context, attributes[i].pValue, attributes[i].ulValueLen) == 1;
        }
    }
    ok = ok && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (!ok) {
        return cs_fail(err, CS_E_INTERNAL, "SHA-256 of an object cannot be made");
    }
    cs_autofree char *hex = cs_hex(digest, NAME_HEX / 2);
    *ret_name = cs_asprintf("%s-%s", word, hex);
    return CS_OK;
}

static cs_rc describe(struct cs_token *token, CK_OBJECT_HANDLE object, const struct kind *kind,
                      struct stray *ret_stray, struct cs_err *err)
{
    uint8_t values[NAMED_BY_COUNT][VALUE_MAX];
    CK_ATTRIBUTE attributes[NAMED_BY_COUNT];

    for (size_t i = 0; i < NAMED_BY_COUNT; i++) {
        attributes[i] = (CK_ATTRIBUTE){named_by[i], values[i], VALUE_MAX};
    }
    CS_TRY(cs_attrs_read(token, object, attributes, NAMED_BY_COUNT, err));
    CS_TRY(make_name(kind->word, attributes, &ret_stray->name, err));
    cs_autofree char *label = cs_strndup(
        (const char *)values[0], cs_attrs_has(&attributes[0]) ? attributes[0].ulValueLen : 0);
    ret_stray->label = cs_strdup(label);
    return CS_OK;
}

/* A CKA_ID that is longer than the buffer is one all the same. */
static cs_rc has_no_id(struct cs_token *token, CK_OBJECT_HANDLE object, bool *ret_none,
                       struct cs_err *err)
{
    uint8_t id[VALUE_MAX];
    CK_ATTRIBUTE attribute = {CKA_ID, id, sizeof id};
    CK_ATTRIBUTE length = {CKA_ID, NULL, 0};

    CS_TRY(cs_attrs_read(token, object, &attribute, 1, err));
    if (cs_attrs_has(&attribute)) {
        *ret_none = attribute.ulValueLen == 0;
        return CS_OK;
    }
    CK_RV rv = cs_ck(token, C_GetAttributeValue, token->session, object, &length, 1);
    *ret_none = rv == CKR_ATTRIBUTE_TYPE_INVALID || (rv == CKR_OK && length.ulValueLen == 0);
    return CS_OK;
}

/* Calls @each with every object without a CKA_ID. */
static cs_rc each_stray(struct cs_token *token,
                        cs_rc (*each)(void *ctx, CK_OBJECT_HANDLE object, const struct kind *kind,
                                      struct stray *stray, struct cs_err *err),
                        void *ctx, struct cs_err *err)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        cs_autofree CK_OBJECT_HANDLE *handles = NULL;
        size_t count;

        CS_TRY(cs_object_find_all(token, kinds[k].class, &handles, &count, err));
        for (size_t i = 0; i < count; i++) {
            cs_auto_value(stray) stray = {0};
            bool none;
            CS_TRY(has_no_id(token, handles[i], &none, err));
            if (!none) {
                continue;
            }
            CS_TRY(describe(token, handles[i], &kinds[k], &stray, err));
            CS_TRY(each(ctx, handles[i], &kinds[k], &stray, err));
        }
    }
    return CS_OK;
}

static cs_rc collect(void *ctx, CK_OBJECT_HANDLE object, const struct kind *kind,
                     struct stray *stray, struct cs_err *err)
{
    struct cs_stray_list *list = ctx;

    (void)object;
    (void)err;
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].name, stray->name) == 0) {
            list->items[i].count++;
            return CS_OK;
        }
    }
    list->items = cs_realloc(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = (struct cs_stray){.name = cs_steal(&stray->name),
                                                   .class_name = cs_strdup(kind->class_name),
                                                   .label = cs_steal(&stray->label),
                                                   .count = 1};
    return CS_OK;
}

cs_rc cs_stray_find(struct cs_token *token, struct cs_stray_list *ret_list, struct cs_err *err)
{
    cs_auto_value(cs_stray_list) list = {0};

    CS_TRY(each_stray(token, collect, &list, err));
    *ret_list = list;
    list = (struct cs_stray_list){0};
    return CS_OK;
}

struct removal {
    struct cs_token *token;
    const char *name;
    size_t count;
};

static cs_rc remove_named(void *ctx, CK_OBJECT_HANDLE object, const struct kind *kind,
                          struct stray *stray, struct cs_err *err)
{
    struct removal *removal = ctx;

    (void)kind;
    if (strcmp(stray->name, removal->name) != 0) {
        return CS_OK;
    }
    CS_TRY(cs_object_destroy(removal->token, object, err));
    removal->count++;
    return CS_OK;
}

cs_rc cs_stray_remove(struct cs_token *token, const char *name, size_t *ret_count,
                      struct cs_err *err)
{
    struct removal removal = {.token = token, .name = name};

    CS_TRY(each_stray(token, remove_named, &removal, err));
    if (removal.count == 0) {
        return cs_fail_hint(err, CS_E_TOKEN_ABSENT, "`cscert recover` lists them",
                            "no key without a CKA_ID on the token \"%s\" has the name %s",
                            token->info.label, name);
    }
    *ret_count = removal.count;
    return CS_OK;
}
