/* A pair that was just made: what it reads back as, its public half, its copy on the token. */
#include "pkcs11/probe_internal.h"

#include "base/mem.h"
#include "pkcs11/attrs.h"
#include "pkcs11/ckr.h"

#include <stdlib.h>

static bool read_attributes(struct cs_prober *prober, CK_OBJECT_HANDLE private_key,
                            const uint8_t *id, struct cs_key_attrs *ret_attrs, bool *ret_same_id)
{
    struct cs_err err = {0};

    if (cs_attrs_of_key(prober->token, private_key, id, ret_attrs, ret_same_id, &err) == CS_OK) {
        return true;
    }
    cs_probe_add_rv(prober, "read-back", CS_PROBE_NO, CS_PROBE_CONTRADICTION, err.operation,
                    cs_ckr_of(&err), "a key that was just made does not tell its attributes");
    return false;
}

bool cs_probe_read_pair(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    bool same_id;

    return read_attributes(prober, pair->key->private_key, pair->request.id, &pair->key->base.attrs,
                           &same_id);
}

/* ---- reading back ---- */

/* A usage that reads back otherwise is one that the token does not take; the others, which it
 * decides itself, are answers that cannot be relied on. */
static bool is_usage(enum cs_key_attr attr)
{
    return attr == CS_ATTR_DECRYPT || attr == CS_ATTR_UNWRAP || attr == CS_ATTR_SIGN_RECOVER ||
           attr == CS_ATTR_DERIVE;
}

static void say_untrue(struct cs_prober *prober, enum cs_key_attr attr, enum cs_answer expected,
                       enum cs_answer answer)
{
    bool leaves = attr == CS_ATTR_EXTRACTABLE && answer == CS_TRUE;
    cs_autofree char *what = cs_asprintf("%s reads back", cs_key_attr_name(attr));

    cs_probe_add(prober, what, is_usage(attr) ? CS_PROBE_IGNORED : CS_PROBE_UNTRUE,
                 leaves ? CS_PROBE_DANGER : CS_PROBE_CONTRADICTION, "%s, where it must be %s",
                 cs_answer_text(answer), cs_answer_text(expected));
    if (is_usage(attr)) {
        cs_autofree char *words =
            cs_asprintf("%s=%s", cs_key_attr_name(attr), cs_answer_text(expected));
        cs_probe_note(&prober->facts.refuses, words);
    } else if (attr != CS_ATTR_EXTRACTABLE) {
        cs_probe_note(&prober->facts.unreliable, cs_key_attr_name(attr));
    }
}

static void judge_mechanism(struct cs_prober *prober, const struct cs_probe_pair *pair)
{
    const struct cs_key_attrs *attrs = &pair->key->base.attrs;

    if (!attrs->gen_mechanism_known) {
        cs_probe_add(prober, "CKA_KEY_GEN_MECHANISM", CS_PROBE_NO, CS_PROBE_FINE, "not told");
    } else if (attrs->gen_mechanism != cs_probe_generator(&pair->request.spec)) {
        cs_probe_add(prober, "CKA_KEY_GEN_MECHANISM", CS_PROBE_UNTRUE, CS_PROBE_CONTRADICTION,
                     "it says 0x%lx", (unsigned long)attrs->gen_mechanism);
    } else {
        cs_probe_add(prober, "CKA_KEY_GEN_MECHANISM", CS_PROBE_YES, CS_PROBE_FINE,
                     "names what made it");
    }
}

void cs_probe_judge_attributes(struct cs_prober *prober, const struct cs_probe_pair *pair)
{
    const struct cs_key_attrs *attrs = &pair->key->base.attrs;
    cs_auto_value(cs_strv) unknown = {0};
    unsigned truthful = 0;

    for (int i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        enum cs_answer expected = pair->asked.expected[i];
        if (expected == CS_UNKNOWN) {
            continue;
        }
        if (attrs->answer[i] == CS_UNKNOWN) {
            cs_strv_add(&unknown, cs_key_attr_name((enum cs_key_attr)i));
        } else if (attrs->answer[i] != expected) {
            say_untrue(prober, (enum cs_key_attr)i, expected, attrs->answer[i]);
        } else {
            truthful++;
        }
    }
    cs_probe_add(prober, "attributes as asked for", CS_PROBE_VALUE, CS_PROBE_FINE, "%u", truthful);
    if (unknown.count) {
        cs_autofree char *list = cs_strv_join(&unknown, ", ");
        cs_probe_add(prober, "attributes told", CS_PROBE_NO, CS_PROBE_FINE, "not %s", list);
    }
    judge_mechanism(prober, pair);
}

