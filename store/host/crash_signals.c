// SPDX-License-Identifier: Apache-2.0
#include "host/crash_signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"

/* A handler may look at any moment: what it reads is complete once `begin` is set, and stays until
 * it is taken back. */
struct damage_map {
    atomic_bool taken;
    atomic_uintptr_t begin; /* 0: none */
    uintptr_t end;
    const char *directory;
};

/* A process has one map a store, and a second one for a while when it was compacted. */
enum { MAPS_MAX = 64 };
static struct damage_map maps[MAPS_MAX];

static const int numbers[] = {SIGBUS, SIGSEGV, SIGFPE, SIGABRT};
static struct sigaction before[COUNT_OF(numbers)]; /* written once, before there are threads */
static const char *program;                        /* NULL: a library in somebody's process */

struct damage_map *damage_map_add(const void *begin, size_t bytes, const char *directory)
{
    for (size_t i = 0; i < MAPS_MAX; i++) {
        if (atomic_exchange(&maps[i].taken, true)) continue;
        maps[i].end = (uintptr_t)begin + bytes;
        maps[i].directory = directory;
        atomic_store(&maps[i].begin, (uintptr_t)begin);
        return &maps[i];
    }
    return NULL;
}

void damage_map_remove(struct damage_map *map)
{
    if (!map) return;
    atomic_store(&map->begin, 0);
    atomic_store(&map->taken, false);
}

static const struct damage_map *find_map(const void *address)
{
    uintptr_t const at = (uintptr_t)address;
    for (size_t i = 0; i < MAPS_MAX; i++) {
        uintptr_t const begin = atomic_load(&maps[i].begin);
        if (begin != 0 && at >= begin && at < maps[i].end) return &maps[i];
    }
    return NULL;
}

/* One line, by what a signal handler may call. */
static void say(const char *place, const char *text)
{
    const char *const parts[] = {program ? program : "tally", ": ", place, text, "\n"};
    struct iovec pieces[COUNT_OF(parts)];
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        pieces[i] =
            (struct iovec){.iov_base = (void *)(uintptr_t)parts[i], .iov_len = strlen(parts[i])};
    (void)!writev(STDERR_FILENO, pieces, COUNT_OF(parts)); /* there is nobody else to tell */
}

void damage_end(const char *directory)
{
    say(directory, ": the store is damaged, or the disk cannot be read (tally verify STORE tells "
                   "more; restore it from a backup)");
    if (!program) abort();
    _exit(EXIT_FAILURE);
}

/* A fault that the process's own code made, not a signal that somebody sent. */
static bool is_own(const siginfo_t *info)
{
    return info->si_code > 0 || (info->si_code == SI_TKILL && info->si_pid == getpid());
}

static void restore(int number)
{
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        if (numbers[i] == number) (void)sigaction(number, &before[i], NULL);
    }
}

static void answer(int number, siginfo_t *info, void *context)
{
    (void)context;
    bool const faulted = info->si_code > 0 && (number == SIGBUS || number == SIGSEGV);
    const struct damage_map *const map = faulted ? find_map(info->si_addr) : NULL;
    if (map) damage_end(map->directory);
    if (is_own(info))
        say("", "stopped by a mistake inside the program; what was committed stays (where tally "
                "verify STORE finds damage, restore the store from a backup, else report this)");
    restore(number);
    /* A fault comes again where it came from, as soon as this returns. A signal that was sent does
     * not. */
    if (info->si_code <= 0) (void)raise(number);
}

void damage_answer_signals(const char *name)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = answer;
    action.sa_flags = SA_SIGINFO;
    program = name;
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        (void)sigaction(numbers[i], &action, &before[i]); /* cannot fail for these signals */
}
