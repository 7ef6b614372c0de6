#include "ca/soap.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/strv.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlwriter.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct cs_soap {
    xmlDoc *document;
    const xmlNode *body;
};

/* The struct is libxml2's node under our name. */
static const xmlNode *xml_of(const struct cs_soap_node *node)
{
    return (const xmlNode *)node;
}

static const struct cs_soap_node *node_of(const xmlNode *xml)
{
    return (const struct cs_soap_node *)xml;
}

/* ---- a reply ---- */

static bool is_element(const xmlNode *xml, const char *ns, const char *name)
{
    return xml->type == XML_ELEMENT_NODE && xml->ns &&
           strcmp((const char *)xml->ns->href, ns) == 0 &&
           strcmp((const char *)xml->name, name) == 0;
}

static const xmlNode *next_element(const xmlNode *xml)
{
    while (xml && xml->type != XML_ELEMENT_NODE) {
        xml = xml->next;
    }
    return xml;
}

static cs_rc refuse(const char *why, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_CA_UNREACHABLE,
                        "check that the address is that of the enrolment service itself: it ends "
                        "in /service.svc/CES",
                        "the answer is no SOAP message: %s", why);
}

static const xmlNode *only_child(const xmlNode *xml, const char *ns, const char *name)
{
    const xmlNode *found = NULL;

    for (const xmlNode *child = xml->children; child; child = child->next) {
        if (is_element(child, ns, name)) {
            if (found) {
                return NULL;
            }
            found = child;
        }
    }
    return found;
}

cs_rc cs_soap_parse(const struct cs_bytes *text, struct cs_soap **ret_soap, struct cs_err *err)
{
    cs_auto(cs_soap) soap = cs_alloc(1, sizeof *soap);

    if (text->len == 0 || text->len > CS_SOAP_MAX) {
        return refuse(text->len ? "it is too large" : "it is empty", err);
    }
    soap->document = xmlReadMemory((const char *)text->data, (int)text->len, NULL, NULL,
                                   XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                       XML_PARSE_COMPACT);
    const xmlNode *root = soap->document ? xmlDocGetRootElement(soap->document) : NULL;
    if (!root) {
        return refuse("it is not well-formed XML", err);
    }
    if (xmlGetIntSubset(soap->document)) {
        return refuse("it has a document type", err);
    }
    const xmlNode *body =
        is_element(root, CS_SOAP_S, "Envelope") ? only_child(root, CS_SOAP_S, "Body") : NULL;
    if (!body) {
        return refuse("it has no SOAP 1.2 envelope with a body", err);
    }
    soap->body = next_element(body->children);
    if (!soap->body || next_element(soap->body->next)) {
        return refuse("there is not one element in its body", err);
    }
    *ret_soap = cs_steal(&soap);
    return CS_OK;
}

void cs_soap_free(struct cs_soap *soap)
{
    if (soap) {
        xmlFreeDoc(soap->document);
        free(soap);
    }
}

const struct cs_soap_node *cs_soap_body(const struct cs_soap *soap)
{
    return node_of(soap->body);
}

bool cs_soap_is(const struct cs_soap_node *node, const char *ns, const char *name)
{
    return node && is_element(xml_of(node), ns, name);
}

/* An attribute's value; the caller frees it with xmlFree(). */
static xmlChar *attr(const xmlNode *xml, const char *name, const char *ns)
{
    return ns ? xmlGetNsProp(xml, (const xmlChar *)name, (const xmlChar *)ns)
              : xmlGetNoNsProp(xml, (const xmlChar *)name);
}

static bool is_nil(const xmlNode *xml)
{
    xmlChar *value = attr(xml, "nil", CS_SOAP_XSI);
    bool nil = value &&
               (strcmp((const char *)value, "true") == 0 || strcmp((const char *)value, "1") == 0);

    xmlFree(value);
    return nil;
}

const struct cs_soap_node *cs_soap_child(const struct cs_soap_node *node, const char *ns,
                                         const char *name)
{
    const xmlNode *child = node ? only_child(xml_of(node), ns, name) : NULL;

    return child && !is_nil(child) ? node_of(child) : NULL;
}

