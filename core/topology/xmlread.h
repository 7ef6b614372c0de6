/* libxml2's text reader with our limits: element after element, nothing kept. Values come out
 * checked, and whatever is wrong with one is told with document, line and element. */
#ifndef CS_TOPOLOGY_XMLREAD_H
#define CS_TOPOLOGY_XMLREAD_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/strv.h"
#include "topology/xmltext.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The namespaces of documents that are ours. */
enum cs_xml_ns {
    CS_NS_OTHER,
    CS_NS_TOPOLOGY,      /* the published form, and parts of a .tbxml */
    CS_NS_SERVICE_ROLES, /* ports and what a service is set to */
    CS_NS_WEB,           /* web components */
    CS_NS_BUILDER,       /* a .tbxml's root */
    CS_NS_WRITABLE,      /* a .tbxml's topology */
    CS_NS_SIMPLE_URL,
    CS_NS_SCOPE, /* AnchoredXml, the wrapper of the configuration store */
    CS_NS_COUNT
};

struct cs_xml;

/* Where a name stands in a document: enough to speak of it later. */
struct cs_xml_place {
    uint32_t line;
    const char *element; /* as long as the cs_xml lives */
};

/* Reads the document @text, which is emptied, whatever the outcome. @name is for messages, @label
 * for sources. CS_E_INPUT as cs_xmlscan(). */
CS_MUST_CHECK cs_rc cs_xml_open(const char *name, const char *label, struct cs_xmltext *text,
                                struct cs_xml **ret_xml, struct cs_err *err);
void cs_xml_free(struct cs_xml *xml);
CS_DEFINE_AUTO(cs_xml, cs_xml_free);

/* Steps to the next start tag, at whatever depth; *ret_there false: the document is at its end and
 * well-formed. CS_E_INPUT where it is not. */
CS_MUST_CHECK cs_rc cs_xml_next(struct cs_xml *xml, bool *ret_there, struct cs_err *err);

/* The nesting of the element whose start tag was met last; the root's is 0. */
int cs_xml_depth(const struct cs_xml *xml);

/* Steps to the start tag of the next child of the element at @depth, which must be one that the
 * reader stands in. What stands deeper and was not read is passed over. */
CS_MUST_CHECK cs_rc cs_xml_child(struct cs_xml *xml, int depth, bool *ret_there,
                                 struct cs_err *err);

/* True if the reader stands on the start tag of that element. */
bool cs_xml_is(const struct cs_xml *xml, enum cs_xml_ns ns, const char *element);

/* The name of the element whose start tag was met last, and name and namespace of the document's
 * first one; "" where there is none. As long as the reader lives. */
const char *cs_xml_element(const struct cs_xml *xml);
const char *cs_xml_root(const struct cs_xml *xml);
const char *cs_xml_root_namespace(const struct cs_xml *xml);

/* An attribute of the start tag that the reader stands on, clean text of at most
 * CS_DOCUMENT_NAME_MAX octets; NULL: not there or empty. The caller frees. CS_E_INPUT for a value
 * with control characters or too long. */
CS_MUST_CHECK cs_rc cs_xml_attr(struct cs_xml *xml, const char *attribute, char **ret_value,
                                struct cs_err *err);

/* As cs_xml_attr(), of at most CS_DOCUMENT_VALUE_MAX octets: for a URL. */
CS_MUST_CHECK cs_rc cs_xml_long_attr(struct cs_xml *xml, const char *attribute, char **ret_value,
                                     struct cs_err *err);

/* As cs_xml_attr(); that it is not there or empty is CS_E_INPUT. */
CS_MUST_CHECK cs_rc cs_xml_need(struct cs_xml *xml, const char *attribute, char **ret_value,
                                struct cs_err *err);

/* "true", "1", "false" and "0" without case; @absent where there is none. */
CS_MUST_CHECK cs_rc cs_xml_bool(struct cs_xml *xml, const char *attribute, bool absent,
                                bool *ret_value, struct cs_err *err);

/* A number of at most three digits; 0 where there is none. */
CS_MUST_CHECK cs_rc cs_xml_number(struct cs_xml *xml, const char *attribute, int *ret_value,
                                  struct cs_err *err);

/* True if the attribute is there and is @word, without case. */
bool cs_xml_attr_is(struct cs_xml *xml, const char *attribute, const char *word);

/* The text of the element that the reader stands on, trimmed; NULL: empty. Moves to its end. The
 * caller frees. CS_E_INPUT as cs_xml_attr(). */
CS_MUST_CHECK cs_rc cs_xml_text(struct cs_xml *xml, char **ret_text, struct cs_err *err);

/* "topology.xml:23 Cluster@Fqdn" for the start tag that the reader stands on; @attribute NULL: the
 * element alone. The caller frees. */
char *cs_xml_source(const struct cs_xml *xml, const char *attribute);

struct cs_xml_place cs_xml_here(const struct cs_xml *xml);

/* Fails with "DOCUMENT:LINE: <ELEMENT>: ..." and a hint. As of cs_fail(), its value is the literal
 * CS_E_INPUT. */
#define cs_xml_refuse(xml, at, err, hint, ...)                                                     \
    (cs_xml_set_refusal((xml), (at), (err), (hint), __VA_ARGS__), CS_E_INPUT)
void cs_xml_set_refusal(const struct cs_xml *xml, struct cs_xml_place at, struct cs_err *err,
                        const char *hint, const char *format, ...) CS_PRINTF(5, 6);

/* Adds a warning, "LABEL:LINE Element: ...", unless there are hundreds. */
void cs_xml_warn(const struct cs_xml *xml, struct cs_xml_place at, struct cs_strv *warnings,
                 const char *format, ...) CS_PRINTF(4, 5);

/* @value for a message: short, and nothing in it that moves a cursor. The caller frees. */
char *cs_xml_shown(const char *value);

/* The document holds something of ours. CS_E_INPUT if it holds thousands. */
CS_MUST_CHECK cs_rc cs_xml_mark_ours(struct cs_xml *xml, struct cs_err *err);
bool cs_xml_is_ours(const struct cs_xml *xml);

/* True if the last failure was that the document is not well-formed. */
bool cs_xml_is_malformed(const struct cs_xml *xml);

#endif
