#include "report/deploypool.h"

#include "base/mem.h"
#include "report/deploytag.h"

#include <string.h>

enum {
    PITCH = 326, /* from column to column of a panel */
    GAP = 12,    /* between pools, and between computers of a pool */
    PAD = 12,    /* inside a pool */
    CELL_PAD = 10,
    TAG_GAP = 10,
    SPINE = 14, /* room for the line from a shared key to the members */
};

static const struct cs_textfit_face pool_face = {16, true};
static const struct cs_textfit_face name_face = {14, false};
static const struct cs_textfit_face small_face = {13, false};

/* The pool and what is drawn of it. */
struct view {
    const struct cs_deployment_report *report;
    const struct cs_deploymark *marks; /* of the pool: its own, then its computers' */
    size_t count;
    size_t own; /* the first so many are the pool's as a whole */
    const struct cs_topo_pool *pool;
    struct cs_deploypool piece;
};

static struct view view_of(const struct cs_deployment_report *report,
                           const struct cs_deployplace *place, const struct cs_deploypool *piece)
{
    size_t first = place->first[piece->pool];
    struct view view = {
        .report = report,
        .marks = place->marks + first,
        .count = place->first[piece->pool + 1] - first,
        .pool = &report->topology->pools[piece->pool],
        .piece = *piece,
    };

    while (view.own < view.count && view.marks[view.own].computer == 0) {
        view.own++;
    }
    return view;
}

bool cs_deploypool_counts(const struct cs_deployment_report *report,
                          const struct cs_deployplace *place, size_t pool)
{
    return cs_topo_pool_role(&report->topology->pools[pool]) != CS_ROLE_NONE ||
           place->first[pool + 1] > place->first[pool];
}

int cs_deploypool_width(unsigned columns)
{
    return (int)columns * PITCH - GAP;
}

int cs_deploypool_tags(struct cs_buf *buf, const struct cs_deployment_report *report,
                       const struct cs_deploymark *marks, size_t count, unsigned columns,
                       struct cs_svg_box box)
{
    int width = (box.width - ((int)columns - 1) * TAG_GAP) / (int)columns;
    int y = box.y;

    for (size_t i = 0; i < count; i += columns) {
        int height = 0;
        for (size_t j = i; j < count && j < i + columns; j++) {
            struct cs_svg_box tag = {box.x + (int)(j - i) * (width + TAG_GAP), y, width, 0};
            int needed = cs_deploytag_draw(buf, report, &marks[j], tag);
            height = needed > height ? needed : height;
        }
        y += height + TAG_GAP;
    }
    return count ? y - TAG_GAP - box.y : 0;
}

/* ---- computers ---- */

