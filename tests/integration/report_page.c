/* Writes the sample report, or with the argument "what-if" a plan, to standard output. */
#include "support/report_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct report_sample sample;
    cs_auto_value(cs_bytes) page = {0};
    struct cs_err err = {0};

    report_sample_make(&sample);
    if (argc > 1 && strcmp(argv[1], "what-if") == 0) {
        sample.report.what_if = true;
        sample.report.count = 1;
        sample.report.token = NULL;
        sample.report.exit_code = CS_OK;
        report_sample_only_planned(&sample);
    }
    cs_rc rc = cs_report_html(&sample.report, &page, &err);
    report_sample_done(&sample);
    if (rc != CS_OK) {
        fprintf(stderr, "%s\n", err.message);
        return EXIT_FAILURE;
    }
    if (fwrite(page.data, 1, page.len, stdout) != page.len) {
        return EXIT_FAILURE;
    }
    return fclose(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
