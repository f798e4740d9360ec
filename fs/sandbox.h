/* sandbox.h - giving up what a daemon that serves files has no use for.
 *
 * From here on, for this process and its threads, and for good:
 *
 *   privileges    none to be had by executing anything; of capabilities only to open the store's
 *                 files as root may (CAP_DAC_OVERRIDE), where the process has that
 *   files         only those of the store can be opened, those of the folder that another store may
 *                 appear in, if there is one to follow (store_place.h), and nameless ones in
 *                 /var/tmp (copies.h); Landlock, where the kernel has it
 *   system calls  those that serving needs; every other answers ENOSYS (seccomp)
 *
 * Place    main.c, behind the mount and before the first thread.
 * Memory   none is held.
 * Threads  by the only thread there is: what is started later inherits it.
 * Errors   ERROR_SYSTEM where the kernel refuses. On failure nothing is to be served.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/error.h"

/* Behind the mount and before the first thread. STORE is the store's directory, FOLDER the one that
 * it stands in, or -1. On failure nothing is to be served. */
bool sandbox_enter(int store, int folder, struct error *err) MUST_CHECK;
