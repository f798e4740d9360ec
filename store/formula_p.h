/* formula_p.h - the nodes of a formula.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "formula.h"

/* Measures that name others share their nodes, but are evaluated anew each time: a few that double each
 * other would never end. So the nodes are counted as they are evaluated. */
enum { FORMULA_SIZE_MAX = 1000 };

enum formula_op {
    FORMULA_LITERAL,
    FORMULA_AGGREGATE,
    FORMULA_NEGATE,
    FORMULA_ADD,
    FORMULA_SUBTRACT,
    FORMULA_MULTIPLY,
    FORMULA_DIVIDE,
};

struct formula {
    enum formula_op op;
    bool is_number; /* else a value that only min and max can give, of `type` */
    struct value_type type;
    unsigned size;        /* nodes, those of named measures too; at most FORMULA_SIZE_MAX */
    struct exact literal; /* FORMULA_LITERAL */
    size_t aggregate;     /* FORMULA_AGGREGATE */
    const struct formula *operands[2];
};
