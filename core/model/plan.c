#include "model/plan.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct cs_plan *cs_plan_new(void)
{
    return cs_alloc(1, sizeof(struct cs_plan));
}

static void subject_done(struct cs_subject *subject)
{
    free(subject->common_name);
    free(subject->organizational_unit);
    free(subject->organization);
    free(subject->locality);
    free(subject->state);
    free(subject->country);
}

static void like_done(struct cs_like *like)
{
    free(like->source);
    cs_strv_done(&like->kept);
    cs_strv_done(&like->gained);
    cs_strv_done(&like->lost);
}

void cs_plan_free(struct cs_plan *plan)
{
    if (!plan) {
        return;
    }
    for (size_t i = 0; i < plan->name_count; i++) {
        free(plan->names[i].name);
        free(plan->names[i].rule);
        free(plan->names[i].source);
    }
    free(plan->names);
    subject_done(&plan->subject);
    free(plan->computer);
    free(plan->pool);
    free(plan->choice);
    like_done(&plan->like);
    free(plan->friendly_name);
    free(plan->ca);
    free(plan->output);
    free(plan->template_name);
    free(plan->ca_account);
    free(plan->global_catalog);
    free(plan->global_settings_dc);
    cs_strv_done(&plan->warnings);
    free(plan);
}

void cs_plan_add_name(struct cs_plan *plan, const char *name, const char *rule, const char *source)
{
    plan->names = cs_realloc(plan->names, plan->name_count + 1, sizeof *plan->names);
    plan->names[plan->name_count++] = (struct cs_name){
        .name = cs_strdup(name),
        .rule = cs_strdup(rule),
        .source = cs_strdup(source),
    };
}

static void like_copy(struct cs_like *to, const struct cs_like *from)
{
    *to = (struct cs_like){.source = cs_strdup(from->source)};
    cs_strv_copy(&to->kept, &from->kept);
    cs_strv_copy(&to->gained, &from->gained);
    cs_strv_copy(&to->lost, &from->lost);
}

struct cs_plan *cs_plan_copy(const struct cs_plan *plan)
{
    struct cs_plan *copy = cs_plan_new();

    *copy = *plan;
    copy->names = NULL;
    copy->name_count = 0;
    copy->warnings = (struct cs_strv){0};
    for (size_t i = 0; i < plan->name_count; i++) {
        const struct cs_name *name = &plan->names[i];
        cs_plan_add_name(copy, name->name, name->rule, name->source);
    }
    cs_strv_copy(&copy->warnings, &plan->warnings);
    copy->computer = cs_strdup(plan->computer);
    copy->pool = cs_strdup(plan->pool);
    copy->choice = cs_strdup(plan->choice);
    like_copy(&copy->like, &plan->like);
    copy->subject = (struct cs_subject){
        .common_name = cs_strdup(plan->subject.common_name),
        .organizational_unit = cs_strdup(plan->subject.organizational_unit),
        .organization = cs_strdup(plan->subject.organization),
        .locality = cs_strdup(plan->subject.locality),
        .state = cs_strdup(plan->subject.state),
        .country = cs_strdup(plan->subject.country),
    };
    copy->friendly_name = cs_strdup(plan->friendly_name);
    copy->ca = cs_strdup(plan->ca);
    copy->output = cs_strdup(plan->output);
    copy->template_name = cs_strdup(plan->template_name);
    copy->template_in_csr = plan->template_in_csr;
    copy->ca_account = cs_strdup(plan->ca_account);
    copy->global_catalog = cs_strdup(plan->global_catalog);
    copy->global_settings_dc = cs_strdup(plan->global_settings_dc);
    return copy;
}

/* Octets of a DER length (X.690 section 8.1.3) with its tag. */
static size_t header_size(size_t len)
{
    size_t size = 2;

    if (len >= 128) {
        for (; len; len >>= 8) {
            size++;
        }
    }
    return size;
}

size_t cs_plan_san_size(const struct cs_plan *plan)
{
    size_t size = 0;

    for (size_t i = 0; i < plan->name_count; i++) {
        size_t len = strlen(plan->names[i].name);
        size += header_size(len) + len;
    }
    return header_size(size) + size;
}
