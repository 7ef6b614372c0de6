/* Several processes, and several stores of one process, on one token. */
#include "base/mem.h"
#include "keystore_bed.h"
#include "pkcs11/lock.h"
#include "pkcs11/token.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 6

static int child(uint8_t seed)
{
    struct cs_key_request request = cs_testtoken_request(quick()->alg, quick()->bits, seed);
    struct cs_key *key = NULL;

    cs_rc rc = cs_token_open(&bed.token.options, &store, &err);
    if (rc == CS_OK) {
        rc = store->ops->generate(store, &request, &key, &err);
    }
    if (rc == CS_OK) {
        rc = store->ops->keep(store, key, &err);
        store->ops->key_free(key);
    }
    if (rc != CS_OK) {
        fprintf(stderr, "%s\n", err.message);
    }
    cs_keystore_close(store);
    return (int)rc;
}

/* Begins when an octet comes through @go. */
static pid_t start_child(uint8_t seed, int go[2])
{
    char octet;
    pid_t pid;

    ck_assert_int_eq(pipe(go), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        _exit(read(go[0], &octet, 1) == 1 ? child(seed) : 99);
    }
    return pid;
}

static void assert_ends_well(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a process ended with %x",
                  (unsigned)status);
}

/* These keys, no others, and each of them signs. */
static void assert_keys(const uint8_t *seeds, size_t count)
{
    assert_objects(count, count, 0);
    assert_ok(cs_token_open(&bed.token.options, &store, &err), &err);
    for (size_t i = 0; i < count; i++) {
        uint8_t id[CS_KEY_ID_LEN];
        struct cs_key *found = NULL;
        memset(id, seeds[i], sizeof id);
        assert_ok(store->ops->find(store, id, &found, &err), &err);
        ck_assert_msg(found, "the key %02x is lost", seeds[i]);
        assert_signs(found, cs_key_digest(&found->spec));
        store->ops->key_free(found);
    }
}

/* SoftHSM rewrites its token's file at each login: without the lock some of them see no token. */
START_TEST(processes_do_not_disturb_each_other)
{
    uint8_t seeds[PROCESSES];
    pid_t pids[PROCESSES];
    int go[PROCESSES][2];

    if (tokens[_i].lines) {
        cs_testtoken_profile(&bed.token, &bed.hsm, tokens[_i].lines);
    }
    for (int i = 0; i < PROCESSES; i++) {
        seeds[i] = (uint8_t)(1 + i);
        pids[i] = start_child(seeds[i], go[i]);
    }
    for (int i = 0; i < PROCESSES; i++) {
        ck_assert_int_eq(write(go[i][1], "", 1), 1);
    }
    for (int i = 0; i < PROCESSES; i++) {
        assert_ends_well(pids[i]);
    }
    assert_keys(seeds, PROCESSES);
    say("several at once", "%d processes, each with a key: all succeed", PROCESSES);
}
END_TEST

/* True if a run of another process could begin now. */
static bool is_lock_free(void)
{
    struct cs_lock lock;

    assert_ok(cs_lock_open(&lock, bed.token.lock_dir, store->ops->info(store)->module_path, &err),
              &err);
    int fd = open(cs_lock_path(&lock), O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    bool is_free = flock(fd, LOCK_EX | LOCK_NB) == 0;
    close(fd);
    cs_lock_done(&lock);
    return is_free;
}

/* A second run makes a key between this one's opening the token and its making a key. OpenSC knows
 * only what it has read at its start and writes that back: its profile keeps others out. */
START_TEST(another_run_comes_between)
{
    const struct token_row *row = &tokens[_i];
    struct cs_key *key;
    int go[2];

    if (row->lines) {
        cs_testtoken_profile(&bed.token, &bed.hsm, row->lines);
    }
    pid_t pid = start_child(0x41, go);
    open_row(row);
    ck_assert_int_eq(is_lock_free(), !row->is_exclusive);
    ck_assert_int_eq(write(go[1], "", 1), 1);
    if (!row->is_exclusive) {
        assert_ends_well(pid);
    }
    key = make_kept(quick(), 0x42);
    store->ops->key_free(key);
    cs_keystore_close(store);
    store = NULL;
    if (row->is_exclusive) {
        assert_ends_well(pid);
    }
    assert_keys((const uint8_t[]){0x41, 0x42}, 2);
    say("a second run while one is open", row->is_exclusive
                                              ? "waits until the first has ended: the module would "
                                                "lose its key"
                                              : "goes on beside it");
}
END_TEST

/* Two stores of one process on one token, as a run with two CAs could open them. */
START_TEST(two_stores_share_a_login)
{
    cs_auto(cs_keystore) second = NULL;
    struct cs_key *key;
    struct cs_key *found = NULL;

    open_row(&tokens[_i]);
    assert_ok(cs_token_open(&bed.token.options, &second, &err), &err);
    key = make_kept(quick(), 0x21);
    assert_ok(second->ops->find(second, key->id, &found, &err), &err);
    ck_assert_ptr_nonnull(found);
    second->ops->key_free(found);
    cs_keystore_close(second);
    second = NULL;
    assert_signs(key, CS_SHA256);
    store->ops->key_free(key);
}
END_TEST

TCase *make_several(void)
{
    TCase *tcase = tcase_create("several");

    tcase_add_loop_test(tcase, processes_do_not_disturb_each_other, 0, (int)token_count);
    tcase_add_loop_test(tcase, another_run_comes_between, 0, (int)token_count);
    tcase_add_loop_test(tcase, two_stores_share_a_login, 0, (int)token_count);
    return tcase;
}
