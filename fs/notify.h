/* notify.h - the thread that shows new commits: the only caller of fuse_lowlevel_notify_*.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "mount.h"

bool notify_start(struct mount *mount, struct error *err) MUST_CHECK;
/* Ends the thread, behind the session's loop; requests that come meanwhile are answered. */
void notify_stop(struct mount *mount);
