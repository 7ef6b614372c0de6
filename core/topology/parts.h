/* What the published form and a .tbxml have in common. */
#ifndef CS_TOPOLOGY_PARTS_H
#define CS_TOPOLOGY_PARTS_H

#include "topology/draft.h"

typedef cs_rc (*cs_parts_fn)(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err);

/* Calls @read on each child named @element, of @ns, of the element that the reader stands on; all
 * others are passed over. */
CS_MUST_CHECK cs_rc cs_parts_each(struct cs_draft *draft, struct cs_xml *xml, enum cs_xml_ns ns,
                                  const char *element, cs_parts_fn read, struct cs_err *err);

/* The reader stands on an InternalDomains: the SIP domains. */
CS_MUST_CHECK cs_rc cs_parts_domains(struct cs_draft *draft, struct cs_xml *xml,
                                     struct cs_err *err);

/* Adds the site that the reader stands on (CentralSite, RemoteSite); its index. */
CS_MUST_CHECK cs_rc cs_parts_site(struct cs_draft *draft, struct cs_xml *xml, size_t *ret_site,
                                  struct cs_err *err);

/* The reader stands on a site's Name. */
CS_MUST_CHECK cs_rc cs_parts_site_name(struct cs_draft *draft, struct cs_xml *xml, size_t site,
                                       struct cs_err *err);

/* RoleName and ServiceVersion of the element that the reader stands on. In the published form they
 * stand in two. */
CS_MUST_CHECK cs_rc cs_parts_role(struct cs_draft_service *service, struct cs_xml *xml,
                                  struct cs_err *err);
CS_MUST_CHECK cs_rc cs_parts_version(struct cs_draft_service *service, struct cs_xml *xml,
                                     struct cs_err *err);

/* A child of a Service that is none of the form's own: Ports, RegistrarService, WebService,
 * CentralMgmtService. Others are passed over. */
CS_MUST_CHECK cs_rc cs_parts_service(struct cs_draft_service *service, struct cs_xml *xml,
                                     struct cs_err *err);

/* After the service's end: what its children say counts for its role alone. */
void cs_parts_service_end(struct cs_draft_service *service);

#endif
