// SPDX-License-Identifier: Apache-2.0
#include "database/announce.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "base/arena.h"
#include "base/open_beneath.h"
#include "base/random.h"
#include "base/same_file.h"

enum { BACKLOG = 64, MESSAGE_BYTES = 8, PATIENCE_MS = 1000, MOUNT_NAME_BYTES = 64 };

/* The address of NAME in the directory, which a longer path would not fit. */
static struct sockaddr_un address_of(int directory, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", directory,
                   name);
    return address;
}

static bool open_mounts(struct store *store, int *ret_directory, struct error *err)
{
    *ret_directory = open_beneath_folder(store_directory(store), "mounts");
    if (*ret_directory >= 0) return true;
    return error_system(err, errno, "%s/mounts", store_path(store));
}

/* The mode of a socket that is made. Where the group of data.mdb cannot be given to it (a process
 * that has restricted itself), what that may goes to all: peers are checked in any case. */
static mode_t mode_for_writers(const struct announce_socket *socket)
{
    struct stat data;
    if (fstatat(socket->store, "data.mdb", &data, AT_SYMLINK_NOFOLLOW) < 0) return 0600;
    return (data.st_mode & 0777) | ((data.st_mode & 0070) >> 3);
}

static bool make_address(const struct announce_socket *socket)
{
    struct sockaddr_un const address = address_of(socket->directory, socket->name);
    mode_t const before = umask(~mode_for_writers(socket) & 0777);
    int const bound = bind(socket->fd, (const struct sockaddr *)&address, sizeof address);
    (void)umask(before);
    return bound == 0 && listen(socket->fd, BACKLOG) == 0;
}

/* Who may write the data may connect, which takes the right to write the socket. */
static void open_to_writers(const struct announce_socket *socket)
{
    struct stat data;
    if (fstatat(socket->store, "data.mdb", &data, AT_SYMLINK_NOFOLLOW) < 0) return;
    /* Best effort: of the rest a writer says that the mount gives no answer. */
    (void)!fchownat(socket->directory, socket->name, (uid_t)-1, data.st_gid, AT_SYMLINK_NOFOLLOW);
    (void)!fchmodat(socket->directory, socket->name, data.st_mode & 0777, AT_SYMLINK_NOFOLLOW);
}

static bool is_in_group(int connection, gid_t primary, gid_t group)
{
    gid_t groups[NGROUPS_MAX];
    socklen_t bytes = sizeof groups;
    if (primary == group) return true;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, groups, &bytes) < 0) return false;
    for (size_t i = 0; i < bytes / sizeof *groups; i++) {
        if (groups[i] == group) return true;
    }
    return false;
}

/* Whether the process that connected may write data.mdb. */
static bool is_writer(const struct announce_socket *socket, int connection)
{
    struct ucred peer;
    struct stat data;
    socklen_t bytes = sizeof peer;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) < 0 ||
        fstatat(socket->store, "data.mdb", &data, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    if (peer.uid == 0 || peer.uid == geteuid()) return true;
    if (peer.uid == data.st_uid) return data.st_mode & S_IWUSR;
    if (is_in_group(connection, peer.gid, data.st_gid)) return data.st_mode & S_IWGRP;
    return data.st_mode & S_IWOTH;
}

bool announce_listen(struct store *store, struct announce_socket *ret_socket, struct error *err)
{
    struct announce_socket made = {.fd = -1, .directory = -1, .store = store_directory(store)};
    uint64_t random;
    if (!open_mounts(store, &made.directory, err)) return false;
    made.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (made.fd < 0 || !random_draw(&random, sizeof random)) {
        (void)error_system(err, errno, "cannot make a socket");
        announce_unlisten(&made);
        return false;
    }
    (void)snprintf(made.name, sizeof made.name, "%d-%016llx.sock", (int)getpid(),
                   (unsigned long long)random);
    if (!make_address(&made)) {
        (void)error_system(err, errno, "cannot listen in %s/mounts", store_path(store));
        announce_unlisten(&made);
        return false;
    }
    open_to_writers(&made);
    *ret_socket = made;
    return true;
}

bool announce_is_found(const struct announce_socket *socket)
{
    struct stat named, own;
    return fstatat(socket->store, "mounts", &named, AT_SYMLINK_NOFOLLOW) < 0 ||
           fstat(socket->directory, &own) < 0 || is_same_file(&named, &own);
}

