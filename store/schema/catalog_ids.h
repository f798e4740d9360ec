/* catalog_ids.h - what the names of a schema stand for in the store: ids of streams and views,
 * slots of fields, words of dictionaries.
 *
 * Place    store.c gives each schema that it loads its layout; apply.c makes the next one.
 * Promise  an id, a slot and a word are never given to another name, so that events and groups stay
 *          readable whatever is added to a schema, dropped from it or put in another order.
 * Memory   the layout is the caller's buffer; what is applied lives in the schema's arena.
 * Threads  while the schema is still its maker's.
 * Errors   as each call says.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "schema/schema.h"

/* The layout of a store's first schema: ids and slots in declared order. */
void catalog_ids_first(const struct schema *schema, struct buffer *layout);
/* Gives SCHEMA the ids and slots of LAYOUT, which was made for it. ERROR_CORRUPT: it was not. */
bool catalog_ids_apply(struct slice layout, struct schema *schema, struct error *err) MUST_CHECK;
/* The layout of NEXT behind OLD: names that stay, or go on under another (renames.h), keep what
 * they have, but for the views that FRESH says, one a view of NEXT. ERROR_FULL: all ids are used
 * up. */
bool catalog_ids_change(struct slice old, const struct schema *next, const bool *fresh,
                        struct buffer *layout, struct error *err) MUST_CHECK;
/* The layout with dictionaries for those slots of STREAM that have none: DICTIONARIES has one a
 * slot. From then on it does not lack them. */
bool catalog_ids_add_dictionaries(struct slice old, const struct stream *stream,
                                  const struct dictionary_words *dictionaries,
                                  struct buffer *layout, struct error *err) MUST_CHECK;
