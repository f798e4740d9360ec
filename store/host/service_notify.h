/* service_notify.h - telling the service manager that started the daemon how it is (Type=notify).
 *
 * Place    fs/main.c and cmd_follow.c.
 * Memory   none.
 * Threads  any.
 * Errors   none: best effort.
 * Source   sd_notify(3), which describes the protocol: a datagram to the socket that
 *          NOTIFY_SOCKET names.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

/* STATE: "READY=1", "STOPPING=1". Nothing where nobody asked to be told; best effort, as the
 * manager has a deadline. */
void service_notify(const char *state);
