#include "base/mem.h"
#include "cli/env.h"
#include "support/check_run.h"

#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* uid 0: as root. The tests that need root are the rows of others too: they change to a user. */
#define NOBODY 65534

static const struct {
    uid_t uid;
    const char *home;
    const char *xdg_config;
    const char *xdg_state;
    const char *xdg_runtime;
    const char *in_env; /* CSCERT_STATE_DIR */
    const char *said;   /* --state-dir */
    const char *config; /* the first path */
    const char *state;
    const char *lock;
} rows[] = {
    {NOBODY, "/h", NULL, NULL, NULL, NULL, NULL, "/h/.config/cscert/cscert.conf",
     "/h/.local/state/cscert", "/h/.local/state/cscert/lock"},
    {NOBODY, "/h", "/c", "/s", "/r", NULL, NULL, "/c/cscert/cscert.conf", "/s/cscert", "/r/cscert"},
    {NOBODY, "/h", "c", "s", "r", NULL, NULL, "/h/.config/cscert/cscert.conf",
     "/h/.local/state/cscert", "/h/.local/state/cscert/lock"}, /* no absolute paths */
    {NOBODY, "/h", "", "", "", NULL, NULL, "/h/.config/cscert/cscert.conf",
     "/h/.local/state/cscert", "/h/.local/state/cscert/lock"},
    {NOBODY, "/h", NULL, "/s", NULL, "/e", NULL, "/h/.config/cscert/cscert.conf", "/e", "/e/lock"},
    {NOBODY, "/h", NULL, "/s", NULL, "/e", "/o", "/h/.config/cscert/cscert.conf", "/o", "/o/lock"},
    {0, "/h", NULL, NULL, NULL, NULL, NULL, "/h/.config/cscert/cscert.conf", "/var/lib/cscert",
     "/run/cscert"},
    {0, "/h", "/c", "/s", "/r", NULL, NULL, "/c/cscert/cscert.conf", "/var/lib/cscert",
     "/run/cscert"},
    {0, "/h", NULL, "/s", "/r", "/e", NULL, "/h/.config/cscert/cscert.conf", "/e", "/run/cscert"},
    {0, "/h", NULL, NULL, NULL, "/e", "relative", "/h/.config/cscert/cscert.conf", "relative",
     "/run/cscert"},
};

static void set(const char *name, const char *value)
{
    if (value) {
        setenv(name, value, 1);
    } else {
        unsetenv(name);
    }
}

/* Rows of users run as one: as the caller, unless that is root. False: it cannot be done. */
static bool become(uid_t uid)
{
    if (uid == 0) {
        return geteuid() == 0;
    }
    return geteuid() != 0 || (setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(uid) == 0);
}

START_TEST(test_folders)
{
    cs_auto_value(cs_env) env = {0};
    struct cs_err err = {0};

    if (!become(rows[_i].uid)) {
        fprintf(stderr, "row %d was not run: it needs root\n", _i);
        return;
    }
    set("HOME", rows[_i].home);
    set("XDG_CONFIG_HOME", rows[_i].xdg_config);
    set("XDG_STATE_HOME", rows[_i].xdg_state);
    set("XDG_RUNTIME_DIR", rows[_i].xdg_runtime);
    set("CSCERT_STATE_DIR", rows[_i].in_env);
    assert_ok(cs_env_read(rows[_i].said, &env, &err), &err);
    ck_assert_str_eq(env.config_paths.items[0], rows[_i].config);
    ck_assert_str_eq(env.config_paths.items[1], "/etc/cscert/cscert.conf");
    ck_assert_uint_eq(env.config_paths.count, 2);
    ck_assert_str_eq(env.state_dir, rows[_i].state);
    ck_assert_str_eq(env.lock_dir, rows[_i].lock);
}
END_TEST

