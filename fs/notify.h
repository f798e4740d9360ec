/* notify.h - the thread that shows new commits: the only caller of fuse_lowlevel_notify_*.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "mount.h"

bool notify_start(struct mount *mount, struct error *err) MUST_CHECK;
/* Ends the thread. The session is not served any more, so that a notification may be waiting for a
 * request which nobody answers: then the file system is unmounted first, which ends both. */
void notify_stop(struct mount *mount);
