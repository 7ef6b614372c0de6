/* Host names from outside: what is accepted is a name by the letter of the rules, and the same when
 * read again. */
#include "base/cleanup.h"
#include "base/mem.h"
#include "model/dnsname.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
    if (!condition) {
        abort();
    }
}

static void check_accepted(const char *name, const struct cs_dns_name *facts)
{
    struct cs_dns_name again = {0};
    cs_autofree char *same = NULL;

    must(strlen(name) >= 1 && strlen(name) <= 253);
    must(strspn(name + 2 * facts->wildcard, "abcdefghijklmnopqrstuvwxyz0123456789-.") ==
         strlen(name + 2 * facts->wildcard));
    must(facts->wildcard == (name[0] == '*'));
    must(facts->is_short == !strchr(name, '.'));
    must(!strstr(name, "..") && !strstr(name, "-.") && !strstr(name, ".-"));
    must(cs_dns_name_parse(name, "again", &same, &again, NULL) == CS_OK);
    must(strcmp(same, name) == 0 && again.wildcard == facts->wildcard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct cs_dns_name untouched = {true, true};
    cs_autofree char *text = cs_strndup((const char *)data, size);
    cs_autofree char *name = NULL;
    struct cs_dns_name facts = untouched;
    struct cs_err err = {0};

    cs_rc rc = cs_dns_name_parse(text, "-DomainName", &name, &facts, &err);
    if (rc == CS_OK) {
        check_accepted(name, &facts);
    } else {
        must(rc == CS_E_USAGE && err.code == rc && err.message[0] && !name);
        must(facts.wildcard && facts.is_short);
    }
    return 0;
}
