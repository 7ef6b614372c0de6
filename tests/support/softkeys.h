/* A token in software for tests only: keys in this process's memory, operations that fail when
 * told. What needs a token's own behaviour is tested on a real one. */
#ifndef CS_TESTS_SUPPORT_SOFTKEYS_H
#define CS_TESTS_SUPPORT_SOFTKEYS_H

#include "port/keystore.h"

enum cs_softkeys_op {
    CS_SOFTKEYS_CHECK,
    CS_SOFTKEYS_GENERATE,
    CS_SOFTKEYS_SIGN,
    CS_SOFTKEYS_KEEP,
    CS_SOFTKEYS_FIND,
    CS_SOFTKEYS_PUT_CERTIFICATE,
    CS_SOFTKEYS_PUT_CA_CERTIFICATE,
    CS_SOFTKEYS_DESTROY,
    CS_SOFTKEYS_HAS_CERTIFICATE,
    CS_SOFTKEYS_OPEN,
    CS_SOFTKEYS_FIND_ID,
    CS_SOFTKEYS_PUT_CERTIFICATE_AT,
    CS_SOFTKEYS_EACH_CERTIFICATE,
    CS_SOFTKEYS_IMPORT_KEY,
    CS_SOFTKEYS_EXPORT_KEY,
    CS_SOFTKEYS_TRANSFER_KEY,
    CS_SOFTKEYS_OP_COUNT
};

/* An empty token; its close() is counted and frees nothing, as with a source that shares one token
 * among its users. Freed with cs_softkeys_free(). */
struct cs_keystore *cs_softkeys_new(void);
void cs_softkeys_free(struct cs_keystore *store);

/* A source whose open() hands out @store; valid as long as @store. */
struct cs_keystore_source *cs_softkeys_source(struct cs_keystore *store);

/* The @nth operation from now (1: the next one) fails with CS_E_TOKEN_REFUSED and its name in the
 * message; 0: none. */
void cs_softkeys_fail_at(struct cs_keystore *store, unsigned nth);

/* As cs_softkeys_fail_at(), counting operations of that kind only. */
void cs_softkeys_fail_op(struct cs_keystore *store, enum cs_softkeys_op op, unsigned nth);

/* What sign() answers. */
enum cs_softkeys_signature {
    CS_SOFTKEYS_GOOD,
    CS_SOFTKEYS_WRONG, /* of the right form, one bit of it changed */
    CS_SOFTKEYS_SHORT, /* the last octet is missing */
};
void cs_softkeys_signature(struct cs_keystore *store, enum cs_softkeys_signature signature);

/* How often an operation was called, failed calls too. */
unsigned cs_softkeys_calls(const struct cs_keystore *store, enum cs_softkeys_op op);

/* Opened through the source and not closed yet. */
int cs_softkeys_open_count(const struct cs_keystore *store);

/* Takes the certificates off the token, as another program would. */
void cs_softkeys_drop_certificates(struct cs_keystore *store);

size_t cs_softkeys_key_count(const struct cs_keystore *store);
size_t cs_softkeys_cert_count(const struct cs_keystore *store);

#endif
