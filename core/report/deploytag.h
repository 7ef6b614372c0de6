/* A certificate in the picture: a box with its state, its days, its types and its number of names
 * that leads to its row of the table. */
#ifndef CS_REPORT_DEPLOYTAG_H
#define CS_REPORT_DEPLOYTAG_H

#include "report/deployplace.h"
#include "report/svg.h"

/* Draws in @box, whose height is not read; returns the height. @buf NULL: only measures. */
int cs_deploytag_draw(struct cs_buf *buf, const struct cs_deployment_report *report,
                      const struct cs_deploymark *mark, struct cs_svg_box box);

#endif
