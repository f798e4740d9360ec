/* publish.h - making a snapshot the one that is shown.
 *
 * Place    notify.c publishes; ops.c asks, while that is under way, what an inode is of.
 * Promise  requests are let in again and again meanwhile (mount_let_in); publish.c tells why none
 *          sees a wrong byte.
 * Memory   the snapshot becomes the mount's; what is to be told the kernel is its own.
 * Threads  publish is the notify thread's; the others are called under mount->lock.
 * Errors   are logged: what cannot be compared is taken for replaced.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "mount.h"

/* Shows NEWER, which it owns from now on, and returns when the kernel has dropped all that it
 * replaces. CONTINUES: the commit that is shown now is one of those that led to NEWER. */
void publish(struct mount *mount, struct snapshot *newer, bool continues);
/* The snapshot that has the content of a file that was not copied. */
const struct pinned *publish_content(const struct mount *mount, const struct inode *inode);
/* Before the worker makes another inode, or none, the newest of the node: the one that is goes
 * first. */
void publish_replaced(struct mount *mount, struct slice packed);
