/* CAs that a program of their own speaks to (wire/caclient.h): from names and `ca` sections. */
#ifndef CS_CLI_APPCA_H
#define CS_CLI_APPCA_H

#include "base/err.h"
#include "port/ca.h"
#include "wire/caclient.h"

struct cs_app;

/* The type of the CA that @name means: of its `ca` section, else of the name itself (caname.h);
 * NULL if it is neither. A lab CA of the store is looked for before. */
const char *cs_appca_type(const struct cs_app *app, const char *name);

/* Everything about it that can be wrong without asking anybody: CS_E_CONFIG for a program or file
 * of its section that is not there, or that others can write; CS_E_USAGE for a name that means
 * nothing. */
CS_MUST_CHECK cs_rc cs_appca_check(struct cs_app *app, const char *name, struct cs_err *err);

/* The one of this run; borrowed. */
CS_MUST_CHECK cs_rc cs_appca_get(struct cs_app *app, const char *name,
                                 struct cs_caclient **ret_client, struct cs_err *err);

/* One that stands for no CA: it looks for them in a directory. */
CS_MUST_CHECK cs_rc cs_appca_directory(struct cs_app *app, struct cs_caclient **ret_client,
                                       struct cs_err *err);

/* Ends all programs. */
void cs_appca_done(struct cs_app *app);

#endif