const struct cs_soap_node *cs_soap_first(const struct cs_soap_node *node, const char *ns,
                                         const char *name)
{
    const xmlNode *child = node ? xml_of(node)->children : NULL;

    while (child && !is_element(child, ns, name)) {
        child = child->next;
    }
    return node_of(child);
}

const struct cs_soap_node *cs_soap_next(const struct cs_soap_node *node)
{
    const xmlNode *xml = xml_of(node);
    const xmlNode *next = xml->next;

    while (next && !is_element(next, (const char *)xml->ns->href, (const char *)xml->name)) {
        next = next->next;
    }
    return node_of(next);
}

/* @text without the blanks around it; NULL if nothing is left. */
static char *trimmed(const char *text)
{
    const char *blanks = " \t\r\n";

    text += strspn(text, blanks);
    size_t len = strlen(text);
    while (len && strchr(blanks, text[len - 1])) {
        len--;
    }
    return len ? cs_strndup(text, len) : NULL;
}

char *cs_soap_text(const struct cs_soap_node *node)
{
    if (!node || is_nil(xml_of(node))) {
        return NULL;
    }
    xmlChar *content = xmlNodeGetContent(xml_of(node));
    char *text = content ? trimmed((const char *)content) : NULL;

    xmlFree(content);
    return text;
}

char *cs_soap_attr(const struct cs_soap_node *node, const char *name)
{
    xmlChar *value = node ? attr(xml_of(node), name, NULL) : NULL;
    char *text = cs_strdup((const char *)value);

    xmlFree(value);
    return text;
}

cs_rc cs_soap_octets(const struct cs_soap_node *node, const char *what, struct cs_bytes *ret_octets,
                     struct cs_err *err)
{
    cs_autofree char *text = cs_soap_text(node);

    if (!text || cs_unbase64(text, strlen(text), ret_octets, NULL) != CS_OK) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "%s in the service's answer is %s", what,
                       text ? "not base64" : "missing");
    }
    return CS_OK;
}

/* ---- a message ---- */

struct cs_soap_writer {
    xmlBuffer *buffer;
    xmlTextWriter *xml;
    size_t gap;
};

/* libxml2's writer fails only for want of memory, which ends the program here as everywhere. */
static void must(int result)
{
    if (result < 0) {
        abort();
    }
}

static const xmlChar *x(const char *text)
{
    return (const xmlChar *)text;
}

void cs_soap_open(struct cs_soap_writer *writer, const char *ns, const char *name, ...)
{
    va_list pairs;
    const char *key = NULL;

    must(xmlTextWriterStartElementNS(writer->xml, NULL, x(name), x(ns)));
    va_start(pairs, name);
    while ((key = va_arg(pairs, const char *))) {
        must(xmlTextWriterWriteAttribute(writer->xml, x(key), x(va_arg(pairs, const char *))));
    }
    va_end(pairs);
}

void cs_soap_write(struct cs_soap_writer *writer, const char *text)
{
    must(xmlTextWriterWriteString(writer->xml, x(text)));
}

void cs_soap_close(struct cs_soap_writer *writer)
{
    /* never <a/>: what follows must be able to say where it stands in the text */
    must(xmlTextWriterFullEndElement(writer->xml));
}

void cs_soap_element(struct cs_soap_writer *writer, const char *ns, const char *name,
                     const char *text)
{
    if (!text) {
        cs_soap_open(writer, ns, name, "xsi:nil", "true", NULL);
    } else {
        cs_soap_open(writer, ns, name, NULL);
        cs_soap_write(writer, text);
    }
    cs_soap_close(writer);
}

/* An element of the prefixes s, a, o or u, which the envelope declares. */
static void header(struct cs_soap_writer *writer, const char *name, bool must_understand,
                   const char *text)
{
    must(xmlTextWriterStartElement(writer->xml, x(name)));
    if (must_understand) {
        must(xmlTextWriterWriteAttribute(writer->xml, x("s:mustUnderstand"), x("1")));
    }
    if (text) {
        cs_soap_write(writer, text);
        cs_soap_close(writer);
    }
}

