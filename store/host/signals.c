// SPDX-License-Identifier: Apache-2.0
#include "host/signals.h"

#include <signal.h>

void signals_begin(void)
{
    sigset_t none;
    (void)sigemptyset(&none); /* none of these can fail */
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGCHLD, SIG_DFL);
    (void)signal(SIGXFSZ, SIG_IGN);
}
