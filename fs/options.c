// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

enum { KEY_IGNORED = 1, KEY_RO, KEY_RW };

#define OPTION(template, member)                                                                   \
    {                                                                                              \
        template, offsetof(struct options, member), 1                                              \
    }
/* FUSE_OPT_KEY of libfuse widens its -1U without a cast, which clang warns of. */
#define OPTION_KEY(template, key)                                                                  \
    {                                                                                              \
        template, (unsigned long)-1U, key                                                          \
    }

static const struct fuse_opt own_options[] = {
    OPTION("-f", foreground),
    OPTION("-d", debug),
    OPTION("debug", debug),
    OPTION("-h", show_help),
    OPTION("--help", show_help),
    OPTION("-V", show_version),
    OPTION("--version", show_version),
    OPTION("replace", replace),
    OPTION("--replace", replace),
    OPTION("nonempty", nonempty),
    OPTION("nofollow", nofollow),
    {"uid=", offsetof(struct options, has_uid), 1},
    {"uid=%u", offsetof(struct options, uid), 0},
    {"gid=", offsetof(struct options, has_gid), 1},
    {"gid=%u", offsetof(struct options, gid), 0},
    {"umask=%o", offsetof(struct options, umask), 0},
    {"snapshot_deadline=%u", offsetof(struct options, snapshot_deadline_s), 0},
    /* fstab words that are for mount(8) and systemd; -s says what is so anyway. */
    OPTION_KEY("-s", KEY_IGNORED),
    OPTION_KEY("ro", KEY_RO),
    OPTION_KEY("rw", KEY_RW),
    OPTION_KEY("defaults", KEY_IGNORED),
    OPTION_KEY("_netdev", KEY_IGNORED),
    OPTION_KEY("nofail", KEY_IGNORED),
    OPTION_KEY("auto", KEY_IGNORED),
    OPTION_KEY("noauto", KEY_IGNORED),
    OPTION_KEY("user", KEY_IGNORED),
    OPTION_KEY("user=", KEY_IGNORED),
    OPTION_KEY("nouser", KEY_IGNORED),
    OPTION_KEY("users", KEY_IGNORED),
    OPTION_KEY("owner", KEY_IGNORED),
    OPTION_KEY("group", KEY_IGNORED),
    OPTION_KEY("comment=", KEY_IGNORED),
    {NULL, 0, 0},
};

/* The first word is the store, the second the mount point. */
static int visit_option(void *data, const char *argument, int key, struct fuse_args *out)
{
    (void)out;
    struct options *const options = data;
    switch (key) {
    case KEY_IGNORED:
    case KEY_RO:           /* added once at the end */
    case KEY_RW: return 0; /* mount(8) passes it where nothing was said; the tree is read-only */
    case FUSE_OPT_KEY_NONOPT:
        if (!options->store) {
            options->store = strdup(argument);
            return options->store ? 0 : -1;
        }
        if (!options->mountpoint) {
            options->mountpoint = strdup(argument);
            return options->mountpoint ? 0 : -1;
        }
        (void)fprintf(stderr, "tallyfs: unexpected argument '%s'\n", argument);
        return -1;
    default: break;
    }
    return strncmp(argument, "x-", 2) == 0 ? 0 : 1;
}

static bool make_absolute(char **path, const char *what, struct error *err)
{
    char absolute[PATH_MAX];
    if (!*path) {
        (void)error_set(err, ERROR_INPUT, "no %s given", what);
        return error_remedy(err, "tallyfs STORE MOUNTPOINT; tallyfs --help tells more");
    }
    if (!realpath(*path, absolute)) {
        int const reason = errno;
        if (reason == ENOTCONN) return true; /* a dead mount: main.c deals with it */
        (void)error_system(err, reason, "%s", *path);
        (void)error_remedy(
            err, "tallyfs STORE MOUNTPOINT: 'tally init' makes a store, mkdir a mount point");
        return error_wrap(err, "%s", what);
    }
    free(*path);
    *path = strdup(absolute);
    return *path || error_system(err, ENOMEM, "%s", absolute);
}

/* fsname=STORE, so that mount and findmnt show it; commas and backslashes have a
 * meaning in a list. */
static bool options_add_name(struct options *options, struct error *err)
{
    AUTO_BUFFER struct buffer list = {0};
    buffer_add_text(&list, "-oro,nosuid,nodev,default_permissions,subtype=tallyfs,fsname=");
    for (const char *at = options->store; *at; at++) {
        if (*at == ',' || *at == '\\') buffer_add_byte(&list, '\\');
        buffer_add_byte(&list, (uint8_t)*at);
    }
    buffer_add_byte(&list, '\0');
    /* In front of the user's own, so that an fsname= of theirs counts. */
    return fuse_opt_insert_arg(&options->fuse, 1, (char *)list.at) == 0 ||
           error_system(err, ENOMEM, "cannot set up the options");
}

bool options_read(int argc, char **argv, struct options *ret_options, struct error *err)
{
    struct options options = {.snapshot_deadline_s = 30,
                              .uid = getuid(),
                              .gid = getgid(),
                              .fuse = FUSE_ARGS_INIT(argc, argv)};
    if (fuse_opt_parse(&options.fuse, &options, own_options, visit_option) < 0) {
        options_done(&options);
        (void)error_set(err, ERROR_INPUT, "the command line cannot be understood");
        return error_remedy(err, "tallyfs --help");
    }
    if (options.debug) {
        options.foreground = 1;
        if (fuse_opt_add_arg(&options.fuse, "-odebug") < 0)
            return error_system(err, ENOMEM, "cannot set up the options");
    }
    if (!options.show_help && !options.show_version &&
        (!make_absolute(&options.store, "store", err) ||
         !make_absolute(&options.mountpoint, "mount point", err) ||
         !options_add_name(&options, err))) {
        options_done(&options);
        return false;
    }
    *ret_options = options;
    return true;
}

void options_done(struct options *options)
{
    free(options->store);
    free(options->mountpoint);
    fuse_opt_free_args(&options->fuse);
}

void options_help(void)
{
    (void)fputs("usage: tallyfs STORE MOUNTPOINT [OPTION]...\n"
                "\n"
                "Shows the answers of a store as files, read-only; returns when the mount\n"
                "answers.\n"
                "\n"
                "  -f                      stay in the foreground; log to standard error\n"
                "  -d, -o debug            as -f, and show every request\n"
                "  -h, --help              this text\n"
                "  -V, --version           versions of tallyfs and its libraries\n"
                "  -o replace, --replace   clear a dead mount that is in the way first\n"
                "  -o nonempty             mount over a directory that is not empty\n"
                "  -o nofollow             stay with this store when another takes its place\n"
                "  -o uid=N, -o gid=N      owner of all files (default: whoever mounts)\n"
                "  -o umask=OCTAL          permissions to take away from 0444 and 0555\n"
                "  -o allow_other          let other users read (needs user_allow_other in\n"
                "                          /etc/fuse.conf unless root mounts)\n"
                "  -o snapshot_deadline=S  let an old version pin the store's space for S seconds\n"
                "                          at most (default: 30), then copy what is still open\n"
                "\n"
                "Other options are passed on to libfuse. To unmount: umount MOUNTPOINT, or\n"
                "fusermount3 -u MOUNTPOINT.\n"
                "\n"
                "Example: tallyfs shop mnt -o allow_other,umask=027\n",
                stdout);
}
