#include "report/deploymap.h"

#include "base/mem.h"
#include "report/deploypool.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAD = 17, /* inside a site: three columns and their gaps fill what is left */
    GAP = 14, /* between rows of pools */
    /* A page of US Letter or A4 with the margins of the style sheet is at least 1.3 times as high
     * as wide. */
    PANEL_MOST = 1280,
    HEAD_MOST = 100, /* of a site, as a rule */
    LOOK_BACK = 6,   /* rows of pools with room left that are looked at */
};

static const struct cs_textfit_face site_face = {18, true};
static const struct cs_textfit_face small_face = {13, false};

/* Pools beside each other. */
struct shelf {
    unsigned columns; /* that are taken */
    int height;
};

struct place_on_shelf {
    struct cs_deploypool pool;
    size_t shelf;
    unsigned column;
};

/* One frame: a site, the pools without one, or the deployment as a whole. */
struct frame {
    const struct cs_deployment_report *report;
    const struct cs_deployplace *place;
    char *name;
    char *about;
    const char *class;
    struct place_on_shelf *pools;
    size_t pool_count;
    struct shelf *shelves;
    size_t shelf_count;
};

static void frame_done(struct frame *frame)
{
    cs_free_auto_(&frame->name);
    cs_free_auto_(&frame->about);
    cs_free_auto_(&frame->pools);
    cs_free_auto_(&frame->shelves);
}

/* ---- where each pool goes ---- */

/* A shelf with room for so many columns, of the last few; else a new one. */
static size_t find_shelf(struct frame *frame, unsigned columns)
{
    size_t count = frame->shelf_count;
    size_t i = count > LOOK_BACK ? count - LOOK_BACK : 0;

    for (; i < count; i++) {
        if (frame->shelves[i].columns + columns <= CS_DEPLOYPOOL_COLUMNS) {
            return i;
        }
    }
    frame->shelves = cs_realloc(frame->shelves, count + 1, sizeof *frame->shelves);
    frame->shelves[count] = (struct shelf){0};
    return frame->shelf_count++;
}

static void put(struct frame *frame, const struct cs_deploypool *pool)
{
    size_t shelf = find_shelf(frame, pool->columns);
    struct shelf *to = &frame->shelves[shelf];

    frame->pools = cs_realloc(frame->pools, frame->pool_count + 1, sizeof *frame->pools);
    frame->pools[frame->pool_count++] = (struct place_on_shelf){*pool, shelf, to->columns};
    to->columns += pool->columns;
    to->height = pool->height > to->height ? pool->height : to->height;
}

static void put_pool(struct frame *frame, size_t pool)
{
    size_t all = frame->report->topology->pools[pool].computer_count;
    size_t done = 0;

    do {
        struct cs_deploypool piece = cs_deploypool_piece(frame->report, frame->place, pool, done,
                                                         PANEL_MOST - HEAD_MOST - 2 * PAD);
        put(frame, &piece);
        done += piece.count;
    } while (done < all);
}

/* ---- drawing ---- */

struct panel {
    size_t from; /* shelves */
    size_t to;
    size_t number; /* counted from 1 */
    size_t count;
};

/* Name and what it is; returns the height. */
static int draw_head(struct cs_buf *buf, const struct frame *frame, const struct panel *panel)
{
    const int width = CS_DEPLOYMAP_WIDTH - 2 * PAD;
    struct cs_svg_box at = {PAD, 13, width, 0};
    cs_autofree char *part =
        panel->count > 1
            ? cs_asprintf("%s \xc2\xb7 part %zu of %zu", frame->about, panel->number, panel->count)
            : cs_strdup(frame->about);

    at.y += cs_svg_text(buf, "site-name", at, frame->name, site_face, 24);
    at.y += cs_svg_text(buf, "small", at, part, small_face, 18);
    return at.y + 10;
}

static void draw_shelf(struct cs_buf *buf, const struct frame *frame, size_t shelf, int y)
{
    for (size_t i = 0; i < frame->pool_count; i++) {
        const struct place_on_shelf *at = &frame->pools[i];
        if (at->shelf == shelf) {
            int left = PAD + (int)at->column * (cs_deploypool_width(2) - cs_deploypool_width(1));
            struct cs_svg_box box = {left, y, cs_deploypool_width(at->pool.columns),
                                     frame->shelves[shelf].height};
            cs_deploypool_draw(buf, frame->report, frame->place, &at->pool, box);
        }
    }
}

static void draw_panel(struct cs_buf *buf, const struct frame *frame, const struct panel *panel)
{
    int y = draw_head(NULL, frame, panel);
    int height = y;
    cs_autofree char *label = cs_asprintf("%s, %s", frame->name, frame->about);

    for (size_t i = panel->from; i < panel->to; i++) {
        height += frame->shelves[i].height + GAP;
    }
    height += PAD - (panel->to > panel->from ? GAP : 0);
    cs_svg_open(buf, label, CS_DEPLOYMAP_WIDTH, height);
    cs_svg_rect(buf, frame->class, (struct cs_svg_box){1, 1, CS_DEPLOYMAP_WIDTH - 2, height - 2},
                12);
    draw_head(buf, frame, panel);
    for (size_t i = panel->from; i < panel->to; i++) {
        draw_shelf(buf, frame, i, y);
        y += frame->shelves[i].height + GAP;
    }
    cs_svg_close(buf);
}

