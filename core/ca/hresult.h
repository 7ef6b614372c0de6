/* HRESULTs of AD CS: name, sentence, remedy (MS-ERREF; MS-WCCE). */
#ifndef CS_CA_HRESULT_H
#define CS_CA_HRESULT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* "CERTSRV_E_UNSUPPORTED_CERT_TYPE"; "unknown" for one that the table does not have. */
const char *cs_hresult_name(uint32_t code);

/* What it means and what to do, a sentence each; NULL if the table does not have it. */
const char *cs_hresult_sentence(uint32_t code);
const char *cs_hresult_hint(uint32_t code);

/* As cs_fail(), with the HRESULT as the cause and the table's remedy. @code 0: none is known. */
#define cs_hresult_fail(err, rc, code, ...)                                                        \
    (cs_err_set((err), (rc), __VA_ARGS__), cs_hresult_cause((err), (code)), (rc))
void cs_hresult_cause(struct cs_err *err, uint32_t code);

/* What an answer by @code says of a request. CS_E_CA_REFUSED: the CA itself says no, and has not
 * taken it. CS_E_CA_UNREACHABLE without a number (0), and where RPC or COM failed on the way to the
 * CA, which for a web service is behind it: nobody knows how far the request got. */
cs_rc cs_hresult_rc(uint32_t code);

/* CERTSRV_E_ADMIN_DENIED_REQUEST and CERTSRV_E_PROPERTY_EMPTY (there is no such request). */
#define CS_HRESULT_DENIED  0x80094014U
#define CS_HRESULT_UNKNOWN 0x80094004U

/* The code at @index of the table; 0 behind its end. */
uint32_t cs_hresult_at(size_t index);

#endif
