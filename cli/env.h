/* What the environment says: the only place that reads it. */
#ifndef CS_CLI_ENV_H
#define CS_CLI_ENV_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>

struct cs_env {
    char *config_named;          /* CSCERT_CONFIG; NULL: not set */
    struct cs_strv config_paths; /* where a configuration is looked for, in order */
    char *state_dir;             /* of the store */
    char *lock_dir;              /* of the files that runs lock each other out with */
    char *user;                  /* name of the effective user, or its number */
    char *host;                  /* this machine's own name; NULL if it has none */
    char *krb5_config;           /* KRB5_CONFIG; NULL: not set */
    char *krb5_ccache;           /* KRB5CCNAME, with an absolute path; NULL: not set */
    bool no_color;               /* NO_COLOR is set (https://no-color.org), or TERM is dumb */
    bool dumb;                   /* TERM is dumb: a line on the terminal cannot be wiped */
};

void cs_env_done(struct cs_env *env);

/* @state_dir is --state-dir, or NULL: CSCERT_STATE_DIR, /var/lib/cscert for root, XDG_STATE_HOME,
 * ~/.local/state. XDG variables that are no absolute paths do not count (XDG Base Directory
 * Specification 0.8). CS_E_CONFIG if no folder can be found. */
CS_MUST_CHECK cs_rc cs_env_read(const char *state_dir, struct cs_env *ret_env, struct cs_err *err);

#endif
