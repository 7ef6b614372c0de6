#include "topology/forms.h"

#include "base/mem.h"
#include "base/strv.h"
#include "topology/xmltext.h"

#include <string.h>

cs_rc cs_forms_read(struct cs_xml *xml, const char *site, struct cs_topology *topology,
                    struct cs_err *err)
{
    int depth = cs_xml_depth(xml);

    if (cs_xml_is(xml, CS_NS_TOPOLOGY, "Topology")) {
        return cs_published_read(xml, topology, err);
    }
    if (cs_xml_is(xml, CS_NS_BUILDER, "TopologyBuilder")) {
        return cs_tbxml_read(xml, topology, err);
    }
    if (cs_xml_is(xml, CS_NS_SIMPLE_URL, "SimpleUrlConfiguration")) {
        return cs_simpleurl_read(xml, site, topology, err);
    }
    if (cs_xml_is(xml, CS_NS_SCOPE, "AnchoredXml")) {
        return cs_scope_read(xml, topology, err);
    }
    /* As deep as CS_DOCUMENT_DEPTH_MAX and no deeper. */
    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there) {
            CS_TRY(cs_forms_read(xml, site, topology, err));
        }
    }
    return CS_OK;
}

/* Reads to the document's end, so that one that is cut off is seen. */
static cs_rc read_all(struct cs_xml *xml, struct cs_topology *topology, struct cs_err *err)
{
    for (bool there = true; there;) {
        CS_TRY(cs_xml_next(xml, &there, err));
        if (there) {
            CS_TRY(cs_forms_read(xml, NULL, topology, err));
        }
    }
    return CS_OK;
}

/* True if a namespace of Lync's stands in the text. What is not well-formed is not passed over
 * then: libxml2 reads ahead, and may complain before the element that is ours was met. */
static bool mentions_lync(const void *data, size_t len)
{
    static const char schema[] = "urn:schema:Microsoft.Rtc.Management.";

    return memmem(data, len, schema, sizeof schema - 1);
}

static void pass_over(const char *label, struct cs_topology *topology, const struct cs_err *err)
{
    cs_autofree char *shown = cs_xml_shown(label);

    cs_strv_take(&topology->warnings, cs_asprintf("%s was passed over: %s", shown, err->message));
}

static cs_rc refuse_foreign(const struct cs_xml *xml, const char *name, struct cs_err *err)
{
    cs_autofree char *element = cs_xml_shown(cs_xml_root(xml));
    cs_autofree char *ns = cs_xml_shown(cs_xml_root_namespace(xml));

    return cs_fail_hint(err, CS_E_INPUT,
                        "give what Get-CsTopology -AsXml prints, a .tbxml file, or a "
                        "SimpleUrlConfiguration",
                        "%s: neither a topology nor simple URLs stand in it (its first element is "
                        "<%s> of the namespace \"%s\")",
                        name, element, ns);
}

cs_rc cs_forms_read_document(const char *name, const char *label, const void *data, size_t len,
                             bool archive, struct cs_topology *topology, bool *ret_ours,
                             struct cs_err *err)
{
    cs_auto_value(cs_xmltext) text = {0};
    cs_auto(cs_xml) xml = NULL;

    *ret_ours = false;
    if (archive && !cs_xmltext_plausible(data, len)) {
        return CS_OK;
    }
    cs_rc rc = cs_xmltext_decode(name, data, len, &text, err);
    bool lync = rc == CS_OK ? mentions_lync(text.data, text.len) : mentions_lync(data, len);
    if (rc == CS_OK) {
        CS_TRY(cs_xml_open(name, label, &text, &xml, err));
        rc = read_all(xml, topology, err);
    }
    bool ours = xml && cs_xml_is_ours(xml);
    if (rc != CS_OK && archive && !lync && (!xml || cs_xml_is_malformed(xml))) {
        pass_over(label, topology, err);
        return CS_OK;
    }
    if (rc == CS_OK && !archive && !ours) {
        rc = refuse_foreign(xml, name, err);
    }
    *ret_ours = ours;
    return rc;
}