void announce_unlisten(struct announce_socket *socket)
{
    if (socket->name[0]) (void)unlinkat(socket->directory, socket->name, 0); /* best effort */
    if (socket->fd > 0) (void)close(socket->fd);
    if (socket->directory > 0) (void)close(socket->directory);
    *socket = (struct announce_socket){.fd = -1, .directory = -1};
}

static void write_number(uint64_t number, uint8_t bytes[MESSAGE_BYTES])
{
    for (int i = 0; i < MESSAGE_BYTES; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
}

static uint64_t announce_read_number(const uint8_t bytes[MESSAGE_BYTES])
{
    uint64_t number = 0;
    for (int i = MESSAGE_BYTES; i > 0; i--)
        number = number << 8 | bytes[i - 1];
    return number;
}

enum announce_message announce_accept(const struct announce_socket *socket, int *ret_connection,
                                      uint64_t *ret_commit_id)
{
    uint8_t bytes[MESSAGE_BYTES];
    AUTO_FD int connection = accept4(socket->fd, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0 || !is_writer(socket, connection)) return ANNOUNCE_NONE;
    struct pollfd waiting = {.fd = connection, .events = POLLIN};
    if (poll(&waiting, 1, PATIENCE_MS) != 1 ||
        recv(connection, bytes, sizeof bytes, MSG_DONTWAIT) != MESSAGE_BYTES)
        return ANNOUNCE_NONE;
    *ret_commit_id = announce_read_number(bytes);
    *ret_connection = take_fd(&connection);
    return ANNOUNCE_COMMIT;
}

void announce_reply(int connection, uint64_t commit_id)
{
    uint8_t bytes[MESSAGE_BYTES];
    write_number(commit_id, bytes);
    (void)send(connection, bytes, sizeof bytes, MSG_NOSIGNAL | MSG_DONTWAIT); /* or it went away */
    (void)close(connection);
}

static int64_t announce_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The mounts that were told and have not answered. */
struct told {
    int directory;
    struct pollfd *polls;
    char (*names)[MOUNT_NAME_BYTES];
    nfds_t count;
    nfds_t capacity;
};

static void *enlarge(void *old, size_t count, size_t capacity, size_t size)
{
    void *const larger = memory_alloc(capacity * size);
    if (count) memcpy(larger, old, count * size);
    free(old);
    return larger;
}

static void add_told(struct told *told, const char *name, int fd)
{
    if (told->count == told->capacity) {
        told->capacity = told->capacity ? told->capacity * 2 : 64;
        told->polls = enlarge(told->polls, told->count, told->capacity, sizeof *told->polls);
        told->names = enlarge(told->names, told->count, told->capacity, sizeof *told->names);
    }
    (void)snprintf(told->names[told->count], MOUNT_NAME_BYTES, "%.63s", name);
    told->polls[told->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void name_silent(struct announce_result *result, const char *name)
{
    result->silent++;
    (void)snprintf(result->silent_name, sizeof result->silent_name, "%.63s", name);
}

enum telling { TELLING_DONE, TELLING_NO_DESCRIPTOR };

/* Tells one mount. Nobody listening means that it was killed: its socket goes. */
static enum telling announce_tell(const char *name, uint64_t commit_id, struct told *told,
                                  struct announce_result *result)
{
    uint8_t bytes[MESSAGE_BYTES];
    struct sockaddr_un const address = address_of(told->directory, name);
    AUTO_FD int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    write_number(commit_id, bytes);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) return TELLING_NO_DESCRIPTOR;
    bool const connected =
        fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0 && !connected && errno == ECONNREFUSED) {
        (void)unlinkat(told->directory, name, 0); /* another ingest may have been faster */
        return TELLING_DONE;
    }
    if (fd >= 0 && !connected && errno == ENOENT) return TELLING_DONE; /* unmounted just now */
    result->told++;
    if (!connected || send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) != MESSAGE_BYTES)
        name_silent(result, name); /* its backlog is full: it hangs */
    else
        add_told(told, name, take_fd(&fd));
    return TELLING_DONE;
}

enum answer { ANSWER_NONE, ANSWER_SHOWN, ANSWER_BEHIND };

