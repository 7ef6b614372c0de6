#include "pkcs11/objecturi.h"

#include "base/mem.h"
#include "pkcs11/attrs.h"
#include "pkcs11/object.h"
#include "pkcs11/token_internal.h"
#include "pkcs11/uri_internal.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_MAX 1024
#define ID_MAX    1024

/* Candidates that a message names. */
#define SHOWN_MAX 6

/* Objects of one token with one label: nobody has more. */
#define FITTING_MAX 64

/* What a URI says of an object (RFC 7512 section 2.3). */
struct said {
    CK_OBJECT_CLASS class;
    char label[LABEL_MAX];
    uint8_t id[ID_MAX];
    CK_ATTRIBUTE attributes[3];
    CK_ULONG count; /* of those that the token tells */
};

/* Not to be moved afterwards: it points into itself. */
static cs_rc read_said(struct cs_token *token, CK_OBJECT_HANDLE object, struct said *said,
                       struct cs_err *err)
{
    CK_ATTRIBUTE all[] = {{CKA_CLASS, &said->class, sizeof said->class},
                          {CKA_LABEL, said->label, sizeof said->label},
                          {CKA_ID, said->id, sizeof said->id}};

    said->count = 0;
    CS_TRY(cs_attrs_read(token, object, all, 3, err));
    for (size_t i = 0; i < 3; i++) {
        if (cs_attrs_has(&all[i]) && all[i].ulValueLen > 0) {
            said->attributes[said->count++] = all[i];
        }
    }
    return CS_OK;
}

static const CK_ATTRIBUTE *find_said(const struct said *said, CK_ATTRIBUTE_TYPE type)
{
    for (CK_ULONG i = 0; i < said->count; i++) {
        if (said->attributes[i].type == type) {
            return &said->attributes[i];
        }
    }
    return NULL;
}

/* The objects that the URI fits. A search that a token does badly must not make another object the
 * one that is meant: each says itself what it is. */
static cs_rc find_fitting(struct cs_token *token, const struct cs_uri *uri,
                          CK_OBJECT_HANDLE handles[FITTING_MAX], size_t *ret_count,
                          struct cs_err *err)
{
    CK_ULONG count = 0;
    CK_ATTRIBUTE *wanted = cs_uri_object_template(uri, &count);
    size_t found = 0;
    size_t kept = 0;

    CS_TRY(cs_object_find(token, wanted, count, handles, FITTING_MAX, &found, err));
    for (size_t i = 0; i < found; i++) {
        struct said said;
        CS_TRY(read_said(token, handles[i], &said, err));
        if (cs_uri_fits_object(uri, said.attributes, said.count)) {
            handles[kept++] = handles[i];
        }
    }
    *ret_count = kept;
    return CS_OK;
}

static char *list_objects(struct cs_token *token, const CK_OBJECT_HANDLE *handles, size_t count)
{
    cs_auto_value(cs_strv) uris = {0};

    for (size_t i = 0; i < count && i < SHOWN_MAX; i++) {
        struct said said;
        if (read_said(token, handles[i], &said, NULL) == CS_OK) {
            cs_strv_take(&uris, cs_uri_of_object(&token->ck_info, said.attributes, said.count));
        }
    }
    if (count > SHOWN_MAX) {
        cs_strv_take(&uris, cs_asprintf("%zu more", count - SHOWN_MAX));
    }
    return cs_strv_join(&uris, ", ");
}

static cs_rc fail_none(struct cs_token *token, const struct cs_uri *uri, struct cs_err *err)
{
    CK_OBJECT_HANDLE handles[FITTING_MAX];
    CK_ATTRIBUTE any = {0};
    size_t count = 0;
    cs_rc rc = cs_fail(err, CS_E_TOKEN_ABSENT, "no object on the token \"%s\" fits %s",
                       token->info.label, cs_uri_text(uri));

    if (cs_object_find(token, &any, 0, handles, FITTING_MAX, &count, NULL) != CS_OK || !count) {
        cs_err_hint(err, "there is no object on the token");
        return rc;
    }
    cs_autofree char *all = list_objects(token, handles, count);
    cs_err_hint(err, "there are: %s", all);
    return rc;
}

static cs_rc find_one(struct cs_token *token, const struct cs_uri *uri,
                      CK_OBJECT_HANDLE *ret_object, struct cs_err *err)
{
    CK_OBJECT_HANDLE handles[FITTING_MAX];
    size_t count = 0;

    CS_TRY(find_fitting(token, uri, handles, &count, err));
    if (count == 0) {
        return fail_none(token, uri, err);
    }
    if (count > 1) {
        cs_autofree char *all = list_objects(token, handles, count);
        return cs_fail_hint(err, CS_E_TOKEN_ABSENT,
                            "say which one with id and type, for instance ;type=private",
                            "%zu objects on the token \"%s\" fit %s: %s", count, token->info.label,
                            cs_uri_text(uri), all);
    }
    *ret_object = handles[0];
    return CS_OK;
}

/* ---- for people ---- */

void cs_listed_object_done(struct cs_listed_object *object)
{
    free(object->uri);
    free(object->class_name);
    free(object->label);
    free(object->id);
    cs_strv_done(&object->facts);
    *object = (struct cs_listed_object){0};
}

static const char *class_word(CK_OBJECT_CLASS class)
{
    switch (class) {
    case CKO_PRIVATE_KEY:
        return "private key";
    case CKO_PUBLIC_KEY:
        return "public key";
    case CKO_CERTIFICATE:
        return "certificate";
    case CKO_SECRET_KEY:
        return "secret key";
    case CKO_DATA:
        return "data";
    default:
        return "object of another kind";
    }
}

static cs_rc add_key_facts(struct cs_token *token, CK_OBJECT_HANDLE object, struct cs_strv *facts,
                           struct cs_err *err)
{
    static const uint8_t any_id[CS_KEY_ID_LEN];
    struct cs_key_attrs attrs = {0};
    bool same_id;

    CS_TRY(cs_attrs_of_key(token, object, any_id, &attrs, &same_id, err));
    for (int i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        if (attrs.answer[i] != CS_UNKNOWN) {
            cs_strv_take(facts, cs_asprintf("%s: %s%s", cs_key_attr_name((enum cs_key_attr)i),
                                            cs_answer_text(attrs.answer[i]),
                                            attrs.unreliable[i] ? " (not reliable)" : ""));
        }
    }
    return CS_OK;
}

cs_rc cs_token_object(struct cs_keystore *store, const char *uri,
                      struct cs_listed_object *ret_object, struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);
    cs_auto_value(cs_listed_object) result = {0};
    cs_auto(cs_uri) parsed = NULL;
    CK_OBJECT_HANDLE object;
    struct said said;

    CS_TRY(cs_uri_parse_object(uri, &parsed, err));
    CS_TRY(find_one(token, parsed, &object, err));
    CS_TRY(read_said(token, object, &said, err));
    const CK_ATTRIBUTE *label = find_said(&said, CKA_LABEL);
    const CK_ATTRIBUTE *id = find_said(&said, CKA_ID);
    cs_autofree char *text = cs_strndup(said.label, label ? label->ulValueLen : 0);

    result.uri = cs_uri_of_object(&token->ck_info, said.attributes, said.count);
    result.class_name = cs_strdup(class_word(said.class));
    result.label = cs_terminal_escape(text);
    result.id = cs_hex(said.id, id ? id->ulValueLen : 0);
    if (said.class == CKO_PRIVATE_KEY) {
        CS_TRY(add_key_facts(token, object, &result.facts, err));
    }
    *ret_object = result;
    result = (struct cs_listed_object){0};
    return CS_OK;
}
