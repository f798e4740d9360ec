// SPDX-License-Identifier: Apache-2.0
#include "database/announce.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "../support/test.h"
#include "../support/tmpstore.h"

enum { COMMIT = 7, LONG_MS = 10000, SHORT_MS = 20 };

static const char schema[] = "{\"streams\":{\"s\":{\"fields\":{\"x\":\"int\"}}},\"views\":{}}";

static void listen_in(struct tmpstore *tmp, struct announce_socket *socket)
{
    struct error err;
    tmpstore_open(tmp, schema);
    assert_true(announce_listen(tmp->store, socket, &err));
}

static struct announce_result announce(struct tmpstore *tmp, int deadline_ms)
{
    struct announce_result result;
    struct error err;
    assert_true(announce_commit(tmp->store, COMMIT, deadline_ms, &result, &err));
    return result;
}

/* A mount that takes one announcement. */
struct mount {
    struct announce_socket socket;
    uint64_t shown; /* what it answers; 0: it hangs up without a word */
    bool stays;     /* then, and goes on to listen; else it is unmounted */
    uint64_t announced;
    enum announce_message message;
};

static void *take_one(void *argument)
{
    struct mount *const mount = argument;
    struct pollfd waiting = {.fd = mount->socket.fd, .events = POLLIN};
    int connection;
    mount->message = ANNOUNCE_NONE;
    if (poll(&waiting, 1, LONG_MS) != 1) return NULL;
    mount->message = announce_accept(&mount->socket, &connection, &mount->announced);
    if (mount->message == ANNOUNCE_NONE) return NULL;
    if (mount->shown) {
        announce_reply(connection, mount->shown);
        return NULL;
    }
    if (!mount->stays) announce_unlisten(&mount->socket);
    (void)close(connection);
    return NULL;
}

static struct announce_result announce_to(struct mount *mount)
{
    struct tmpstore tmp;
    pthread_t thread;
    listen_in(&tmp, &mount->socket);
    assert_int_equal(pthread_create(&thread, NULL, take_one, mount), 0);
    struct announce_result const result = announce(&tmp, LONG_MS);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(mount->message, ANNOUNCE_COMMIT);
    assert_int_equal(mount->announced, COMMIT);
    announce_unlisten(&mount->socket);
    tmpstore_close(&tmp);
    return result;
}

static void a_mount_that_shows_the_commit_has_answered(void **state)
{
    (void)state;
    for (uint64_t shown = COMMIT; shown <= COMMIT + 1; shown++) {
        struct mount mount = {.shown = shown};
        struct announce_result const result = announce_to(&mount);
        assert_int_equal(result.told, 1);
        assert_int_equal(result.silent, 0);
    }
}

static void a_mount_that_is_unmounted_meanwhile_is_not_waited_for(void **state)
{
    (void)state;
    struct mount mount = {.shown = 0};
    struct announce_result const result = announce_to(&mount);
    assert_int_equal(result.told, 1);
    assert_int_equal(result.silent, 0);
}

/* It does not take the announcer for one who may write the store. */
static void a_mount_that_refuses_the_announcer_is_told_of(void **state)
{
    (void)state;
    struct mount mount = {.stays = true};
    struct announce_result const result = announce_to(&mount);
    assert_int_equal(result.told, 1);
    assert_int_equal(result.silent, 1);
    assert_non_null(strstr(result.silent_name, ".sock"));
}

/* It could not open the commit, and says so by the one that it still shows. */
static void a_mount_that_shows_an_older_commit_is_told_of(void **state)
{
    (void)state;
    struct mount mount = {.shown = COMMIT - 1};
    struct announce_result const result = announce_to(&mount);
    assert_int_equal(result.told, 1);
    assert_int_equal(result.silent, 1);
    assert_non_null(strstr(result.silent_name, ".sock"));
}

static void mounts_that_hang_are_told_of_and_not_waited_for(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct announce_socket hanging;
    listen_in(&tmp, &hanging);
    for (int i = 0; i < 100; i++) { /* more than may wait for one that never looks */
        struct announce_result const result = announce(&tmp, i == 0 ? SHORT_MS : 0);
        assert_int_equal(result.told, 1);
        assert_int_equal(result.silent, 1);
        assert_string_equal(result.silent_name, hanging.name);
    }
    announce_unlisten(&hanging);
    tmpstore_close(&tmp);
}

enum { MANY = 1500, DESCRIPTORS = 200 };

/* The process of the mounts: each answers once. */
static _Noreturn void answer_all(const struct announce_socket *sockets)
{
    static struct pollfd waiting[MANY];
    unsigned answered = 0;
    for (size_t i = 0; i < MANY; i++)
        waiting[i] = (struct pollfd){.fd = sockets[i].fd, .events = POLLIN};
    while (answered < MANY && poll(waiting, MANY, LONG_MS) > 0) {
        for (size_t i = 0; i < MANY; i++) {
            int connection;
            uint64_t commit_id;
            if (!(waiting[i].revents & POLLIN) ||
                announce_accept(&sockets[i], &connection, &commit_id) == ANNOUNCE_NONE)
                continue;
            announce_reply(connection, commit_id);
            answered++;
        }
    }
    _exit(answered == MANY ? 0 : 1);
}