/* PKCS#11 v2.40 section 2.3.3: the DER of an OCTET STRING with the point; older modules give the
 * point alone. */
static void say_point(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    CK_BYTE point[512];
    CK_ATTRIBUTE attribute = {CKA_EC_POINT, point, sizeof point};

    if (cs_key_is_rsa(&pair->request.spec) ||
        cs_attrs_read(prober->token, pair->key->public_key, &attribute, 1, NULL) != CS_OK ||
        !cs_attrs_has(&attribute) || attribute.ulValueLen < 2) {
        return;
    }
    size_t octets = (pair->request.spec.bits + 7) / 8;
    bool bare = attribute.ulValueLen == 2 * octets + 1;
    cs_probe_add(prober, "CKA_EC_POINT", CS_PROBE_VALUE,
                 bare ? CS_PROBE_CONTRADICTION : CS_PROBE_FINE, "%s", bare ? "bare" : "DER");
}

bool cs_probe_public(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    struct cs_err err = {0};
    char name[24];
    bool same_id;

    cs_probe_doing(prober, "public half");
    if (cs_key_read_public(prober->token, pair->key->public_key, pair->key, &same_id, &err) !=
        CS_OK) {
        cs_probe_add_rv(prober, "public half", CS_PROBE_UNTRUE, CS_PROBE_CONTRADICTION,
                        err.operation, cs_ckr_of(&err), "%s", err.message);
        cs_probe_spec_name(&pair->request.spec, name);
        cs_strv_take(
            &prober->facts.cannot,
            cs_asprintf("%s: the module makes the key, and its public half cannot be read", name));
        return false;
    }
    cs_probe_add(prober, "public half", CS_PROBE_YES, CS_PROBE_FINE, "%s",
                 same_id ? "of the size that was asked for" : "but not its CKA_ID");
    say_point(prober, pair);
    return true;
}

/* ---- copying to the token ---- */

static bool compare_copy(struct cs_prober *prober, const struct cs_key_attrs *original,
                         const struct cs_key_attrs *copied)
{
    bool same = true;

    for (int i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        enum cs_answer wanted = i == CS_ATTR_TOKEN ? CS_TRUE : original->answer[i];
        if (copied->answer[i] != wanted) {
            cs_autofree char *what =
                cs_asprintf("%s of the copy", cs_key_attr_name((enum cs_key_attr)i));
            bool leaves = i == CS_ATTR_EXTRACTABLE && copied->answer[i] == CS_TRUE;
            cs_probe_add(prober, what, CS_PROBE_UNTRUE,
                         leaves ? CS_PROBE_DANGER : CS_PROBE_CONTRADICTION, "%s, where it was %s",
                         cs_answer_text(copied->answer[i]), cs_answer_text(wanted));
            same = false;
        }
    }
    return same;
}

/* Session-copy: what cscert does on tokens whose profile says so. */
void cs_probe_copy(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    struct cs_token *token = prober->token;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE on_token = {CKA_TOKEN, &yes, sizeof yes};
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    struct cs_key_attrs attrs;
    bool same_id;

    cs_probe_doing(prober, "copy to the token");
    cs_probe_may_stay(prober, pair->request.id);
    CK_RV rv =
        cs_ck(token, C_CopyObject, token->session, pair->key->private_key, &on_token, 1, &made);
    prober->facts.copies = prober->facts.copies || !prober->facts.copies_tried;
    prober->facts.copies_tried = true;
    if (rv != CKR_OK) {
        prober->facts.copies = false;
        cs_probe_add_rv(prober, "copy to the token", CS_PROBE_NO, CS_PROBE_FINE, "C_CopyObject", rv,
                        "keys must be made on the token itself");
        return;
    }
    bool same = read_attributes(prober, made, pair->request.id, &attrs, &same_id) &&
                compare_copy(prober, &pair->key->base.attrs, &attrs);
    prober->facts.copies &= same;
    if (same) {
        cs_probe_add(prober, "copy to the token", CS_PROBE_YES, CS_PROBE_FINE,
                     "all attributes as they were");
    }
    cs_probe_destroy(prober, made);
}
