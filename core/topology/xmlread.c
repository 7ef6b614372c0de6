#include "topology/xmlread.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "base/strv.h"
#include "topology/document.h"
#include "topology/xmlscan.h"

#include <libxml/xmlreader.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cs_xml {
    xmlTextReaderPtr reader;
    char *name;
    char *label;
    struct cs_xmltext text;
    struct cs_xmlscan scan;
    size_t started;      /* start tags met so far */
    const char *element; /* of the last one; libxml2's, as long as the reader lives */
    const char *ns;      /* its URI */
    const char *root;    /* the first one */
    const char *root_ns;
    int type; /* of the node: XML_READER_TYPE_* */
    int depth;
    bool empty;    /* <element/>: no end tag will be met */
    unsigned ours; /* elements of ours that were met */
    bool malformed;
    char *complaint; /* libxml2's first one */
    uint32_t complaint_line;
};

static const char *const namespaces[CS_NS_COUNT] = {
    [CS_NS_OTHER] = "",
    [CS_NS_TOPOLOGY] = "urn:schema:Microsoft.Rtc.Management.Deploy.Topology.2008",
    [CS_NS_SERVICE_ROLES] = "urn:schema:Microsoft.Rtc.Management.Deploy.ServiceRoles.2008",
    [CS_NS_WEB] = "urn:schema:Microsoft.Rtc.Management.Deploy.WebServices.2011",
    [CS_NS_BUILDER] = "urn:schema:Microsoft.Rtc.Management.Deploy.TopologyBuilder.2008",
    [CS_NS_WRITABLE] = "urn:schema:Microsoft.Rtc.Management.Deploy.WritableTopology.2008",
    [CS_NS_SIMPLE_URL] = "urn:schema:Microsoft.Rtc.Management.Settings.SimpleUrl.2008",
    [CS_NS_SCOPE] = "urn:schema:Microsoft.Rtc.Management.ScopeFramework.2008",
};

/* So many warnings nobody reads. */
#define WARNINGS_MAX 500

/* Topologies and SimpleUrlConfigurations of one document: one for each site would be plenty. */
#define OURS_MAX 8192

/* Octets of a value that a message shows, and of a document's name in a source. */
#define SHOWN_MAX 80
#define LABEL_MAX 640

char *cs_xml_shown(const char *value)
{
    return cs_xmltext_shown(value, SHOWN_MAX);
}

/* libxml2's complaints: the first one is the cause, the others follow from it. */
static void complain(void *ctx, xmlErrorPtr error)
{
    struct cs_xml *xml = ctx;

    if (error->level < XML_ERR_ERROR || xml->complaint) {
        return;
    }
    cs_autofree char *text = cs_strdup(error->message ? error->message : "is not well-formed");
    if (error->code == XML_ERR_NO_MEMORY) {
        xml->complaint = cs_strdup("it has too long a text or too many different names, or takes "
                                   "too much memory");
        xml->complaint_line = cs_xml_here(xml).line;
        return;
    }
    for (char *end; (end = strchr(text, '\n'));) {
        *end = end[1] ? ' ' : 0;
    }
    xml->complaint = cs_xml_shown(text);
    xml->complaint_line = error->line > 0 ? (uint32_t)error->line : 1;
}

static cs_rc open_reader(struct cs_xml *xml, struct cs_err *err)
{
    /* Nothing from the network, and the encoding is what cs_xmltext_decode() made of it. Entities
     * are not replaced: there are none without a document type. */
    int options = XML_PARSE_NONET | XML_PARSE_IGNORE_ENC;

    if (xml->text.len > INT32_MAX) {
        return cs_fail(err, CS_E_INPUT, "%s: %zu octets are more than is read", xml->name,
                       xml->text.len);
    }
    xml->reader = xmlReaderForMemory(xml->text.data, (int)xml->text.len, NULL, "UTF-8", options);
    if (!xml->reader) {
        return cs_fail(err, CS_E_INTERNAL, "%s: libxml2 gives no reader", xml->name);
    }
    xmlTextReaderSetStructuredErrorHandler(xml->reader, complain, xml);
    return CS_OK;
}

cs_rc cs_xml_open(const char *name, const char *label, struct cs_xmltext *text,
                  struct cs_xml **ret_xml, struct cs_err *err)
{
    cs_auto(cs_xml) xml = cs_alloc(1, sizeof *xml);

