/* options.h - the command line of tallyfs: its own options, libfuse's, and what mount(8) passes.
 *
 * Place    main.c, before all else.
 * Memory   the strings are the struct's own, until options_done.
 * Threads  one, before any other is started.
 * Errors   ERROR_INPUT: what cannot be understood; ERROR_MISSING, ERROR_DENIED, ERROR_SYSTEM
 *          of the two paths.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <fuse_lowlevel.h>

#include "base/error.h"

struct options {
    char *store;      /* absolute */
    char *mountpoint; /* absolute */
    int foreground;
    int debug;
    int show_help;
    int show_version;
    int replace; /* clear a dead mount that is in the way */
    int nonempty;
    int nofollow; /* stay with the store's directory */
    int has_uid, has_gid;
    unsigned uid, gid;
    unsigned umask;
    unsigned snapshot_deadline_s; /* how long an old version may pin the store's pages */
    struct fuse_args fuse;        /* what is left, for fuse_session_new */
};

bool options_read(int argc, char **argv, struct options *ret_options, struct error *err) MUST_CHECK;
void options_done(struct options *options);
void options_help(void); /* to standard output */
