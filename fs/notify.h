/* notify.h - the thread that shows new commits: the only caller of fuse_lowlevel_notify_*.
 *
 * Place    main.c starts and stops it around the session's loop.
 * Promise  when it has answered a writer, no name that the kernel keeps is older than the commit;
 *          notify.c tells how.
 * Memory   works on the mount, which outlives it.
 * Threads  notify_start and notify_stop by the worker. The thread takes mount->lock by itself, and
 *          holds it over no notification.
 * Errors   notify_start fails where the system has no thread or socket to give. What fails later is
 *          logged, and tried again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "mount.h"

bool notify_start(struct mount *mount, struct error *err) MUST_CHECK;
/* Ends the thread, behind the session's loop; requests that come meanwhile are answered. */
void notify_stop(struct mount *mount);