static void reject_limit_descriptors(rlim_t most)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void every_mount_is_told_however_many_and_with_few_descriptors(void **state)
{
    (void)state;
    static struct announce_socket sockets[MANY];
    struct tmpstore tmp;
    struct error err;
    int status;
    reject_limit_descriptors(2 * MANY + DESCRIPTORS);
    tmpstore_open(&tmp, schema);
    for (size_t i = 0; i < MANY; i++)
        assert_true(announce_listen(tmp.store, &sockets[i], &err));
    pid_t const mounts = fork();
    if (mounts == 0) answer_all(sockets);
    for (size_t i = 0; i < MANY; i++)
        (void)close(sockets[i].fd);
    reject_limit_descriptors((rlim_t)sockets[MANY - 1].fd + 1 - MANY + DESCRIPTORS);
    struct announce_result const result = announce(&tmp, LONG_MS);
    assert_int_equal(waitpid(mounts, &status, 0), mounts);
    reject_limit_descriptors(2 * MANY + DESCRIPTORS);
    assert_int_equal(status, 0);
    assert_int_equal(result.told, MANY);
    assert_int_equal(result.silent, 0);
    for (size_t i = 0; i < MANY; i++) {
        sockets[i].fd = -1;
        announce_unlisten(&sockets[i]);
    }
    tmpstore_close(&tmp);
}

static bool is_there(const struct tmpstore *tmp, const char *name)
{
    char path[192];
    (void)snprintf(path, sizeof path, "%s/mounts/%s", tmp->path, name);
    return access(path, F_OK) == 0;
}

static void the_socket_of_a_killed_mount_is_removed_and_nothing_else(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct announce_socket killed;
    listen_in(&tmp, &killed);
    assert_int_equal(close(killed.fd), 0);
    killed.fd = -1;
    AUTO_FD int const other = openat(killed.directory, "notes.txt", O_CREAT | O_WRONLY, 0666);
    assert_true(other >= 0);
    assert_true(is_there(&tmp, killed.name));
    struct announce_result const result = announce(&tmp, LONG_MS);
    assert_int_equal(result.told, 0);
    assert_int_equal(result.silent, 0);
    assert_false(is_there(&tmp, killed.name));
    assert_true(is_there(&tmp, "notes.txt"));
    announce_unlisten(&killed);
    tmpstore_close(&tmp);
}

static int connect_to(const struct announce_socket *mount)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s",
                   mount->directory, mount->name);
    int const fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void what_is_no_announcement_is_passed_over(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct announce_socket mount;
    uint64_t commit_id = 99;
    int connection = 99;
    listen_in(&tmp, &mount);
    assert_int_equal(announce_accept(&mount, &connection, &commit_id), ANNOUNCE_NONE); /* nobody */
    assert_int_equal(close(connect_to(&mount)), 0);
    assert_int_equal(announce_accept(&mount, &connection, &commit_id), ANNOUNCE_NONE);
    AUTO_FD int const terse = connect_to(&mount);
    assert_int_equal(send(terse, "abc", 3, 0), 3);
    assert_int_equal(announce_accept(&mount, &connection, &commit_id), ANNOUNCE_NONE);
    assert_int_equal(connection, 99);
    assert_int_equal(commit_id, 99);
    announce_unlisten(&mount);
    tmpstore_close(&tmp);
}

static void a_store_without_its_directory_of_mounts_is_an_error(void **state)
{
    (void)state;
    struct tmpstore tmp;
    struct announce_socket socket;
    struct announce_result result;
    struct error err;
    char path[128];
    tmpstore_open(&tmp, schema);
    (void)snprintf(path, sizeof path, "%s/mounts", tmp.path);
    assert_int_equal(rmdir(path), 0);
    assert_false(announce_listen(tmp.store, &socket, &err));
    assert_int_equal(err.kind, ERROR_MISSING);
    assert_non_null(strstr(err.fact, path));
    assert_false(announce_commit(tmp.store, COMMIT, SHORT_MS, &result, &err));
    assert_int_equal(err.kind, ERROR_MISSING);
    tmpstore_close(&tmp);
}

int main(void)
{
    struct CMUnitTest const tests[] = {
        cmocka_unit_test(a_mount_that_shows_the_commit_has_answered),
        cmocka_unit_test(a_mount_that_is_unmounted_meanwhile_is_not_waited_for),
        cmocka_unit_test(a_mount_that_refuses_the_announcer_is_told_of),
        cmocka_unit_test(a_mount_that_shows_an_older_commit_is_told_of),
        cmocka_unit_test(mounts_that_hang_are_told_of_and_not_waited_for),
        cmocka_unit_test(the_socket_of_a_killed_mount_is_removed_and_nothing_else),
        cmocka_unit_test(what_is_no_announcement_is_passed_over),
        cmocka_unit_test(a_store_without_its_directory_of_mounts_is_an_error),
        cmocka_unit_test(every_mount_is_told_however_many_and_with_few_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
