/* versions.h - which versions of other projects' libraries run here, for --version.
 *
 * Place    --version of both programs.
 * Memory   appends to the caller's buffer.
 * Threads  any.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/bytes.h"

/* Appends a line for each one that the store stands on. */
void versions_write(struct buffer *text);
