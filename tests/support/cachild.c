/* A CA's program for the tests of core/wire/caclient.c: does what the CA's name tells it to.
 *
 *   answer:JSON   answers with the frame JSON
 *   raw:OCTETS    writes OCTETS and ends
 *   die:          reads the question and crashes
 *   stall:        reads the question and does nothing more
 *   early:        ends after the question, before the password comes
 *   echo:         answers with the question itself as the message of a denial
 *   secret:       the same with the octets of the password that came
 *   pid:          the same with the number of this process
 *   fds:          the same with the descriptors that are open
 *   sign:SCHEME   asks for a signature over "digest" and says what it got
 *   signs:        asks for signatures for ever
 *   drip:         the same, each some time after the other
 *   late:         waits for ever, with a limit of a second; it has a finding until then
 *   address:      answers `issued` unless the address is "down" (not sent) or "lost" (sent)
 *   probe:        answers `ok` unless the address is "down" or "refused" */
#include "base/mem.h"
#include "base/strv.h"
#include "wire/caserve.h"
#include "wire/frame.h"
#include "wire/spawn.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct cs_bytes question;

static void say(const char *text)
{
    if (cs_frame_write(CS_SPAWN_SOCKET_FD, text, strlen(text), 0, NULL) != CS_OK) {
        _exit(9);
    }
}

static const char *after(const char *name, const char *word)
{
    size_t len = strlen(word);

    return strncmp(name, word, len) == 0 ? name + len : NULL;
}

static cs_rc copy_secret(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    char **text = ctx;

    (void)err;
    *text = cs_strndup((const char *)octets, len);
    return CS_OK;
}

static char *open_descriptors(void)
{
    cs_auto_value(cs_strv) list = {0};
    DIR *folder = opendir("/proc/self/fd");

    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(folder)) {
            cs_strv_add(&list, entry->d_name);
        }
    }
    closedir(folder);
    return cs_strv_join(&list, " ");
}

static cs_rc deny(struct cs_caserve_reply *reply, char *message)
{
    reply->has_answer = true;
    reply->answer.disposition = CS_CA_DENIED;
    reply->answer.request_id = cs_strdup("7");
    reply->answer.message = message;
    return CS_OK;
}

static cs_rc by_address(const char *address, struct cs_caserve_reply *reply, struct cs_err *err)
{
    if (strcmp(address, "down") == 0 || strcmp(address, "lost") == 0) {
        reply->sent = strcmp(address, "lost") == 0;
        return cs_fail(err, CS_E_CA_UNREACHABLE, "%s is not there", address);
    }
    return deny(reply, cs_strdup(address));
}

static cs_rc probe(const char *address, struct cs_err *err)
{
    if (strcmp(address, "down") == 0) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "down is not there");
    }
    return strcmp(address, "refused") == 0 ? cs_fail(err, CS_E_CA_REFUSED, "refused: no") : CS_OK;
}

static cs_rc sign(const char *scheme, struct cs_caserve_reply *reply, struct cs_err *err)
{
    const struct cs_bytes digest = {(uint8_t[]){"digest"}, 6};
    cs_auto_value(cs_bytes) signature = {0};

    CS_TRY(cs_caserve_sign(CS_SPAWN_SOCKET_FD, scheme, &digest, &signature, err));
    return deny(reply, cs_hex(signature.data, signature.len));
}

static cs_rc misbehave(const char *name)
{
    const char *text = NULL;

    if ((text = after(name, "answer:"))) {
        say(text);
    } else if ((text = after(name, "raw:"))) {
        (void)!write(CS_SPAWN_SOCKET_FD, text, strlen(text));
    } else if (after(name, "die:")) {
        abort();
    } else if (after(name, "stall:")) {
        pause();
    }
    return CS_E_INTERNAL;
}

static void wait_too_long(struct cs_caserve_reply *reply)
{
    struct cs_err late = {0};

    cs_ca_finding_add(&reply->findings, true, "begun", "as process %d", (int)getpid());
    cs_err_set(&late, CS_E_CA_UNREACHABLE, "too late");
    cs_caserve_limit(CS_SPAWN_SOCKET_FD, 100, reply, &late);
    cs_caserve_limit_end();
    cs_caserve_limit(CS_SPAWN_SOCKET_FD, 1, reply, &late);
    for (;;) {
        pause();
    }
}

static cs_rc answer(void *ctx, const struct cs_caserve_call *call, struct cs_caserve_reply *reply,
                    struct cs_err *err)
{
    const char *text = NULL;
    char *secret = NULL;

    (void)ctx;
    if (after(call->name, "late:")) {
        wait_too_long(reply);
    }
    if (after(call->name, "echo:")) {
        return deny(reply, cs_strdup((const char *)question.data));
    }
    if (after(call->name, "secret:")) {
        (void)!(call->password ? cs_secret_lend(call->password, copy_secret, &secret, NULL)
                               : CS_OK);
        return deny(reply, secret ? secret : cs_strdup("none"));
    }
    if (after(call->name, "pid:")) {
        return deny(reply, cs_asprintf("%d", (int)getpid()));
    }
    if (after(call->name, "fds:")) {
        return deny(reply, open_descriptors());
    }
    if (after(call->name, "address:")) {
        return by_address(call->address, reply, err);
    }
    if (after(call->name, "probe:")) {
        return probe(call->address, err);
    }
    if ((text = after(call->name, "sign:"))) {
        return sign(text, reply, err);
    }
    bool drips = after(call->name, "drip:");
    while (drips || after(call->name, "signs:")) {
        poll(NULL, 0, drips ? 300 : 0);
        CS_TRY(sign("ecdsa-sha256", reply, err));
        cs_ca_answer_done(&reply->answer);
    }
    return misbehave(call->name);
}

/* One question; false for no more. */
static bool serve(void)
{
    cs_auto_value(cs_caserve_call) call = {0};
    struct cs_caserve_reply reply = {0};
    struct cs_err err = {0};

    cs_bytes_done(&question);
    if (cs_frame_read(CS_SPAWN_SOCKET_FD, 1 << 20, 0, &question, NULL) != CS_OK ||
        cs_caserve_parse(question.data, question.len, &call, NULL) != CS_OK) {
        return false;
    }
    if (after(call.name, "early:")) {
        return false;
    }
    if (call.has_password &&
        cs_frame_read_secret(CS_SPAWN_SOCKET_FD, 0, &call.password, NULL) != CS_OK) {
        return false;
    }
    cs_rc rc = answer(NULL, &call, &reply, &err);
    if (rc == CS_E_INTERNAL) {
        return after(call.name, "answer:") != NULL;
    }
    cs_autofree char *text = cs_caserve_reply_text(&reply, &err);
    say(text);
    cs_ca_answer_done(&reply.answer);
    return true;
}

int main(void)
{
    const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
    alarm(120);
    if (cs_secret_setup(NULL) != CS_OK) {
        return 9;
    }
    while (serve()) {
    }
    return 0;
}