START_TEST(test_rest)
{
    cs_auto_value(cs_env) env = {0};
    cs_auto_value(cs_env) bare = {0};
    struct cs_err err = {0};
    char host[256] = {0};

    ck_assert_int_eq(gethostname(host, sizeof host - 1), 0);
    set("CSCERT_CONFIG", "/x.conf");
    set("NO_COLOR", "1");
    set("KRB5_CONFIG", "/k.conf");
    set("KRB5CCNAME", "KCM:");
    set("TERM", "xterm");
    assert_ok(cs_env_read("/s", &env, &err), &err);
    ck_assert_str_eq(env.config_named, "/x.conf");
    ck_assert_str_eq(env.krb5_config, "/k.conf");
    ck_assert_str_eq(env.krb5_ccache, "KCM:");
    ck_assert(env.no_color);
    ck_assert_str_eq(env.host, host);
    ck_assert_msg(env.user[0], "no user");

    set("CSCERT_CONFIG", "");
    set("KRB5_CONFIG", NULL);
    set("KRB5CCNAME", "");
    set("NO_COLOR", ""); /* https://no-color.org: only if not empty */
    assert_ok(cs_env_read("/s", &bare, &err), &err);
    ck_assert_ptr_null(bare.config_named);
    ck_assert_ptr_null(bare.krb5_config);
    ck_assert_ptr_null(bare.krb5_ccache);
    ck_assert(!bare.no_color);
    ck_assert(!bare.dumb);
}
END_TEST

/* Who reads the cache does not stand in this folder. */
static const struct {
    const char *said;
    const char *type;
    bool relative;
} caches[] = {
    {"cc", "", true},
    {"FILE:cc", "FILE:", true},
    {"DIR:cc", "DIR:", true},
    {"/cc", "/cc", false},
    {"FILE:/cc", "FILE:/cc", false},
    {"DIR::/cc/tkt", "DIR::/cc/tkt", false},
    {"FILE:", "FILE:", false},
    {"KEYRING:session:x", "KEYRING:session:x", false},
};

START_TEST(test_cache)
{
    cs_auto_value(cs_env) env = {0};
    struct cs_err err = {0};
    char here[PATH_MAX];

    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
    set("KRB5CCNAME", caches[_i].said);
    assert_ok(cs_env_read("/s", &env, &err), &err);
    cs_autofree char *whole = cs_asprintf("%s%s/cc", caches[_i].type, here);
    ck_assert_str_eq(env.krb5_ccache, caches[_i].relative ? whole : caches[_i].type);
}
END_TEST

START_TEST(test_dumb)
{
    cs_auto_value(cs_env) env = {0};
    struct cs_err err = {0};

    set("NO_COLOR", NULL);
    set("TERM", "dumb");
    assert_ok(cs_env_read("/s", &env, &err), &err);
    ck_assert(env.no_color);
    ck_assert(env.dumb);
}
END_TEST

/* Without HOME the user's entry says where home is. */
START_TEST(test_no_home)
{
    cs_auto_value(cs_env) env = {0};
    struct cs_err err = {0};

    set("HOME", NULL);
    set("XDG_CONFIG_HOME", NULL);
    assert_ok(cs_env_read("/s", &env, &err), &err);
    ck_assert_uint_eq(env.config_paths.count, 2);
    ck_assert_int_eq(env.config_paths.items[0][0], '/');
}
END_TEST

/* A number without an entry has neither. */
START_TEST(test_no_user)
{
    cs_auto_value(cs_env) env = {0};
    struct cs_err err = {0};

    if (geteuid() != 0 || setuid(54321) != 0) {
        fprintf(stderr, "not run: it needs root\n");
        return;
    }
    set("HOME", NULL);
    set("XDG_STATE_HOME", NULL);
    set("XDG_CONFIG_HOME", NULL);
    set("CSCERT_STATE_DIR", NULL);
    assert_fails(cs_env_read(NULL, &env, &err), CS_E_CONFIG, &err);
    assert_contains(err.hint, "--state-dir");
    assert_ok(cs_env_read("/s", &env, &err), &err);
    ck_assert_str_eq(env.user, "54321");
    ck_assert_uint_eq(env.config_paths.count, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("env");
    TCase *tcase = tcase_create("env");

    add_rows(tcase, test_folders, rows);
    tcase_add_test(tcase, test_rest);
    tcase_add_loop_test(tcase, test_cache, 0, ROWS(caches));
    tcase_add_test(tcase, test_dumb);
    tcase_add_test(tcase, test_no_home);
    tcase_add_test(tcase, test_no_user);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