static bool still_listens(int directory, const char *name)
{
    struct sockaddr_un const address = address_of(directory, name);
    AUTO_FD int const fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ||
           errno == EAGAIN;
}

/* A mount that hangs up without a word was unmounted, or killed, and shows nothing; or it does
 * not take us for a writer. One that cannot open the commit tells which one it shows still,
 * and hangs up, too. */
static enum answer read_answer(const struct told *told, nfds_t place, uint64_t commit_id)
{
    const struct pollfd *const mount = &told->polls[place];
    uint8_t bytes[MESSAGE_BYTES];
    if (!mount->revents) return ANSWER_NONE;
    ssize_t const got = recv(mount->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got != MESSAGE_BYTES)
        return still_listens(told->directory, told->names[place]) ? ANSWER_BEHIND : ANSWER_SHOWN;
    return announce_read_number(bytes) >= commit_id ? ANSWER_SHOWN : ANSWER_BEHIND;
}

/* Counts the mount and lets it go. */
static void count_silent(struct told *told, nfds_t place, struct announce_result *result)
{
    name_silent(result, told->names[place]);
    (void)close(told->polls[place].fd);
    told->polls[place].fd = -1; /* poll leaves it out */
}

/* Whether some mounts still owe their answer. */
static bool take_answers(struct told *told, uint64_t commit_id, struct announce_result *result)
{
    bool waiting = false;
    for (nfds_t i = 0; i < told->count; i++) {
        struct pollfd *const mount = &told->polls[i];
        if (mount->fd < 0) continue;
        switch (read_answer(told, i, commit_id)) {
        case ANSWER_NONE: waiting = true; break;
        case ANSWER_BEHIND: count_silent(told, i, result); break;
        case ANSWER_SHOWN:
            (void)close(mount->fd);
            mount->fd = -1;
            break;
        }
    }
    return waiting;
}

static void await_answers(struct told *told, uint64_t commit_id, int64_t deadline_ms,
                          struct announce_result *result)
{
    while (take_answers(told, commit_id, result)) {
        int64_t const left = deadline_ms - announce_now_ms();
        for (nfds_t i = 0; i < told->count; i++)
            told->polls[i].revents = 0;
        if (left <= 0 || (poll(told->polls, told->count, (int)left) <= 0 && errno != EINTR)) break;
    }
    for (nfds_t i = 0; i < told->count; i++) {
        if (told->polls[i].fd >= 0) count_silent(told, i, result);
    }
    told->count = 0;
}

/* Where the process may open no more, those that were told answer first. */
static void emit_next(const char *name, uint64_t commit_id, int64_t deadline_ms, struct told *told,
                      struct announce_result *result)
{
    if (announce_tell(name, commit_id, told, result) == TELLING_DONE) return;
    await_answers(told, commit_id, deadline_ms, result);
    if (announce_tell(name, commit_id, told, result) == TELLING_DONE) return;
    result->told++;
    name_silent(result, name);
}

bool announce_commit(struct store *store, uint64_t commit_id, int deadline_ms,
                     struct announce_result *ret_result, struct error *err)
{
    struct announce_result result = {0};
    int64_t const deadline = announce_now_ms() + deadline_ms;
    int directory_fd;
    if (!open_mounts(store, &directory_fd, err)) return false;
    DIR *const directory = fdopendir(directory_fd);
    if (!directory) {
        (void)close(directory_fd);
        return error_system(err, errno, "%s/mounts", store_path(store));
    }
    struct told told = {.directory = directory_fd};
    for (const struct dirent *entry; (entry = readdir(directory));) {
        size_t const length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 5, ".sock") != 0) continue;
        emit_next(entry->d_name, commit_id, deadline, &told, &result);
    }
    await_answers(&told, commit_id, deadline, &result);
    free(told.polls);
    free(told.names);
    (void)closedir(directory);
    *ret_result = result;
    return true;
}

int announce_watch(const struct store *store)
{
    char path[64];
    AUTO_FD int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d/mounts", store_directory(store));
    if (watch < 0 || inotify_add_watch(watch, path, IN_OPEN | IN_ONLYDIR | IN_DONT_FOLLOW) < 0)
        return -1;
    return take_fd(&watch);
}

void announce_watch_clear(int watch)
{
    char events[4096];
    while (read(watch, events, sizeof events) > 0) {
    }
}
