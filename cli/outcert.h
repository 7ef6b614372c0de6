/* Certificates on standard output: get, import, set and remove (docs/CERTIFICATES.md). Nothing is
 * truncated. */
#ifndef CS_CLI_OUTCERT_H
#define CS_CLI_OUTCERT_H

#include "base/strv.h"
#include "flow/flow.h"

/* A block of lines for each certificate, as Get-CsCertificate prints them and what it leaves out.
 * @warnings: those too; without it they were shown when they came up. The caller frees. */
char *cs_outcert_text(const struct cs_certificate_list *list, bool warnings);

/* An array with an object for each certificate: Subject, Issuer, NotBefore, NotAfter, DaysLeft,
 * SerialNumber, SerialNumberReversed, Thumbprint, Sha256, AlternativeNames, OtherNames,
 * FriendlyName, IsCa, Use ([{Type, Slot, Assigned, EffectiveDate}]), Token, Uri, KeyId, KeyOrigin
 * (Generated, Imported, Unknown; null: no private key there), RequestId, Warnings. What is not
 * known is null. The caller frees. */
char *cs_outcert_json(const struct cs_certificate_list *list);

/* "Default (current)", "OAuthTokenIssuer (staged, serves from 2026-12-31T21:00:00Z)". */
void cs_outcert_uses(const struct cs_certificate *certificate, struct cs_strv *ret_uses);

/* A sentence: "on the token, generated there"; NULL where nobody looked. */
const char *cs_outcert_origin(enum cs_key_origin origin);

/* The octets of a serial number in the other order, as Windows' event log prints them: "01f4" is
 * "f401". The caller frees; "" for a negative one. */
char *cs_outcert_reversed(const char *serial);

#endif
