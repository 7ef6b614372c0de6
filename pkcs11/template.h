/* Templates for a key pair, and what must read back of them. */
#ifndef CS_PKCS11_TEMPLATE_H
#define CS_PKCS11_TEMPLATE_H

#include "pkcs11/token_internal.h"

#define CS_TEMPLATE_MAX 16

/* How much of the template is left out because the token does not take it: usages that are false,
 * then also usages that are true, then also what says of the public key what is usual anyway. */
enum cs_template_stage {
    CS_STAGE_ALL,
    CS_STAGE_NO_FALSE,
    CS_STAGE_NO_USAGE,
    CS_STAGE_MINIMAL,
    CS_STAGE_COUNT
};

/* Points into itself and into the request: not to be copied. */
struct cs_template {
    CK_ATTRIBUTE public_half[CS_TEMPLATE_MAX];
    CK_ULONG public_count;
    CK_ATTRIBUTE private_half[CS_TEMPLATE_MAX];
    CK_ULONG private_count;
    enum cs_answer expected[CS_KEY_ATTR_COUNT]; /* of the private half; CS_UNKNOWN: not asked */
    uint8_t id[CS_KEY_ID_LEN];
    uint8_t curve[32];
    CK_ULONG bits;
};

/* The template of @request without what the profile says is refused and what @stage leaves out. */
void cs_template_make(const struct cs_profile *profile, const struct cs_key_request *request,
                      enum cs_template_stage stage, struct cs_template *ret_template);

/* The optional attribute of @number (from 0) in a profile's words, "CKA_DECRYPT=false", as a key of
 * @spec asks for it. False: there is none. */
bool cs_template_optional(const struct cs_key_spec *spec, size_t number, char ret_words[48],
                          bool *ret_of_private);

/* One attribute more for the private half. */
void cs_template_add_true(struct cs_template *pair, CK_ATTRIBUTE_TYPE type);

/* One of the refusals that a template with less in it may cure. */
bool cs_template_is_refused(CK_RV rv);

/* CS_E_TOKEN_REFUSED if an attribute reads back otherwise than expected. Unknown answers pass,
 * except CKA_EXTRACTABLE's. */
CS_MUST_CHECK cs_rc cs_template_judge(const enum cs_answer expected[CS_KEY_ATTR_COUNT],
                                      const struct cs_key_attrs *attrs, const char *token_label,
                                      struct cs_err *err);

#endif
