/* merge_forest.h - adding a delta to a view whose groups are the nodes of a forest.
 *
 * Place    merge.c calls it for such a view.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "merge_p.h"

/* ERROR_INPUT: the parents that the events name would be a cycle. */
bool merge_forest(struct merge *merge, struct error *err) MUST_CHECK;
