#include "wire/fence.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As struct landlock_ruleset_attr of Linux 6.12, which the headers of an older system lack. The
 * kernel takes as much of it as its version knows. */
struct rules {
    uint64_t files;
    uint64_t network;
    uint64_t scope;
};

/* Rights over files, with the version that brought them (Linux, include/uapi/linux/landlock.h). */
#define RIGHTS_1 ((UINT64_C(1) << 13) - 1)
#define RIGHTS_2 (UINT64_C(1) << 13) /* link and rename across folders */
#define RIGHTS_3 (UINT64_C(1) << 14) /* truncate */
#define RIGHTS_5 (UINT64_C(1) << 15) /* ioctl of devices */

#define NETWORK_BIND_TCP (UINT64_C(1) << 0) /* version 4 */

#define SCOPE_ABSTRACT_SOCKET (UINT64_C(1) << 0) /* version 6 */
#define SCOPE_SIGNAL          (UINT64_C(1) << 1)

/* What is read of a system beside its libraries. A line that is not there is left out. */
static const char *const system_files[] = {
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    /* names and addresses */
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/networks",
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/run/NetworkManager/resolv.conf",
    "/etc/passwd",
    "/etc/group",
    "/etc/localtime",
    /* TLS: never the folders where the machine's own keys are, which root may read without any
     * capability */
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/openssl.cnf",
    "/etc/pki/tls/openssl.d",
    "/etc/ca-certificates",
    "/var/lib/ca-certificates",
    "/etc/crypto-policies",
    "/etc/gnutls",
    /* Kerberos, LDAP */
    "/etc/krb5.conf",
    "/etc/krb5.conf.d",
    "/etc/gss",
    "/etc/ldap/ldap.conf",
    "/etc/openldap/ldap.conf",
    "/etc/sasl2",
    "/var/lib/sss/pubconf",
    /* the machine */
    "/dev/null",
    "/dev/urandom",
    "/dev/random",
    "/proc/sys",
    "/proc/self",
    "/sys/devices/system",
#ifdef CS_SANITIZED
    "/proc",
#endif
};

static struct rules rules_of(int version)
{
    struct rules rules = {.files = RIGHTS_1};

    rules.files |= version >= 2 ? RIGHTS_2 : 0;
    rules.files |= version >= 3 ? RIGHTS_3 : 0;
    rules.files |= version >= 5 ? RIGHTS_5 : 0;
    rules.network = version >= 4 ? NETWORK_BIND_TCP : 0;
    rules.scope = version >= 6 ? SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL : 0;
    return rules;
}

/* The octets of struct rules that the version knows. */
static size_t size_of(int version)
{
    return version >= 6 ? sizeof(struct rules) : version >= 4 ? 16 : 8;
}

static cs_rc allow(int ruleset, const char *path, struct cs_err *err)
{
    cs_autoclose int fd = open(path, O_PATH | O_CLOEXEC);
    struct stat info;

    if (fd < 0 || fstat(fd, &info) != 0) {
        return CS_OK; /* it is not there, or not for us */
    }
    struct landlock_path_beneath_attr rule = {
        .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
        .parent_fd = fd,
    };
    if (S_ISDIR(info.st_mode)) {
        rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
    }
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "landlock_add_rule", errno,
                             "reading %s cannot be allowed", path);
    }
    return CS_OK;
}

cs_rc cs_fence_enter(const struct cs_strv *files, int *ret_version, struct cs_err *err)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    if (version < 1) {
        *ret_version = 0; /* not in this kernel, or switched off at its start */
        return CS_OK;
    }
    const struct rules rules = rules_of((int)version);
    cs_autoclose int ruleset =
        (int)syscall(SYS_landlock_create_ruleset, &rules, size_of((int)version), 0);
    if (ruleset < 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "landlock_create_ruleset", errno,
                             "files cannot be fenced off");
    }
    for (size_t i = 0; i < sizeof system_files / sizeof *system_files; i++) {
        CS_TRY(allow(ruleset, system_files[i], err));
    }
    for (size_t i = 0; i < files->count; i++) {
        CS_TRY(allow(ruleset, files->items[i], err));
    }
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "landlock_restrict_self", errno,
                             "files cannot be fenced off");
    }
    *ret_version = (int)version;
    return CS_OK;
}
