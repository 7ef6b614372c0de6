/* Linked into programs that load other makers' modules under a sanitizer: a module stays loaded
 * until the end, so that a leak's stack names it (lsan.supp) and not <unknown module>. */
#include <dlfcn.h>

int dlclose(void *handle)
{
    (void)handle;
    return 0;
}
