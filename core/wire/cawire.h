/* What both ends of a CA program's connection agree on; private to wire/. docs/CA-PROGRAM.md tells
 * it to those who write such a program. */
#ifndef CS_WIRE_CAWIRE_H
#define CS_WIRE_CAWIRE_H

#include "base/bytes.h"
#include "base/err.h"
#include "port/ca.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define CS_CAWIRE_VERSION 1

/* The longest frames, in octets. */
#define CS_CAWIRE_QUESTION_MAX ((size_t)1 << 20)
#define CS_CAWIRE_ANSWER_MAX   ((size_t)4 << 20)

/* The longest values. In octets of UTF-8, of DER. */
#define CS_CAWIRE_TEXT_MAX        1024 /* a name, a path, a number of the CA's */
#define CS_CAWIRE_HANDLE_MAX      4096 /* a URL with what it carries */
#define CS_CAWIRE_MESSAGE_MAX     4096
#define CS_CAWIRE_CERTIFICATE_MAX ((size_t)64 << 10)
#define CS_CAWIRE_CSR_MAX         ((size_t)256 << 10)
#define CS_CAWIRE_SIGN_MAX        1024 /* what is signed, and a signature */

/* The most of each in one answer. */
#define CS_CAWIRE_CHAIN_MAX    16
#define CS_CAWIRE_FINDINGS_MAX 64
#define CS_CAWIRE_ENTRIES_MAX  1024
#define CS_CAWIRE_LISTED_MAX   4096 /* templates or URLs of one entry */

/* Signatures that one question may ask for: one for each TLS handshake. */
#define CS_CAWIRE_SIGNS_MAX 64

#define CS_CAWIRE_SIGN     "sign"
#define CS_CAWIRE_PASSWORD "password" /* a secret's name in the question that announces it */
#define CS_CAWIRE_CLIENT   "client"   /* the only key that `sign` can ask for */

/* Values of `disposition` beside those of a CA. */
#define CS_CAWIRE_OK          "ok"
#define CS_CAWIRE_ERROR       "error"
#define CS_CAWIRE_UNSUPPORTED "unsupported"

/* "issued", "pending", "denied", "revoked" */
const char *cs_cawire_disposition(enum cs_disposition disposition);

/* False for a word that is none of the four. */
bool cs_cawire_disposition_find(const char *word, enum cs_disposition *ret_disposition);

/* @name of @object becomes the text, or nothing for NULL. */
void cs_cawire_put_text(json_t *object, const char *name, const char *text);

/* The same for octets, as base64; nothing for none. */
void cs_cawire_put_bytes(json_t *object, const char *name, const struct cs_bytes *bytes);

/* A copy of @text, NULL for NULL, in *ret_text. CS_E_INPUT if it is empty, longer than @max or not
 * clean; @name is for the message. */
CS_MUST_CHECK cs_rc cs_cawire_take_text(const char *name, const char *text, size_t max,
                                        char **ret_text, struct cs_err *err);

/* The octets of @text, none for NULL. CS_E_INPUT if it is no base64 or they are more than @max. */
CS_MUST_CHECK cs_rc cs_cawire_take_bytes(const char *name, const char *text, size_t max,
                                         struct cs_bytes *ret_bytes, struct cs_err *err);

/* {code, message, hint, origin, cause, cause_name, operation} */
json_t *cs_cawire_error(const struct cs_err *why);

/* Fills @ret_why with what such an object says, escaped. CS_E_INPUT for what is none, or has a code
 * that a CA's program cannot give. */
CS_MUST_CHECK cs_rc cs_cawire_error_take(json_t *object, struct cs_err *ret_why,
                                         struct cs_err *err);

#endif
