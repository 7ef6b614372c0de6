/* The store's contract (port/store.h) between several processes. */
#include "port/store.h"

#include "base/mem.h"
#include "support/check_run.h"
#include "support/storebox.h"

#include <sys/wait.h>
#include <unistd.h>

#define WRITERS    2
#define ADDS       25
#define CONTENDERS 4

/* Waits until the parent has closed its end: all begin at once. */
static void wait_for_start(const int gate[2])
{
    char nothing = 0;

    close(gate[1]);
    ck_assert_int_eq(read(gate[0], &nothing, 1), 0);
}

static void add_many(const int gate[2])
{
    struct cs_err err = {0};

    wait_for_start(gate);
    cs_auto(cs_store) store = storebox_open();
    for (int i = 0; i < ADDS; i++) {
        cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
        assert_ok(cs_store_add(store, request, &err), &err);
    }
}

static void start(void (*child)(const int gate[2]), int count)
{
    int gate[2];

    ck_assert_int_eq(pipe(gate), 0);
    for (int i = 0; i < count; i++) {
        pid_t pid = check_fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            child(gate);
            exit(0);
        }
    }
    close(gate[0]);
    close(gate[1]);
}

/* Counts the children by the code they end with; whatever is not 0 or 3 is 1. */
static void collect(int count, int ends[4])
{
    memset(ends, 0, 4 * sizeof *ends);
    for (int i = 0; i < count; i++) {
        int status = 0;
        ck_assert_int_gt(wait(&status), 0);
        bool told = WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3);
        ends[told ? WEXITSTATUS(status) : 1]++;
    }
}

/* The store is not there yet: making it is part of the race. */
START_TEST(two_writers_get_numbers_of_their_own)
{
    int ends[4];

    start(add_many, WRITERS);
    collect(WRITERS, ends);
    ck_assert_int_eq(ends[0], WRITERS);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM request"), WRITERS * ADDS);
    ck_assert_int_eq(storebox_number("SELECT max(id) FROM request"), WRITERS * ADDS);
    ck_assert_int_eq(storebox_number("SELECT count(DISTINCT request) FROM journal"),
                     WRITERS * ADDS);
    ck_assert_int_eq(storebox_number("SELECT max(seq) FROM journal"), WRITERS * ADDS);
}
END_TEST

/* Ends with 0 for the winner, with 3 for a loser who was told. */
static void contend(const int gate[2])
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto(cs_request) request = NULL;
    struct cs_err err = {0};

    assert_ok(cs_store_get(store, 1, &request, &err), &err);
    wait_for_start(gate);
    cs_rc rc = cs_store_transition(store, request, CS_STATE_SIGNED, &err);
    if (rc == CS_E_STORE && strstr(err.message, "another process was faster")) {
        exit(3);
    }
    assert_ok(rc, &err);
}

START_TEST(one_of_several_wins_a_transition)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    struct cs_err err = {0};
    int ends[4];

    assert_ok(cs_store_add(store, request, &err), &err);
    cs_store_close(cs_steal(&store));
    start(contend, CONTENDERS);
    collect(CONTENDERS, ends);
    ck_assert_int_eq(ends[0], 1);
    ck_assert_int_eq(ends[3], CONTENDERS - 1);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM journal"), 2);
}
END_TEST

/* Ends with 0 for whose submission is new, with 3 for who is told that it is known. */
static void submit(const int gate[2])
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_labca_request) request = {
        .ca = cs_strdup("lab"), .state = CS_LABCA_PENDING, .csr = cs_bytes_copy("csr", 3)};
    struct cs_err err = {0};
    bool known = false;

    wait_for_start(gate);
    assert_ok(cs_store_labca_request_add(store, &request, &known, &err), &err);
    ck_assert_int_eq(request.id, 1);
    cs_store_close(cs_steal(&store));
    exit(known ? 3 : 0);
}

START_TEST(same_csr_at_once_is_one_request)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_labca_row) row = {.name = cs_strdup("lab"),
                                       .token_uri = cs_strdup("pkcs11:token=edge"),
                                       .certificate = cs_bytes_copy("der", 3)};
    struct cs_err err = {0};
    int ends[4];

    assert_ok(cs_store_labca_add(store, &row, &err), &err);
    cs_store_close(cs_steal(&store));
    start(submit, CONTENDERS);
    collect(CONTENDERS, ends);
    ck_assert_int_eq(ends[0], 1);
    ck_assert_int_eq(ends[3], CONTENDERS - 1);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM labca_request"), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store race");
    TCase *tcase = tcase_create("processes");

    tcase_add_checked_fixture(tcase, storebox_setup, storebox_teardown);
    tcase_add_test(tcase, two_writers_get_numbers_of_their_own);
    tcase_add_test(tcase, one_of_several_wins_a_transition);
    tcase_add_test(tcase, same_csr_at_once_is_one_request);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