/* WS-Security 1.0 UsernameToken with the password in clear: TLS is what keeps it. The timestamp is
 * valid for five minutes, as in the recorded messages. */
static void security(struct cs_soap_writer *writer, const char *user, int64_t now)
{
    char created[CS_TIME_TEXT_SIZE];
    char expires[CS_TIME_TEXT_SIZE];

    header(writer, "o:Security", true, NULL);
    header(writer, "u:Timestamp", false, NULL);
    header(writer, "u:Created", false, cs_clock_format(now, created));
    header(writer, "u:Expires", false, cs_clock_format(now + 300, expires));
    cs_soap_close(writer);
    header(writer, "o:UsernameToken", false, NULL);
    header(writer, "o:Username", false, user);
    header(writer, "o:Password", false, NULL);
    must(xmlTextWriterWriteString(writer->xml, x(""))); /* ends the start tag */
    must(xmlTextWriterFlush(writer->xml));
    writer->gap = (size_t)xmlBufferLength(writer->buffer);
    cs_soap_close(writer);
    cs_soap_close(writer);
    cs_soap_close(writer);
}

/* A random UUID (RFC 4122 section 4.4). */
static char *message_id(void)
{
    uint8_t id[16];

    if (getrandom(id, sizeof id, 0) != sizeof id) {
        abort(); /* of 16 octets it gives all (getrandom(2)) */
    }
    id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
    id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
    cs_autofree char *hex = cs_hex(id, sizeof id);
    return cs_asprintf("urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                       hex + 20);
}

struct cs_soap_writer *cs_soap_begin(const char *action, const char *to, const char *user,
                                     int64_t now)
{
    struct cs_soap_writer *writer = cs_alloc(1, sizeof *writer);
    cs_autofree char *id = message_id();

    writer->buffer = xmlBufferCreate();
    writer->xml = writer->buffer ? xmlNewTextWriterMemory(writer->buffer, 0) : NULL;
    must(writer->xml ? 0 : -1);
    must(xmlTextWriterStartElement(writer->xml, x("s:Envelope")));
    must(xmlTextWriterWriteAttribute(writer->xml, x("xmlns:s"), x(CS_SOAP_S)));
    must(xmlTextWriterWriteAttribute(writer->xml, x("xmlns:a"), x(CS_SOAP_A)));
    must(xmlTextWriterWriteAttribute(writer->xml, x("xmlns:o"), x(CS_SOAP_WSSE)));
    must(xmlTextWriterWriteAttribute(writer->xml, x("xmlns:u"), x(CS_SOAP_WSU)));
    must(xmlTextWriterWriteAttribute(writer->xml, x("xmlns:xsi"), x(CS_SOAP_XSI)));
    must(xmlTextWriterStartElement(writer->xml, x("s:Header")));
    header(writer, "a:Action", true, action);
    header(writer, "a:MessageID", false, id);
    header(writer, "a:ReplyTo", false, NULL);
    header(writer, "a:Address", false, CS_SOAP_A "/anonymous");
    cs_soap_close(writer);
    header(writer, "a:To", true, to);
    if (user) {
        security(writer, user, now);
    }
    cs_soap_close(writer);
    must(xmlTextWriterStartElement(writer->xml, x("s:Body")));
    return writer;
}

void cs_soap_end(struct cs_soap_writer *writer, struct cs_bytes *ret_text, size_t *ret_gap)
{
    must(xmlTextWriterEndDocument(writer->xml));
    must(xmlTextWriterFlush(writer->xml));
    *ret_text =
        cs_bytes_copy(xmlBufferContent(writer->buffer), (size_t)xmlBufferLength(writer->buffer));
    *ret_gap = writer->gap;
    xmlFreeTextWriter(writer->xml);
    xmlBufferFree(writer->buffer);
    free(writer);
}
