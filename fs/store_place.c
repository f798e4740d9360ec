// SPDX-License-Identifier: Apache-2.0
#include "store_place.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/same_file.h"
#include "options.h"

static bool is_too_much(int folder)
{
    const char *const home = getenv("HOME");
    struct stat status, root, own;
    return fstat(folder, &status) < 0 || stat("/", &root) < 0 || is_same_file(&status, &root) ||
           (home && stat(home, &own) == 0 && is_same_file(&status, &own));
}

static int watch_folder(const char *path)
{
    AUTO_FD int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch < 0 ||
        inotify_add_watch(watch, path,
                          IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR) < 0)
        return -1;
    return take_fd(&watch);
}

struct store_place store_place_open(const struct options *options)
{
    const char *const path = options->store; /* absolute, without a slash at its end */
    const char *const slash = strrchr(path, '/');
    size_t const length = slash == path ? 1 : (size_t)(slash - path);
    struct store_place place = {.path = path, .name = slash + 1, .folder = -1, .watch = -1};
    if (options->nofollow || !place.name[0]) return place;
    AUTO_FREE char *const parent = memory_alloc(length + 1);
    memcpy(parent, path, length);
    AUTO_FD int folder = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || is_too_much(folder)) return place;
    place.folder = take_fd(&folder);
    place.watch = watch_folder(parent);
    return place;
}

void store_place_close(struct store_place *place)
{
    auto_fd(&place->folder);
    auto_fd(&place->watch);
    place->folder = place->watch = -1;
}

bool store_place_was_touched(const struct store_place *place)
{
    _Alignas(struct inotify_event) char events[4096];
    bool touched = false;
    for (ssize_t got; (got = read(place->watch, events, sizeof events)) > 0;) {
        for (const char *at = events; at < events + got;) {
            const struct inotify_event *const event = (const void *)at;
            touched |= (event->mask & IN_Q_OVERFLOW) ||
                       (event->len && strcmp(event->name, place->name) == 0);
            at += sizeof *event + event->len;
        }
    }
    return touched;
}

enum place_seen store_place_look(const struct store_place *place, int store)
{
    struct stat named, shown;
    if (stat(place->path, &named) < 0) return PLACE_GONE;
    return fstat(store, &shown) == 0 && is_same_file(&named, &shown) ? PLACE_SAME : PLACE_OTHER;
}
