#include "cli/libexec.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of a path, as Linux does. */
#define PATH_SIZE 4096

/* cli/CMakeLists.txt sets both: the folder in which the build puts its programs, and the way from
 * the installed cscert's folder to the libexec folder. The way is kept, not the place, because a
 * package may be unpacked anywhere. */
static const char build_folder[] = CS_BUILD_FOLDER;
static const char way_to_libexec[] = CS_WAY_TO_LIBEXEC;

char *cs_libexec_path_of(const char *executable, const char *name)
{
    const char *slash = strrchr(executable, '/');
    cs_autofree char *folder =
        cs_strndup(executable, slash ? (size_t)(slash - executable) : strlen(executable));

    if (strcmp(folder, build_folder) == 0) {
        return cs_asprintf("%s/%s", folder, name);
    }
    return cs_asprintf("%s/%s/%s", folder, way_to_libexec, name);
}

const char *cs_libexec_path(const char *name)
{
    static char *path;
    char executable[PATH_SIZE] = "";

    /* If the kernel does not say where we are, the result is no absolute path of ours, and starting
     * it fails with its name. */
    ssize_t len = readlink("/proc/self/exe", executable, sizeof executable - 1);
    executable[len > 0 ? len : 0] = 0;
    free(path);
    path = cs_libexec_path_of(executable, name);
    return path;
}
