/* jansson can sort members, but writes \u001F for \u001f and looks at each character of each name
 * in each record, which made it the dearest part of the store. */
#include "journal/canonical.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTEGER_MAX ((INT64_C(1) << 53) - 1)

struct writer {
    struct cs_buf buf;
    bool odd; /* something was to be written that has no place here */
};

static void add_value(struct writer *writer, json_t *value);

/* RFC 8785 section 3.2.2.2: these have an escape of two characters, other controls one of six. */
static void add_escape(struct writer *writer, unsigned char octet)
{
    static const char plain[] = "\b\t\n\f\r\"\\";
    static const char letters[] = "btnfr\"\\";
    const char *at = memchr(plain, octet, sizeof plain - 1);
    char escape[8];

    if (at) {
        snprintf(escape, sizeof escape, "\\%c", letters[at - plain]);
    } else {
        snprintf(escape, sizeof escape, "\\u%04x", octet);
    }
    cs_buf_puts(&writer->buf, escape);
}

static bool needs_escape(unsigned char octet)
{
    return octet < 0x20 || octet == '"' || octet == '\\';
}

/* @text is UTF-8, which needs no escape beyond ASCII. */
static void add_string(struct writer *writer, const char *text, size_t len)
{
    size_t written = 0;

    cs_buf_puts(&writer->buf, "\"");
    for (size_t i = 0; i < len; i++) {
        if (needs_escape((unsigned char)text[i])) {
            cs_buf_add(&writer->buf, text + written, i - written);
            add_escape(writer, (unsigned char)text[i]);
            written = i + 1;
        }
    }
    cs_buf_add(&writer->buf, text + written, len - written);
    cs_buf_puts(&writer->buf, "\"");
}

static void add_integer(struct writer *writer, json_int_t value)
{
    char digits[24];

    writer->odd = writer->odd || value > INTEGER_MAX || value < -INTEGER_MAX;
    snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, value);
    cs_buf_puts(&writer->buf, digits);
}

static void add_array(struct writer *writer, json_t *array)
{
    cs_buf_puts(&writer->buf, "[");
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i) {
            cs_buf_puts(&writer->buf, ",");
        }
        add_value(writer, json_array_get(array, i));
    }
    cs_buf_puts(&writer->buf, "]");
}

struct member {
    const char *name;
    json_t *value;
};

/* By octets, which for ASCII is by UTF-16 code units (RFC 8785 section 3.2.3). */
static int compare(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static bool is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80) {
        text++;
    }
    return !*text;
}

static void add_object(struct writer *writer, json_t *object)
{
    const size_t size = json_object_size(object);
    cs_autofree struct member *members = cs_alloc(size, sizeof *members);
    const char *name;
    json_t *value;
    size_t count = 0;

    json_object_foreach(object, name, value)
    {
        writer->odd = writer->odd || !is_ascii(name);
        members[count++] = (struct member){name, value};
    }
    qsort(members, size, sizeof *members, compare);
    cs_buf_puts(&writer->buf, "{");
    for (size_t i = 0; i < size; i++) {
        if (i) {
            cs_buf_puts(&writer->buf, ",");
        }
        add_string(writer, members[i].name, strlen(members[i].name));
        cs_buf_puts(&writer->buf, ":");
        add_value(writer, members[i].value);
    }
    cs_buf_puts(&writer->buf, "}");
}

static void add_value(struct writer *writer, json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        add_object(writer, value);
        break;
    case JSON_ARRAY:
        add_array(writer, value);
        break;
    case JSON_STRING:
        add_string(writer, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        add_integer(writer, json_integer_value(value));
        break;
    case JSON_TRUE:
        cs_buf_puts(&writer->buf, "true");
        break;
    case JSON_FALSE:
        cs_buf_puts(&writer->buf, "false");
        break;
    case JSON_NULL:
        cs_buf_puts(&writer->buf, "null");
        break;
    case JSON_REAL:
    default:
        writer->odd = true;
        break;
    }
}

cs_rc cs_canonical_text(json_t *value, char **ret_text, struct cs_err *err)
{
    struct writer writer = {.buf = CS_BUF(CS_CANONICAL_MAX)};
    cs_rc rc = CS_OK;

    add_value(&writer, value);
    if (writer.odd || writer.buf.overflow) {
        rc = cs_fail(err, CS_E_INTERNAL, "a journal record %s",
                     writer.odd ? "holds a value that has no canonical form" : "is too long");
    } else {
        rc = cs_buf_take_text(&writer.buf, "the journal record", ret_text, err);
    }
    cs_buf_done(&writer.buf);
    return rc;
}
