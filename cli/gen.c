/* cscert-gen man TEMPLATE | bash | zsh | fish: prints one generated file. */
#include "cli/gen.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"

#include <stdio.h>
#include <string.h>

#define TEMPLATE_MAX ((size_t)1 << 20)

static void gen_exit_status(void)
{
    for (unsigned code = 0; code < CS_RC_COUNT; code++) {
        printf(".It %u Pq %s\n%s\n", code, cs_rc_name((cs_rc)code), cs_rc_explain((cs_rc)code));
    }
}

static void gen_version(void)
{
    printf(".Os cscert %s\n", CS_VERSION);
}

static const struct {
    const char *line; /* of the template */
    void (*print)(void);
} parts[] = {
    {"@OS@", gen_version},
    {"@VERBS@", cs_gen_verbs},
    {"@OPTIONS@", cs_gen_options},
    {"@EXIT_STATUS@", gen_exit_status},
};

static void print_line(const char *line, size_t len)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strlen(parts[i].line) == len && strncmp(parts[i].line, line, len) == 0) {
            parts[i].print();
            return;
        }
    }
    printf("%.*s\n", (int)len, line);
}

static cs_rc gen_man(const char *path, struct cs_err *err)
{
    cs_auto_value(cs_bytes) text = {0};

    CS_TRY(cs_file_read(path, TEMPLATE_MAX, &text, err));
    for (const char *line = (const char *)text.data; *line;) {
        size_t len = strcspn(line, "\n");
        print_line(line, len);
        line += len + (line[len] == '\n');
    }
    return CS_OK;
}

static cs_rc generate(int argc, char **argv, struct cs_err *err)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (argc == 3 && strcmp(what, "man") == 0) {
        return gen_man(argv[2], err);
    }
    if (strcmp(what, "bash") == 0) {
        cs_gen_bash();
    } else if (strcmp(what, "zsh") == 0) {
        cs_gen_zsh();
    } else if (strcmp(what, "fish") == 0) {
        cs_gen_fish();
    } else {
        return cs_fail(err, CS_E_USAGE, "usage: cscert-gen man TEMPLATE | bash | zsh | fish");
    }
    return CS_OK;
}

int main(int argc, char **argv)
{
    struct cs_err err = {0};
    cs_rc rc = generate(argc, argv, &err);

    if (rc == CS_OK && (fflush(stdout) != 0 || ferror(stdout))) {
        rc = cs_fail(&err, CS_E_OUTPUT, "the file cannot be written");
    }
    if (rc != CS_OK) {
        fprintf(stderr, "cscert-gen: %s\n", err.message);
    }
    return (int)rc;
}