    xml->text = *text;
    *text = (struct cs_xmltext){0};
    xml->name = cs_strdup(name);
    xml->label = cs_xmltext_shown(label, LABEL_MAX);
    xml->depth = -1;
    xml->element = xml->ns = xml->root = xml->root_ns = "";
    CS_TRY(cs_xmlscan(name, xml->text.data, xml->text.len, &xml->scan, err));
    CS_TRY(open_reader(xml, err));
    *ret_xml = cs_steal(&xml);
    return CS_OK;
}

void cs_xml_free(struct cs_xml *xml)
{
    if (!xml) {
        return;
    }
    xmlFreeTextReader(xml->reader);
    cs_xmltext_done(&xml->text);
    cs_xmlscan_done(&xml->scan);
    free(xml->name);
    free(xml->label);
    free(xml->complaint);
    free(xml);
}

static cs_rc fail_malformed(struct cs_xml *xml, struct cs_err *err)
{
    uint32_t line = xml->complaint ? xml->complaint_line : cs_xml_here(xml).line;

    xml->malformed = true;
    return cs_fail_hint(
        err, CS_E_INPUT,
        "the file may be cut off or edited: export it again (Get-CsTopology -AsXml)",
        "%s:%u: this is no well-formed XML%s%s%s: %s", xml->name, line,
        xml->started ? ", near <" : "", xml->element, xml->started ? ">" : "",
        xml->complaint ? xml->complaint : "it ends early");
}

static const char *text_or_empty(const xmlChar *text)
{
    return text ? (const char *)text : "";
}

/* libxml2 keeps every different name, and takes long to look one up among very many. */
static void limit_names(struct cs_xml *xml)
{
    xmlNodePtr node = xmlTextReaderCurrentNode(xml->reader);

    if (node && node->doc && node->doc->dict) {
        xmlDictSetLimit(node->doc->dict, CS_DOCUMENT_NAMES_MAX);
    }
}

static void met_start(struct cs_xml *xml)
{
    xml->started++;
    xml->empty = xmlTextReaderIsEmptyElement(xml->reader) == 1;
    xml->element = text_or_empty(xmlTextReaderConstLocalName(xml->reader));
    xml->ns = text_or_empty(xmlTextReaderConstNamespaceUri(xml->reader));
    if (xml->started == 1) {
        xml->root = xml->element;
        xml->root_ns = xml->ns;
        limit_names(xml);
    }
}

/* The next node of whatever kind; false at the document's end. */
static cs_rc step(struct cs_xml *xml, bool *ret_there, struct cs_err *err)
{
    int got = xmlTextReaderRead(xml->reader);

    if (got < 0 || xml->complaint) {
        return fail_malformed(xml, err);
    }
    *ret_there = got == 1;
    if (!*ret_there) {
        xml->type = XML_READER_TYPE_NONE;
        return CS_OK;
    }
    xml->type = xmlTextReaderNodeType(xml->reader);
    if (xml->type == XML_READER_TYPE_ELEMENT) {
        met_start(xml);
    }
    if (xml->type == XML_READER_TYPE_ELEMENT || xml->type == XML_READER_TYPE_END_ELEMENT) {
        xml->depth = xmlTextReaderDepth(xml->reader);
    }
    /* cs_xmlscan() has refused it; should the two ever disagree, it is refused here. */
    if (xml->type == XML_READER_TYPE_DOCUMENT_TYPE ||
        xml->type == XML_READER_TYPE_ENTITY_REFERENCE || xml->depth >= CS_DOCUMENT_DEPTH_MAX) {
        return cs_fail(err, CS_E_INPUT, "%s: entities and document types are refused", xml->name);
    }
    return CS_OK;
}

cs_rc cs_xml_next(struct cs_xml *xml, bool *ret_there, struct cs_err *err)
{
    do {
        CS_TRY(step(xml, ret_there, err));
    } while (*ret_there && xml->type != XML_READER_TYPE_ELEMENT);
    return CS_OK;
}

int cs_xml_depth(const struct cs_xml *xml)
{
    return xml->depth;
}

/* True when nothing more stands in the element at @depth. */
static bool is_over(const struct cs_xml *xml, int depth)
{
    return xml->depth == depth && (xml->type == XML_READER_TYPE_END_ELEMENT ||
                                   (xml->type == XML_READER_TYPE_ELEMENT && xml->empty));
}

