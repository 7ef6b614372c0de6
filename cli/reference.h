/* Set-CsCertificate -Reference: the object of another command, as JSON. */
#ifndef CS_CLI_REFERENCE_H
#define CS_CLI_REFERENCE_H

#include "base/bytes.h"
#include "base/err.h"

/* The largest text, in octets. */
#define CS_REFERENCE_MAX ((size_t)1 << 20)

/* The text of the file @name, "-" for standard input. CS_E_INPUT for more than CS_REFERENCE_MAX. */
CS_MUST_CHECK cs_rc cs_reference_read(const char *name, struct cs_bytes *ret_json,
                                      struct cs_err *err);

/* The Thumbprint of the one object in @json, which is an array of objects or an object, as --json
 * of the other verbs prints them; the caller frees. CS_E_INPUT for what is none, has none or has
 * several that differ. @name is for messages. */
CS_MUST_CHECK cs_rc cs_reference_thumbprint(const struct cs_bytes *json, const char *name,
                                            char **ret_thumbprint, struct cs_err *err);

#endif
