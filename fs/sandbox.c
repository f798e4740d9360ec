// SPDX-License-Identifier: Apache-2.0
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"

static bool drop_capabilities(struct error *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (syscall(SYS_capget, &header, sets) < 0)
        return error_system(err, errno, "cannot read the capabilities");
    for (size_t i = 0; i < COUNT_OF(sets); i++) {
        sets[i].permitted &= i == 0 ? 1U << CAP_DAC_OVERRIDE : 0;
        sets[i].effective = sets[i].permitted;
        sets[i].inheritable = 0;
    }
    if (syscall(SYS_capset, &header, sets) < 0)
        return error_system(err, errno, "cannot drop capabilities");
    return true;
}

/* Newer than the headers of Debian 12. */
static uint64_t right_to_truncate(long version)
{
    enum { TRUNCATE_VERSION = 3, TRUNCATE_BIT = 14 };
    return version >= TRUNCATE_VERSION ? UINT64_C(1) << TRUNCATE_BIT : 0;
}

/* Rights that the kernel knows by its version of Landlock's interface, the first of
 * which has 13 of them. */
static uint64_t known_rights(long version)
{
    uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
    if (version >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
    return rights | right_to_truncate(version);
}

static bool allow_beneath(int ruleset, int folder, uint64_t rights, const char *what,
                          struct error *err)
{
    struct landlock_path_beneath_attr const rule = {.allowed_access = rights, .parent_fd = folder};
    if (folder >= 0 &&
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U) == 0)
        return true;
    return error_system(err, errno, "cannot restrict the files to those of %s", what);
}

/* The store: lock.mdb is written, and given its size where a compact has left it empty; the own
 * socket made and removed, and a compact that was killed may have to be ended. A rule is tied to a
 * directory, not to a path: a store that takes the place of this one can be opened only by a rule
 * for the folder that both stand in. */
static bool restrict_files(int store, int folder, struct error *err)
{
    uint64_t const copying =
        LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG;
    uint64_t const serving = copying | LANDLOCK_ACCESS_FS_READ_DIR |
                             LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_SOCK;
    long const version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 0) return true; /* a kernel without it, or one that was started without it */
    struct landlock_ruleset_attr const attr = {.handled_access_fs = known_rights(version)};
    AUTO_FD int const ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0) return error_system(err, errno, "cannot restrict files");
    AUTO_FD int const temporary = open("/var/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int const widest = folder >= 0 ? folder : store;
    if (!allow_beneath(ruleset, widest, serving | right_to_truncate(version), "the store", err) ||
        (temporary >= 0 && !allow_beneath(ruleset, temporary, copying, "/var/tmp", err)))
        return false;
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
        return error_system(err, errno, "cannot restrict files");
    return true;
}

static const int allowed_calls[] = {
    /* the kernel's requests and the sockets of writers */
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(splice),
    SCMP_SYS(vmsplice),
    SCMP_SYS(pipe2),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(accept4),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(getsockopt),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(umask),
    SCMP_SYS(close),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(eventfd2),
    SCMP_SYS(signalfd4),
    SCMP_SYS(fcntl),
    /* the store's files */
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(stat),
    SCMP_SYS(fstat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(flock),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(unlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(uname),
    /* memory and threads */
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(msync),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getuid),
    SCMP_SYS(getrandom),
    SCMP_SYS(wait4),
    SCMP_SYS(sysinfo),
    /* time and signals */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
};

/* 0, or an errno below zero. */
static int add_rules(scmp_filter_ctx filter)
{
    int reason = 0;
    /* The system log's socket, should the log be started anew; and that for the writers of another
     * store. */
    struct scmp_arg_cmp const local[][2] = {
        {{.arg = 0, .op = SCMP_CMP_EQ, .datum_a = AF_UNIX, .datum_b = 0},
         {.arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = 0xf, .datum_b = SOCK_DGRAM}},
        {{.arg = 0, .op = SCMP_CMP_EQ, .datum_a = AF_UNIX, .datum_b = 0},
         {.arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = 0xf, .datum_b = SOCK_SEQPACKET}},
    };
    struct scmp_arg_cmp const own = {
        .arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)getpid(), .datum_b = 0};
    struct scmp_arg_cmp const own_limits = {
        .arg = 0, .op = SCMP_CMP_EQ, .datum_a = 0, .datum_b = 0};
    /* Threads; no processes, no namespaces. clone3 hides its flags from filters: it answers ENOSYS,
     * and the C library takes clone. */
    struct scmp_arg_cmp const thread = {
        .arg = 0,
        .op = SCMP_CMP_MASKED_EQ,
        .datum_a = CLONE_THREAD | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                   CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET,
        .datum_b = CLONE_THREAD,
    };
    for (size_t i = 0; i < COUNT_OF(allowed_calls) && reason == 0; i++)
        reason = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0, NULL);
    for (size_t i = 0; i < COUNT_OF(local) && reason == 0; i++)
        reason = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, local[i]);
    if (reason == 0)
        reason = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &own);
    if (reason == 0)
        reason =
            seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, &own_limits);
    if (reason == 0)
        reason = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, &thread);
    return reason;
}

static bool filter_calls(struct error *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!filter) return error_system(err, ENOMEM, "cannot make a filter of system calls");
    int reason = add_rules(filter);
    if (reason == 0) reason = seccomp_load(filter);
    seccomp_release(filter);
    return reason == 0 || error_system(err, -reason, "cannot filter system calls");
}

bool sandbox_enter(int store, int folder, struct error *err)
{
    /* the system log wants the local time, and /etc/localtime is out of reach afterwards */
    tzset();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_system(err, errno, "cannot give up privileges");
    return restrict_files(store, folder, err) && drop_capabilities(err) && filter_calls(err);
}
