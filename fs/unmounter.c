// SPDX-License-Identifier: Apache-2.0
#include "unmounter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

/* Only the pipe may stay: with the terminal's or a caller's pipe open, they would wait for
 * this process, too. */
static int keep_only(int pipe_end)
{
    int const null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0) return -1;
    int const kept = dup2(pipe_end, 3);
    if (kept < 0 || close_range(4, ~0U, 0) < 0) return -1;
    return kept;
}

/* The end of the daemon ends this process, whatever signal a terminal or a service
 * manager sends to both. */
static void outlive_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        (void)signal(numbers[i], SIG_IGN); /* cannot fail for these signals */
}

static _Noreturn void unmounter_run(const char *mountpoint, int pipe_end)
{
    char told;
    ssize_t got;
    outlive_signals();
    int const kept = keep_only(pipe_end);
    if (kept < 0) _exit(EXIT_FAILURE);
    do {
        got = read(kept, &told, 1);
    } while (got < 0 && errno == EINTR);
    if (got != 1) _exit(EXIT_SUCCESS);
    /* MNT_FORCE ends the connection, so that nobody waits for an answer of a daemon that ends. */
    if (umount2(mountpoint, MNT_FORCE | MNT_DETACH) == 0) _exit(EXIT_SUCCESS);
    (void)execlp("fusermount3", "fusermount3", "-u", "-q", "-z", "--", mountpoint, (char *)NULL);
    _exit(EXIT_FAILURE);
}

bool unmounter_start(const char *mountpoint, struct unmounter *ret_unmounter, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return error_system(err, errno, "cannot make a pipe");
    pid_t const pid = fork();
    int const reason = errno;
    if (pid == 0) unmounter_run(mountpoint, ends[0]);
    (void)close(ends[0]);
    if (pid > 0) {
        *ret_unmounter = (struct unmounter){.pid = pid, .pipe = ends[1]};
        return true;
    }
    (void)close(ends[1]);
    return error_system(err, reason, "cannot start a process");
}

/* The exit status as wait(2) gives it. */
static int unmounter_finish(struct unmounter *unmounter)
{
    int status = -1; /* of a child that cannot be waited for nothing is known */
    (void)close(unmounter->pipe);
    while (waitpid(unmounter->pid, &status, 0) < 0 && errno == EINTR)
        ;
    *unmounter = (struct unmounter){0};
    return status;
}

bool unmounter_unmount(struct unmounter *unmounter, struct error *err)
{
    char const word = 'u';
    if (unmounter->pid == 0) return true;
    bool const told = write(unmounter->pipe, &word, 1) == 1; /* SIGPIPE is ignored */
    int const status = unmounter_finish(unmounter);
    if (told && WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    (void)error_set(err, ERROR_SYSTEM, "cannot unmount");
    return error_remedy(err, "fusermount3 -u MOUNTPOINT, or umount as root");
}

void unmounter_end(struct unmounter *unmounter)
{
    if (unmounter->pid != 0) (void)unmounter_finish(unmounter);
}
