/* Tries what a daemon that somebody has taken over would try, for LD_PRELOAD: at the first accept4
 * it goes through the list below and writes to standard error, a line each, what became of it.
 *
 *   ESCAPE_INTO=FILE    a file that must not be read or written
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void tell(const char *what, long result)
{
    (void)fprintf(stderr, "escape: %s: %s\n", what, result < 0 ? strerror(errno) : "done");
}

static void try_all(const char *file)
{
    struct rlimit limit;
    static char *const arguments[] = {(char *)"true", NULL};
    tell("read", open(file, O_RDONLY));
    tell("write", open(file, O_WRONLY));
    tell("make", open("/tmp/tally-escaped", O_WRONLY | O_CREAT, 0600));
    tell("list", open("/", O_RDONLY | O_DIRECTORY));
    tell("remove", unlinkat(AT_FDCWD, file, 0));
    tell("link", symlinkat(file, AT_FDCWD, "/var/tmp/tally-escaped"));
    tell("mode", chmod(file, 0777));
    tell("internet", socket(AF_INET, SOCK_STREAM, 0));
    tell("execute", execv("/bin/true", arguments));
    tell("namespace", unshare(CLONE_NEWUSER));
    tell("trace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    tell("mount", mount("none", "/mnt", "tmpfs", 0, NULL));
    tell("user", setuid(12345));
    tell("kill", kill(getppid(), 0));
    tell("kill a thread", syscall(SYS_tgkill, getppid(), getppid(), 0));
    tell("limit", prlimit(getppid(), RLIMIT_CORE, NULL, &limit));
    tell("connect", socket(AF_UNIX, SOCK_STREAM, 0));
}

int accept4(int socket, __SOCKADDR_ARG address, socklen_t *length, int flags)
{
    static int tried;
    const char *const file = getenv("ESCAPE_INTO");
    if (file && !tried++) try_all(file);
    return (int)syscall(SYS_accept4, socket, address.__sockaddr__, length, flags);
}
