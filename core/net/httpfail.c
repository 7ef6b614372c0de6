#include "net/httpfail.h"

#include "base/mem.h"

#include <openssl/x509.h>

#define BROKEN                                                                                     \
    "what answers there breaks off, or speaks no HTTP: check host and port of the address; is it " \
    "right, the server's own log tells why"

static const struct {
    CURLcode code;
    const char *hint;
} remedies[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "check the name of the host, and this machine's DNS"},
    {CURLE_COULDNT_CONNECT,
     "check that the service runs and that a firewall lets its port through"},
    {CURLE_OPERATION_TIMEDOUT,
     "the service does not answer in time: try again, or raise `timeout` in the ca section"},
    {CURLE_PEER_FAILED_VERIFICATION, "name the root of the server's certificate with `anchors` in "
                                     "the ca section; there is no switch that leaves this out"},
    {CURLE_SSL_CACERT_BADFILE,
     "`anchors` in the ca section must name a PEM file with certificates"},
    {CURLE_SSL_CONNECT_ERROR, "server and client have no TLS version or cipher in common, or the "
                              "server wants a client certificate"},
    {CURLE_GOT_NOTHING, BROKEN},
    {CURLE_PARTIAL_FILE, BROKEN},
    {CURLE_RECV_ERROR, BROKEN},
    {CURLE_SEND_ERROR, BROKEN},
    {CURLE_UNSUPPORTED_PROTOCOL, BROKEN},
    {CURLE_WEIRD_SERVER_REPLY, BROKEN},
    {CURLE_WRITE_ERROR, "no enrolment service answers so much: check the address"},
};

/* Where another remedy is better than that of the table: the clock, or the name, which libcurl
 * itself compares, before OpenSSL's result is asked for. */
static const char *verify_hint(CURL *easy)
{
    long result = X509_V_OK;

    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result);
    if (result == X509_V_ERR_CERT_NOT_YET_VALID || result == X509_V_ERR_CERT_HAS_EXPIRED) {
        return "check this machine's clock; if it is right, the server needs a new certificate";
    }
    return result == X509_V_OK || result == X509_V_ERR_UNSPECIFIED
               ? "use a name that the server's certificate has; no switch leaves this out"
               : "";
}

cs_rc cs_httpfail_transfer(CURL *easy, const char *detail, const char *host, CURLcode code,
                           struct cs_err *err)
{
    cs_autofree char *shown = cs_terminal_escape(*detail ? detail : curl_easy_strerror(code));

    cs_rc rc = code == CURLE_SSL_CACERT_BADFILE ? CS_E_CONFIG : CS_E_CA_UNREACHABLE;

    cs_err_set(err, rc, "%s cannot be asked: %s", host, shown);
    if (code == CURLE_PEER_FAILED_VERIFICATION) {
        cs_err_hint(err, "%s", verify_hint(easy));
    }
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++) {
        if (remedies[i].code == code) {
            cs_err_hint(err, "%s", remedies[i].hint);
        }
    }
    return rc;
}

/* Where it cannot be the account: the server does not do at all what was tried. */
static const char *who_hint(const char *tried, const struct cs_strv *offers)
{
    if (strcmp(tried, "Kerberos") == 0 && !cs_strv_has(offers, "Negotiate") &&
        cs_strv_has(offers, "NTLM")) {
        return "turn Negotiate on in IIS there; or say `auth = ntlm` with account and password in "
               "the ca section, which proves less";
    }
    return "check the account, its password or ticket (`klist`), and the clocks";
}

cs_rc cs_httpfail_status(const char *host, long status, const char *tried,
                         const struct cs_strv *offers, struct cs_err *err)
{
    cs_autofree char *joined = cs_strv_join(offers, ", ");
    cs_autofree char *shown = cs_terminal_escape(joined);

    if (status == 401) {
        cs_err_set(err, CS_E_CA_REFUSED, "%s does not accept who asks (tried: %s; it offers: %s)",
                   host, tried, *shown ? shown : "nothing");
        cs_err_hint(err, "%s", who_hint(tried, offers));
    } else {
        cs_err_set(err, CS_E_CA_REFUSED, "%s lets this account not use the service (tried: %s)",
                   host, tried);
        cs_err_hint(err, "the account needs the right to enrol at the CA and to open the page");
    }
    cs_err_cause(err, CS_ORIGIN_HTTP, status, status == 401 ? "Unauthorized" : "Forbidden", "");
    return CS_E_CA_REFUSED;
}
