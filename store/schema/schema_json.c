// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <strings.h>

#include "schema/schema_p.h"

const cJSON *json_get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

bool error_wrap_dot(struct error *err, const char *name)
{
    char inner[sizeof err->place];
    memcpy(inner, err->place, sizeof inner);
    const char *const dot = inner[0] && inner[0] != '[' ? "." : "";
    return error_place(err, "%s%s%s", name, dot, inner);
}

bool error_wrap_index(struct error *err, size_t index)
{
    char inner[sizeof err->place];
    memcpy(inner, err->place, sizeof inner);
    return error_place(err, "[%zu]%s%s", index, inner[0] ? "." : "", inner);
}

bool json_unknown(const char *what, const char *name, const struct slice *names, size_t name_count,
                  struct error *err)
{
    struct slice const near = schema_nearest(slice_text(name), names, name_count);
    (void)error_set(err, ERROR_SCHEMA, "no %s '%s'", what, name);
    if (near.length) return error_remedy(err, "did you mean '%.*s'?", (int)near.length, near.at);
    AUTO_BUFFER struct buffer list = {0};
    for (size_t i = 0; i < name_count; i++) {
        if (i > 0) buffer_add_text(&list, ", ");
        buffer_add_slice(&list, names[i]);
    }
    return error_remedy(err, "there are: %.*s", (int)list.length, list.at);
}

static bool is_known(const char *name, const char *const *keys, struct error *err)
{
    enum { KEYS_MAX = 10 };
    struct slice names[KEYS_MAX];
    size_t count = 0;
    for (; keys[count]; count++) {
        names[count] = slice_text(keys[count]);
        if (strcmp(name, keys[count]) == 0) return true;
    }
    return json_unknown("key", name, names, count, err);
}

bool json_is_object(const cJSON *json, const char *const *keys, struct error *err)
{
    if (!cJSON_IsObject(json)) return error_set(err, ERROR_SCHEMA, "expected an object {…}");
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json)
    {
        if (keys && !is_known(entry->string, keys, err)) return false;
        if (json_get(json, entry->string) != entry)
            return error_set(err, ERROR_SCHEMA, "'%s' is there twice", entry->string);
    }
    return true;
}

struct slice json_definition(const cJSON *json, struct arena *arena)
{
    char *const printed = cJSON_PrintUnformatted(json);
    struct slice const copy = arena_copy(arena, slice_text(printed ? printed : ""));
    cJSON_free(printed);
    return copy;
}

bool json_is_text(const cJSON *json, const char *what, struct error *err)
{
    if (cJSON_IsString(json)) return true;
    return error_set(err, ERROR_SCHEMA, "expected %s in quotes", what);
}

bool json_read_duration(const cJSON *json, int64_t *ret_seconds, struct error *err)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = {{"minute", 60},      {"hour", 3600},        {"day", 86400},
                 {"week", 7 * 86400}, {"month", 31 * 86400}, {"year", 366 * 86400}};
    enum { COUNT_MAX = 1000000 };
    if (!json_is_text(json, "a duration such as \"90 days\"", err)) return false;
    char *rest;
    long const count = strtol(json->valuestring, &rest, 10);
    while (*rest == ' ')
        rest++;
    size_t length = strlen(rest);
    if (length > 1 && rest[length - 1] == 's') length--;
    for (size_t i = 0; i < COUNT_OF(units) && count > 0 && count <= COUNT_MAX; i++) {
        if (strlen(units[i].name) != length || memcmp(units[i].name, rest, length) != 0) continue;
        *ret_seconds = count * units[i].seconds;
        return true;
    }
    (void)error_set(err, ERROR_SCHEMA, "'%s' is no duration", json->valuestring);
    return error_remedy(err, "write a number and minutes, hours, days, weeks, months or years");
}

/* Damerau-Levenshtein, restricted: the number of letters to insert, drop, change or swap. Source: Boytsov,
 * "Indexing methods for approximate dictionary searching", 2011. Case does not count. */
static size_t distance(struct slice a, struct slice b)
{
    enum { LETTERS_MAX = 64 };
    size_t rows[3][LETTERS_MAX + 1];
    if (a.length > LETTERS_MAX || b.length > LETTERS_MAX) return SIZE_MAX;
    for (size_t j = 0; j <= b.length; j++)
        rows[1][j] = j;
    for (size_t i = 1; i <= a.length; i++) {
        size_t *const before = rows[(i - 1 + 1) % 3], *const row = rows[(i + 1) % 3];
        const size_t *const two_before = rows[(i - 2 + 1 + 3) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.length; j++) {
            bool const same =
                strncasecmp((const char *)a.at + i - 1, (const char *)b.at + j - 1, 1) == 0;
            size_t least = before[j - 1] + !same;
            if (before[j] + 1 < least) least = before[j] + 1;
            if (row[j - 1] + 1 < least) least = row[j - 1] + 1;
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1] &&
                two_before[j - 2] + 1 < least)
                least = two_before[j - 2] + 1;
            row[j] = least;
        }
    }
    return rows[(a.length + 1) % 3][b.length];
}

struct slice schema_nearest(struct slice wrong, const struct slice *names, size_t name_count)
{
    struct slice nearest = {0};
    size_t best = wrong.length / 3 > 1 ? wrong.length / 3 : 1;
    for (size_t i = 0; i < name_count; i++) {
        size_t const apart = distance(wrong, names[i]);
        if (apart > best || (nearest.length && apart == best)) continue;
        best = apart;
        nearest = names[i];
    }
    return nearest;
}
