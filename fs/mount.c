// SPDX-License-Identifier: Apache-2.0
#include "mount.h"

#include <errno.h>
#include <poll.h>

#include "log.h"

/* A mutex alone may be taken again and again by the thread that gives it away. Who waits for ours
 * has the turn meanwhile, and nobody gets in line for it again before that. */
void mount_lock(struct mount *mount)
{
    (void)pthread_mutex_lock(&mount->turn); /* cannot fail: not recursive, initialised */
    (void)pthread_mutex_lock(&mount->lock);
    (void)pthread_mutex_unlock(&mount->turn);
}

void mount_unlock(struct mount *mount)
{
    (void)pthread_mutex_unlock(&mount->lock);
}

void mount_let_in(struct mount *mount, size_t *held)
{
    if (*held > mount->longest_portion) mount->longest_portion = *held;
    if (*held < MOUNT_PORTION) return;
    *held = 0;
    mount_unlock(mount);
    mount_lock(mount);
}

/* Where somebody else has unmounted it, another mount may stand there by now. */
static bool is_unmounted(const struct mount *mount)
{
    struct pollfd kernel = {.fd = fuse_session_fd(mount->session)};
    return poll(&kernel, 1, 0) == 1 && (kernel.revents & POLLERR);
}

void mount_unmount(struct mount *mount)
{
    struct error err;
    if (!is_unmounted(mount) && !unmounter_unmount(&mount->unmounter, &err)) mount_log(mount, &err);
}

void mount_log(const struct mount *mount, const struct error *err)
{
    char text[ERROR_TEXT_BYTES];
    log_line(mount->options, LINE_ERROR, error_text(err, text, sizeof text));
}

int mount_errno(const struct mount *mount, const struct error *err)
{
    mount_log(mount, err);
    switch (err->kind) {
    case ERROR_MISSING: return ENOENT;
    case ERROR_DENIED: return EACCES;
    case ERROR_MEMORY: return ENOMEM;
    case ERROR_INPUT:
    case ERROR_SCHEMA:
    case ERROR_BUSY:
    case ERROR_FULL:
    case ERROR_CORRUPT:
    case ERROR_VERSION:
    case ERROR_SYSTEM: break;
    }
    return EIO;
}
