#include "topology/xmlscan.h"

#include "base/mem.h"
#include "topology/document.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct scan {
    const char *name;
    const char *at;
    const char *end;
    uint32_t line;
    size_t depth;
    size_t spaces[CS_DOCUMENT_DEPTH_MAX + 1]; /* declared up to the element of a depth */
    size_t pieces;                            /* elements, comments, instructions */
    struct cs_xmlscan found;
    size_t size; /* of found.lines */
};

/* What a start tag holds. */
struct tag {
    const char *end;
    size_t attributes;
    size_t spaces; /* declarations of namespaces among them */
};

void cs_xmlscan_done(struct cs_xmlscan *scan)
{
    free(scan->lines);
    *scan = (struct cs_xmlscan){0};
}

/* Steps to @to and counts the lines on the way. */
static void advance(struct scan *scan, const char *to)
{
    while (scan->at < to) {
        const char *line_end = memchr(scan->at, '\n', (size_t)(to - scan->at));
        if (!line_end) {
            break;
        }
        scan->line++;
        scan->at = line_end + 1;
    }
    scan->at = to;
}

static const char foreign[] = "no document of Lync is so: look where it comes from";

static bool looking_at(const struct scan *scan, const char *text)
{
    size_t len = strlen(text);

    return (size_t)(scan->end - scan->at) >= len && memcmp(scan->at, text, len) == 0;
}

/* Steps behind the next @text, which ends with ">", after @skip octets; false: there is none. */
static bool pass(struct scan *scan, size_t skip, const char *text)
{
    size_t before = strlen(text) - 1;
    const char *from = scan->at + skip;
    const char *end = from;

    while ((end = memchr(end, '>', (size_t)(scan->end - end)))) {
        if ((size_t)(end - from) >= before && memcmp(end - before, text, before) == 0) {
            advance(scan, end + 1);
            return true;
        }
        end++;
    }
    return false;
}

static void found_tag(struct scan *scan)
{
    if (scan->found.count == scan->size) {
        scan->size = scan->size ? 2 * scan->size : 1024;
        scan->found.lines = cs_realloc(scan->found.lines, scan->size, sizeof *scan->found.lines);
    }
    scan->found.lines[scan->found.count++] = scan->line;
}

/* Reads the start tag at @scan; false: it has no end, or is no tag. */
static bool read_tag(const struct scan *scan, struct tag *ret_tag)
{
    struct tag tag = {0};

    for (const char *at = scan->at + 1; at < scan->end; at++) {
        if (*at == '>') {
            tag.end = at + 1;
            *ret_tag = tag;
            return true;
        }
        if (*at == '<') {
            return false;
        }
        if (*at == 'x' && scan->end - at > 5 && memcmp(at, "xmlns", 5) == 0) {
            tag.spaces++; /* or a name that has it in its middle: no matter */
        }
        if (*at == '"' || *at == '\'') {
            at = memchr(at + 1, *at, (size_t)(scan->end - at - 1));
            tag.attributes++;
        }
        if (!at) {
            return false;
        }
    }
    return false;
}

static cs_rc check_tag(const struct scan *scan, const struct tag *tag, struct cs_err *err)
{
    const char *many = NULL;
    int limit = 0;

    if (tag->attributes > CS_DOCUMENT_ATTRS_MAX) {
        many = "attributes in one element";
        limit = CS_DOCUMENT_ATTRS_MAX;
    } else if (scan->depth == CS_DOCUMENT_DEPTH_MAX) {
        many = "levels of nested elements";
        limit = CS_DOCUMENT_DEPTH_MAX;
    } else if (scan->spaces[scan->depth] + tag->spaces > CS_DOCUMENT_SPACES_MAX) {
        many = "namespaces at once";
        limit = CS_DOCUMENT_SPACES_MAX;
    }
    if (many) {
        return cs_fail_hint(err, CS_E_INPUT, foreign, "%s:%u: there are more than %d %s",
                            scan->name, scan->line, limit, many);
    }
    return CS_OK;
}

static cs_rc start_tag(struct scan *scan, bool *ret_more, struct cs_err *err)
{
    struct tag tag = {0};

    *ret_more = read_tag(scan, &tag);
    if (!*ret_more) {
        return CS_OK;
    }
    CS_TRY(check_tag(scan, &tag, err));
    found_tag(scan);
    if (tag.end[-2] != '/') {
        scan->depth++;
        scan->spaces[scan->depth] = scan->spaces[scan->depth - 1] + tag.spaces;
    }
    advance(scan, tag.end);
    return CS_OK;
}

/* What begins with "<!". */
static cs_rc declaration(struct scan *scan, bool *ret_more, struct cs_err *err)
{
    if (looking_at(scan, "<!--")) {
        *ret_more = pass(scan, 4, "-->");
    } else if (looking_at(scan, "<![CDATA[")) {
        *ret_more = pass(scan, 9, "]]>");
    } else if (looking_at(scan, "<!DOCTYPE")) {
        return cs_fail_hint(err, CS_E_INPUT, foreign,
                            "%s:%u: a document type declaration (DOCTYPE) is refused, because "
                            "entities could hide in it",
                            scan->name, scan->line);
    } else {
        *ret_more = false;
    }
    return CS_OK;
}

static bool end_tag(struct scan *scan)
{
    if (scan->depth == 0 || !pass(scan, 2, ">")) {
        return false;
    }
    scan->depth--;
    return true;
}

/* The piece that begins at @scan. */
static cs_rc step(struct scan *scan, bool *ret_more, struct cs_err *err)
{
    if (looking_at(scan, "</")) {
        *ret_more = end_tag(scan);
        return CS_OK;
    }
    if (scan->pieces++ == CS_DOCUMENT_ELEMENTS_MAX) {
        return cs_fail_hint(err, CS_E_INPUT, foreign, "%s:%u: there are more than %d elements",
                            scan->name, scan->line, CS_DOCUMENT_ELEMENTS_MAX);
    }
    if (looking_at(scan, "<!")) {
        return declaration(scan, ret_more, err);
    }
    if (looking_at(scan, "<?")) {
        *ret_more = pass(scan, 2, "?>");
        return CS_OK;
    }
    return start_tag(scan, ret_more, err);
}

static cs_rc walk(struct scan *scan, struct cs_err *err)
{
    for (bool more = true; more;) {
        const char *next = memchr(scan->at, '<', (size_t)(scan->end - scan->at));
        if (!next) {
            break;
        }
        advance(scan, next);
        CS_TRY(step(scan, &more, err));
    }
    return CS_OK;
}

cs_rc cs_xmlscan(const char *name, const char *text, size_t len, struct cs_xmlscan *ret_scan,
                 struct cs_err *err)
{
    struct scan scan = {.name = name, .at = text, .end = text + len, .line = 1};
    const char *nul = memchr(text, 0, len);

    if (nul) {
        advance(&scan, nul);
        return cs_fail_hint(err, CS_E_INPUT, foreign, "%s:%u: the document holds a NUL", name,
                            scan.line);
    }
    cs_rc rc = walk(&scan, err);
    if (rc != CS_OK) {
        cs_xmlscan_done(&scan.found);
        return rc;
    }
    *ret_scan = scan.found;
    return CS_OK;
}
