#include "report/item.h"

#include "base/mem.h"
#include "base/strv.h"
#include "report/html.h"
#include "report/key.h"
#include "x509/cert.h"
#include "x509/csr.h"
#include "x509/spki.h"

#include <inttypes.h>
#include <stdio.h>

/* How a state looks: done, waiting, gone wrong, or neither. */
static const char *const looks[CS_STATE_COUNT] = {
    [CS_STATE_PLANNED] = "wait",  [CS_STATE_SIGNED] = "wait",    [CS_STATE_KEPT] = "wait",
    [CS_STATE_OFFLINE] = "wait",  [CS_STATE_SUBMITTED] = "wait", [CS_STATE_PENDING] = "wait",
    [CS_STATE_ISSUED] = "good",   [CS_STATE_DENIED] = "bad",     [CS_STATE_REVOKED] = "bad",
    [CS_STATE_IMPORTED] = "good", [CS_STATE_CLEARED] = "plain",  [CS_STATE_FAILED] = "bad",
};

void cs_item_badge(struct cs_buf *buf, const struct cs_report_item *item)
{
    const struct cs_request *request = item->request;
    bool failed = request->id == 0 && item->error && item->error->code != CS_OK;
    /* A request that failed before it was stored has no state of its own. */
    enum cs_state state = failed ? CS_STATE_FAILED : request->state;

    cs_buf_printf(buf, "<span class=\"badge %s\">", looks[state]);
    cs_html_text(buf, cs_state_status(state));
    cs_buf_puts(buf, "</span>");
}

void cs_item_error(struct cs_buf *buf, const struct cs_err *error, unsigned level)
{
    if (!error || error->code == CS_OK) {
        return;
    }
    char cause[CS_ERR_CAUSE_SIZE];

    cs_err_cause_text(error, cause);

    cs_buf_printf(buf, "<div class=\"box bad\">\n<h%u>Error: %s</h%u>\n", level,
                  cs_rc_name(error->code), level);
    cs_html_element(buf, "p", error->message);
    if (*cause) {
        cs_buf_puts(buf, "<p>Cause: ");
        cs_html_element(buf, "code", cause);
        cs_buf_puts(buf, "</p>\n");
    }
    if (error->hint[0]) {
        cs_buf_puts(buf, "<p>What to do: ");
        cs_html_text(buf, error->hint);
        cs_buf_puts(buf, "</p>\n");
    }
    cs_buf_puts(buf, "</div>\n");
}

static void add_list(struct cs_buf *buf, const char *heading, const char *class,
                     const struct cs_strv *list)
{
    if (!list || list->count == 0) {
        return;
    }
    cs_buf_printf(buf, "<div class=\"box %s\">\n", class);
    cs_html_element(buf, "h3", heading);
    cs_buf_puts(buf, "<ul>\n");
    for (size_t i = 0; i < list->count; i++) {
        cs_html_element(buf, "li", list->items[i]);
    }
    cs_buf_puts(buf, "</ul>\n</div>\n");
}

/* Those of the run and those of the plan, each once. */
static void add_warnings(struct cs_buf *buf, const struct cs_report_item *item)
{
    const struct cs_plan *plan = item->request->plan;
    cs_auto_value(cs_strv) all = {0};

    if (item->warnings) {
        cs_strv_copy(&all, item->warnings);
    }
    for (size_t i = 0; plan && i < plan->warnings.count; i++) {
        if (!cs_strv_has(&all, plan->warnings.items[i])) {
            cs_strv_add(&all, plan->warnings.items[i]);
        }
    }
    add_list(buf, "Warnings", "wait", &all);
}

static void add_subject(struct cs_buf *buf, const struct cs_subject *subject)
{
    cs_html_row(buf, "Country", subject->country);
    cs_html_row(buf, "State", subject->state);
    cs_html_row(buf, "City", subject->locality);
    cs_html_row(buf, "Organization", subject->organization);
    cs_html_row(buf, "Organizational unit (OU)", subject->organizational_unit);
}

