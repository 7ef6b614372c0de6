/* What the topology verbs print, as text and as JSON. Each function's text is the caller's to
 * free. */
#ifndef CS_CLI_OUTTOPO_H
#define CS_CLI_OUTTOPO_H

#include "cli/toposource.h"
#include "model/deployment.h"
#include "model/topocheck.h"

#include <stdbool.h>
#include <stddef.h>

/* What an import came to. Borrowed. */
struct cs_outtopo_import {
    const struct cs_toposource *source;
    bool stored;                            /* false: it is what was there already */
    const struct cs_finding_list *findings; /* of the check */
    const struct cs_plan_change_list *diff; /* against the import before; NULL: there is none */
    int64_t before;                         /* when that was imported */
};
char *cs_outtopo_import_text(const struct cs_outtopo_import *import);
char *cs_outtopo_import_json(const struct cs_outtopo_import *import); /* [{Import: {...}}] */

char *cs_outtopo_show_text(const struct cs_toposource *source);
char *cs_outtopo_show_json(const struct cs_toposource *source); /* [{Topology: {...}}] */

/* @before NULL: there is no earlier import. */
char *cs_outtopo_diff_text(const struct cs_toposource *before, const struct cs_toposource *after,
                           const struct cs_plan_change_list *changes);

/* [{Change: {...}}, ...] */
char *cs_outtopo_diff_json(const struct cs_plan_change_list *changes);

char *cs_outtopo_check_text(const struct cs_finding_list *findings);
char *cs_outtopo_check_json(const struct cs_finding_list *findings); /* [{Finding: {...}}, ...] */

/* How many findings have that level. */
size_t cs_outtopo_level_count(const struct cs_finding_list *findings, enum cs_finding_level level);

/* "new", "gone", "names" */
const char *cs_outtopo_change_name(enum cs_change change);

/* Computers of all pools. */
size_t cs_outtopo_computer_count(const struct cs_topology *topology);

#endif
