/* The octets of a document as UTF-8, whatever Windows made of them. */
#ifndef CS_TOPOLOGY_XMLTEXT_H
#define CS_TOPOLOGY_XMLTEXT_H

#include "base/bytes.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* UTF-8 without a byte order mark; not yet known to be well-formed. */
struct cs_xmltext {
    const char *data; /* into the document's octets or into @owned */
    size_t len;
    struct cs_bytes owned;
};
void cs_xmltext_done(struct cs_xmltext *text);

/* @text for messages: without what moves a cursor and, if it is longer than @max octets then, with
 * its end left out. The caller frees. */
char *cs_xmltext_shown(const char *text, size_t max);

/* True if @data begins as XML does: "<" behind a byte order mark and white space. */
bool cs_xmltext_plausible(const void *data, size_t len);

/* UTF-8 with or without a byte order mark, and UTF-16 with one. The encoding that the document
 * declares says nothing (PowerShell writes what it likes behind "utf-16"), unless it is a third
 * one. CS_E_INPUT for that, for what is no XML and for broken UTF-16. @data must outlive @ret_text.
 */
CS_MUST_CHECK cs_rc cs_xmltext_decode(const char *name, const void *data, size_t len,
                                      struct cs_xmltext *ret_text, struct cs_err *err);

#endif
