#include "report/deploytag.h"

#include "base/mem.h"
#include "report/deploystate.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    PAD = 9,
    BAR = 4,
    SIGN = 16,
    STEP = 17,
};

static const struct cs_textfit_face text_face = {13, false};
static const struct cs_textfit_face word_face = {13, true};

/* What a tag says. */
struct tag {
    const struct cs_deploystate_info *state;
    char *href;
    char *types;
    char *names; /* "17 names"; of a failure: where its reason stands */
    char *days;  /* "" if there are none */
    char *whose; /* the computer, pool or deployment that it serves */
    bool of_all; /* it serves the whole deployment */
};

static void tag_done(struct tag *tag)
{
    cs_free_auto_(&tag->href);
    cs_free_auto_(&tag->types);
    cs_free_auto_(&tag->names);
    cs_free_auto_(&tag->days);
    cs_free_auto_(&tag->whose);
}

static char *names_of(const struct cs_deployment_row *row)
{
    size_t missing = row->missing ? row->missing->count : 0;
    size_t names = row->plan->name_count;
    cs_autofree char *request = row->request_id
                                    ? cs_asprintf(" \xc2\xb7 request %" PRId64, row->request_id)
                                    : cs_strdup("");

    return missing ? cs_asprintf("%zu of %zu name%s missing%s", missing, names,
                                 names == 1 ? "" : "s", request)
                   : cs_asprintf("%zu name%s%s", names, names == 1 ? "" : "s", request);
}

static struct tag tag_for(cs_type_set types, const char *pool, const char *computer)
{
    const char *named = computer ? computer : pool;
    bool of_all = !named || types == 1u << CS_TYPE_OAUTH_TOKEN_ISSUER;

    return (struct tag){
        .types = cs_deploystate_types(types),
        .whose = cs_strdup(of_all ? "the whole deployment" : named),
        .of_all = of_all,
    };
}

static struct tag tag_of(const struct cs_deployment_report *report,
                         const struct cs_deploymark *mark)
{
    if (mark->failure) {
        const struct cs_plan_failure *failure = &report->failures[mark->index];
        struct tag tag = tag_for(failure->types, failure->pool, failure->computer);

        tag.state = cs_deploystate_info(CS_DEPLOY_UNPLANNED);
        tag.href = cs_asprintf("#failure-%zu", mark->index + 1);
        tag.names = cs_strdup("why: below");
        tag.days = cs_strdup("");
        return tag;
    }
    const struct cs_deployment_row *row = &report->rows[mark->index];
    struct tag tag = tag_for(row->plan->types, row->plan->pool, row->plan->computer);

    tag.state = cs_deploystate_info(cs_deploystate_of(row, report->now));
    tag.href = cs_asprintf("#certificate-%zu", mark->index + 1);
    tag.names = names_of(row);
    tag.days = cs_deploystate_days(row, report->now);
    return tag;
}

/* State and days, beside each other if both fit; returns the height. */
static int draw_first(struct cs_buf *buf, const struct tag *tag, struct cs_svg_box box)
{
    int left = box.x + BAR + PAD;
    int word = left + SIGN + 6;
    int word_width = cs_textfit_width(tag->state->word, word_face);
    int days_width = cs_textfit_width(tag->days, text_face);
    bool beside = word + word_width + 8 + days_width <= box.x + box.width - PAD;
    char class[32];

    snprintf(class, sizeof class, "word %s", tag->state->look);
    cs_svg_sign(buf, tag->state->key, tag->state->look, left, box.y + PAD, SIGN);
    cs_svg_line(buf, class, word, box.y + PAD + 13, tag->state->word);
    if (beside) {
        cs_svg_line(buf, "days end", box.x + box.width - PAD, box.y + PAD + 13, tag->days);
        return STEP + 3;
    }
    cs_svg_line(buf, "days", left, box.y + PAD + 13 + STEP, tag->days);
    return 2 * STEP + 3;
}

static int draw_content(struct cs_buf *buf, const struct tag *tag, const struct cs_deploymark *mark,
                        size_t pool_count, struct cs_svg_box box)
{
    int y = box.y + PAD + draw_first(buf, tag, box);
    struct cs_svg_box line = {box.x + BAR + PAD, y, box.width - BAR - 2 * PAD, 0};

    line.y += cs_svg_text(buf, "types", line, tag->types, text_face, STEP);
    line.y += cs_svg_text(buf, "more", line, tag->names, text_face, STEP);
    /* Outside of every pool: what the topology does not know needs a name. */
    if (mark->pool == pool_count && !tag->of_all) {
        cs_autofree char *text = cs_asprintf("for %s", tag->whose);
        line.y += cs_svg_text(buf, "more", line, text, text_face, STEP);
    }
    return line.y + PAD - 2 - box.y;
}

int cs_deploytag_draw(struct cs_buf *buf, const struct cs_deployment_report *report,
                      const struct cs_deploymark *mark, struct cs_svg_box box)
{
    cs_auto_value(tag) tag = tag_of(report, mark);
    size_t pools = report->topology->pool_count;
    char class[32];

    box.height = draw_content(NULL, &tag, mark, pools, box);
    if (!buf) {
        return box.height;
    }
    cs_autofree char *label =
        cs_asprintf("%s%s%s: %s, %s, for %s", tag.state->word, *tag.days ? ", " : "", tag.days,
                    tag.types, tag.names, tag.whose);
    cs_svg_link_open(buf, tag.href, label);
    snprintf(class, sizeof class, "tag %s", tag.state->look);
    cs_svg_rect(buf, class, box, 5);
    snprintf(class, sizeof class, "bar %s", tag.state->look);
    cs_svg_rect(buf, class, (struct cs_svg_box){box.x, box.y + 5, BAR, box.height - 10}, 2);
    draw_content(buf, &tag, mark, pools, box);
    cs_svg_link_close(buf);
    return box.height;
}
