/* AnchoredXml: how the configuration store wraps a document, and says for which site it is. */
#include "base/mem.h"
#include "base/strv.h"
#include "topology/forms.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct scope {
    struct cs_xml_place at; /* of the Key */
    char *scope_class;      /* "Global", "Site" */
    char *authority;        /* "Host", "Site" */
    char *instance;         /* the site, if it is for one */
};

static void scope_done(struct scope *scope)
{
    free(scope->scope_class);
    free(scope->authority);
    free(scope->instance);
}

static cs_rc read_key(struct scope *scope, struct cs_xml *xml, struct cs_err *err)
{
    int depth = cs_xml_depth(xml);

    scope->at = cs_xml_here(xml);
    free(cs_steal(&scope->scope_class));
    CS_TRY(cs_xml_attr(xml, "ScopeClass", &scope->scope_class, err));
    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there && cs_xml_is(xml, CS_NS_SCOPE, "AuthorityId") && !scope->authority) {
            CS_TRY(cs_xml_attr(xml, "Class", &scope->authority, err));
            CS_TRY(cs_xml_attr(xml, "InstanceId", &scope->instance, err));
        }
    }
    return CS_OK;
}

static bool is_word(const char *text, const char *word)
{
    return text && cs_ascii_iequal(text, word);
}

static bool is_for_site(const struct scope *scope)
{
    return is_word(scope->scope_class, "Site") || is_word(scope->authority, "Site");
}

/* The id or name of the site, from "1" or "Site:Redmond"; NULL: for all. */
static const char *site_of(const struct scope *scope)
{
    if (!is_for_site(scope) || !scope->instance) {
        return NULL;
    }
    return strncasecmp(scope->instance, "site:", 5) == 0 ? scope->instance + 5 : scope->instance;
}

/* Simple URLs that were read from here on are for the scope; the Key may have come after them. */
static cs_rc apply(const struct scope *scope, const struct cs_xml *xml,
                   struct cs_topology *topology, size_t first, struct cs_err *err)
{
    const char *site = site_of(scope);

    if (first == topology->url_count || !scope->at.element) {
        return CS_OK;
    }
    if (is_for_site(scope) && (!site || !*site)) {
        return cs_xml_refuse(xml, scope->at, err, "export the configuration again",
                             "the simple URLs are for a site, but its AuthorityId names none");
    }
    if (!site && scope->scope_class && !is_word(scope->scope_class, "Global")) {
        cs_autofree char *shown = cs_xml_shown(scope->scope_class);
        cs_xml_warn(xml, scope->at, &topology->warnings,
                    "the ScopeClass %s is not known; the simple URLs are taken for all sites",
                    shown);
    }
    for (size_t i = first; i < topology->url_count; i++) {
        free(topology->urls[i].site);
        topology->urls[i].site = cs_strdup(site);
    }
    return CS_OK;
}

static cs_rc read_anchored(struct scope *scope, struct cs_xml *xml, struct cs_topology *topology,
                           struct cs_err *err)
{
    int depth = cs_xml_depth(xml);
    size_t first = topology->url_count;

    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there && cs_xml_is(xml, CS_NS_SCOPE, "Key")) {
            CS_TRY(read_key(scope, xml, err));
        } else if (there) {
            CS_TRY(cs_forms_read(xml, site_of(scope), topology, err));
        }
    }
    return apply(scope, xml, topology, first, err);
}

cs_rc cs_scope_read(struct cs_xml *xml, struct cs_topology *topology, struct cs_err *err)
{
    struct scope scope = {0};

    cs_rc rc = read_anchored(&scope, xml, topology, err);
    scope_done(&scope);
    return rc;
}