cs_rc cs_xml_child(struct cs_xml *xml, int depth, bool *ret_there, struct cs_err *err)
{
    bool there = true;

    while (!is_over(xml, depth)) {
        CS_TRY(step(xml, &there, err));
        if (!there) {
            return fail_malformed(xml, err);
        }
        if (xml->type == XML_READER_TYPE_ELEMENT && xml->depth == depth + 1) {
            *ret_there = true;
            return CS_OK;
        }
    }
    *ret_there = false;
    return CS_OK;
}

const char *cs_xml_element(const struct cs_xml *xml)
{
    return xml->element;
}

const char *cs_xml_root(const struct cs_xml *xml)
{
    return xml->root;
}

const char *cs_xml_root_namespace(const struct cs_xml *xml)
{
    return xml->root_ns;
}

bool cs_xml_is(const struct cs_xml *xml, enum cs_xml_ns ns, const char *element)
{
    return xml->type == XML_READER_TYPE_ELEMENT && strcmp(xml->element, element) == 0 &&
           strcmp(xml->ns, namespaces[ns]) == 0;
}

static char *raw_attr(struct cs_xml *xml, const char *attribute)
{
    xmlChar *raw = xmlTextReaderGetAttribute(xml->reader, (const xmlChar *)attribute);
    char *value = cs_strdup((const char *)raw);

    xmlFree(raw);
    return value;
}

static cs_rc check_value(const struct cs_xml *xml, struct cs_xml_place at, const char *what,
                         const char *value, size_t max, struct cs_err *err)
{
    size_t len = strlen(value);

    if (len > max) {
        return cs_xml_refuse(xml, at, err, "no value of Lync is so long",
                             "%s has %zu octets, more than %zu", what, len,
                             len > CS_DOCUMENT_VALUE_MAX ? (size_t)CS_DOCUMENT_VALUE_MAX : max);
    }
    if (!cs_text_is_clean(value)) {
        cs_autofree char *text = cs_xml_shown(value);
        return cs_xml_refuse(xml, at, err, "correct it in Topology Builder and export again",
                             "%s \"%s\" holds a control character", what, text);
    }
    return CS_OK;
}

static cs_rc get_attr(struct cs_xml *xml, const char *attribute, size_t max, char **ret_value,
                      struct cs_err *err)
{
    cs_autofree char *value = raw_attr(xml, attribute);

    if (value) {
        CS_TRY(check_value(xml, cs_xml_here(xml), attribute, value, max, err));
    }
    *ret_value = value && *value ? cs_steal(&value) : NULL;
    return CS_OK;
}

cs_rc cs_xml_attr(struct cs_xml *xml, const char *attribute, char **ret_value, struct cs_err *err)
{
    return get_attr(xml, attribute, CS_DOCUMENT_NAME_MAX, ret_value, err);
}

cs_rc cs_xml_long_attr(struct cs_xml *xml, const char *attribute, char **ret_value,
                       struct cs_err *err)
{
    return get_attr(xml, attribute, CS_DOCUMENT_VALUE_MAX, ret_value, err);
}

cs_rc cs_xml_need(struct cs_xml *xml, const char *attribute, char **ret_value, struct cs_err *err)
{
    cs_autofree char *value = NULL;

    CS_TRY(cs_xml_attr(xml, attribute, &value, err));
    if (!value) {
        return cs_xml_refuse(xml, cs_xml_here(xml), err,
                             "the file may have been edited: export it again",
                             "the attribute %s is missing or empty", attribute);
    }
    *ret_value = cs_steal(&value);
    return CS_OK;
}

cs_rc cs_xml_bool(struct cs_xml *xml, const char *attribute, bool absent, bool *ret_value,
                  struct cs_err *err)
{
    cs_autofree char *value = NULL;

    CS_TRY(cs_xml_attr(xml, attribute, &value, err));
    if (!value) {
        *ret_value = absent;
        return CS_OK;
    }
    bool yes = cs_ascii_iequal(value, "true") || strcmp(value, "1") == 0;
    if (!yes && !cs_ascii_iequal(value, "false") && strcmp(value, "0") != 0) {
        cs_autofree char *text = cs_xml_shown(value);
        return cs_xml_refuse(xml, cs_xml_here(xml), err, "it is true or false", "%s is \"%s\"",
                             attribute, text);
    }
    *ret_value = yes;
    return CS_OK;
}

