/* `new --all` while each system call of its own fails once for want of room, or is the last one
 * before the process is killed; and killed at each call on the token. Whatever happens: no request
 * file is there whose key is not kept, and after `recover` each request is whole (row, key and
 * file) or failed (row alone). */
#include "base/file.h"
#include "base/mem.h"
#include "flow/flow.h"
#include "journal/record.h"
#include "support/check_run.h"
#include "support/plan_items.h"
#include "support/softhsm.h"
#include "support/softkeys.h"
#include "support/spy.h"
#include "support/storebox.h"
#include "support/testtoken.h"
#include "x509/csr.h"

#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Requests of the run: a few, which share a group, or so many that one group is finished in a
 * thread of its own while the keys of the next are made. */
enum { FEW = 3, MANY = 35 };
static int plan_count = FEW;

/* Of the calls of so long a run only each so manieth is tried. */
enum { STRIDE = 47 };

/* ---- the calls, which stand before libc's for SQLite and for our own files ---- */

enum fate { PASS, NO_ROOM, KILL };

static enum fate fate;
static int countdown; /* the call at which it is zero is the one */
static bool stays;    /* and all calls after it */
static bool happened;

static bool fails(void)
{
    if (fate == PASS || (countdown-- != 0 && !(stays && countdown < 0))) {
        return false;
    }
    happened = true;
    if (fate == KILL) {
        kill(getpid(), SIGKILL);
    }
    errno = ENOSPC;
    return true;
}

ssize_t pwrite64(int fd, const void *data, size_t len, off_t offset)
{
    return fails() ? -1 : syscall(SYS_pwrite64, fd, data, len, offset);
}

