/* store_place.h - the directory that the store's path leads to, which another one may take the
 * place of.
 *
 *   store_place_open -> (poll place->watch) store_place_look -> store_place_close
 *
 * A store is put in place of another by `tally restore` behind a mv or rm -r, by `tally init`, or
 * by hand. The mount goes on with it, by the path that it was given, resolved once at the start.
 * Where it cannot, or there is none, it goes on with the one it has.
 *
 * What may be followed is what stands in the same folder, which the daemon keeps the right to open
 * (sandbox.h). That is too much to keep of the folder of all folders, or of all that a user has:
 * there, and with -o nofollow, it stays with its store.
 *
 * Place    main.c opens and closes it; notify.c looks.
 * Memory   two descriptors; the path is borrowed from the options.
 * Threads  `place` is the notify thread's; others may read `seen` under mount->lock.
 * Errors   none: where the folder cannot be opened the store is not followed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/error.h"

struct options;

enum place_seen {
    PLACE_SAME,
    PLACE_OTHER, /* another directory, or what can be no store */
    PLACE_GONE,  /* nothing */
};

struct store_place {
    const char *path; /* borrowed */
    const char *name; /* its last part */
    int folder;       /* the one it stands in; -1: it is not followed */
    int watch;        /* readable when the name may lead elsewhere; -1: the system does not tell */
    enum place_seen seen;
};

/* Before the process is restricted. Without a watch the path is looked at every now and then all
 * the same. */
struct store_place store_place_open(const struct options *options);
void store_place_close(struct store_place *place);
/* Whether what happened in the folder since is about the name. */
bool store_place_was_touched(const struct store_place *place);
/* What is there now; STORE is a descriptor of the directory that is shown. */
enum place_seen store_place_look(const struct store_place *place, int store);
