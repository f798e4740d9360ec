/* formula_p.h - the nodes of a formula.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "formula.h"

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
    struct exact literal; /* FORMULA_LITERAL */
    size_t aggregate;     /* FORMULA_AGGREGATE */
    const struct formula *operands[2];
};
