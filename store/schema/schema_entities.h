/* schema_entities.h - the hidden views of one view while its measures are parsed.
 *
 *   entities_view, entities_place ... -> entities_finish
 *
 * Place    entity_parse.c asks for them, schema_measures.c finishes them.
 * Memory   views live in the schema's arena.
 * Threads  one, while the schema is read.
 * Errors   ERROR_SCHEMA: more than SCHEMA_FEEDERS_MAX kinds of entities, or too many dimensions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "schema/schema.h"

struct entities {
    struct schema *schema;
    struct view *owner; /* its source, dimensions, `where` and `retain` are read */
    struct view *views[SCHEMA_FEEDERS_MAX];
    size_t count;
};

/* The hidden view whose entities ENTITY tells apart. */
bool entities_view(struct entities *entities, const struct expr *entity, struct view **ret_view,
                   struct error *err) MUST_CHECK;
/* Where the hidden view's rows have what AGGREGATE comes to for an entity. */
bool entities_place(const struct entities *entities, struct view *view,
                    const struct aggregate *aggregate, struct value_type type, size_t *ret_field,
                    struct error *err) MUST_CHECK;
bool entities_finish(struct entities *entities, struct error *err) MUST_CHECK;
