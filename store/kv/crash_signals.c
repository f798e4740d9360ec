// SPDX-License-Identifier: Apache-2.0
#include "kv/crash_signals.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void damage_end(void)
{
    static const char text[] =
        "tally: the store is damaged, or the disk cannot be read (restore it from a backup)\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1); /* there is nobody else to tell */
    _exit(EXIT_FAILURE);
}

static void answer(int number)
{
    (void)number;
    damage_end();
}

void damage_answer_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = answer;
    (void)sigaction(SIGBUS, &action, NULL); /* cannot fail for these signals */
    (void)sigaction(SIGSEGV, &action, NULL);
}
