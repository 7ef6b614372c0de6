/* tests/support/httpsd.py as a child of a test, in the scratch folder where it stands. */
#ifndef CS_TESTS_SUPPORT_HTTPSD_H
#define CS_TESTS_SUPPORT_HTTPSD_H

#include "base/cleanup.h"
#include "base/mem.h"
#include "support/scratch.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define HTTPSD_CERTIFICATE                                                                         \
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "                \
    "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem "      \
    "2>/dev/null"

struct httpsd {
    pid_t pid;
    int port;
    int input; /* open as long as the server is to run */
};

/* Starts one with the cert.pem and key.pem that are there. */
static inline void httpsd_run(struct httpsd *server, const char *client_ca)
{
    cs_autofree char *script = cs_asprintf("%s/support/httpsd.py", getenv("CS_TESTS"));
    char line[16] = "";
    int input[2];
    int output[2];

    ck_assert(pipe(input) == 0 && pipe(output) == 0);
    server->pid = fork();
    if (server->pid == 0) {
        dup2(input[0], STDIN_FILENO);
        dup2(output[1], STDOUT_FILENO);
        close(input[1]);
        execl("/usr/bin/python3", "/usr/bin/python3", script, "cert.pem", "key.pem", client_ca,
              (char *)NULL);
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    ck_assert_int_gt(read(output[0], line, sizeof line - 1), 1);
    close(output[0]);
    server->input = input[1];
    server->port = atoi(line);
    ck_assert_int_gt(server->port, 0);
}

/* Starts it with cert.pem and key.pem, a certificate for localhost that is its own anchor.
 * @client_ca NULL: clients need no certificate. */
static inline void httpsd_start(struct httpsd *server, const char *client_ca)
{
    ck_assert_int_eq(system(HTTPSD_CERTIFICATE), 0);
    httpsd_run(server, client_ca);
}

/* Another one beside it, with the same certificate. */
static inline void httpsd_start_again(struct httpsd *server)
{
    httpsd_run(server, NULL);
}

static inline void httpsd_stop(struct httpsd *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    close(server->input);
}

#endif
