#include "ca/webpage.h"

#include "base/base64.h"
#include "base/mem.h"
#include "base/strv.h"

#include <ctype.h>
#include <libxml/HTMLparser.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Digits of a request id: 32 bits, unsigned. */
#define ID_DIGITS 10

/* How far behind the mark of a page's sentence its number may stand, in octets. */
#define SENTENCE_MAX 400

/* Elements of a page that are looked at. */
#define ELEMENTS_MAX 20000

void cs_webpage_done(struct cs_webpage *page)
{
    free(page->issued_id);
    free(page->request_id);
    free(page->message);
    *page = (struct cs_webpage){.disposition = -1};
}

/* ---- the form ---- */

/* As a browser does (HTML 4.01 section 17.13.4.1): a '+' that stays one would be read as a blank.
 */
static void add_encoded(struct cs_buf *buf, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (isascii(*c) && (isalnum(*c) || strchr("-._*", *c))) {
            cs_buf_add(buf, c, 1);
        } else {
            cs_buf_printf(buf, "%%%02X", *c);
        }
    }
}

char *cs_webpage_form(const struct cs_bytes *csr, const char *template_name)
{
    cs_autofree char *request = cs_base64(csr->data, csr->len);
    struct cs_buf buf = CS_BUF(CS_BASE64_MAX);
    char *form = NULL;

    cs_buf_puts(&buf, "Mode=newreq&CertRequest=");
    add_encoded(&buf, request);
    cs_buf_puts(&buf, "&CertAttrib=");
    if (template_name) {
        add_encoded(&buf, "CertificateTemplate:");
        add_encoded(&buf, template_name);
        add_encoded(&buf, "\r\n");
    }
    cs_buf_puts(&buf, "&FriendlyType=Saved-Request+Certificate&TargetStoreFlags=0&SaveCert=yes");
    if (cs_buf_take_text(&buf, "the form", &form, NULL) != CS_OK) {
        abort(); /* a request is far below the maximum */
    }
    return form;
}

/* ---- the page ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The number at the beginning of @text; NULL if there is none, or it is too long. */
static char *number_at(const char *text)
{
    size_t len = 0;

    while (is_digit(text[len])) {
        len++;
    }
    return len && len <= ID_DIGITS ? cs_strndup(text, len) : NULL;
}

/* The first number in @text, at most @max octets from its beginning. */
static char *number_in(const char *text, size_t max)
{
    for (size_t i = 0; text[i] && i < max; i++) {
        if (is_digit(text[i])) {
            return number_at(text + i);
        }
    }
    return NULL;
}

/* The first HRESULT of an error in @text, "0x80094800"; 0: there is none. */
static uint32_t hresult_in(const char *text)
{
    for (const char *at = text; (at = strstr(at, "0x")); at += 2) {
        char *end = NULL;
        unsigned long value = isxdigit((unsigned char)at[2]) ? strtoul(at + 2, &end, 16) : 0;
        if (value > INT32_MAX && value <= UINT32_MAX && end == at + 10) {
            return (uint32_t)value;
        }
    }
    return 0;
}

static char *attribute(const xmlNode *element, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(element, (const xmlChar *)name);
    char *text = cs_strdup((const char *)value);

    xmlFree(value);
    return text;
}

/* Text of an element with blanks run together; the caller frees. */
static char *text_of(const xmlNode *element)
{
    xmlChar *content = element ? xmlNodeGetContent(element) : NULL;
    char *text = cs_strdup(content ? (const char *)content : "");
    size_t len = 0;

    for (const char *c = text; *c; c++) {
        bool blank = isspace((unsigned char)*c);
        if (!blank || (len && text[len - 1] != ' ')) {
            text[len++] = blank ? ' ' : *c;
        }
    }
    while (len && text[len - 1] == ' ') {
        len--;
    }
    text[len] = 0;
    xmlFree(content);
    return text;
}

/* What a label (DT) stands before: the next DD. */
static char *value_of(const xmlNode *label)
{
    const xmlNode *next = label->next;

    while (next &&
           !(next->type == XML_ELEMENT_NODE && strcasecmp((const char *)next->name, "dd") == 0)) {
        next = next->next;
    }
    return next ? text_of(next) : NULL;
}

