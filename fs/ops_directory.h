/* ops_directory.h - the requests about open directories.
 *
 * Place    lines of mount_ops (ops.c).
 * Promise  each request is answered once, on every path.
 * Memory   a handle from opendir to releasedir; replies in the mount's own buffer.
 * Threads  all are called by the worker.
 * Errors   become an errno in the reply, by mount_errno.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "mount.h"

void op_opendir(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *info);
void op_readdir(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
                struct fuse_file_info *info);
void op_readdirplus(fuse_req_t req, fuse_ino_t id, size_t size, off_t offset,
                    struct fuse_file_info *info);
void op_releasedir(fuse_req_t req, fuse_ino_t id, struct fuse_file_info *info);
