/* expr_p.h - the nodes of an expression, and the tokenizer that expr_parse.c and formula_parse.c share.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "expr/expr.h"
#include "schema/schema.h"

/* A chain of operators nests to the left without a parenthesis: `a or b or c`. What scans a tree calls
 * itself once a level, so that its height has a bound of its own. */
enum { EXPR_HEIGHT_MAX = 1000 };

enum expr_op {
    EXPR_LITERAL,
    EXPR_FIELD,
    EXPR_NEGATE,
    EXPR_ADD,
    EXPR_SUBTRACT,
    EXPR_MULTIPLY,
    EXPR_DIVIDE,
    EXPR_EQUAL,
    EXPR_NOT_EQUAL,
    EXPR_LESS,
    EXPR_LESS_EQUAL,
    EXPR_GREATER,
    EXPR_GREATER_EQUAL,
    EXPR_AND,
    EXPR_OR,
    EXPR_NOT,
    EXPR_IN, /* operands[0] in the others */
    EXPR_LIKE,
    EXPR_IS_NULL,
    EXPR_BUCKET,
    EXPR_TO_FLOAT, /* of a number beside a float */
    EXPR_SECONDS,  /* from the second time to the first */
    EXPR_COALESCE,
    EXPR_LEAST, /* of those that are not null */
    EXPR_GREATEST,
    EXPR_ABS,
};

struct expr {
    enum expr_op op;
    struct value_type type;
    struct value literal; /* EXPR_LITERAL */
    unsigned field;       /* EXPR_FIELD */
    unsigned digits; /* of a number: at most so many in front of the point; see expr_can_overflow */
    unsigned scale;  /* and so many behind it */
    unsigned height; /* levels of operands below; at most EXPR_HEIGHT_MAX */
    size_t operand_count;
    const struct expr *const *operands;
};

enum token_kind {
    TOKEN_END,
    TOKEN_NUMBER,
    TOKEN_STRING, /* text without quotes, '' made one */
    TOKEN_NAME,
    TOKEN_QUOTED, /* a "name" */
    TOKEN_SIGN,   /* one or two characters */
};

struct token {
    enum token_kind kind;
    struct slice text;   /* what it says */
    struct slice source; /* as written */
};

/* Of which entities the operands are; see entity_parse.c. */
struct per {
    struct view *view; /* the hidden one; NULL: of none */
    size_t at;         /* behind the expression that tells them apart */
    struct token token;
};

struct expr_parser {
    struct slice text;
    size_t at;          /* behind the current token */
    struct token token; /* the current one */
    unsigned depth;
    const struct stream *stream;
    const struct time_zone *zone;
    struct arena *arena;
    struct error *err;
    const struct per
        *per; /* fields and aggregates are those of an entity; NULL: fields are an event's */
};

/* Reads the first token. All of these fail with the error set. */
bool parser_init(struct expr_parser *parser, struct slice text, const struct stream *stream,
                 const struct time_zone *zone, struct arena *arena, struct error *err) MUST_CHECK;
bool parser_next(struct expr_parser *parser) MUST_CHECK;
bool parser_is_sign(const struct expr_parser *parser, const char *sign);
bool parser_is_word(const struct expr_parser *parser, const char *word); /* in any case */
/* Goes on if the current token is the sign. */
bool parser_expect(struct expr_parser *parser, const char *sign) MUST_CHECK;
bool parser_fail(struct expr_parser *parser, const char *format, ...) PRINTF_LIKE(2, 3);
bool parser_enter(struct expr_parser *parser) MUST_CHECK; /* one level deeper; `depth--` leaves */
/* A field of the stream as an expression. */
const struct expr *parser_field(struct expr_parser *parser, size_t field);
/* An expression of the grammar in expr.h, up to a token that does not belong to it. */
bool parser_expr(struct expr_parser *parser, const struct expr **ret_expr) MUST_CHECK;
/* The function that NAME begins; the current token is its parenthesis. */
bool parser_call(struct expr_parser *parser, const struct token *name,
                 const struct expr **ret_expr) MUST_CHECK;
/* The field NAME of the stream, or where a point follows what it leads to. */
bool parser_named_field(struct expr_parser *parser, struct slice name,
                        const struct expr **ret_expr) MUST_CHECK;
/* Of an entity: a field of its events stands for their least value, a call for what an aggregate comes to. The parser is that of a
 * struct reading. */
bool parser_inner_field(struct expr_parser *parser, const struct expr **expr) MUST_CHECK;
bool parser_inner_call(struct expr_parser *parser, const struct token *name,
                       const struct expr **ret_expr) MUST_CHECK;
/* Nodes in the parser's arena. */
struct expr *expr_new(struct expr_parser *parser, enum expr_op op, enum value_kind kind);
void expr_set_operands(struct expr_parser *parser, struct expr *expr,
                       const struct expr *const *operands, size_t count);
const struct expr *expr_new_unary(struct expr_parser *parser, enum expr_op op, enum value_kind kind,
                                  const struct expr *operand);
const struct expr *expr_new_binary(struct expr_parser *parser, enum expr_op op,
                                   enum value_kind kind, const struct expr *left,
                                   const struct expr *right);
/* Makes the nearest float of a number. */
void expr_make_float(struct expr_parser *parser, const struct expr **expr);
/* A number beside a float is computed with and compared as the nearest float. */
void expr_make_floats(struct expr_parser *parser, const struct expr **left,
                      const struct expr **right);
/* Checks of types; null is of every type. WHAT needs them: "and". */
bool parser_wants(struct expr_parser *parser, const struct expr *expr, enum value_kind kind,
                  const char *what) MUST_CHECK;
bool parser_wants_number(struct expr_parser *parser, const struct expr *expr,
                         const char *what) MUST_CHECK;
/* A string beside a time becomes one, a number beside a float too; false: they have no order. */
bool parser_make_comparable(struct expr_parser *parser, const struct expr **left,
                            const struct expr **right) MUST_CHECK;
const char *type_name(enum value_kind kind); /* "a string" */
