/* A TLS server whose private key stays on a token: for tests only.
 *
 *   cs-tlsserver TOKEN-URI CKA_ID CERTFILE PINFILE [MODULE]
 *
 * TOKEN-URI is an RFC 7512 URI, CKA_ID hexadecimal, CERTFILE PEM with the certificate first and
 * then its chain; MODULE goes where the URI names none. Listens on a free port of 127.0.0.1, writes
 * its number and a line end to the standard output, and answers every connection with the protocol
 * it came by until SIGTERM or SIGINT, or until five minutes have passed. Its lock file stands
 * beside PINFILE. */
#include "base/bytes.h"
#include "base/mem.h"
#include "base/secret.h"
#include "pkcs11/token.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libgen.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

static cs_rc read_pin(void *ctx, const struct cs_token_info *info, struct cs_secret **ret_pin,
                      struct cs_err *err)
{
    (void)info;
    return cs_secret_read_file(ctx, ret_pin, err);
}

static cs_rc open_key(char **argv, struct cs_keystore **ret_store, EVP_PKEY **ret_pkey,
                      struct cs_err *err)
{
    cs_autofree char *pin_file = cs_strdup(argv[4]);
    cs_autofree char *lock_dir = cs_asprintf("%s/run", dirname(pin_file));
    cs_auto_value(cs_bytes) id = {0};
    cs_auto(cs_keystore) store = NULL;
    struct cs_token_options options = {.uri = argv[1],
                                       .module = argv[5],
                                       .lock_dir = lock_dir,
                                       .pin = read_pin,
                                       .pin_ctx = argv[4]};

    CS_TRY(cs_secret_setup(err));
    CS_TRY(cs_unhex(argv[2], &id, err));
    if (id.len != CS_KEY_ID_LEN) {
        return cs_fail(err, CS_E_USAGE, "a CKA_ID has %d octets, not %zu", CS_KEY_ID_LEN, id.len);
    }
    CS_TRY(cs_token_open(&options, &store, err));
    CS_TRY(cs_token_evp_pkey(store, id.data, ret_pkey, err));
    *ret_store = cs_steal(&store);
    return CS_OK;
}

/* A socket on 127.0.0.1; its port is on the standard output when this returns. */
static int listen_anywhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, 8) != 0 || getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        perror("cs-tlsserver: cannot listen on 127.0.0.1");
        return -1;
    }
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void answer(SSL_CTX *ctx, int fd)
{
    struct timeval patience = {.tv_sec = 10};
    SSL *ssl = SSL_new(ctx);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (ssl && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1) {
        cs_autofree char *line = cs_asprintf("served by a token over %s\n", SSL_get_version(ssl));
        SSL_write(ssl, line, (int)strlen(line));
        SSL_shutdown(ssl);
    } else {
        ERR_print_errors_fp(stderr);
    }
    SSL_free(ssl);
    close(fd);
}

static int stop_signals(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void serve(SSL_CTX *ctx, int listener, int signals)
{
    struct pollfd fds[] = {{.fd = listener, .events = POLLIN}, {.fd = signals, .events = POLLIN}};

    while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
        if (fds[1].revents) {
            return;
        }
        int fd = fds[0].revents ? accept(listener, NULL, NULL) : -1;
        if (fd >= 0) {
            answer(ctx, fd);
        }
    }
}

static int run(EVP_PKEY *pkey, const char *cert_file, int signals)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    int code = 1;

    if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1 ||
        SSL_CTX_use_PrivateKey(ctx, pkey) != 1 || SSL_CTX_check_private_key(ctx) != 1) {
        ERR_print_errors_fp(stderr);
    } else {
        int listener = listen_anywhere();
        if (listener >= 0) {
            serve(ctx, listener, signals);
            close(listener);
            code = 0;
        }
    }
    SSL_CTX_free(ctx);
    return code;
}

int main(int argc, char **argv)
{
    cs_auto(cs_keystore) store = NULL; /* closed last: after the keys that live on it */
    EVP_PKEY *pkey = NULL;
    struct cs_err err = {0};

    if (argc != 5 && argc != 6) {
        fputs("usage: cs-tlsserver TOKEN-URI CKA_ID CERTFILE PINFILE [MODULE]\n", stderr);
        return CS_E_USAGE;
    }
    alarm(300); /* whoever started it may be gone */
    int signals = stop_signals();
    cs_rc rc = open_key(argv, &store, &pkey, &err);
    if (rc != CS_OK) {
        fprintf(stderr, "cs-tlsserver: %s\n  %s: %s\n  %s\n", err.message, err.operation,
                err.cause_name, err.hint);
        return (int)rc;
    }
    int code = run(pkey, argv[3], signals);
    EVP_PKEY_free(pkey);
    close(signals);
    return code;
}