static void take_text(char **field, char *text)
{
    free(*field);
    *field = text && *text ? cs_steal(&text) : NULL;
    free(text);
}

/* "2 - (denied)" */
static void take_disposition(struct cs_webpage *page, const xmlNode *label)
{
    cs_autofree char *text = value_of(label);
    cs_autofree char *number = text ? number_at(text) : NULL;

    if (number && strlen(number) <= 3) {
        page->disposition = (int)strtol(number, NULL, 10);
    }
}

/* Of the same in another place the first counts: COM error info repeats it. */
static void take_hresult(struct cs_webpage *page, char *text)
{
    if (text && !page->hresult) {
        page->hresult = hresult_in(text);
    }
    free(text);
}

/* The sentence with the request's number, and what the CA says of it between quotation marks. */
static void take_sentence(struct cs_webpage *page, const xmlNode *element)
{
    cs_autofree char *text = text_of(element);
    const char *begin = strchr(text, '"');
    const char *end = begin ? strrchr(text, '"') : NULL;

    if (!page->request_id) {
        page->request_id = number_in(text, SENTENCE_MAX);
    }
    if (end > begin) {
        take_text(&page->message, cs_strndup(begin + 1, (size_t)(end - begin) - 1));
        take_hresult(page, cs_strdup(page->message));
    }
}

static void look_at(struct cs_webpage *page, const xmlNode *element)
{
    cs_autofree char *id = attribute(element, "id");

    if (!id) {
        return;
    }
    if (strcasecmp(id, "locDispLabel") == 0) {
        take_disposition(page, element);
    } else if (strcasecmp(id, "locDispMsgLabel") == 0) {
        take_text(&page->message, value_of(element));
    } else if (strcasecmp(id, "locLastStatLabel") == 0) {
        take_hresult(page, value_of(element));
    } else if (strcasecmp(id, "locErrMsg") == 0) {
        take_text(&page->message, text_of(element));
        take_hresult(page, text_of(element));
    } else if (strncasecmp(id, "locInfoReqID", strlen("locInfoReqID")) == 0) {
        take_sentence(page, element);
    }
}

/* All elements in the document's order, without recursion: a page may nest as it likes. */
static const xmlNode *next_in_order(const xmlNode *node)
{
    if (node->children) {
        return node->children;
    }
    while (node && !node->next) {
        node = node->parent;
    }
    return node ? node->next : NULL;
}

static void look_at_all(struct cs_webpage *page, const xmlDoc *document)
{
    size_t seen = 0;

    for (const xmlNode *node = document->children; node && seen < ELEMENTS_MAX;
         node = next_in_order(node)) {
        if (node->type == XML_ELEMENT_NODE) {
            look_at(page, node);
            seen++;
        }
    }
}

/* "certnew.cer?ReqID=17&": not of the CA itself, "ReqID=CACert". */
static void look_for_link(struct cs_webpage *page, const char *html)
{
    static const char link[] = "certnew.cer?ReqID=";

    for (const char *at = html; !page->issued_id && (at = strstr(at, link));) {
        at += strlen(link);
        page->issued_id = number_at(at);
    }
}

cs_rc cs_webpage_read(const struct cs_bytes *html, struct cs_webpage *ret_page, struct cs_err *err)
{
    cs_auto_value(cs_webpage) page = {.disposition = -1};

    if (html->len == 0 || html->len > CS_WEBPAGE_MAX || memchr(html->data, 0, html->len)) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "the answer of the web server is no page of text");
    }
    htmlDocPtr document =
        htmlReadMemory((const char *)html->data, (int)html->len, NULL, NULL,
                       HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                           HTML_PARSE_NONET | HTML_PARSE_COMPACT);
    if (document) {
        look_at_all(&page, document);
        xmlFreeDoc(document);
    }
    look_for_link(&page, (const char *)html->data);
    if (!page.issued_id && !page.request_id && !page.message && page.disposition < 0) {
        return cs_fail_hint(err, CS_E_CA_UNREACHABLE,
                            "check that the address is that of AD CS web enrolment: "
                            "https://host/certsrv",
                            "the web server's page is none of web enrolment");
    }
    *ret_page = page;
    page = (struct cs_webpage){.disposition = -1};
    return CS_OK;
}
