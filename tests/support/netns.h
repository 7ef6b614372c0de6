/* A network of the test's own with nothing but a loopback interface: any port may be listened on,
 * and no other test is met there. */
#ifndef CS_TESTS_SUPPORT_NETNS_H
#define CS_TESTS_SUPPORT_NETNS_H

#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* For the rest of this process. False without the right to it. */
static inline bool netns_enter(void)
{
    struct ifreq loopback = {.ifr_flags = IFF_UP | IFF_RUNNING};

    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        return false;
    }
    strcpy(loopback.ifr_name, "lo");
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &loopback) == 0;
    close(fd);
    return up;
}

/* Whether netns_enter() would work. */
static inline bool netns_possible(void)
{
    int status = 1;
    pid_t child = fork();

    if (child == 0) {
        _exit(netns_enter() ? 0 : 1);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

#endif
