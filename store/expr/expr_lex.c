// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "expr/expr_p.h"

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           byte >= 0x80;
}

bool parser_fail(struct expr_parser *parser, const char *format, ...)
{
    char fact[400];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(fact, sizeof fact, format, arguments); /* cut where it is too long */
    va_end(arguments);
    struct slice const near = parser->token.source;
    size_t const column = near.at ? (size_t)(near.at - parser->text.at) + 1 : 1;
    return error_set(parser->err, ERROR_SCHEMA, "%s at column %zu", fact, column);
}

/* The end of a number at AT: digits, a point, an exponent. */
static size_t number_end(struct slice text, size_t at)
{
    while (at < text.length && (is_digit(text.at[at]) || text.at[at] == '.'))
        at++;
    if (at >= text.length || (text.at[at] | 0x20) != 'e') return at;
    size_t exponent = at + 1;
    if (exponent < text.length && (text.at[exponent] == '+' || text.at[exponent] == '-'))
        exponent++;
    if (exponent >= text.length || !is_digit(text.at[exponent])) return at;
    while (exponent < text.length && is_digit(text.at[exponent]))
        exponent++;
    return exponent;
}

/* A text in quotes, in which the quote itself is written twice. */
static bool read_quoted(struct expr_parser *parser, enum token_kind kind)
{
    struct slice const text = parser->text;
    size_t const start = parser->at;
    uint8_t const quote = text.at[start];
    AUTO_BUFFER struct buffer content = {0};
    size_t at = start + 1;
    while (at < text.length) {
        if (text.at[at] == quote) {
            if (at + 1 >= text.length || text.at[at + 1] != quote) break;
            at++;
        }
        buffer_add_byte(&content, text.at[at++]);
    }
    parser->token.source = slice_of(text.at + start, text.length - start);
    if (at >= text.length) return parser_fail(parser, "the quote %c is not closed", quote);
    parser->at = at + 1;
    parser->token = (struct token){.kind = kind,
                                   .text = arena_copy(parser->arena, buffer_slice(&content)),
                                   .source = slice_of(text.at + start, parser->at - start)};
    return true;
}

static size_t sign_length(struct slice rest)
{
    static const char *const two[] = {"<=", ">=", "<>", "!="};
    for (size_t i = 0; i < COUNT_OF(two); i++) {
        if (slice_starts(rest, slice_text(two[i]))) return 2;
    }
    return strchr("+-*/=<>(),.", (char)rest.at[0]) ? 1 : 0;
}

bool parser_next(struct expr_parser *parser)
{
    struct slice const text = parser->text;
    while (parser->at < text.length &&
           (text.at[parser->at] == ' ' || (text.at[parser->at] >= 9 && text.at[parser->at] <= 13)))
        parser->at++;
    size_t const start = parser->at;
    struct slice const rest = slice_of(text.at + start, text.length - start);
    parser->token = (struct token){.kind = TOKEN_END, .source = slice_of(rest.at, 0)};
    if (rest.length == 0) return true;
    uint8_t const first = rest.at[0];
    size_t end = start;
    if (first == '\'') return read_quoted(parser, TOKEN_STRING);
    if (first == '"') return read_quoted(parser, TOKEN_QUOTED);
    if (is_digit(first) || (first == '.' && rest.length > 1 && is_digit(rest.at[1]))) {
        parser->token.kind = TOKEN_NUMBER;
        end = number_end(text, start);
    } else if (is_letter(first)) {
        parser->token.kind = TOKEN_NAME;
        while (end < text.length && (is_letter(text.at[end]) || is_digit(text.at[end])))
            end++;
    } else {
        parser->token.kind = TOKEN_SIGN;
        end += first ? sign_length(rest) : 0;
    }
    if (end == start) return parser_fail(parser, "unexpected character '%c'", first);
    parser->token.source = parser->token.text = slice_of(text.at + start, end - start);
    parser->at = end;
    return true;
}

bool parser_init(struct expr_parser *parser, struct slice text, const struct stream *stream,
                 const struct time_zone *zone, struct arena *arena, struct error *err)
{
    *parser = (struct expr_parser){
        .text = text, .stream = stream, .zone = zone, .arena = arena, .err = err};
    return parser_next(parser);
}

bool parser_is_sign(const struct expr_parser *parser, const char *sign)
{
    return parser->token.kind == TOKEN_SIGN && slice_is(parser->token.text, sign);
}

bool parser_is_word(const struct expr_parser *parser, const char *word)
{
    struct slice const text = parser->token.text;
    return parser->token.kind == TOKEN_NAME && text.length == strlen(word) &&
           strncasecmp((const char *)text.at, word, text.length) == 0;
}

bool parser_expect(struct expr_parser *parser, const char *sign)
{
    if (parser_is_sign(parser, sign)) return parser_next(parser);
    struct slice const found = parser->token.source;
    if (parser->token.kind == TOKEN_END)
        return parser_fail(parser, "expected '%s' but the text ends", sign);
    return parser_fail(parser, "expected '%s' before '%.*s'", sign, (int)found.length, found.at);
}

bool parser_enter(struct expr_parser *parser)
{
    if (++parser->depth <= EXPR_DEPTH_MAX) return true;
    return parser_fail(parser, "more than %d nested levels", EXPR_DEPTH_MAX);
}
