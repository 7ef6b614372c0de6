/* The deployment as a picture: each site a frame, in it pools, in them computers, and every
 * certificate where it serves. Inline SVG in panels that fit a printed page each. */
#ifndef CS_REPORT_DEPLOYMAP_H
#define CS_REPORT_DEPLOYMAP_H

#include "report/deployplace.h"
#include "report/svg.h"

/* The width of every panel, in its own units; the page scales it. */
#define CS_DEPLOYMAP_WIDTH 1000

/* <svg>, one or more. Nothing for a topology without pools. */
void cs_deploymap_draw(struct cs_buf *buf, const struct cs_deployment_report *report,
                       const struct cs_deployplace *place);

#endif