static void add_asked(struct cs_buf *buf, const struct cs_plan *plan)
{
    cs_autofree char *types = cs_cert_types_text(plan->types);
    cs_autofree char *key =
        cs_key_is_rsa(&plan->key_spec)
            ? cs_asprintf("%s, %u bits", cs_key_alg_name(plan->key_spec.alg), plan->key_spec.bits)
            : cs_strdup(cs_key_alg_name(plan->key_spec.alg));

    cs_html_element(buf, "h3", "What was asked");
    cs_html_table_open(buf, "facts", "The parameters of the request, with the defaults filled in.",
                       NULL);
    cs_html_row(buf, "Type", types);
    cs_html_row(buf, "Computer", plan->computer);
    cs_html_row(buf, "Pool", plan->pool);
    cs_html_row(buf, "Role", plan->role == CS_ROLE_NONE ? NULL : cs_role_name(plan->role));
    cs_html_row(buf, "Why these types", plan->choice);
    cs_html_row(buf, "Common name", plan->subject.common_name);
    add_subject(buf, &plan->subject);
    cs_html_row(buf, "Friendly name", plan->friendly_name);
    cs_html_row(buf, "Key", key);
    cs_html_row(buf, "Private key exportable", plan->exportable ? "yes" : "no");
    cs_html_row(buf, "Client authentication (EKU)", plan->client_eku ? "yes" : "no");
    cs_html_row(buf, "Certification authority", plan->ca);
    cs_html_row(buf, "Request file", plan->output);
    cs_html_row(buf, "Form of the file", !plan->output ? NULL : plan->output_der ? "DER" : "PEM");
    cs_html_row(buf, "Template", plan->template_name);
    cs_html_row(buf, "CA account", plan->ca_account);
    cs_html_row(buf, "Global catalog", plan->global_catalog);
    cs_html_row(buf, "Global settings domain controller", plan->global_settings_dc);
    cs_html_table_close(buf);
}

static void add_names(struct cs_buf *buf, const struct cs_plan *plan)
{
    static const char *const columns[] = {"Name", "Rule", "Source", NULL};

    cs_html_element(buf, "h3", "Names");
    cs_html_table_open(buf, "list", "Each name of the certificate and why it is there.", columns);
    for (size_t i = 0; i < plan->name_count; i++) {
        const struct cs_name *name = &plan->names[i];

        cs_buf_puts(buf, "<tr><th scope=\"row\">");
        cs_html_text(buf, name->name);
        cs_buf_puts(buf, "</th><td>");
        cs_html_text(buf, name->rule);
        cs_buf_puts(buf, "</td><td>");
        cs_html_text(buf, name->source);
        cs_buf_puts(buf, "</td></tr>\n");
    }
    cs_html_table_close(buf);
}

/* Against the certificate of --like; a line for each name. */
static void add_like(struct cs_buf *buf, const struct cs_like *like)
{
    cs_autofree char *kept = cs_strv_join(&like->kept, "\n");
    cs_autofree char *gained = cs_strv_join(&like->gained, "\n");
    cs_autofree char *lost = cs_strv_join(&like->lost, "\n");

    if (!like->source) {
        return;
    }
    cs_html_element(buf, "h3", "Against the existing certificate");
    cs_html_table_open(buf, "facts", "Names of the existing certificate and of the request.", NULL);
    cs_html_row(buf, "Existing certificate", like->source);
    cs_html_row(buf, "Names kept", kept);
    cs_html_row(buf, "Names gained", gained);
    cs_html_row(buf, "Names lost", lost);
    cs_html_table_close(buf);
}

static void add_request(struct cs_buf *buf, const struct cs_request *request)
{
    if (request->csr.len == 0) {
        return;
    }
    /* The digest of any DER, not of a key's alone. */
    cs_autofree char *digest = cs_spki_sha256(&request->csr);
    cs_autofree char *pem = cs_csr_pem(&request->csr);
    char size[32];

    snprintf(size, sizeof size, "%zu octets (DER)", request->csr.len);
    cs_html_element(buf, "h3", "Certificate request");
    cs_html_table_open(buf, "facts", "The PKCS#10 request, signed on the token and verified.",
                       NULL);
    cs_html_row(buf, "Size", size);
    cs_html_row_code(buf, "SHA-256 of the request", digest);
    cs_html_table_close(buf);
    cs_html_details(buf, "The request as PEM", pem);
}

static void add_answer(struct cs_buf *buf, const struct cs_request *request)
{
    if (!request->ca_request_id && !request->ca_message) {
        return;
    }
    cs_html_element(buf, "h3", "Answer of the certification authority");
    cs_html_table_open(buf, "facts", "What the certification authority said last.", NULL);
    cs_html_row(buf, "Certification authority", request->plan ? request->plan->ca : NULL);
    cs_html_row(buf, "Status", cs_state_status(request->state));
    cs_html_row(buf, "Its number for the request", request->ca_request_id);
    cs_html_row(buf, "Its message", request->ca_message);
    cs_html_table_close(buf);
}

