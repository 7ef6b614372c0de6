/* The look of the page: the one style sheet, in the page itself. */
#ifndef CS_REPORT_STYLE_H
#define CS_REPORT_STYLE_H

extern const char cs_style_css[];

/* What the page of the deployment needs besides, and its picture. */
extern const char cs_style_deployment_css[];
extern const char cs_style_picture_css[];

#endif
