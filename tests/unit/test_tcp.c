#include "net/tcp.h"

#include "support/check_run.h"
#include "support/netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Long enough for a busy machine; nothing here waits so long when all is right. */
#define PATIENCE 60

static int listener = -1;
static uint16_t port;

static void listen_here(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    ck_assert_int_eq(listen(listener, 4), 0);
    port = ntohs(address.sin_port);
    alarm(100);
}

static cs_rc connect_to(const char *host, uint16_t number, struct cs_tcp **ret_tcp,
                        struct cs_err *err)
{
    cs_auto_value(cs_tcp_peer) peer = {0};

    CS_TRY(cs_tcp_resolve(host, number, &peer, err));
    return cs_tcp_connect(&peer, cs_tcp_deadline(PATIENCE), ret_tcp, err);
}

static struct cs_tcp *connect_here(void)
{
    struct cs_tcp *tcp = NULL;
    struct cs_err err = {0};

    assert_ok(connect_to("127.0.0.1", port, &tcp, &err), &err);
    return tcp;
}

START_TEST(test_talk)
{
    cs_auto(cs_tcp) tcp = connect_here();
    int far = accept(listener, NULL, NULL);
    struct cs_err err = {0};
    char name[64];
    char got[8] = "";

    snprintf(name, sizeof name, "TCP port %u of 127.0.0.1", port);
    ck_assert_str_eq(cs_tcp_name(tcp), name);
    assert_ok(cs_tcp_send(tcp, "question", 8, cs_tcp_deadline(PATIENCE), &err), &err);
    ck_assert_int_eq(recv(far, got, 8, MSG_WAITALL), 8);
    ck_assert_mem_eq(got, "question", 8);
    ck_assert_int_eq(write(far, "answer+", 7), 7);
    assert_ok(cs_tcp_recv(tcp, got, 6, cs_tcp_deadline(PATIENCE), &err), &err);
    ck_assert_mem_eq(got, "answer", 6);
    assert_ok(cs_tcp_recv(tcp, got, 1, cs_tcp_deadline(PATIENCE), &err), &err);
    ck_assert_int_eq(got[0], '+');
    close(far);
}
END_TEST

START_TEST(test_beside)
{
    cs_auto(cs_tcp) tcp = connect_here();
    cs_auto(cs_tcp) other = NULL;
    struct cs_err err = {0};

    assert_ok(cs_tcp_connect_beside(tcp, port, cs_tcp_deadline(PATIENCE), &other, &err), &err);
    ck_assert_str_eq(cs_tcp_name(other), cs_tcp_name(tcp));
    close(listener);
    cs_tcp_close(other);
    other = NULL;
    assert_fails(cs_tcp_connect_beside(tcp, port, cs_tcp_deadline(PATIENCE), &other, &err),
                 CS_E_CA_UNREACHABLE, &err);
    ck_assert_int_eq(err.cause, ECONNREFUSED);
}
END_TEST

/* A name with two addresses: /etc/hosts' localhost may have ::1, on which nobody listens. */
START_TEST(test_name)
{
    cs_auto(cs_tcp) tcp = NULL;
    struct cs_err err = {0};

    assert_ok(connect_to("localhost", port, &tcp, &err), &err);
    assert_contains(cs_tcp_name(tcp), "of localhost (127.0.0.1)");
    ck_assert_str_eq(err.message, "");
}
END_TEST

START_TEST(test_refused)
{
    cs_auto(cs_tcp) tcp = NULL;
    struct cs_err err = {0};

    close(listener);
    assert_fails(connect_to("127.0.0.1", port, &tcp, &err), CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.message, "refuses the connection");
    ck_assert_int_eq(err.origin, CS_ORIGIN_ERRNO);
    ck_assert_int_eq(err.cause, ECONNREFUSED);
    ck_assert_ptr_null(tcp);
}
END_TEST

START_TEST(test_port_0)
{
    cs_auto(cs_tcp) tcp = NULL;
    struct cs_err err = {0};

    assert_fails(connect_to("127.0.0.1", 0, &tcp, &err), CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.message, "port 0");
}
END_TEST

