#include "cli/outtoken.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/jsontext.h"
#include "cli/outline.h"

#include <stdlib.h>

static void add_info(struct cs_buf *buf, const struct cs_token_info *info)
{
    cs_outline_add(buf, "Token", info->uri);
    cs_outline_add_if(buf, "Label", info->label);
    cs_outline_add_if(buf, "Manufacturer", info->manufacturer);
    cs_outline_add_if(buf, "Model", info->model);
    cs_outline_add_if(buf, "Serial", info->serial);
}

static void add_error(struct cs_buf *buf, const struct cs_err *error)
{
    char cause[CS_ERR_CAUSE_SIZE];

    cs_outline_add(buf, "Error", error->message);
    cs_outline_add_if(buf, "", cs_err_cause_text(error, cause));
}

static void add_token(struct cs_buf *buf, const struct cs_listed_token *token)
{
    cs_autofree char *slot = cs_asprintf("%lu", token->slot);

    if (token->error.code != CS_OK) {
        cs_outline_add(buf, "Slot", slot);
        cs_outline_add(buf, "Module", token->info.module_path);
        add_error(buf, &token->error);
        return;
    }
    cs_autofree char *flags = cs_strv_join(&token->flags, ", ");
    cs_autofree char *pin = cs_asprintf("%lu to %lu", token->pin_min, token->pin_max);
    cs_autofree char *versions =
        cs_asprintf("hardware %s, firmware %s", token->hardware, token->firmware);
    cs_autofree char *profile = cs_asprintf("%s%s", token->info.profile,
                                            token->is_untried ? " (not tried on hardware)" : "");
    add_info(buf, &token->info);
    cs_outline_add(buf, "Version", versions);
    cs_outline_add(buf, "Slot", slot);
    cs_outline_add(buf, "State", flags);
    cs_outline_add(buf, "PIN length", pin);
    cs_outline_add(buf, "Module", token->info.module_path);
    cs_outline_add(buf, "Profile", profile);
}

char *cs_outtoken_list_text(const struct cs_token_list *list)
{
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);

    for (size_t i = 0; i < list->count; i++) {
        cs_buf_puts(&buf, i ? "\n" : "");
        add_token(&buf, &list->items[i]);
    }
    for (size_t i = 0; i < list->failed_count; i++) {
        cs_buf_puts(&buf, buf.len ? "\n" : "");
        cs_outline_add(&buf, "Module", list->failed[i].path);
        add_error(&buf, &list->failed[i].error);
    }
    return cs_outline_take(&buf);
}

/* ---- JSON ---- */

json_t *cs_outtoken_info(const struct cs_token_info *info)
{
    json_t *object = json_object();

    json_object_set_new(object, "Uri", cs_jsontext(info->uri));
    json_object_set_new(object, "Label", cs_jsontext(info->label));
    json_object_set_new(object, "Manufacturer", cs_jsontext(info->manufacturer));
    json_object_set_new(object, "Model", cs_jsontext(info->model));
    json_object_set_new(object, "Serial", cs_jsontext(info->serial));
    json_object_set_new(object, "Module", cs_jsontext(info->module_path));
    return object;
}

static json_t *token_json(const struct cs_listed_token *token)
{
    json_t *object = cs_outtoken_info(&token->info);
    bool failed = token->error.code != CS_OK;

    json_object_set_new(object, "Slot", json_integer((json_int_t)token->slot));
    json_object_set_new(object, "Hardware", cs_jsontext(token->hardware));
    json_object_set_new(object, "Firmware", cs_jsontext(token->firmware));
    json_object_set_new(object, "Initialised",
                        failed ? json_null() : json_boolean(token->is_initialised));
    json_object_set_new(object, "Flags", cs_jsontext_list(&token->flags));
    json_object_set_new(object, "PinLength",
                        failed ? json_null()
                               : json_pack("{s:I, s:I}", "Min", (json_int_t)token->pin_min, "Max",
                                           (json_int_t)token->pin_max));
    json_object_set_new(object, "Profile", cs_jsontext(token->info.profile));
    json_object_set_new(object, "ProfileTried",
                        failed ? json_null() : json_boolean(!token->is_untried));
    json_object_set_new(object, "Error", failed ? cs_jsontext_error(&token->error) : json_null());
    return json_pack("{s:o}", "Token", object);
}

char *cs_outtoken_list_json(const struct cs_token_list *list)
{
    struct cs_jsontext_array array;

    cs_jsontext_array_begin(&array);
    for (size_t i = 0; i < list->count; i++) {
        cs_jsontext_array_add(&array, token_json(&list->items[i]));
    }
    for (size_t i = 0; i < list->failed_count; i++) {
        const struct cs_listed_module *module = &list->failed[i];
        cs_jsontext_array_add(&array, json_pack("{s:{s:o, s:o}}", "Module", "Path",
                                                cs_jsontext(module->path), "Error",
                                                cs_jsontext_error(&module->error)));
    }
    return cs_jsontext_array_end(&array);
}

/* ---- one object, one new token ---- */

char *cs_outtoken_object_text(const struct cs_listed_object *object)
{
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);

    cs_outline_add(&buf, "Object", object->uri);
    cs_outline_add(&buf, "Class", object->class_name);
    cs_outline_add_if(&buf, "Label", object->label);
    cs_outline_add_if(&buf, "Id", object->id);
    cs_outline_list(&buf, "Attributes", &object->facts);
    return cs_outline_take(&buf);
}

char *cs_outtoken_object_json(const struct cs_listed_object *object)
{
    struct cs_jsontext_array array;

    cs_jsontext_array_begin(&array);
    cs_jsontext_array_add(
        &array,
        json_pack("{s:{s:o, s:o, s:o, s:o, s:o}}", "Object", "Uri", cs_jsontext(object->uri),
                  "Class", cs_jsontext(object->class_name), "Label", cs_jsontext(object->label),
                  "Id", cs_jsontext(object->id), "Attributes", cs_jsontext_list(&object->facts)));
    return cs_jsontext_array_end(&array);
}

char *cs_outtoken_init_text(const struct cs_token_info *info)
{
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);

    add_info(&buf, info);
    cs_outline_add(&buf, "State", "initialised, PIN set");
    cs_outline_add(&buf, "Module", info->module_path);
    return cs_outline_take(&buf);
}

char *cs_outtoken_init_json(const struct cs_token_info *info)
{
    struct cs_jsontext_array array;

    cs_jsontext_array_begin(&array);
    cs_jsontext_array_add(&array, json_pack("{s:o}", "Token", cs_outtoken_info(info)));
    return cs_jsontext_array_end(&array);
}
