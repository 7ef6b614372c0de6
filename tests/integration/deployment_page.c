/* Writes the page of a sample deployment to standard output, or with "counts" what it must count:
 * deployment_page all|hostile|empty|large|counts */
#include "support/deployment_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    void (*make)(struct deployment_sample *sample);
} kinds[] = {
    {"all", deployment_sample_make},
    {"hostile", deployment_sample_hostile},
    {"empty", deployment_sample_empty},
    {"large", deployment_sample_large},
};

static int write_counts(void)
{
    for (size_t i = 0; i < deployment_count_count; i++) {
        printf("%s %zu\n", deployment_counts[i].id, deployment_counts[i].count);
    }
    return EXIT_SUCCESS;
}

static int write_page(void (*make)(struct deployment_sample *sample))
{
    struct deployment_sample sample;
    cs_auto_value(cs_bytes) page = {0};
    struct cs_err err = {0};

    make(&sample);
    cs_rc rc = cs_deployment_html(&sample.report, &page, &err);
    deployment_sample_done(&sample);
    if (rc != CS_OK) {
        fprintf(stderr, "%s\n", err.message);
        return EXIT_FAILURE;
    }
    return fwrite(page.data, 1, page.len, stdout) == page.len ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    int code = EXIT_FAILURE;

    if (argc == 2 && strcmp(argv[1], "counts") == 0) {
        code = write_counts();
    }
    for (size_t i = 0; argc == 2 && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(argv[1], kinds[i].name) == 0) {
            code = write_page(kinds[i].make);
        }
    }
    return fclose(stdout) == 0 ? code : EXIT_FAILURE;
}
