/* The first byte says how long the key is; key and event follow.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"
#include "schema/catalog_ids.h"
#include "tables/events.h"

static bool add_dictionary(struct schema *schema, struct error *err)
{
    AUTO_BUFFER struct buffer layout = {0}, with = {0};
    struct slice words[] = {slice_text("eu"), slice_text("us")};
    struct dictionary_words const dictionaries[6] = {
        [5] = {.prefix = slice_text("user_"), .words = words, .count = COUNT_OF(words)}};
    catalog_ids_first(schema, &layout);
    return catalog_ids_apply(buffer_slice(&layout), schema, err) &&
           catalog_ids_add_dictionaries(buffer_slice(&layout), &schema->streams[0], dictionaries,
                                        &with, err) &&
           catalog_ids_apply(buffer_slice(&with), schema, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct schema *schema;
    static const char text[] = "{\"streams\":{\"s\":{\"key\":[\"a\",\"i\"],\"fields\":{\"a\":"
                               "\"string\",\"b\":\"bool\",\"i\":\"int\","
                               "\"d\":\"decimal\",\"t\":\"time\",\"s\":\"string\"}}},"
                               "\"views\":{}}";
    struct slice const utc = {0};
    struct error err;
    struct value values[6];
    AUTO_ARENA struct arena arena = {0};
    if (!schema &&
        !(schema_read(slice_text(text), &utc, &schema, &err) && add_dictionary(schema, &err)))
        __builtin_trap();
    if (length == 0 || bytes[0] > length - 1) return 0;
    struct event const event = {.key = slice_of(bytes + 1, bytes[0]),
                                .packed = slice_of(bytes + 1 + bytes[0], length - 1 - bytes[0])};
    bool const good = event_unpack(&schema->streams[0], &event, &arena, values);
    (void)good; /* either answer is right */
    return 0;
}