cs_rc cs_xml_number(struct cs_xml *xml, const char *attribute, int *ret_value, struct cs_err *err)
{
    cs_autofree char *value = NULL;

    CS_TRY(cs_xml_attr(xml, attribute, &value, err));
    if (value && (strspn(value, "0123456789") != strlen(value) || strlen(value) > 3)) {
        cs_autofree char *text = cs_xml_shown(value);
        return cs_xml_refuse(xml, cs_xml_here(xml), err, "it is a number of at most three digits",
                             "%s is \"%s\"", attribute, text);
    }
    *ret_value = value ? (int)strtol(value, NULL, 10) : 0;
    return CS_OK;
}

bool cs_xml_attr_is(struct cs_xml *xml, const char *attribute, const char *word)
{
    cs_autofree char *value = raw_attr(xml, attribute);

    return value && cs_ascii_iequal(value, word);
}

static bool is_text(const struct cs_xml *xml)
{
    return xml->type == XML_READER_TYPE_TEXT || xml->type == XML_READER_TYPE_CDATA ||
           xml->type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE ||
           xml->type == XML_READER_TYPE_WHITESPACE;
}

/* @text without the white space around it, or NULL where nothing else is in it. */
static char *trimmed(const char *text)
{
    static const char blank[] = " \t\r\n";
    const char *start = text + strspn(text, blank);
    size_t len = strlen(start);

    while (len && strchr(blank, start[len - 1])) {
        len--;
    }
    return len ? cs_strndup(start, len) : NULL;
}

cs_rc cs_xml_text(struct cs_xml *xml, char **ret_text, struct cs_err *err)
{
    cs_auto_value(cs_buf) buf = CS_BUF(CS_DOCUMENT_VALUE_MAX);
    struct cs_xml_place at = cs_xml_here(xml);
    int depth = xml->depth;

    for (bool there = true; !is_over(xml, depth);) {
        CS_TRY(step(xml, &there, err));
        if (!there) {
            return fail_malformed(xml, err);
        }
        const xmlChar *value = is_text(xml) ? xmlTextReaderConstValue(xml->reader) : NULL;
        if (value) {
            cs_buf_puts(&buf, (const char *)value);
        }
    }
    if (buf.overflow) {
        return cs_xml_refuse(xml, at, err, "no value of Lync is so long",
                             "the text has more than %d octets", CS_DOCUMENT_VALUE_MAX);
    }
    cs_autofree char *text = buf.data ? trimmed((const char *)buf.data) : NULL;
    if (text) {
        CS_TRY(check_value(xml, at, "the text", text, CS_DOCUMENT_NAME_MAX, err));
    }
    *ret_text = cs_steal(&text);
    return CS_OK;
}

char *cs_xml_source(const struct cs_xml *xml, const char *attribute)
{
    struct cs_xml_place at = cs_xml_here(xml);

    return cs_asprintf("%s:%u %s%s%s", xml->label, at.line, at.element, attribute ? "@" : "",
                       attribute ? attribute : "");
}

struct cs_xml_place cs_xml_here(const struct cs_xml *xml)
{
    size_t index = xml->started ? xml->started - 1 : 0;

    return (struct cs_xml_place){index < xml->scan.count ? xml->scan.lines[index] : 1,
                                 xml->element};
}

void cs_xml_set_refusal(const struct cs_xml *xml, struct cs_xml_place at, struct cs_err *err,
                        const char *hint, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cs_err_set(err, CS_E_INPUT, "%s:%u: <%s>: %s", xml->name, at.line, at.element, text);
    cs_err_hint(err, "%s", hint);
}

void cs_xml_warn(const struct cs_xml *xml, struct cs_xml_place at, struct cs_strv *warnings,
                 const char *format, ...)
{
    char text[512];
    va_list args;

    if (warnings->count >= WARNINGS_MAX) {
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cs_strv_take(warnings, cs_asprintf("%s:%u %s: %s", xml->label, at.line, at.element, text));
    if (warnings->count == WARNINGS_MAX) {
        cs_strv_add(warnings, "there is more that is odd, of which nothing is said");
    }
}

cs_rc cs_xml_mark_ours(struct cs_xml *xml, struct cs_err *err)
{
    if (++xml->ours > OURS_MAX) {
        return cs_xml_refuse(xml, cs_xml_here(xml), err, "no deployment has so many",
                             "there are more than %d topologies and configurations", OURS_MAX);
    }
    return CS_OK;
}

bool cs_xml_is_ours(const struct cs_xml *xml)
{
    return xml->ours;
}

bool cs_xml_is_malformed(const struct cs_xml *xml)
{
    return xml->malformed;
}
