/* One function for each element that is read as a whole, and the one that finds them. Each is
 * called with the reader on the element's start tag and leaves it at the element's end. */
#ifndef CS_TOPOLOGY_FORMS_H
#define CS_TOPOLOGY_FORMS_H

#include "model/topology.h"
#include "topology/xmlread.h"

/* t:Topology: what Get-CsTopology -AsXml prints. (published.c) */
CS_MUST_CHECK cs_rc cs_published_read(struct cs_xml *xml, struct cs_topology *topology,
                                      struct cs_err *err);

/* tb:TopologyBuilder: a .tbxml file, of which NewTopology counts. (tbxml.c) */
CS_MUST_CHECK cs_rc cs_tbxml_read(struct cs_xml *xml, struct cs_topology *topology,
                                  struct cs_err *err);

/* u:SimpleUrlConfiguration, for the site @site or, NULL, for all. (simpleurl.c) */
CS_MUST_CHECK cs_rc cs_simpleurl_read(struct cs_xml *xml, const char *site,
                                      struct cs_topology *topology, struct cs_err *err);

/* AnchoredXml, the configuration store's wrapper: what stands in it, and for which site.
 * (scope.c) */
CS_MUST_CHECK cs_rc cs_scope_read(struct cs_xml *xml, struct cs_topology *topology,
                                  struct cs_err *err);

/* Whichever of these the reader stands on, or all that stand in the element, at any depth; simple
 * URLs are for @site or, NULL, for all. (forms.c) */
CS_MUST_CHECK cs_rc cs_forms_read(struct cs_xml *xml, const char *site,
                                  struct cs_topology *topology, struct cs_err *err);

/* A whole document; *ret_ours: something of ours stood in it. @label is what sources call it. Of an
 * @archive, what is no XML of ours is passed over, with a warning where it was to be XML. (forms.c)
 */
CS_MUST_CHECK cs_rc cs_forms_read_document(const char *name, const char *label, const void *data,
                                           size_t len, bool archive, struct cs_topology *topology,
                                           bool *ret_ours, struct cs_err *err);

#endif
