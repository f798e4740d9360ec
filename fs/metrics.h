/* metrics.h - .tallyfs/daemon.prom: the daemon and its store, for Prometheus.
 *
 * Place    ops.c and ops_directory.c show it in .tallyfs; it is no file of the store's tree. Each
 *          lookup renders it anew, as an inode of its own with a copy of the text, which the kernel
 *          does not keep the name of: whoever opens it reads figures of that moment, to the end.
 * Memory   text is appended to the caller's buffer; the inode owns its copy.
 * Threads  under mount->lock.
 * Errors   those of the store and of copies.h; then there is no such file.
 * Source   https://prometheus.io/docs/instrumenting/exposition_formats/
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "mount.h"

extern const char metrics_name[];
/* A new inode with the text, looked up once; NULL: an error. */
struct inode *metrics_add_inode(struct mount *mount, uint64_t parent_id,
                                struct error *err) MUST_CHECK;
/* "lookup 5\n" and so on, what the kernel has asked. */
void metrics_upcalls(const struct mount *mount, struct buffer *text);
/* One line for the log. */
void metrics_line(const struct mount *mount, struct buffer *text);
