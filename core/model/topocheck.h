/* What looks wrong or is missing in a topology, as certificates go. */
#ifndef CS_MODEL_TOPOCHECK_H
#define CS_MODEL_TOPOCHECK_H

#include "model/topology.h"

enum cs_finding_level {
    CS_FINDING_NOTE,    /* worth knowing */
    CS_FINDING_WARNING, /* a certificate may lack a name */
    CS_FINDING_ERROR,   /* a certificate cannot be made, or clients will refuse it */
};

struct cs_finding {
    enum cs_finding_level level;
    char *what;   /* a sentence */
    char *source; /* the element; "" where the whole document is meant */
    char *remedy; /* a sentence */
};

struct cs_finding_list {
    struct cs_finding *items;
    size_t count;
};
void cs_finding_list_done(struct cs_finding_list *list);

/* "note", "warning", "error" */
const char *cs_finding_level_name(enum cs_finding_level level);

/* In a fixed order: errors, warnings, notes. */
void cs_topology_check(const struct cs_topology *topology, struct cs_finding_list *ret_findings);

#endif
