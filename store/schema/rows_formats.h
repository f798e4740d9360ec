/* rows_formats.h - when the bytes of a format are counted.
 *
 * Memory   for ever.
 * Threads  constants.
 * Errors   none.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "schema/view.h"

/* By enum rows_format: its bytes are counted only for views that have it, as they cost much, and a
 * view that gets it is made anew. Those of the others are always counted, so that a view gets them
 * for nothing. */
extern const bool rows_on_demand[ROWS_FORMATS];
