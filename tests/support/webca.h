/* A web service of a CA whose answers a test writes: below /file/ of tests/support/httpsd.py, with
 * the password in the message or nobody's, for there is no domain. */
#ifndef CS_TESTS_SUPPORT_WEBCA_H
#define CS_TESTS_SUPPORT_WEBCA_H

#include "base/secret.h"
#include "ca/protocol.h"
#include "ca/soap.h"
#include "net/tcp.h"
#include "support/check_run.h"
#include "support/httpsd.h"

#include <stdarg.h>
#include <stdio.h>

#define WEBCA_PASSWORD "Passw0rd!"
#define WEBCA_SOAP     "application/soap+xml"
#define WEBCA_HTML     "text/html"

#define WEBCA_WST   "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
#define WEBCA_WSTEP "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"

/* MS-WSTEP 3.1.4.1.3.4: request 65 waits; %s is where to ask again. */
#define WEBCA_PENDING                                                                              \
    "<s:Envelope xmlns:s='" CS_SOAP_S                                                              \
    "'><s:Body><RequestSecurityTokenResponseCollection xmlns='" WEBCA_WST                          \
    "'><RequestSecurityTokenResponse><RequestedSecurityToken><SecurityTokenReference "             \
    "xmlns='" CS_SOAP_WSSE "'><Reference URI='%s'/></SecurityTokenReference>"                      \
    "</RequestedSecurityToken><RequestID xmlns='" WEBCA_WSTEP "'>65</RequestID>"                   \
    "</RequestSecurityTokenResponse></RequestSecurityTokenResponseCollection></s:Body></"          \
    "s:Envelope>"

static struct cs_secret *webca_password;
static struct httpsd webca_server;

/* Fixtures: folder, password and server for all tests; what was asked for is forgotten before each.
 */
static inline void webca_enter(void)
{
    char text[] = WEBCA_PASSWORD;
    struct cs_err err = {0};

    scratch_enter();
    assert_ok(cs_secret_setup(&err), &err);
    assert_ok(cs_secret_take(text, strlen(text), &webca_password, &err), &err);
    httpsd_start(&webca_server, NULL);
}

static inline void webca_leave(void)
{
    httpsd_stop(&webca_server);
    cs_secret_free(webca_password);
    scratch_leave();
}

static inline void webca_forget(void)
{
    ck_assert_int_eq(system("rm -f asked-*"), 0);
}

/* The service at @address. */
static inline struct cs_ca_target webca_target(const char *address)
{
    return (struct cs_ca_target){
        .address = address,
        .auth = CS_CA_AUTH_PASSWORD,
        .account = "LITWAREINC\\kenmyer",
        .password = webca_password,
        .anchors = "cert.pem",
        .until_ms = cs_tcp_deadline(30),
    };
}

/* The caller frees. */
static inline char *webca_url(const struct httpsd *server, const char *name)
{
    return cs_asprintf("https://localhost:%d/file/%s", server->port, name);
}

/* What every server answers below /file/ at @name, in which "_" stands for "/", after @seconds. */
static inline void webca_answers(const char *name, int status, const char *type,
                                 const char *seconds, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
static inline void webca_answers(const char *name, int status, const char *type,
                                 const char *seconds, const char *format, ...)
{
    FILE *file = fopen(name, "w");
    va_list args;

    ck_assert_ptr_nonnull(file);
    fprintf(file, "%d %s %s\n", status, type, seconds);
    va_start(args, format);
    vfprintf(file, format, args);
    va_end(args);
    ck_assert_int_eq(fclose(file), 0);
}

/* All that @server was asked there: methods, paths and bodies; "" for nothing. The caller frees. */
static inline char *webca_asked(const struct httpsd *server)
{
    cs_autofree char *name = cs_asprintf("asked-%d", server->port);
    char *text = cs_alloc(65536, 1);
    FILE *file = fopen(name, "r");

    if (file) {
        ck_assert_uint_lt(fread(text, 1, 65535, file), 65535);
        fclose(file);
    }
    return text;
}

#endif
