/* ops.h - the requests of the kernel: decode, ask the tree under the lock, reply once.
 *
 * Place    libfuse calls mount_ops; ops_directory.h has what is about directories.
 * Promise  each request is answered once, on every path.
 * Memory   replies are put together in the mount's own buffers, which the next request uses again.
 * Threads  all are called by the worker.
 * Errors   become an errno in the reply, by mount_errno.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "mount.h"

extern const struct fuse_lowlevel_ops mount_ops;