/* The panel that begins at shelf @from. */
static struct panel next_panel(const struct frame *frame, size_t from)
{
    struct panel panel = {.from = from, .to = from};
    int height = HEAD_MOST;

    while (panel.to < frame->shelf_count) {
        height += frame->shelves[panel.to].height + GAP;
        if (height > PANEL_MOST && panel.to > from) {
            break;
        }
        panel.to++;
    }
    return panel;
}

static void draw_frame(struct cs_buf *buf, const struct frame *frame)
{
    size_t count = 0;
    size_t at = 0;

    do {
        at = next_panel(frame, at).to;
        count++;
    } while (at < frame->shelf_count);
    at = 0;
    for (size_t i = 1; i <= count; i++) {
        struct panel panel = next_panel(frame, at);
        panel.number = i;
        panel.count = count;
        draw_panel(buf, frame, &panel);
        at = panel.to;
    }
}

/* ---- the frames ---- */

static void draw_deployment(struct cs_buf *buf, const struct cs_deployment_report *report,
                            const struct cs_deployplace *place)
{
    size_t pools = report->topology->pool_count;
    const struct cs_deploymark *marks = place->marks + place->first[pools];
    size_t count = place->first[pools + 1] - place->first[pools];
    cs_auto_value(frame) frame = {
        .name = cs_strdup("The whole deployment"),
        .about = cs_strdup("what belongs to no single pool"),
    };
    const struct panel panel = {.count = 1};
    struct cs_svg_box box = {PAD, 0, CS_DEPLOYMAP_WIDTH - 2 * PAD, 0};

    if (count == 0) {
        return;
    }
    box.y = draw_head(NULL, &frame, &panel);
    int height = box.y + PAD;
    height += cs_deploypool_tags(NULL, report, marks, count, CS_DEPLOYPOOL_COLUMNS, box);
    cs_svg_open(buf, frame.name, CS_DEPLOYMAP_WIDTH, height);
    cs_svg_rect(buf, "site whole", (struct cs_svg_box){1, 1, CS_DEPLOYMAP_WIDTH - 2, height - 2},
                12);
    draw_head(buf, &frame, &panel);
    cs_deploypool_tags(buf, report, marks, count, CS_DEPLOYPOOL_COLUMNS, box);
    cs_svg_close(buf);
}

/* The site of each pool as an index, site_count where there is none; the caller frees. */
static size_t *sites_of_pools(const struct cs_topology *topology)
{
    size_t *sites = cs_alloc(topology->pool_count + 1, sizeof *sites);

    for (size_t i = 0; i < topology->pool_count; i++) {
        const char *id = topology->pools[i].site;
        const struct cs_topo_site *site = id ? cs_topology_site(topology, id) : NULL;
        sites[i] = site ? (size_t)(site - topology->sites) : topology->site_count;
    }
    return sites;
}

static char *site_name(const struct cs_topology *topology, size_t site)
{
    if (site == topology->site_count) {
        return cs_strdup("No site");
    }
    const struct cs_topo_site *at = &topology->sites[site];
    return cs_asprintf("Site %s", at->name ? at->name : at->id);
}

static char *site_about(const struct cs_topology *topology, size_t site, size_t pools,
                        size_t computers)
{
    const char *kind = site == topology->site_count      ? "pools of no site"
                       : topology->sites[site].is_branch ? "branch site"
                                                         : "central site";

    if (pools == 0) {
        return cs_asprintf("%s \xc2\xb7 no pools", kind);
    }
    return cs_asprintf("%s \xc2\xb7 %zu pool%s \xc2\xb7 %zu computer%s", kind, pools,
                       pools == 1 ? "" : "s", computers, computers == 1 ? "" : "s");
}

/* Servers of Lync first, then what needs no certificate. */
static void draw_site(struct cs_buf *buf, const struct cs_deployment_report *report,
                      const struct cs_deployplace *place, const size_t *sites, size_t site)
{
    const struct cs_topology *topology = report->topology;
    cs_auto_value(frame) frame = {.report = report, .place = place, .class = "site"};
    size_t pools = 0;
    size_t computers = 0;

    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < topology->pool_count; i++) {
            if (sites[i] == site && cs_deploypool_counts(report, place, i) == (pass == 0)) {
                put_pool(&frame, i);
                pools++;
                computers += topology->pools[i].computer_count;
            }
        }
    }
    if (site < topology->site_count || pools) {
        frame.name = site_name(topology, site);
        frame.about = site_about(topology, site, pools, computers);
        draw_frame(buf, &frame);
    }
}

void cs_deploymap_draw(struct cs_buf *buf, const struct cs_deployment_report *report,
                       const struct cs_deployplace *place)
{
    const struct cs_topology *topology = report->topology;
    cs_autofree size_t *sites = sites_of_pools(topology);

    draw_deployment(buf, report, place);
    for (size_t site = 0; site <= topology->site_count; site++) {
        draw_site(buf, report, place, sites, site);
    }
}
