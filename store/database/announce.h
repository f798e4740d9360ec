/* announce.h - telling the live mounts of a store that a commit is there.
 *
 *   daemon: announce_listen -> (poll) announce_accept -> [invalidate] -> announce_reply
 *                           -> announce_unlisten
 *   ingest: announce_commit
 *   reader: announce_watch -> (poll) announce_watch_clear
 *
 * A mount owns a Unix socket STORE/mounts/<pid>-<random>.sock (SOCK_SEQPACKET). The writer sends
 * the commit's number, 8 bytes little-endian; the mount answers with the number that it shows, once
 * it has invalidated everything up to there. Sockets are addressed through /proc/self/fd, as a
 * store's path may be longer than sun_path.
 *
 * A mount listens to whoever may write data.mdb, by the mode of that file and the credentials of
 * the peer, and to nobody else. A writer trusts who can make sockets in STORE/mounts: the most that
 * one can do is to delay it.
 *
 * Who may only read makes no socket there, and no writer waits for it. It sees that STORE/mounts is
 * opened, which each announcement begins with.
 *
 * Place    writer_lock.c and commit_job.c announce; fs/notify.c listens; libtally watches.
 * Memory   results are in the caller's structs; descriptors are the caller's to close.
 * Threads  any, each with a socket or watch of its own.
 * Errors   ERROR_SYSTEM, ERROR_DENIED: no socket can be made, or STORE/mounts cannot be read. A
 *          mount that does not answer is counted, and is no error.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/error.h"
#include "database/store.h"

struct announce_socket {
    int fd;        /* poll it for reading */
    int directory; /* STORE/mounts */
    int store;     /* the store's directory, borrowed */
    char name[64];
};

bool announce_listen(struct store *store, struct announce_socket *ret_socket,
                     struct error *err) MUST_CHECK;
/* Whether writers look for it where it is: STORE/mounts may have been made anew. */
bool announce_is_found(const struct announce_socket *socket);
void announce_unlisten(struct announce_socket *socket); /* closes and removes; takes a zeroed one */

enum announce_message { ANNOUNCE_COMMIT, ANNOUNCE_NONE };
/* One waiting writer: its connection and the commit it announces. ANNOUNCE_NONE: it went away, sent
 * nothing of sense within a second, or may not write the store. */
enum announce_message announce_accept(const struct announce_socket *socket, int *ret_connection,
                                      uint64_t *ret_commit_id);
void announce_reply(int connection, uint64_t commit_id); /* closes the connection */

/* Tells every mount and waits until each shows COMMIT_ID or DEADLINE_MS have passed for all
 * together. A socket that nobody listens at is removed. Mounts that did not answer are counted. */
struct announce_result {
    unsigned told;
    unsigned silent;      /* of those: alive, but they did not show the commit in time */
    char silent_name[64]; /* one of them */
};
bool announce_commit(struct store *store, uint64_t commit_id, int deadline_ms,
                     struct announce_result *ret_result, struct error *err) MUST_CHECK;

/* A descriptor that is readable once a commit may have been announced since, to be closed; it takes
 * the right to read STORE/mounts. -1: the system does not tell. */
int announce_watch(const struct store *store) MUST_CHECK;
void announce_watch_clear(int watch); /* until the next time */
