/* expr.h - expressions over the fields of one event.
 *
 *   expr     = or ; or = and { "or" and } ; and = not { "and" not } ; not = [ "not" ] test
 *   test     = sum [ ("=" | "!=" | "<>" | "<" | "<=" | ">" | ">=") sum
 *                  | [ "not" ] "in" "(" expr { "," expr } ")"
 *                  | [ "not" ] "like" sum | [ "not" ] "between" sum "and" sum
 *                  | "is" [ "not" ] "null" ]
 *   sum      = product { ("+" | "-") product } ; product = unary { ("*" | "/") unary }
 *   unary    = [ "-" | "+" ] primary
 *   primary  = number | 'string' | "true" | "false" | "null" | field
 *            | reference { "." reference } "." field
 *            | ("minute" | ... | "year") "(" expr ")" | "abs" "(" expr ")"
 *            | ("coalesce" | "least" | "greatest") "(" expr { "," expr } ")" | "(" expr ")"
 *   field    = name | "name of any characters"
 *
 * Keywords and functions are read in any case, field names exactly. '' inside a string is one
 * quote. SQL null semantics: an operation on null is null, `and` and `or` are three-valued, `in`
 * knows nulls; x / 0 is null; / never cuts to an integer (decimal_divide). `like`: % any run, _ one
 * character, case counts. A string literal compared with a time is read as a time by calendar_read.
 * A time less a time is the seconds between them. coalesce is its first value that is not null; all
 * are of one type, which literals and numbers beside floats take as in a comparison.
 *
 * Place    schema_read parses them once (expr_parse.c); bind and delta evaluate them (expr_eval.c).
 * Memory   a tree lives in the schema's arena. Values of evaluation borrow from the event and tree.
 * Threads  a tree is immutable; evaluation is pure.
 * Errors   parsing: ERROR_SCHEMA, as below. Evaluation fails in one way: a number has
 *          too many digits.
 * Limits   EXPR_DEPTH_MAX nested levels and 1000 operators in a row, so that hostile text cannot
 *          exhaust the stack.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "types/value.h"

enum { EXPR_DEPTH_MAX = 100 };

struct expr;
struct stream;

/* A tokenizer's position in a text, shared with formula_parse, which reads aggregates around
 * expressions. */
struct expr_parser;

/* Parses all of TEXT against the fields of STREAM and checks types. Errors are ERROR_SCHEMA with
 * the fact ("no field 'evnt_ts' in stream 'events'", "expected ')' before 'x'", "cannot compare a
 * string with a number"), the column in the text, and a remedy ("did you mean 'event_ts'?"); the
 * caller wraps the place. */
bool expr_parse(struct slice text, const struct stream *stream, const struct time_zone *zone,
                struct arena *arena, const struct expr **ret_expr, struct error *err) MUST_CHECK;

/* Whether a field of this name can be named only in quotes. */
bool expr_is_keyword(struct slice name);

struct value_type expr_type(const struct expr *expr);
/* Whether evaluation can leave the range of a decimal: + - * over anything but small integers. */
bool expr_can_overflow(const struct expr *expr);
/* The field that the expression is nothing but, or -1. */
int expr_field(const struct expr *expr);
/* The field that the expression is, or is a bucket of; or -1. */
int expr_time_field(const struct expr *expr);
/* The expression with VALUES, one a field, in place of the fields; NULL stands for
 * null. Lives in ARENA. */
const struct expr *expr_substitute(const struct expr *expr, const struct expr *const *values,
                                   struct arena *arena);
/* Whether it follows a reference of STREAM, which it is over. A NULL expression does not. */
bool expr_follows(const struct expr *expr, const struct stream *stream);
bool expr_equal(const struct expr *a, const struct expr *b); /* same tree */
/* Appends what equal ones have in common: to find them by its hash. */
void expr_fingerprint(const struct expr *expr, struct buffer *into);

/* What a dimension, a field or a bucket of one, is of an event: also VALUE_UNRESOLVED. */
struct value expr_dimension(const struct expr *expr, const struct value *fields,
                            const struct time_zone *zone);
/* FIELDS: one value per field of the stream, and behind them what its references lead to. false: a
 * number outgrew DECIMAL_DIGITS. */
bool expr_eval(const struct expr *expr, const struct value *fields, const struct time_zone *zone,
               struct value *ret_value) MUST_CHECK;
/* Whether a `where` holds: true only for true, not for null. A NULL expression holds. */
bool expr_holds(const struct expr *where, const struct value *fields, const struct time_zone *zone);
