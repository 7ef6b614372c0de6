/* Token URIs (RFC 7512), parsed and made by p11-kit. */
#ifndef CS_PKCS11_URI_H
#define CS_PKCS11_URI_H

#include "base/cleanup.h"
#include "base/err.h"
#include "model/request.h"

#include <stdbool.h>
#include <stdint.h>

struct cs_uri;

/* @text NULL or "" is the URI that every token fits. CS_E_USAGE for what is no token URI, for an
 * attribute that is not known, is there twice, stands in the wrong part or names an object, and for
 * pin-value: it would be seen in the process list. */
CS_MUST_CHECK cs_rc cs_uri_parse(const char *text, struct cs_uri **ret_uri, struct cs_err *err);

/* The same for a URI that may also name an object: object, id, type. */
CS_MUST_CHECK cs_rc cs_uri_parse_object(const char *text, struct cs_uri **ret_uri,
                                        struct cs_err *err);

/* True if object, id or type are there. */
bool cs_uri_names_object(const struct cs_uri *uri);

/* The URI without object, id and type: that of the token. @text is one that
 * cs_uri_parse_object() has taken. The caller frees. */
char *cs_uri_token_part(const char *text);

/* The CKA_ID of CS_KEY_ID_LEN octets that the URI @text names: that of a key which cscert has made.
 * CS_E_CONFIG if it names none; @what says in the message where the URI is from. */
CS_MUST_CHECK cs_rc cs_uri_key_id(const char *text, const char *what, uint8_t ret_id[CS_KEY_ID_LEN],
                                  struct cs_err *err);

/* As given, for messages; what stood after pin-value= never comes here. */
const char *cs_uri_text(const struct cs_uri *uri);

/* Decoded; NULL where the URI has none. Valid as long as @uri. */
const char *cs_uri_pin_source(const struct cs_uri *uri);
const char *cs_uri_module_path(const struct cs_uri *uri);
const char *cs_uri_module_name(const struct cs_uri *uri);

void cs_uri_free(struct cs_uri *uri);
CS_DEFINE_AUTO(cs_uri, cs_uri_free);

#endif
