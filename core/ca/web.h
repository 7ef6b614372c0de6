/* What the two web services have in common: the connection to one of them. */
#ifndef CS_CA_WEB_H
#define CS_CA_WEB_H

#include "base/cleanup.h"
#include "base/err.h"
#include "ca/protocol.h"
#include "net/http.h"

struct cs_web;

/* Authentication as @target says; CS_CA_AUTH_PASSWORD is the message's own business. @target is
 * borrowed for as long as the connection lives. CS_E_CONFIG for what the service does not have. */
CS_MUST_CHECK cs_rc cs_web_open(const struct cs_ca_target *target, struct cs_web **ret_web,
                                struct cs_err *err);
struct cs_http *cs_web_http(struct cs_web *web);
void cs_web_free(struct cs_web *web); /* NULL is nothing */
CS_DEFINE_AUTO(cs_web, cs_web_free);

/* The web server says that nothing is there that takes what was sent: 404 Not Found or 405 Method
 * Not Allowed (RFC 9110 sections 15.5.5 and 15.5.6). The service behind it has not got it. */
bool cs_web_is_nothing_there(const struct cs_http_reply *reply);

/* For `check`: whether the CA of the web service has @template_name, as far as the directory tells;
 * CS_E_CA_REFUSED if not. */
CS_MUST_CHECK cs_rc cs_web_check_template(const struct cs_ca_target *target,
                                          const char *template_name, struct cs_err *err);

/* For `probe`: a finding about who asks and how that is proved; the value is what went wrong. */
CS_MUST_CHECK cs_rc cs_web_note_credentials(const struct cs_ca_target *target,
                                            struct cs_ca_finding_list *list, struct cs_err *err);

/* For `probe`: a finding of @step, with @detail if @why has nothing to say. */
void cs_web_note(struct cs_ca_finding_list *list, const char *step, const char *detail,
                 const struct cs_err *why);

#endif
