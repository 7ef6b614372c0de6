#include "cli/toposource.h"

#include "base/mem.h"
#include "cli/libexec.h"
#include "cli/topofile.h"
#include "wire/reader.h"
#include "wire/topojson.h"

#include <stdlib.h>
#include <string.h>

/* Behind the name of a document of which only the simple URLs were taken. */
#define URLS_MARK " (simple URLs)"

void cs_toposource_done(struct cs_toposource *source)
{
    cs_topology_free(source->topology);
    free(source->sha256);
    free(source->documents);
    *source = (struct cs_toposource){0};
}

/* A line each: a name may hold anything. */
static char *document_names(const struct cs_strv *paths)
{
    cs_auto_value(cs_strv) names = {0};

    for (size_t i = 0; i < paths->count; i++) {
        cs_strv_take(&names, cs_terminal_escape(paths->items[i]));
    }
    return cs_strv_join(&names, "\n");
}

cs_rc cs_toposource_read(const struct cs_strv *paths, struct cs_toposource *ret_source,
                         struct cs_err *err)
{
    cs_auto_value(cs_topofiles) files = {0};
    cs_auto(cs_topology) topology = NULL;

    for (size_t i = 0; i < paths->count; i++) {
        CS_TRY(cs_topofiles_add(&files, paths->items[i], err));
    }
    CS_TRY(
        cs_reader_read(cs_libexec_path("cscert-read"), files.items, files.count, &topology, err));
    *ret_source = (struct cs_toposource){
        .topology = cs_steal(&topology),
        .sha256 = cs_topofiles_sha256(&files),
        .documents = document_names(paths),
    };
    return CS_OK;
}

cs_rc cs_toposource_stored(struct cs_store *store, unsigned back, struct cs_toposource *ret_source,
                           struct cs_err *err)
{
    cs_auto_value(cs_topology_row) row = {0};
    cs_auto(cs_topology) topology = NULL;
    struct cs_err why = {0};
    bool found = false;

    *ret_source = (struct cs_toposource){0};
    if (!store) {
        return CS_OK;
    }
    CS_TRY(cs_store_topology_get(store, back, &row, &found, err));
    if (!found) {
        return CS_OK;
    }
    if (cs_topojson_read(row.json, strlen(row.json), &topology, &why) != CS_OK) {
        return cs_fail_hint(err, CS_E_STORE, "import it again: cscert topology import FILE...",
                            "the topology in the store cannot be used: %s", why.message);
    }
    *ret_source = (struct cs_toposource){
        .topology = cs_steal(&topology),
        .sha256 = cs_steal(&row.sha256),
        .documents = cs_steal(&row.documents),
        .imported = row.imported,
    };
    return CS_OK;
}

/* ---- simple URLs in place of others ---- */

static bool is_urls_only(const char *document)
{
    size_t len = strlen(document);
    size_t mark = strlen(URLS_MARK);

    return len > mark && strcmp(document + len - mark, URLS_MARK) == 0;
}

/* The documents of which more than the simple URLs is still in force, then those of @urls. */
static void join_documents(struct cs_toposource *source, const struct cs_toposource *urls)
{
    cs_auto_value(cs_strv) old_names = {0};
    cs_auto_value(cs_strv) old_sums = {0};
    cs_auto_value(cs_strv) new_names = {0};
    cs_auto_value(cs_strv) names = {0};
    cs_auto_value(cs_strv) sums = {0};

    cs_strv_split(&old_names, source->documents ? source->documents : "", '\n');
    cs_strv_split(&old_sums, source->sha256 ? source->sha256 : "", ',');
    cs_strv_split(&new_names, urls->documents, '\n');
    for (size_t i = 0; i < old_names.count && i < old_sums.count; i++) {
        if (!is_urls_only(old_names.items[i])) {
            cs_strv_add(&names, old_names.items[i]);
            cs_strv_add(&sums, old_sums.items[i]);
        }
    }
    for (size_t i = 0; i < new_names.count; i++) {
        cs_strv_take(&names, cs_asprintf("%s" URLS_MARK, new_names.items[i]));
    }
    cs_strv_add(&sums, urls->sha256);
    free(source->documents);
    free(source->sha256);
    source->documents = cs_strv_join(&names, "\n");
    source->sha256 = cs_strv_join(&sums, ",");
}

void cs_toposource_replace_urls(struct cs_toposource *source, struct cs_toposource *urls)
{
    struct cs_topology *to = source->topology;
    struct cs_topology *from = urls->topology;
    struct cs_topo_url *old = to->urls;
    size_t old_count = to->url_count;

    to->urls = from->urls;
    to->url_count = from->url_count;
    to->has_simple_urls = from->has_simple_urls;
    to->use_backend_database = from->use_backend_database;
    cs_strv_copy(&to->warnings, &from->warnings);
    from->urls = old;
    from->url_count = old_count;
    source->imported = 0;
    join_documents(source, urls);
}

/* ---- as the options say ---- */

static cs_rc read_documents(const struct cs_options *options, const char *topology,
                            struct cs_toposource *ret_source, struct cs_err *err)
{
    cs_auto_value(cs_strv) paths = {0};
    cs_auto_value(cs_toposource) source = {0};

    cs_strv_add(&paths, topology);
    cs_strv_copy(&paths, cs_options_list(options, CS_OPT_SIMPLE_URLS));
    CS_TRY(cs_toposource_read(&paths, &source, err));
    if (!source.topology->form) {
        return cs_fail_hint(err, CS_E_INPUT,
                            "name what Get-CsTopology -AsXml printed, or a .tbxml file",
                            "%s holds no topology", topology);
    }
    *ret_source = source;
    source = (struct cs_toposource){0};
    return CS_OK;
}

/* --simple-urls alone: on top of the replica. */
static cs_rc read_urls(const struct cs_options *options, struct cs_toposource *source,
                       struct cs_err *err)
{
    const struct cs_strv *paths = cs_options_list(options, CS_OPT_SIMPLE_URLS);
    cs_auto_value(cs_toposource) urls = {0};

    if (!source->topology) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "say --topology FILE too, or import one: cscert topology import FILE",
                            "--simple-urls needs a topology, and none is known");
    }
    CS_TRY(cs_toposource_read(paths, &urls, err));
    if (urls.topology->form) {
        return cs_fail_hint(err, CS_E_INPUT, "say --topology instead of --simple-urls",
                            "a file of --simple-urls holds a topology: %s", paths->items[0]);
    }
    cs_toposource_replace_urls(source, &urls);
    return CS_OK;
}

cs_rc cs_toposource_load(const struct cs_options *options, struct cs_store *store,
                         struct cs_toposource *ret_source, struct cs_err *err)
{
    const char *topology = cs_options_text(options, CS_OPT_TOPOLOGY);
    cs_auto_value(cs_toposource) source = {0};

    if (topology) {
        return read_documents(options, topology, ret_source, err);
    }
    CS_TRY(cs_toposource_stored(store, 0, &source, err));
    if (cs_options_list(options, CS_OPT_SIMPLE_URLS)->count) {
        CS_TRY(read_urls(options, &source, err));
    }
    *ret_source = source;
    source = (struct cs_toposource){0};
    return CS_OK;
}
