/* Each system call with which the store changes a file fails once, for want of room, or is the last
 * one before the process is killed. Afterwards the store is whole, and holds what was confirmed and
 * nothing that was refused. */
#include "base/mem.h"
#include "store/store_internal.h"
#include "support/check_run.h"
#include "support/storebox.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the calls, which stand before libc's for SQLite and for our own files ---- */

enum fate { PASS, NO_ROOM, KILL };

static enum fate fate;
static int countdown; /* the call at which it is zero is the one */
static bool happened;

static bool fails(void)
{
    if (fate == PASS || countdown-- != 0) {
        return false;
    }
    happened = true;
    if (fate == KILL) {
        kill(getpid(), SIGKILL);
    }
    errno = ENOSPC;
    return true;
}

ssize_t write(int fd, const void *data, size_t len)
{
    return fails() ? -1 : syscall(SYS_write, fd, data, len);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off_t offset)
{
    return fails() ? -1 : syscall(SYS_pwrite64, fd, data, len, offset);
}

int ftruncate64(int fd, off_t len)
{
    return fails() ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

int fdatasync(int fd)
{
    return fails() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return fails() ? -1 : (int)syscall(SYS_fsync, fd);
}

int link(const char *from, const char *to)
{
    return fails() ? -1 : (int)syscall(SYS_link, from, to);
}

int rename(const char *from, const char *to)
{
    return fails() ? -1 : (int)syscall(SYS_rename, from, to);
}

/* That a name cannot be removed has nothing to do with room. */
int unlink(const char *path)
{
    return fate == KILL && fails() ? -1 : (int)syscall(SYS_unlink, path);
}

/* ---- the work: a store made or migrated, a request planned and taken on twice ---- */

#define STEPS     4
#define STEPS_MAX 32

/* This program's schema and one version more. */
static struct cs_schema later_schema(void)
{
    static const char *steps[STEPS_MAX];
    static char last[96];

    memcpy(steps, cs_schema.steps, (size_t)cs_schema.count * sizeof *steps);
    snprintf(last, sizeof last,
             "ALTER TABLE request ADD COLUMN note TEXT; PRAGMA user_version = %d",
             cs_schema.count + 1);
    steps[cs_schema.count] = last;
    return (struct cs_schema){steps, cs_schema.count + 1};
}

static cs_rc record(void *ctx, int64_t sequence, const char *previous, int64_t time,
                    const struct cs_record *what, char **ret_json, struct cs_err *err)
{
    (void)ctx;
    (void)previous;
    (void)time;
    (void)err;
    *ret_json = cs_asprintf("%lld %s", (long long)sequence, cs_state_name(what->request->state));
    return CS_OK;
}

struct work {
    struct cs_schema schema;
    struct cs_store *store;
    struct cs_request *request;
    int done; /* steps that were confirmed */
};

static cs_rc step(struct work *work, struct cs_err *err)
{
    switch (work->done) {
    case 0:
        return cs_store_open_schema(storebox_path(""), STOREBOX_WAIT_MS, record, NULL,
                                    &work->schema, &work->store, err);
    case 1:
        return cs_store_add(work->store, work->request, err);
    case 2:
        return cs_store_transition(work->store, work->request, CS_STATE_SIGNED, err);
    default:
        return cs_store_transition(work->store, work->request, CS_STATE_KEPT, err);
    }
}

static cs_rc run(struct work *work, struct cs_err *err)
{
    while (work->done < STEPS) {
        CS_TRY(step(work, err));
        work->done++;
    }
    return CS_OK;
}

static struct work begin(void)
{
    struct work work = {.schema = cs_schema, .request = storebox_request("edge1.litwareinc.net")};

    return work;
}

static void end(struct work *work)
{
    cs_store_close(work->store);
    cs_request_free(work->request);
}

/* A store of our version with a request in it, to be migrated by the work. */
static void prepare_older(struct work *work)
{
    struct cs_err err = {0};
    cs_auto(cs_store) store = NULL;
    cs_auto(cs_request) request = storebox_request("edge0.litwareinc.net");

    assert_ok(cs_store_open(storebox_path(""), 0, record, NULL, &store, &err), &err);
    assert_ok(cs_store_add(store, request, &err), &err);
    work->schema = later_schema();
}

static void prepare_nothing(struct work *work)
{
    (void)work;
}

static void (*const preparations[])(struct work *work) = {prepare_nothing, prepare_older};

static const char *const states_after[] = {"", "", "PLANNED", "SIGNED", "KEPT"};

/* How many steps the store itself holds; the request of prepare_older() does not count. */
static int steps_in_store(bool older)
{
    int records = (int)storebox_number("SELECT count(*) FROM journal") - older;

    return records + 1;
}

/* Opens again and compares. @least and @most: confirmed steps, and the one that was under way. */
static void assert_whole(const struct cs_schema *schema, bool older, int least, int most)
{
    cs_auto(cs_store) store = NULL;
    struct cs_err err = {0};

    assert_ok(cs_store_open_schema(storebox_path(""), STOREBOX_WAIT_MS, record, NULL, schema,
                                   &store, &err),
              &err);
    cs_store_close(cs_steal(&store));
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM pragma_integrity_check"
                                     " WHERE integrity_check = 'ok'"),
                     1);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    int steps = steps_in_store(older);
    ck_assert_msg(steps >= (least ? least : 1) && steps <= (most > 1 ? most : 1),
                  "%d steps in the store, not %d to %d", steps, least, most);
    ck_assert_int_eq(storebox_number("SELECT coalesce(max(seq), 0) FROM journal"),
                     steps - 1 + older);
    cs_autofree char *query = cs_asprintf("SELECT count(*) FROM request WHERE id = 1 + %d"
                                          " AND state = '%s'",
                                          older, states_after[steps]);
    ck_assert_int_eq(storebox_number(query), steps > 1);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM request"), older + (steps > 1));
}

