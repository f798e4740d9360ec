/* service_notify.h - telling the service manager that started the daemon how it is (Type=notify).
 *
 * Source   sd_notify(3), which describes the protocol: a datagram to the socket that NOTIFY_SOCKET names.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

/* STATE: "READY=1", "STOPPING=1". Nothing where nobody asked to be told; best effort, as the manager has a deadline. */
void service_notify(const char *state);