/* RFC 6761 section 6.4: no resolver knows it. Where that may be, none is there to be asked: the
 * answer of this machine's could be late, or a lie. */
START_TEST(test_no_name)
{
    cs_auto(cs_tcp) tcp = NULL;
    struct cs_err err = {0};

    (void)netns_enter();
    assert_fails(connect_to("ca.invalid", 135, &tcp, &err), CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.message, "the name ca.invalid cannot be resolved");
    assert_contains(err.hint, "getent hosts ca.invalid");
}
END_TEST

START_TEST(test_no_answer)
{
    cs_auto(cs_tcp) tcp = connect_here();
    struct cs_err err = {0};
    char octet;

    assert_fails(cs_tcp_recv(tcp, &octet, 1, cs_tcp_deadline(0), &err), CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.message, "does not answer in time");
    ck_assert_int_eq(err.cause, ETIMEDOUT);
}
END_TEST

/* The other side takes nothing: its buffers are full some time. */
START_TEST(test_not_taken)
{
    cs_auto(cs_tcp) tcp = connect_here();
    cs_autofree char *much = calloc(1, 64 << 20);
    struct cs_err err = {0};

    assert_fails(cs_tcp_send(tcp, much, 64 << 20, cs_tcp_deadline(1), &err), CS_E_CA_UNREACHABLE,
                 &err);
    ck_assert_int_eq(err.cause, ETIMEDOUT);
}
END_TEST

/* Many small pieces arrive as one. */
START_TEST(test_dribble)
{
    cs_auto(cs_tcp) tcp = connect_here();
    int far = accept(listener, NULL, NULL);
    struct cs_err err = {0};
    char got[257] = "";

    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 256; i++) {
            char octet = (char)i;
            (void)!write(far, &octet, 1);
        }
        _exit(0);
    }
    assert_ok(cs_tcp_recv(tcp, got, 256, cs_tcp_deadline(PATIENCE), &err), &err);
    for (int i = 0; i < 256; i++) {
        ck_assert_int_eq((unsigned char)got[i], i);
    }
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    close(far);
}
END_TEST

START_TEST(test_closed)
{
    cs_auto(cs_tcp) tcp = connect_here();
    int far = accept(listener, NULL, NULL);
    struct cs_err err = {0};
    char got[4];

    ck_assert_int_eq(write(far, "abc", 3), 3);
    close(far);
    assert_fails(cs_tcp_recv(tcp, got, 4, cs_tcp_deadline(PATIENCE), &err), CS_E_CA_UNREACHABLE,
                 &err);
    assert_contains(err.message, "closed the connection");
}
END_TEST

/* A connection that was reset: an error, and no SIGPIPE, which would end this test. */
START_TEST(test_no_sigpipe)
{
    cs_auto(cs_tcp) tcp = connect_here();
    int far = accept(listener, NULL, NULL);
    struct linger reset = {.l_onoff = 1};
    struct cs_err err = {0};
    cs_rc rc = CS_OK;

    signal(SIGPIPE, SIG_DFL);
    setsockopt(far, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(far);
    for (int i = 0; i < 2 && rc == CS_OK; i++) {
        rc = cs_tcp_send(tcp, "x", 1, cs_tcp_deadline(PATIENCE), &err);
    }
    assert_fails(rc, CS_E_CA_UNREACHABLE, &err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tcp");
    TCase *tcase = tcase_create("tcp");

    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, listen_here, NULL);
    tcase_add_test(tcase, test_talk);
    tcase_add_test(tcase, test_beside);
    tcase_add_test(tcase, test_name);
    tcase_add_test(tcase, test_refused);
    tcase_add_test(tcase, test_port_0);
    tcase_add_test(tcase, test_no_name);
    tcase_add_test(tcase, test_no_answer);
    tcase_add_test(tcase, test_not_taken);
    tcase_add_test(tcase, test_dribble);
    tcase_add_test(tcase, test_closed);
    tcase_add_test(tcase, test_no_sigpipe);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
