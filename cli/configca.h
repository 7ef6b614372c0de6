/* The `ca` sections of the configuration; private to config.c. */
#ifndef CS_CLI_CONFIGCA_H
#define CS_CLI_CONFIGCA_H

#include "cli/config.h"

#include <confuse.h>

/* The keys of such a section, for libConfuse; ends with CFG_END(). @text, @number: what checks and
 * takes a value. */
void cs_configca_options(cfg_opt_t *ret_options, cfg_callback_t text, cfg_callback_t number);
#define CS_CONFIGCA_OPTIONS_MAX 32

/* A section that is complete: NULL if its keys go together, else what is wrong. The caller frees.
 */
char *cs_configca_fault(cfg_t *section);

/* Adds it to @config. */
void cs_configca_take(struct cs_config *config, cfg_t *section);

void cs_configca_done(struct cs_config_ca *ca);

#endif
