/* What `ca probe` found and what `ca list` found in the directory, for people and as JSON. */
#ifndef CS_CLI_OUTCA_H
#define CS_CLI_OUTCA_H

#include "base/err.h"
#include "port/ca.h"

/* A line for each: "ok      endpoint mapper  tcp 135 open". The caller frees. */
char *cs_outca_findings_text(const struct cs_ca_finding_list *findings);

/* An array of {Finding: {Step, Ok, Detail}}, and {Error: {...}} if @error is one. The caller frees.
 */
char *cs_outca_findings_json(const struct cs_ca_finding_list *findings, const struct cs_err *error);

/* Each CA with its templates and addresses. The caller frees. */
char *cs_outca_entries_text(const struct cs_ca_entry_list *entries);

/* An array of {Authority: {Name, Host, CommonName, Templates, Urls}}, and {Error: {...}} if @error
 * is one. The caller frees. */
char *cs_outca_entries_json(const struct cs_ca_entry_list *entries, const struct cs_err *error);

#endif
