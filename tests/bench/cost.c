/* cost FD COMMAND ARGUMENTS...: runs a command to its end and writes to FD what it took:
 * "WALL_MS USER_MS SYSTEM_MS MAXRSS_KIB EXIT" (the exit code, or 128 and the signal).
 *
 * A program of its own because Linux counts what a process was before its exec, too: started by
 * Python, every command would have Python's memory as its maximum. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double timeval_ms(struct timeval used)
{
    return (double)used.tv_sec * 1e3 + (double)used.tv_usec / 1e3;
}

int main(int argc, char **argv)
{
    struct rusage used;
    int status;

    if (argc < 3) {
        fputs("usage: cost FD COMMAND ARGUMENTS...\n", stderr);
        return 2;
    }
    int report = (int)strtol(argv[1], NULL, 10);
    fcntl(report, F_SETFD, FD_CLOEXEC);

    double begun = now_ms();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    while (wait4(child, &status, 0, &used) < 0) {
        if (errno != EINTR) {
            perror("cost: wait4");
            return 1;
        }
    }
    double wall = now_ms() - begun;
    dprintf(report, "%.3f %.3f %.3f %ld %d\n", wall, timeval_ms(used.ru_utime),
            timeval_ms(used.ru_stime), used.ru_maxrss,
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
