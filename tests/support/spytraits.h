/* Poor tokens for spymod.so: answers of the real module, made worse as $CS_SPY_TRAITS says. */
#ifndef CS_TESTS_SUPPORT_SPYTRAITS_H
#define CS_TESTS_SUPPORT_SPYTRAITS_H

#include <p11-kit/pkcs11.h>

/* Marks the second face of a slot under the trait duplicate-slot. SoftHSM's slot numbers have 31
 * bits. */
#define CS_SPY_TWIN ((CK_SLOT_ID)1 << 40)

/* The module's own slot behind either face. */
#define CS_SPY_SLOT(slot) ((slot) & ~CS_SPY_TWIN)

/* The real module; set before any of the functions below is called. */
extern CK_FUNCTION_LIST *cs_spy_real;

CK_RV cs_poor_slot_list(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count);
CK_RV cs_poor_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info);
CK_RV cs_poor_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info);
CK_RV cs_poor_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count);
CK_RV cs_poor_open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
                           CK_SESSION_HANDLE *session);
CK_RV cs_poor_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG pin_len);
CK_RV cs_poor_sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV cs_poor_generate_pair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                            CK_ATTRIBUTE *public_template, CK_ULONG public_count,
                            CK_ATTRIBUTE *private_template, CK_ULONG private_count,
                            CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key);
CK_RV cs_poor_get_attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                             CK_ATTRIBUTE *template, CK_ULONG count);

#endif
