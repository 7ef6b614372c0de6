#include "topology/document.h"

#include "base/mem.h"
#include "topology/archive.h"
#include "topology/forms.h"
#include "topology/xmltext.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Octets of a document's name in messages, which hold 1,023 in all. */
#define NAME_MAX_SHOWN 320

void cs_document_init(void)
{
    setenv("TZ", "UTC0", 1);
    tzset();
    xmlInitParser();
}

cs_rc cs_document_read(const char *name, const void *data, size_t len, struct cs_topology *topology,
                       struct cs_err *err)
{
    const char *slash = strrchr(name, '/');
    const char *label = slash ? slash + 1 : name;
    cs_autofree char *shown = cs_xmltext_shown(name, NAME_MAX_SHOWN);
    bool ours = false;

    if (cs_archive_is(data, len)) {
        return cs_archive_read(shown, label, data, len, topology, err);
    }
    return cs_forms_read_document(shown, label, data, len, false, topology, &ours, err);
}
