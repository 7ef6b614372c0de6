#include "topology/archive.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "topology/document.h"
#include "topology/forms.h"
#include "topology/xmlread.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

CS_DEFINE_AUTO(zip, zip_discard);

static inline void file_free(struct zip_file *file)
{
    if (file) {
        zip_fclose(file);
    }
}
CS_DEFINE_AUTO(zip_file, file_free);

/* Expanded to more than this, an entry's ratio counts. In octets. */
#define RATIO_FROM (1U << 20)

struct archive {
    const char *name;
    const char *label;
    size_t len;
    struct zip *zip;
    size_t left; /* octets that may still be expanded */
    bool ours;
};

bool cs_archive_is(const void *data, size_t len)
{
    return len >= 4 && (memcmp(data, "PK\3\4", 4) == 0 || memcmp(data, "PK\5\6", 4) == 0 ||
                        memcmp(data, "PK\7\10", 4) == 0);
}

static cs_rc refuse(const struct archive *archive, const char *entry, struct cs_err *err,
                    const char *what)
{
    cs_autofree char *shown = cs_xml_shown(entry);

    return cs_fail_hint(err, CS_E_INPUT,
                        "look where the archive comes from, or export the configuration again",
                        "%s: the entry \"%s\" %s", archive->name, shown, what);
}

/* Damage that libzip tells of. */
static cs_rc refuse_damage(const char *name, zip_error_t *error, struct cs_err *err)
{
    cs_rc rc = cs_fail_hint(err, CS_E_INPUT, "the file may be cut off: copy or export it again",
                            "%s: the archive is damaged: %s", name, zip_error_strerror(error));
    zip_error_fini(error);
    return rc;
}

/* libzip looks at everything that could be the archive's end, with work for each. An archive has
 * one; a few more can stand in what was packed without compression. */
#define ENDS_MAX 16

/* The count that the archive's end announces ("end of central directory", APPNOTE.TXT 4.3.16), so
 * that a flood is refused before libzip makes objects of it; what libzip finds is looked at too.
 * *ret_ends: how many ends there seem to be. */
static size_t announced_entries(const unsigned char *data, size_t len, size_t *ret_ends)
{
    static const size_t size = 22; /* of that record, without the comment behind it */
    size_t last = len < size ? 0 : len - size + 1;
    size_t first = last > UINT16_MAX ? last - UINT16_MAX : 0;
    size_t entries = 0;

    *ret_ends = 0;
    for (size_t at = last; at > first; at--) {
        const unsigned char *record = data + at - 1;
        if (memcmp(record, "PK\5\6", 4) == 0 && (*ret_ends)++ == 0) {
            entries = (size_t)(record[10] | record[11] << 8);
        }
    }
    return entries;
}

static cs_rc check_count(const char *name, size_t count, struct cs_err *err)
{
    if (count > CS_ARCHIVE_ENTRIES_MAX) {
        return cs_fail_hint(err, CS_E_INPUT, "put the documents of the topology alone into it",
                            "%s: the archive has more than %d entries", name,
                            CS_ARCHIVE_ENTRIES_MAX);
    }
    return CS_OK;
}

static cs_rc open_archive(const char *name, const void *data, size_t len, struct zip **ret_zip,
                          struct cs_err *err)
{
    zip_error_t error;
    size_t ends = 0;

    CS_TRY(check_count(name, announced_entries(data, len, &ends), err));
    if (ends > ENDS_MAX) {
        return cs_fail_hint(err, CS_E_INPUT, "export it again",
                            "%s: the archive is damaged: it seems to end in %zu places", name,
                            ends);
    }
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(data, len, 0, &error);
    if (!source) {
        return refuse_damage(name, &error, err);
    }
    cs_auto(zip) zip = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (!zip) {
        zip_source_free(source);
        return refuse_damage(name, &error, err);
    }
    zip_error_fini(&error);
    zip_int64_t count = zip_get_num_entries(zip, 0);
    CS_TRY(check_count(name, count < 0 ? 0 : (size_t)count, err));
    *ret_zip = cs_steal(&zip);
    return CS_OK;
}

/* True for a component ".." between slashes of either kind. */
static bool climbs(const char *name)
{
    for (const char *at = name;; at++) {
        size_t len = strcspn(at, "/\\");
        if (len == 2 && at[0] == '.' && at[1] == '.') {
            return true;
        }
        at += len;
        if (!*at) {
            return false;
        }
    }
}

/* @raw is the name before libzip made a picture of each control character, as CP437 has them. */
static bool has_control(const char *raw)
{
    for (; raw && *raw; raw++) {
        if (iscntrl((unsigned char)*raw)) {
            return true;
        }
    }
    return false;
}

/* Nothing is ever written under such a name, but an archive that has one was made to do harm. */
static cs_rc check_name(const struct archive *archive, zip_uint64_t index, const char *entry,
                        struct cs_err *err)
{
    const char *raw = zip_get_name(archive->zip, index, ZIP_FL_ENC_RAW);

