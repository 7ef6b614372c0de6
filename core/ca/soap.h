/* SOAP 1.2 messages: written by libxml2's writer, and replies parsed with every limit, for a server
 * is a stranger. */
#ifndef CS_CA_SOAP_H
#define CS_CA_SOAP_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"

#include <stdbool.h>

/* The longest message either way, in octets. */
#define CS_SOAP_MAX ((size_t)4 << 20)

/* Namespaces; where each is from stands in soap.c. */
#define CS_SOAP_S "http://www.w3.org/2003/05/soap-envelope"
#define CS_SOAP_A "http://www.w3.org/2005/08/addressing"
#define CS_SOAP_WSSE                                                                               \
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define CS_SOAP_WSU                                                                                \
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
#define CS_SOAP_XSI "http://www.w3.org/2001/XMLSchema-instance"

/* ---- a reply ---- */

struct cs_soap;

/* An element of the reply, as long as the reply lives. */
struct cs_soap_node;

/* CS_E_CA_UNREACHABLE for what is no SOAP 1.2 message with one element in its body, has a document
 * type, or is too large or too deep: not the service that was asked. */
CS_MUST_CHECK cs_rc cs_soap_parse(const struct cs_bytes *text, struct cs_soap **ret_soap,
                                  struct cs_err *err);
void cs_soap_free(struct cs_soap *soap);
CS_DEFINE_AUTO(cs_soap, cs_soap_free);

/* The element of the body; its name in @ns is @name. */
const struct cs_soap_node *cs_soap_body(const struct cs_soap *soap);
bool cs_soap_is(const struct cs_soap_node *node, const char *ns, const char *name);

/* The only child of that name; NULL: there is none, or several, or @node is NULL, or it is nil
 * (xsi:nil). */
const struct cs_soap_node *cs_soap_child(const struct cs_soap_node *node, const char *ns,
                                         const char *name);

/* The first and the next child of that name, for lists; NULL at the end. */
const struct cs_soap_node *cs_soap_first(const struct cs_soap_node *node, const char *ns,
                                         const char *name);
const struct cs_soap_node *cs_soap_next(const struct cs_soap_node *node);

/* The text of @node, trimmed; NULL where @node is NULL, nil, or has none. The caller frees. */
char *cs_soap_text(const struct cs_soap_node *node);

/* An attribute without a namespace; NULL: not there. The caller frees. */
char *cs_soap_attr(const struct cs_soap_node *node, const char *name);

/* The text of @node as base64; CS_E_CA_UNREACHABLE if it is none. @what names it. */
CS_MUST_CHECK cs_rc cs_soap_octets(const struct cs_soap_node *node, const char *what,
                                   struct cs_bytes *ret_octets, struct cs_err *err);

/* ---- a message ---- */

struct cs_soap_writer;

/* An envelope with the header elements that AD CS wants: Action, MessageID, ReplyTo, To. The
 * password of a UsernameToken is not written here: *ret_gap is where it goes (cs_soap_end()).
 * @user NULL: no wsse:Security. @now: seconds since 1970. */
struct cs_soap_writer *cs_soap_begin(const char *action, const char *to, const char *user,
                                     int64_t now);

/* An element with attributes, in pairs of name and value, ended by NULL; @ns NULL: its parent's.
 * Closed by cs_soap_close(). */
void cs_soap_open(struct cs_soap_writer *writer, const char *ns, const char *name, ...)
    __attribute__((sentinel));
void cs_soap_write(struct cs_soap_writer *writer, const char *text);
void cs_soap_close(struct cs_soap_writer *writer);

/* A whole element with text; NULL: xsi:nil. */
void cs_soap_element(struct cs_soap_writer *writer, const char *ns, const char *name,
                     const char *text);

/* Closes what is open and frees the writer. The password, XML-escaped, goes between
 * text[*ret_gap - 1] and text[*ret_gap]; *ret_gap is 0 without a user. */
void cs_soap_end(struct cs_soap_writer *writer, struct cs_bytes *ret_text, size_t *ret_gap);

#endif
