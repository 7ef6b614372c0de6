/* A pool in the picture: its computers in rows, a certificate at each or one for all of them. */
#ifndef CS_REPORT_DEPLOYPOOL_H
#define CS_REPORT_DEPLOYPOOL_H

#include "report/deployplace.h"
#include "report/svg.h"

/* Columns of a panel; a pool takes one for each of its computers, at most all. */
#define CS_DEPLOYPOOL_COLUMNS 3

/* A pool, or so many of its computers as fit one panel. */
struct cs_deploypool {
    size_t pool;  /* of the topology */
    size_t first; /* of its computers */
    size_t count;
    unsigned columns;
    int height; /* that it needs */
};

/* True if the pool is a server of Lync or has a certificate here. */
bool cs_deploypool_counts(const struct cs_deployment_report *report,
                          const struct cs_deployplace *place, size_t pool);

/* The piece of the pool that begins at computer @first and is at most @most high, but for one row
 * of computers, which is always there. */
struct cs_deploypool cs_deploypool_piece(const struct cs_deployment_report *report,
                                         const struct cs_deployplace *place, size_t pool,
                                         size_t first, int most);

/* The width of a piece of so many columns. */
int cs_deploypool_width(unsigned columns);

/* Draws in @box, whose height is that of the frame. */
void cs_deploypool_draw(struct cs_buf *buf, const struct cs_deployment_report *report,
                        const struct cs_deployplace *place, const struct cs_deploypool *piece,
                        struct cs_svg_box box);

/* The tags of @marks in rows of @columns; returns the height, 0 for none. */
int cs_deploypool_tags(struct cs_buf *buf, const struct cs_deployment_report *report,
                       const struct cs_deploymark *marks, size_t count, unsigned columns,
                       struct cs_svg_box box);

#endif