/* The first mark of that computer or of a later one. */
static size_t first_mark(const struct view *view, size_t computer)
{
    size_t low = view->own;
    size_t high = view->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (view->marks[middle].computer < computer) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Name and tags; returns the height. */
static int draw_cell_content(struct cs_buf *buf, const struct view *view, size_t computer,
                             struct cs_svg_box box)
{
    const struct cs_topo_name *name = &view->pool->computers[computer];
    struct cs_svg_box line = {box.x + CELL_PAD, box.y + 8, box.width - 2 * CELL_PAD, 0};
    size_t first = first_mark(view, computer + 1);
    size_t end = first_mark(view, computer + 2);

    line.y += cs_svg_text(buf, "computer", line, name->name, name_face, 19);
    if (end > first) {
        line.y += 6;
        line.y += cs_deploypool_tags(buf, view->report, view->marks + first, end - first, 1, line);
        return line.y + CELL_PAD - box.y;
    }
    return line.y + 8 - box.y;
}

static void draw_cell(struct cs_buf *buf, const struct view *view, size_t computer,
                      struct cs_svg_box box)
{
    cs_autofree char *label = cs_asprintf("Computer %s", view->pool->computers[computer].name);

    cs_svg_group_open(buf, label);
    cs_svg_rect(buf, "cell", box, 6);
    draw_cell_content(buf, view, computer, box);
    cs_svg_group_close(buf);
}

/* The box of the cell in column @i of a row that begins at @box. */
static struct cs_svg_box cell_box(const struct view *view, struct cs_svg_box box, size_t i)
{
    int columns = (int)view->piece.columns;
    int width = (box.width - (columns - 1) * GAP) / columns;

    return (struct cs_svg_box){box.x + (int)i * (width + GAP), box.y, width, box.height};
}

static size_t row_count(const struct view *view, size_t first)
{
    size_t end = view->piece.first + view->piece.count;
    size_t left = end - first;

    return left < view->piece.columns ? left : view->piece.columns;
}

static int row_height(const struct view *view, size_t first, struct cs_svg_box box)
{
    int height = 0;

    for (size_t i = 0; i < row_count(view, first); i++) {
        int needed = draw_cell_content(NULL, view, first + i, cell_box(view, box, i));
        height = needed > height ? needed : height;
    }
    return height;
}

/* The line from a shared key down to each computer of a row; it begins at @from. */
static void draw_branch(struct cs_buf *buf, const struct view *view, size_t first,
                        struct cs_svg_box row, int from)
{
    int spine = row.x - SPINE + 8;
    int branch = row.y - 8;
    size_t count = row_count(view, first);
    struct cs_svg_box last = cell_box(view, row, count - 1);

    cs_buf_printf(buf, "<path class=\"branch\" d=\"M%d %dV%dH%d", spine, from, branch,
                  last.x + last.width / 2);
    for (size_t i = 0; i < count; i++) {
        struct cs_svg_box cell = cell_box(view, row, i);
        cs_buf_printf(buf, "M%d %dV%d", cell.x + cell.width / 2, branch, row.y);
    }
    cs_buf_puts(buf, "\"/>\n");
}

/* A pool that stands for nothing but itself needs no second box with the same name. */
static bool names_computers(const struct view *view)
{
    const struct cs_topo_pool *pool = view->pool;
    const char *only = pool->computer_count == 1 ? pool->computers[0].name : NULL;
    bool itself = only && pool->fqdn.name && strcmp(only, pool->fqdn.name) == 0;

    return !itself || view->count > 0 || cs_topo_pool_role(pool) != CS_ROLE_NONE;
}

/* All rows; returns the height. @from is the end of the box of shared certificates, 0 if there is
 * none. */
static int draw_rows(struct cs_buf *buf, const struct view *view, struct cs_svg_box box, int from)
{
    struct cs_svg_box row = box;
    size_t end = view->piece.first + view->piece.count;
    int gap = from ? GAP + 6 : GAP;

    row.y += from ? gap : 0;
    for (size_t i = view->piece.first; i < end && names_computers(view); i += view->piece.columns) {
        row.height = row_height(view, i, row);
        if (buf && from) {
            draw_branch(buf, view, i, row, from);
            from = row.y - 8;
        }
        for (size_t j = 0; buf && j < row_count(view, i); j++) {
            draw_cell(buf, view, i + j, cell_box(view, row, j));
        }
        row.y += row.height + gap;
    }
    return row.y > box.y ? row.y - gap - box.y : 0;
}

/* ---- the pool ---- */

static char *about(const struct view *view)
{
    enum cs_role role = cs_topo_pool_role(view->pool);
    size_t all = view->pool->computer_count;
    const char *what = role == CS_ROLE_NONE    ? "needs no certificate"
                       : role == CS_ROLE_OTHER ? "Other server"
                                               : cs_role_name(role);

    if (view->piece.count < all) {
        return cs_asprintf("%s \xc2\xb7 computers %zu to %zu of %zu", what, view->piece.first + 1,
                           view->piece.first + view->piece.count, all);
    }
    return cs_asprintf("%s \xc2\xb7 %zu computer%s", what, all, all == 1 ? "" : "s");
}

static char *caption(const struct view *view)
{
    size_t all = view->pool->computer_count;

    if (all < 2) {
        return cs_strdup("Of the pool as a whole");
    }
    return cs_asprintf("Shared by all %zu computers: one key for each certificate", all);
}

/* The certificates of the pool as a whole; returns the height. */
static int draw_shared(struct cs_buf *buf, const struct view *view, struct cs_svg_box box)
{
    cs_autofree char *text = caption(view);
    struct cs_svg_box line = {box.x + CELL_PAD + 22, box.y + 8, box.width - 2 * CELL_PAD - 22, 0};

    cs_svg_sign(buf, "key", "shared", box.x + CELL_PAD, line.y, 16);
    line.y += cs_svg_text(buf, "small", line, text, small_face, 17) + 6;
    line.x = box.x + CELL_PAD;
    line.width = box.width - 2 * CELL_PAD;
    line.y +=
        cs_deploypool_tags(buf, view->report, view->marks, view->own, view->piece.columns, line);
    return line.y + CELL_PAD - box.y;
}

/* What stands in the frame of a pool; returns the height. */
static int draw_content(struct cs_buf *buf, const struct view *view, struct cs_svg_box box)
{
    cs_autofree char *text = about(view);
    struct cs_svg_box at = {box.x + PAD, box.y + 9, box.width - 2 * PAD, 0};
    int from = 0;

    at.y += cs_svg_text(buf, "name", at, view->pool->fqdn.name, pool_face, 21);
    at.y += cs_svg_text(buf, "small", at, text, small_face, 18) + 8;
    if (view->own) {
        at.height = draw_shared(NULL, view, at);
        cs_svg_rect(buf, "shared", at, 6);
        at.y += draw_shared(buf, view, at);
        from = at.y;
        at.x += SPINE;
        at.width -= SPINE;
    }
    at.y += draw_rows(buf, view, at, from);
    return at.y + PAD - box.y;
}

static unsigned columns_for(size_t computers)
{
    if (computers == 0) {
        return 1;
    }
    return computers < CS_DEPLOYPOOL_COLUMNS ? (unsigned)computers : CS_DEPLOYPOOL_COLUMNS;
}

struct cs_deploypool cs_deploypool_piece(const struct cs_deployment_report *report,
                                         const struct cs_deployplace *place, size_t pool,
                                         size_t first, int most)
{
    size_t all = report->topology->pools[pool].computer_count;
    struct cs_deploypool piece = {.pool = pool, .first = first, .columns = columns_for(all)};
    struct view view = view_of(report, place, &piece);

    struct cs_svg_box box = {0, 0, cs_deploypool_width(piece.columns), 0};
    do {
        struct cs_deploypool longer = piece;
        size_t left = all - first - piece.count;
        longer.count += left < piece.columns ? left : piece.columns;
        view.piece = longer;
        longer.height = draw_content(NULL, &view, box);
        if (piece.count && longer.height > most) {
            return piece;
        }
        piece = longer;
    } while (first + piece.count < all);
    return piece;
}

void cs_deploypool_draw(struct cs_buf *buf, const struct cs_deployment_report *report,
                        const struct cs_deployplace *place, const struct cs_deploypool *piece,
                        struct cs_svg_box box)
{
    struct view view = view_of(report, place, piece);
    cs_autofree char *text = about(&view);
    cs_autofree char *label = cs_asprintf("Pool %s, %s", view.pool->fqdn.name, text);

    cs_svg_group_open(buf, label);
    cs_svg_rect(buf, cs_deploypool_counts(report, place, piece->pool) ? "pool" : "pool idle", box,
                8);
    draw_content(buf, &view, box);
    cs_svg_group_close(buf);
}
