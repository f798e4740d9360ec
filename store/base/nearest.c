// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <strings.h>

/* Damerau-Levenshtein, restricted: the number of letters to insert, drop, change or swap. Source:
 * Boytsov, "Indexing methods for approximate dictionary searching", 2011. Case does not count. */
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

struct slice nearest_name(struct slice wrong, const struct slice *names, size_t name_count)
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