static void add_certificate_rows(struct cs_buf *buf, const struct cs_cert_facts *facts)
{
    cs_autofree char *names = cs_strv_join(&facts->names, "\n");
    const char *usage = facts->server_auth && facts->client_auth
                            ? "server and client authentication"
                        : facts->server_auth ? "server authentication"
                        : facts->client_auth ? "client authentication"
                                             : "neither server nor client authentication";

    cs_html_row(buf, "Subject", facts->subject);
    cs_html_row(buf, "Issuer", facts->issuer);
    cs_html_row_code(buf, "Serial number", facts->serial);
    cs_html_row_code(buf, "Thumbprint (SHA-1)", facts->thumbprint);
    cs_html_row_code(buf, "SHA-256", facts->sha256);
    cs_html_row_time(buf, "Valid from", facts->not_before);
    cs_html_row_time(buf, "Valid until", facts->not_after);
    cs_html_row(buf, "Signed with", facts->signature);
    cs_html_row(buf, "Extended key usage", usage);
    cs_html_row(buf, "Alternative names", names);
    cs_html_row(buf, "CRL distribution point", facts->has_crl_url ? "yes" : "none");
}

static cs_rc count_one(void *ctx, const struct cs_bytes *der, struct cs_err *err)
{
    (void)der;
    (void)err;
    (*(size_t *)ctx)++;
    return CS_OK;
}

static void add_certificate(struct cs_buf *buf, const struct cs_request *request)
{
    cs_auto_value(cs_cert_facts) facts = {0};
    struct cs_err err = {0};
    size_t chain = 0;

    if (request->certificate.len == 0) {
        return;
    }
    cs_html_element(buf, "h3", "Certificate");
    if (cs_cert_read(&request->certificate, &facts, &err) != CS_OK) {
        cs_item_error(buf, &err, 4);
        return;
    }
    cs_html_table_open(buf, "facts", "What the certificate says.", NULL);
    add_certificate_rows(buf, &facts);
    if (request->chain.len && cs_cert_each(&request->chain, count_one, &chain, &err) == CS_OK) {
        char text[64];
        snprintf(text, sizeof text, "%zu certificate%s", chain, chain == 1 ? "" : "s");
        cs_html_row(buf, "Chain that came with it", text);
    }
    cs_html_table_close(buf);
    cs_autofree char *pem = cs_cert_pem(&request->certificate);
    cs_html_details(buf, "The certificate as PEM", pem);
}

static void add_summary(struct cs_buf *buf, const struct cs_request *request)
{
    char number[32];

    if (!request->id) {
        return;
    }
    snprintf(number, sizeof number, "%" PRId64, request->id);
    cs_html_table_open(buf, "facts", "The request in short.", NULL);
    cs_html_row(buf, "RequestId", number);
    cs_html_row(buf, "RequestStatus", cs_state_status(request->state));
    cs_html_row_time(buf, "Made", request->created);
    cs_html_row_time(buf, "Last change", request->updated);
    cs_html_table_close(buf);
}

static void add_heading(struct cs_buf *buf, const struct cs_report_item *item, size_t number)
{
    const struct cs_request *request = item->request;
    const char *name = request->plan ? request->plan->subject.common_name : NULL;

    cs_buf_printf(buf, "<h2 id=\"heading-%zu\">", number);
    if (request->id) {
        cs_buf_printf(buf, "Request %" PRId64, request->id);
    } else {
        cs_buf_puts(buf, "Planned request");
    }
    if (name) {
        cs_buf_puts(buf, ": ");
        cs_html_text(buf, name);
    }
    cs_buf_puts(buf, " ");
    cs_item_badge(buf, item);
    cs_buf_puts(buf, "</h2>\n");
}

void cs_item_section(struct cs_buf *buf, const struct cs_report_item *item, size_t number)
{
    const struct cs_request *request = item->request;

    cs_buf_printf(buf,
                  "<section class=\"request\" id=\"request-%zu\" "
                  "aria-labelledby=\"heading-%zu\">\n",
                  number, number);
    add_heading(buf, item, number);
    add_summary(buf, request);
    cs_item_error(buf, item->error, 3);
    add_warnings(buf, item);
    add_list(buf, "Files written", "", item->files);
    if (request->plan) {
        add_asked(buf, request->plan);
        add_names(buf, request->plan);
        add_like(buf, &request->plan->like);
    }
    cs_key_section(buf, request);
    add_request(buf, request);
    add_answer(buf, request);
    add_certificate(buf, request);
    cs_buf_puts(buf, "</section>\n");
}