static void assert_error(const struct cs_err *err)
{
    ck_assert_int_eq(err->code, CS_E_STORE);
    ck_assert_msg(err->origin == CS_ORIGIN_SQL || err->origin == CS_ORIGIN_ERRNO, "%s: no cause",
                  err->message);
    ck_assert_msg(err->hint[0], "%s: no hint", err->message);
}

static void assert_no_temporary(void)
{
    cs_autofree char *listing = storebox_listing();

    ck_assert_msg(!strstr(listing, ".new-"), "left behind: %s", listing);
}

/* The row's preparation, with each call in turn, until there are no more. */
START_TEST(no_room_is_an_error_and_nothing_else)
{
    int errors = 0;

    for (int call = 0;; call++) {
        struct work work = begin();
        struct cs_err err = {0};
        preparations[_i](&work);
        enum cs_state state = work.request->state;

        countdown = call;
        happened = false;
        fate = NO_ROOM;
        cs_rc rc = run(&work, &err);
        fate = PASS;
        if (rc != CS_OK) {
            assert_error(&err);
            errors++;
            static const enum cs_state states[] = {CS_STATE_PLANNED, CS_STATE_PLANNED,
                                                   CS_STATE_PLANNED, CS_STATE_SIGNED};
            state = states[work.done];
            ck_assert_int_eq(work.request->state, state);
            ck_assert_int_eq(work.request->id != 0, work.done > 1);
        }
        cs_store_close(cs_steal(&work.store));
        assert_no_temporary();
        assert_whole(&work.schema, _i == 1, work.done, work.done);
        end(&work);
        storebox_teardown();
        storebox_setup();
        if (!happened) {
            ck_assert_int_eq(rc, CS_OK);
            break;
        }
    }
    /* Making the store, adding, and two transitions: each can fail. */
    ck_assert_int_ge(errors, STEPS);
}
END_TEST

/* In a child: tells each confirmed step, and ends with 0 if it came to the end. */
static void work_until_killed(struct work *work, int call, int pipe_end)
{
    struct cs_err err = {0};

    countdown = call;
    fate = KILL;
    while (work->done < STEPS) {
        if (step(work, &err) != CS_OK) {
            _exit(1);
        }
        work->done++;
        syscall(SYS_write, pipe_end, "", 1);
    }
    cs_store_close(work->store);
    _exit(0);
}

static bool kill_at(struct work *work, int call)
{
    int ends[2];
    char octets[STEPS];
    int status = 0;

    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = check_fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        work_until_killed(work, call, ends[1]);
    }
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], octets, sizeof octets)) > 0;) {
        work->done += (int)got;
    }
    close(ends[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

START_TEST(killed_anywhere_the_store_is_whole)
{
    bool killed = true;
    int calls = 0;

    for (; killed; calls++) {
        struct work work = begin();
        preparations[_i](&work);
        killed = kill_at(&work, calls);
        assert_whole(&work.schema, _i == 1, work.done, work.done + killed);
        end(&work);
        storebox_teardown();
        storebox_setup();
    }
    ck_assert_int_gt(calls, 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault store");
    TCase *tcase = tcase_create("system calls");

    tcase_set_timeout(tcase, 240);

    tcase_add_checked_fixture(tcase, storebox_setup, storebox_teardown);
    add_rows(tcase, no_room_is_an_error_and_nothing_else, preparations);
    add_rows(tcase, killed_anywhere_the_store_is_whole, preparations);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
