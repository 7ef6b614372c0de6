/* A first look at a document, before libxml2 sees it: the limits that keep a hostile one from
 * costing more than reading it once, and the line of each start tag. */
#ifndef CS_TOPOLOGY_XMLSCAN_H
#define CS_TOPOLOGY_XMLSCAN_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Of each start tag in the document's order, the line in which it begins: libxml2 knows only the
 * one in which it ends, and none beyond 65,535. */
struct cs_xmlscan {
    uint32_t *lines;
    size_t count;
};
void cs_xmlscan_done(struct cs_xmlscan *scan);

/* Walks over the UTF-8 at @text. CS_E_INPUT with line for a document type declaration (so no
 * entity is ever declared), for a NUL, and for what passes a limit of topology/document.h: depth,
 * elements, attributes of one element. Whether the document is well-formed is not its business: at
 * the first oddity it stops with CS_OK, because libxml2 stops there too. */
CS_MUST_CHECK cs_rc cs_xmlscan(const char *name, const char *text, size_t len,
                               struct cs_xmlscan *ret_scan, struct cs_err *err);

#endif