    if (strlen(entry) > CS_ARCHIVE_NAME_MAX) {
        cs_autofree char *what =
            cs_asprintf("has a name of more than %d octets", CS_ARCHIVE_NAME_MAX);
        return refuse(archive, entry, err, what);
    }
    if (!cs_text_is_clean(entry) || has_control(raw)) {
        return refuse(archive, entry, err, "has a name with control characters");
    }
    if (*entry == '/' || *entry == '\\' || (isalpha((unsigned char)*entry) && entry[1] == ':')) {
        return refuse(archive, entry, err, "has an absolute name");
    }
    if (climbs(entry)) {
        return refuse(archive, entry, err, "has a name with \"..\"");
    }
    return CS_OK;
}

static cs_rc check_entry(const struct archive *archive, const struct zip_stat *entry,
                         struct cs_err *err)
{
    CS_TRY(check_name(archive, entry->index, entry->name, err));
    if (entry->encryption_method != ZIP_EM_NONE) {
        return refuse(archive, entry->name, err, "is encrypted");
    }
    if (entry->comp_method != ZIP_CM_STORE && entry->comp_method != ZIP_CM_DEFLATE) {
        return refuse(archive, entry->name, err, "is packed by another method than Deflate");
    }
    return CS_OK;
}

/* The limits hold for what comes out, whatever the headers announce. */
static cs_rc check_growth(const struct archive *archive, const struct zip_stat *entry,
                          size_t expanded, struct cs_err *err)
{
    size_t packed = entry->comp_size < archive->len ? (size_t)entry->comp_size : archive->len;
    cs_autofree char *what = NULL;

    if (expanded > RATIO_FROM && expanded / CS_ARCHIVE_RATIO_MAX > packed) {
        what = cs_asprintf("expands to more than %d times its size, as a zip bomb does",
                           CS_ARCHIVE_RATIO_MAX);
    } else if (expanded > CS_ARCHIVE_ENTRY_MAX) {
        what = cs_asprintf("expands to more than %u MiB", CS_ARCHIVE_ENTRY_MAX >> 20);
    } else if (expanded > archive->left) {
        what = cs_asprintf("and those before it expand to more than %u MiB",
                           CS_ARCHIVE_EXPANDED_MAX >> 20);
    }
    return what ? refuse(archive, entry->name, err, what) : CS_OK;
}

static cs_rc expand(const struct archive *archive, const struct zip_stat *entry,
                    struct zip_file *file, struct cs_buf *buf, struct cs_err *err)
{
    char chunk[16384];
    zip_int64_t got = 0;

    while ((got = zip_fread(file, chunk, sizeof chunk)) > 0) {
        CS_TRY(check_growth(archive, entry, buf->len + (size_t)got, err));
        cs_buf_add(buf, chunk, (size_t)got);
    }
    if (got < 0) {
        cs_autofree char *what = cs_asprintf("is damaged: %s", zip_file_strerror(file));
        return refuse(archive, entry->name, err, what);
    }
    return CS_OK;
}

static cs_rc read_entry(struct archive *archive, const struct zip_stat *entry,
                        struct cs_topology *topology, struct cs_err *err)
{
    cs_auto_value(cs_buf) buf = CS_BUF(CS_ARCHIVE_ENTRY_MAX);
    cs_auto(zip_file) file = zip_fopen_index(archive->zip, entry->index, 0);
    bool ours = false;

    if (!file) {
        cs_autofree char *what = cs_asprintf("is damaged: %s", zip_strerror(archive->zip));
        return refuse(archive, entry->name, err, what);
    }
    CS_TRY(expand(archive, entry, file, &buf, err));
    archive->left -= buf.len;
    cs_autofree char *name = cs_asprintf("%s/%s", archive->name, entry->name);
    cs_autofree char *label = cs_asprintf("%s/%s", archive->label, entry->name);
    CS_TRY(cs_forms_read_document(name, label, buf.data, buf.len, true, topology, &ours, err));
    archive->ours |= ours;
    return CS_OK;
}

static bool is_folder(const char *entry)
{
    size_t len = strlen(entry);

    return len && (entry[len - 1] == '/' || entry[len - 1] == '\\');
}

static cs_rc read_entries(struct archive *archive, struct cs_topology *topology, struct cs_err *err)
{
    zip_int64_t count = zip_get_num_entries(archive->zip, 0);

    for (zip_int64_t i = 0; i < count; i++) {
        struct zip_stat entry;
        zip_stat_init(&entry);
        if (zip_stat_index(archive->zip, (zip_uint64_t)i, 0, &entry) != 0 || !entry.name) {
            return cs_fail(err, CS_E_INPUT, "%s: the archive is damaged: %s", archive->name,
                           zip_strerror(archive->zip));
        }
        CS_TRY(check_entry(archive, &entry, err));
        if (!is_folder(entry.name)) {
            CS_TRY(read_entry(archive, &entry, topology, err));
        }
    }
    return CS_OK;
}

cs_rc cs_archive_read(const char *name, const char *label, const void *data, size_t len,
                      struct cs_topology *topology, struct cs_err *err)
{
    cs_auto(zip) zip = NULL;

    CS_TRY(open_archive(name, data, len, &zip, err));
    struct archive archive = {name, label, len, zip, CS_ARCHIVE_EXPANDED_MAX, false};
    CS_TRY(read_entries(&archive, topology, err));
    if (!archive.ours) {
        return cs_fail_hint(
            err, CS_E_INPUT,
            "give an archive of Export-CsConfiguration, or the documents themselves",
            "%s: neither a topology nor simple URLs stand in the archive", name);
    }
    return CS_OK;
}