int fdatasync(int fd)
{
    return fails() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return fails() ? -1 : (int)syscall(SYS_fsync, fd);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    return fails() ? -1 : (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

/* ---- the run ---- */

static void ui_text(struct cs_ui *ui, const char *text)
{
    (void)ui;
    (void)text;
}
static void ui_end(struct cs_ui *ui)
{
    (void)ui;
}
static void ui_progress(struct cs_ui *ui, size_t done, size_t total)
{
    (void)ui;
    ck_assert_uint_le(done, total);
}
static bool ui_no(struct cs_ui *ui)
{
    (void)ui;
    return false;
}
static const struct cs_ui_ops ui_ops = {
    .warn = ui_text,
    .note = ui_text,
    .can_ask = ui_no,
    .begin = ui_text,
    .end = ui_end,
    .progress = ui_progress,
    .interrupted = ui_no,
};
static struct cs_ui ui = {&ui_ops};

static struct cs_plan *make_plan(int i)
{
    struct cs_plan *plan = cs_plan_new();

    plan->types = 1u << CS_TYPE_INTERNAL;
    plan->role = CS_ROLE_EDGE; /* with its second look at the store */
    plan->pool = cs_asprintf("edge%d.litwareinc.net", i);
    plan->subject.common_name = cs_strdup(plan->pool);
    plan->key_spec = (struct cs_key_spec){CS_KEY_EC_P256, 256};
    plan->template_name = cs_strdup("WebServer");
    plan->output = cs_asprintf("%s/edge%d.csr", storebox_folder(), i);
    cs_plan_add_name(plan, plan->pool, "subject name", "topology.xml:1 Cluster@Fqdn");
    return plan;
}

/* CS_OK if it came to its end, whatever became of each request. */
static cs_rc new_all(struct cs_store *store, struct cs_keystore_source *keystore,
                     struct cs_result_list *ret_results, struct cs_err *err)
{
    const struct cs_flow flow = {.store = store, .keystore = keystore, .ui = &ui};
    struct cs_plan *items[MANY];
    struct cs_plan_list plans = {items, (size_t)plan_count};
    const struct cs_plan_source source = plan_items_source(&plans);
    const struct cs_result_sink sink = plan_items_sink(ret_results);

    for (int i = 0; i < plan_count; i++) {
        items[i] = make_plan(i);
    }
    cs_rc rc = cs_flow_new_all(&flow, &source, &sink, err);
    for (int i = 0; i < plan_count; i++) {
        cs_plan_free(items[i]);
    }
    return rc;
}

static cs_rc recover(struct cs_store *store, struct cs_keystore_source *keystore,
                     struct cs_err *err)
{
    const struct cs_flow flow = {.store = store, .keystore = keystore, .ui = &ui};
    cs_auto_value(cs_result_list) results = {0};
    cs_auto_value(cs_stray_list) strays = {0};

    CS_TRY(cs_flow_recover(&flow, NULL, &results, &strays, err));
    return cs_result_list_rc(&results, false);
}

/* ---- what is left ---- */

static size_t count_files(void)
{
    cs_autofree char *pattern = cs_asprintf("%s/*.csr", storebox_folder());
    glob_t found;

    ck_assert_int_ne(glob(pattern, 0, NULL, &found), GLOB_NOSPACE);
    size_t count = found.gl_pathc;
    globfree(&found);
    return count;
}

static bool is_any(enum cs_state state)
{
    (void)state;
    return true;
}

static bool has_file(const struct cs_request *request)
{
    cs_auto_value(cs_bytes) file = {0};
    cs_autofree char *pem = request->csr.len ? cs_csr_pem(&request->csr) : cs_strdup("");

    return cs_file_read(request->plan->output, 10000, &file, NULL) == CS_OK &&
           strcmp((const char *)file.data, pem) == 0;
}

/* Each file belongs to a request that is KEPT or further in the store. */
static void assert_nothing_left_early(struct cs_store *store, const char *where)
{
    cs_autofree int64_t *ids = NULL;
    struct cs_err err = {0};
    size_t count = 0;
    size_t known = 0;

    assert_ok(cs_store_ids(store, is_any, &ids, &count, &err), &err);
    for (size_t i = 0; i < count; i++) {
        cs_auto(cs_request) request = NULL;
        assert_ok(cs_store_get(store, ids[i], &request, &err), &err);
        bool out = request->state == CS_STATE_KEPT || request->state == CS_STATE_OFFLINE;
        known += out && has_file(request);
    }
    ck_assert_msg(count_files() == known, "%s: %zu files, %zu of them known", where, count_files(),
                  known);
}

/* After `recover`; the value is the number of whole requests. */
static size_t assert_settled(struct cs_store *store, const char *where)
{
    cs_autofree int64_t *ids = NULL;
    struct cs_err err = {0};
    size_t count = 0;
    size_t whole = 0;

    assert_ok(cs_store_ids(store, is_any, &ids, &count, &err), &err);
    for (size_t i = 0; i < count; i++) {
        cs_auto(cs_request) request = NULL;
        assert_ok(cs_store_get(store, ids[i], &request, &err), &err);
        bool good = request->state == CS_STATE_OFFLINE;
        ck_assert_msg(good || request->state == CS_STATE_FAILED, "%s: request %d is %s", where,
                      (int)request->id, cs_state_name(request->state));
        ck_assert_msg(!good || has_file(request), "%s: request %d has no file", where,
                      (int)request->id);
        whole += good;
    }
    ck_assert_msg(count_files() == whole, "%s: %zu files, %zu requests", where, count_files(),
                  whole);
    return whole;
}

/* ---- no room ---- */

/* What a result says is what the store, the token and the folder say. */
static void assert_results(const struct cs_result_list *results, struct cs_store *store,
                           const char *where)
{
    for (size_t i = 0; i < results->count; i++) {
        const struct cs_result *result = &results->items[i];
        cs_auto(cs_request) stored = NULL;
        struct cs_err err = {0};

        bool done = result->request->state == CS_STATE_OFFLINE;
        ck_assert_msg((result->error.code == CS_OK) == done, "%s: result %zu: %s, %s", where, i,
                      cs_state_name(result->request->state), result->error.message);
        ck_assert_msg(done || (result->error.message[0] && result->error.hint[0]),
                      "%s: result %zu: '%s', hint '%s'", where, i, result->error.message,
                      result->error.hint);
        if (!result->request->id) {
            continue;
        }
        assert_ok(cs_store_get(store, result->request->id, &stored, &err), &err);
        ck_assert_msg(stored->state == result->request->state, "%s: result %zu is %s, not %s",
                      where, i, cs_state_name(stored->state),
                      cs_state_name(result->request->state));
    }
}

static struct cs_store *open_store(void)
{
    return storebox_open();
}

static void judge_no_room(int call, unsigned *ret_errors)
{
    cs_autofree char *where = cs_asprintf("no room at call %d%s", call, stays ? " and on" : "");
    struct cs_keystore *token = cs_softkeys_new();
    struct cs_keystore_source *source = cs_softkeys_source(token);
    cs_auto(cs_store) store = open_store();
    cs_auto_value(cs_result_list) results = {0};
    struct cs_err err = {0};

    countdown = call;
    happened = false;
    fate = NO_ROOM;
    cs_rc rc = new_all(store, source, &results, &err);
    fate = PASS;
    ck_assert_msg(rc == CS_OK, "%s: %s", where, err.message);
    ck_assert_uint_eq(results.count, (size_t)plan_count);
    assert_results(&results, store, where);
    assert_nothing_left_early(store, where);
    *ret_errors += cs_result_list_rc(&results, true) != CS_OK;
    assert_ok(recover(store, source, &err), &err);
    size_t whole = assert_settled(store, where);
    ck_assert_msg(cs_softkeys_key_count(token) == whole, "%s: %zu keys, %zu requests", where,
                  cs_softkeys_key_count(token), whole);
    ck_assert_msg(happened || whole == (size_t)plan_count, "%s: %zu requests", where, whole);
    cs_softkeys_free(token);
}

START_TEST(no_room_anywhere)
{
    unsigned errors = 0;
    int calls = 0;

    stays = _i % 2 == 1;
    plan_count = _i < 2 ? FEW : MANY;
    for (happened = true; happened; calls += _i < 2 ? 1 : STRIDE) {
        judge_no_room(calls, &errors);
        storebox_teardown();
        storebox_setup();
    }
    /* Three commits, each file's sync and name, and the folder's sync. */
    ck_assert_int_gt(calls, 3 + 2 * plan_count + 1);
    ck_assert_uint_ge(errors, _i < 2 ? 3 + 2 * FEW : 3);
}
END_TEST

/* ---- killed ---- */

static struct cs_softhsm hsm;
static struct cs_testtoken person;

/* Logs in as cscert does. */
static cs_rc open_token(struct cs_keystore_source *source, struct cs_keystore **ret_store,
                        struct cs_err *err)
{
    (void)source;
    return cs_token_open(&person.options, ret_store, err);
}

static struct cs_keystore_source source = {open_token};

enum act { ACT_NEW, ACT_RECOVER };

/* In a child, for a module that was once initialised is of no use after a fork. The exit status. */
static int run_child(enum act act, const char *module, enum fate its_fate, int call)
{
    int status = 0;
    pid_t pid = check_fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        cs_auto(cs_store) store = open_store();
        cs_auto_value(cs_result_list) results = {0};
        struct cs_err err = {0};

        cs_testtoken_init(&person, &hsm, module);
        countdown = call;
        fate = its_fate;
        cs_rc rc = act == ACT_NEW ? new_all(store, &source, &results, &err)
                                  : recover(store, &source, &err);
        fate = PASS;
        if (rc == CS_OK && act == ACT_NEW) {
            rc = cs_result_list_rc(&results, false);
        }
        if (rc != CS_OK) {
            fprintf(stderr, "%s\n", err.message);
        }
        cs_store_close(cs_steal(&store));
        _exit((int)rc);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static void assert_keys(size_t count, const char *where)
{
    struct cs_softhsm_count left = cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL);

    ck_assert_msg(left.private_keys == count && left.public_keys == count,
                  "%s: %zu private and %zu public keys, %zu requests", where, left.private_keys,
                  left.public_keys, count);
}

/* After the kill: `recover`, and a second `new --all` that makes what is missing. */
static void judge_killed(const char *where)
{
    cs_auto(cs_store) store = open_store();

    assert_nothing_left_early(store, where);
    cs_store_close(cs_steal(&store));
    int status = run_child(ACT_RECOVER, CS_SOFTHSM_MODULE, PASS, 0);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: recover: %d", where, status);
    store = open_store();
    assert_keys(assert_settled(store, where), where);
    cs_store_close(cs_steal(&store));

    status = run_child(ACT_NEW, CS_SOFTHSM_MODULE, PASS, 0);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: again: %d", where, status);
    store = open_store();
    ck_assert_uint_eq(assert_settled(store, where), (size_t)plan_count);
    assert_keys((size_t)plan_count, where);
}

static void begin_world(void)
{
    storebox_setup();
    cs_softhsm_init(&hsm);
}

static void end_world(void)
{
    cs_softhsm_done(&hsm);
    storebox_teardown();
}

START_TEST(killed_at_any_system_call)
{
    bool killed = true;
    int calls = 0;

    plan_count = _i == 0 ? FEW : MANY;
    for (; killed; calls += _i == 0 ? 1 : STRIDE) {
        cs_autofree char *where = cs_asprintf("killed at system call %d", calls);
        begin_world();
        int status = run_child(ACT_NEW, CS_SOFTHSM_MODULE, KILL, calls);
        killed = WIFSIGNALED(status);
        ck_assert_msg(killed || WEXITSTATUS(status) == 0, "%s: exit %d", where, status);
        judge_killed(where);
        end_world();
    }
    ck_assert_int_gt(calls, 3 + 2 * plan_count + 1);
}
END_TEST

static const char *const kills[] = {"kill", "after-kill"};

START_TEST(killed_at_any_token_call)
{
    bool killed = true;
    int calls = 0;

    plan_count = _i < 2 ? FEW : MANY;
    for (int nth = 1; killed; nth += _i < 2 ? 1 : STRIDE, calls++) {
        cs_autofree char *where = cs_asprintf("%s at token call %d", kills[_i % 2], nth);
        cs_autofree char *fault = cs_asprintf("*:%d:%s", nth, kills[_i % 2]);
        begin_world();
        cs_spy_init(&hsm);
        cs_spy_fault(fault);
        int status = run_child(ACT_NEW, cs_spy_path(), PASS, 0);
        cs_spy_fault(NULL);
        killed = WIFSIGNALED(status);
        ck_assert_msg(killed || WEXITSTATUS(status) == 0, "%s: exit %d", where, status);
        judge_killed(where);
        end_world();
    }
    /* A key's C_GenerateKeyPair, C_Sign and two C_CopyObject, and what goes with them. */
    ck_assert_int_gt(calls, _i < 2 ? 10 * FEW : 10 * MANY / STRIDE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault_newall");
    TCase *room = tcase_create("no room");
    TCase *death = tcase_create("killed");
    struct cs_err err = {0};

    if (cs_secret_setup(&err) != CS_OK) {
        fprintf(stderr, "%s\n", err.message);
        return EXIT_FAILURE;
    }
    tcase_set_timeout(room, 120);
    tcase_add_checked_fixture(room, storebox_setup, storebox_teardown);
    tcase_add_loop_test(room, no_room_anywhere, 0, 4);
    suite_add_tcase(suite, room);
    tcase_set_timeout(death, 280);
    tcase_add_loop_test(death, killed_at_any_system_call, 0, 2);
    tcase_add_loop_test(death, killed_at_any_token_call, 0, 4);
    suite_add_tcase(suite, death);
    return check_run(suite);
}
