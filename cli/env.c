#include "cli/env.h"

#include "base/mem.h"

#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* NULL for a variable that is not set or empty. */
static const char *variable(const char *name)
{
    const char *value = secure_getenv(name);

    return value && *value ? value : NULL;
}

static const char *absolute(const char *path)
{
    return path && *path == '/' ? path : NULL;
}

/* The user's folder; NULL if there is none. */
static char *home_folder(void)
{
    const char *home = absolute(variable("HOME"));

    if (!home) {
        const struct passwd *entry = getpwuid(geteuid());
        home = entry ? absolute(entry->pw_dir) : NULL;
    }
    return cs_strdup(home);
}

/* $@name/cscert, else ~/@below/cscert, else NULL. */
static char *xdg_folder(const char *name, const char *below)
{
    const char *base = absolute(variable(name));

    if (base) {
        return cs_asprintf("%s/cscert", base);
    }
    cs_autofree char *home = home_folder();
    return home ? cs_asprintf("%s/%s/cscert", home, below) : NULL;
}

static char *find_state_dir(const char *said)
{
    const char *named = said ? said : variable("CSCERT_STATE_DIR");

    if (named) {
        return cs_strdup(named);
    }
    return geteuid() == 0 ? cs_strdup("/var/lib/cscert")
                          : xdg_folder("XDG_STATE_HOME", ".local/state");
}

/* All runs of one user must find the same folder. */
static char *find_lock_dir(const char *state_dir)
{
    const char *runtime = absolute(variable("XDG_RUNTIME_DIR"));

    if (geteuid() == 0) {
        return cs_strdup("/run/cscert");
    }
    return runtime ? cs_asprintf("%s/cscert", runtime) : cs_asprintf("%s/lock", state_dir);
}

/* Whoever reads the cache stands in another folder, and may not look for it: a relative path is one
 * of this folder. What type of cache has which name: MIT krb5, ccache types. */
static char *find_ccache(void)
{
    const char *said = variable("KRB5CCNAME");
    size_t type = 0;
    char here[PATH_MAX];

    if (!said) {
        return NULL;
    }
    if (strncmp(said, "FILE:", 5) == 0 || strncmp(said, "DIR:", 4) == 0) {
        type = (size_t)(strchr(said, ':') + 1 - said);
    }
    if (strchr("/:", said[type]) || strchr(said + type, ':') || !getcwd(here, sizeof here)) {
        return cs_strdup(said);
    }
    return cs_asprintf("%.*s%s/%s", (int)type, said, here, said + type);
}

static void find_config_paths(struct cs_strv *paths)
{
    cs_autofree char *own = xdg_folder("XDG_CONFIG_HOME", ".config");

    if (own) {
        cs_strv_take(paths, cs_asprintf("%s/cscert.conf", own));
    }
    cs_strv_add(paths, "/etc/cscert/cscert.conf");
}

static char *find_user(void)
{
    const struct passwd *entry = getpwuid(geteuid());

    return entry ? cs_strdup(entry->pw_name) : cs_asprintf("%u", (unsigned)geteuid());
}

static char *find_host(void)
{
    char name[HOST_NAME_MAX + 1];

    if (gethostname(name, sizeof name) != 0) {
        return NULL;
    }
    name[sizeof name - 1] = 0;
    return *name ? cs_strdup(name) : NULL;
}

cs_rc cs_env_read(const char *state_dir, struct cs_env *ret_env, struct cs_err *err)
{
    cs_auto_value(cs_env) env = {.state_dir = find_state_dir(state_dir)};

    if (!env.state_dir) {
        return cs_fail_hint(err, CS_E_CONFIG, "say --state-dir DIR, or set HOME",
                            "there is no folder for the store: this user has no home");
    }
    const char *term = variable("TERM");
    env.config_named = cs_strdup(variable("CSCERT_CONFIG"));
    env.krb5_config = cs_strdup(variable("KRB5_CONFIG"));
    env.krb5_ccache = find_ccache();
    env.lock_dir = find_lock_dir(env.state_dir);
    env.user = find_user();
    env.host = find_host();
    env.dumb = term && strcmp(term, "dumb") == 0;
    env.no_color = env.dumb || variable("NO_COLOR");
    find_config_paths(&env.config_paths);

    *ret_env = env;
    env = (struct cs_env){0};
    return CS_OK;
}

void cs_env_done(struct cs_env *env)
{
    free(env->config_named);
    cs_strv_done(&env->config_paths);
    free(env->krb5_config);
    free(env->krb5_ccache);
    free(env->state_dir);
    free(env->lock_dir);
    free(env->user);
    free(env->host);
    *env = (struct cs_env){0};
}
