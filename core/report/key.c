#include "report/key.h"

#include "base/mem.h"
#include "model/keyattr.h"
#include "report/html.h"
#include "x509/spki.h"

#include <inttypes.h>

/* What "true" says. Source: PKCS#11 v2.40 base specification, sections 4.7, 4.9 and 4.10. */
static const char *const meanings[CS_KEY_ATTR_COUNT] = {
    [CS_ATTR_TOKEN] = "stored on the token, not in a session",
    [CS_ATTR_PRIVATE] = "seen only after login",
    [CS_ATTR_LOCAL] = "made inside the token, not brought in",
    [CS_ATTR_SENSITIVE] = "cannot be read in the clear",
    [CS_ATTR_ALWAYS_SENSITIVE] = "could never be read in the clear",
    [CS_ATTR_EXTRACTABLE] = "can leave the token in wrapped form",
    [CS_ATTR_NEVER_EXTRACTABLE] = "could never leave the token, not even wrapped",
    [CS_ATTR_SIGN] = "may sign",
    [CS_ATTR_DECRYPT] = "may decrypt",
    [CS_ATTR_UNWRAP] = "may unwrap other keys",
    [CS_ATTR_DERIVE] = "may agree on keys",
    [CS_ATTR_SIGN_RECOVER] = "may sign with recovery",
    [CS_ATTR_MODIFIABLE] = "its attributes can be changed",
    [CS_ATTR_ALWAYS_AUTHENTICATE] = "wants the PIN for every use",
    [CS_ATTR_WRAP_WITH_TRUSTED] = "leaves only under a trusted wrapping key",
};

static const char *const ways[CS_GEN_COUNT] = {
    [CS_GEN_TOKEN] = "on the token at once",
    [CS_GEN_SESSION_COPY] =
        "inside the token in a session, then copied to its store (session-copy)",
};

/* True if the token gave that answer and its profile does not doubt it. */
static bool says(const struct cs_key_attrs *attrs, enum cs_key_attr attr, enum cs_answer answer)
{
    return attrs->answer[attr] == answer && !attrs->unreliable[attr];
}

static const char *verdict(const struct cs_key_attrs *attrs)
{
    if (says(attrs, CS_ATTR_LOCAL, CS_TRUE) && says(attrs, CS_ATTR_ALWAYS_SENSITIVE, CS_TRUE) &&
        says(attrs, CS_ATTR_NEVER_EXTRACTABLE, CS_TRUE)) {
        return "The token says that the key was made inside it, could never be read and could "
               "never leave it.";
    }
    if (attrs->answer[CS_ATTR_EXTRACTABLE] == CS_TRUE) {
        return "The key is exportable: it can leave the token in wrapped form.";
    }
    return "The token does not say for certain that the key was made inside it and never left it; "
           "see the attributes.";
}

/* The two that cscert asks for have names: PKCS#11 v2.40 mechanisms, sections 2.1 and 2.3. */
static void add_mechanism(struct cs_buf *buf, const struct cs_key_attrs *attrs)
{
    cs_autofree char *number = NULL;
    const char *name = "unknown";

    if (attrs->gen_mechanism_known && attrs->gen_mechanism == 0x0) {
        name = "CKM_RSA_PKCS_KEY_PAIR_GEN";
    } else if (attrs->gen_mechanism_known && attrs->gen_mechanism == 0x1040) {
        name = "CKM_EC_KEY_PAIR_GEN";
    } else if (attrs->gen_mechanism_known) {
        name = number = cs_asprintf("0x%" PRIx64, attrs->gen_mechanism);
    }
    cs_html_row(buf, "Made with", name);
}

static void add_attributes(struct cs_buf *buf, const struct cs_key_attrs *attrs)
{
    static const char *const columns[] = {"Attribute", "Answer", "What true means", NULL};

    cs_html_table_open(buf, "list", "The private key's attributes as the token answered them.",
                       columns);
    for (int i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        cs_buf_printf(buf,
                      "<tr><th scope=\"row\"><code>%s</code></th><td>%s%s</td><td>%s</td></tr>\n",
                      cs_key_attr_name((enum cs_key_attr)i), cs_answer_text(attrs->answer[i]),
                      attrs->unreliable[i] ? " (unreliable: this kind of token does not tell)" : "",
                      meanings[i]);
    }
    cs_html_table_close(buf);
}

void cs_key_section(struct cs_buf *buf, const struct cs_request *request)
{
    if (!request->key_uri && request->spki.len == 0) {
        return;
    }
    cs_autofree char *id = cs_hex(request->key_id, sizeof request->key_id);
    cs_autofree char *spki = request->spki.len ? cs_spki_sha256(&request->spki) : NULL;

    cs_html_element(buf, "h3", "Key");
    cs_html_element(buf, "p", verdict(&request->attrs));
    cs_html_table_open(buf, "facts", "The key pair on the token.", NULL);
    cs_html_row_code(buf, "URI", request->key_uri);
    cs_html_row_code(buf, "Token", request->token_uri);
    cs_html_row(buf, "Label", request->label);
    cs_html_row_code(buf, "CKA_ID", id);
    cs_html_row_code(buf, "SHA-256 of the public key", spki);
    add_mechanism(buf, &request->attrs);
    cs_html_row(buf, "Made where", ways[request->generation]);
    cs_html_table_close(buf);
    add_attributes(buf, &request->attrs);
}
