/* A token's function list as libp11 gets it: it works beside our own session and harms it not. */
#ifndef CS_PKCS11_LENT_H
#define CS_PKCS11_LENT_H

#include "pkcs11/token_internal.h"

#include <pthread.h>

struct cs_lent {
    struct cs_token *token;
    CK_FUNCTION_LIST list;
    CK_SESSION_HANDLE *sessions; /* that libp11 has opened */
    size_t session_count;
    const uint8_t *id;     /* what searches are narrowed to; NULL: nothing */
    pthread_mutex_t mutex; /* one call on the token at a time: OpenSSL may sign in several threads,
                              and the watchdog knows one call */
    CK_RV rv;              /* of the last call that failed by itself */
    const char *operation;
    CK_MECHANISM_TYPE mechanism; /* of the last C_SignInit or C_DecryptInit */
};

/* From now on C_GetFunctionList of this program gives @token's list. One at a time: CS_E_INTERNAL
 * while another is lent, or if the program does not export that symbol. @lent must not move. */
CS_MUST_CHECK cs_rc cs_lent_begin(struct cs_lent *lent, struct cs_token *token, struct cs_err *err);

/* Closes what sessions are left. Not begun is nothing. */
void cs_lent_end(struct cs_lent *lent);

#endif
