/* What `token list`, `token init` and `token check` print (docs/CLI.md, docs/TOKEN-CHECK.md). */
#ifndef CS_CLI_OUTTOKEN_H
#define CS_CLI_OUTTOKEN_H

#include "pkcs11/objecturi.h"
#include "pkcs11/probe.h"
#include "pkcs11/tokenlist.h"

#include <jansson.h>

/* A block of lines for each token, then one for each module that does not start; "" for none. The
 * caller frees. */
char *cs_outtoken_list_text(const struct cs_token_list *list);

/* An array: {Token: {Uri, Label, Manufacturer, Model, Serial, Slot, Hardware, Firmware,
 * Initialised, Flags, PinLength: {Min, Max}, Module, Profile, ProfileTried, Error}} for each token,
 * then {Module: {Path, Error}} for each module that does not start. The caller frees. */
char *cs_outtoken_list_json(const struct cs_token_list *list);

/* The one object that a URI names: {Object: {Uri, Class, Label, Id, Attributes}}. */
char *cs_outtoken_object_text(const struct cs_listed_object *object);
char *cs_outtoken_object_json(const struct cs_listed_object *object);

/* The new token: {Token: {Uri, Label, Manufacturer, Model, Serial, Module}}. */
char *cs_outtoken_init_text(const struct cs_token_info *info);
char *cs_outtoken_init_json(const struct cs_token_info *info);

/* {Uri, Label, Manufacturer, Model, Serial, Module} of a token. */
json_t *cs_outtoken_info(const struct cs_token_info *info);

/* The findings of a check, grouped by what they are about, then what contradicts the standard. */
char *cs_outtoken_check_text(const struct cs_probe *probe);

/* {Token: {...}} as above, then {Finding: {About, What, Result, Detail, Cause, Milliseconds,
 * Severity}} for each finding, {Left: ...} for each object that could not be removed, and last
 * {Draft: ...}, the text of the draft profile. */
char *cs_outtoken_check_json(const struct cs_probe *probe);

#endif
