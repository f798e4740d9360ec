// SPDX-License-Identifier: Apache-2.0
"use strict";
// JSON with all its digits. JSON.parse makes doubles of numbers; here a number that a double would not write back in the
// same characters stays text, as an Exact.

class Exact {
  constructor(text) {
    this.text = text;
  }
  valueOf() {
    return Number(this.text); // for charts
  }
  toString() {
    return this.text;
  }
}

const isNumber = (value) => typeof value === "number" || value instanceof Exact;

// Reads one value after the other. Objects become Maps, as a name of the data may be "__proto__".
class Reader {
  constructor(text, at = 0) {
    this.text = text;
    this.at = at;
  }

  // The next character that is no white space.
  peek() {
    while (this.text.charCodeAt(this.at) <= 32) this.at++;
    return this.text[this.at];
  }

  expect(character) {
    if (this.peek() !== character) throw new SyntaxError(`expected ${character} at character ${this.at} of the data`);
    this.at++;
  }

  value() {
    switch (this.peek()) {
      case '"': return this.string();
      case "{": return this.object();
      case "[": return this.list();
      case "t": return this.word("true", true);
      case "f": return this.word("false", false);
      case "n": return this.word("null", null);
      default: return this.number();
    }
  }

  word(text, value) {
    if (!this.text.startsWith(text, this.at)) throw new SyntaxError(`no value at character ${this.at} of the data`);
    this.at += text.length;
    return value;
  }

  string() {
    const start = this.at;
    let end = start;
    do {
      end = this.text.indexOf('"', end + 1);
      if (end < 0) throw new SyntaxError("the data ends within a string");
    } while (this.isEscaped(end));
    this.at = end + 1;
    const raw = this.text.slice(start + 1, end);
    return raw.includes("\\") ? JSON.parse(`"${raw}"`) : raw;
  }

  isEscaped(at) {
    let backslashes = 0;
    while (this.text[at - 1 - backslashes] === "\\") backslashes++;
    return backslashes % 2 === 1;
  }

  number() {
    const start = this.at;
    while ("+-.0123456789eE".includes(this.text[this.at] || "?")) this.at++;
    const text = this.text.slice(start, this.at);
    const double = Number(text);
    if (text === "" || Number.isNaN(double)) throw new SyntaxError(`no value at character ${start} of the data`);
    return String(double) === text ? double : new Exact(text);
  }

  object() {
    const map = new Map();
    this.each("{", "}", () => {
      this.peek();
      const name = this.string();
      this.expect(":");
      map.set(name, this.value());
    });
    return map;
  }

  list() {
    const list = [];
    this.each("[", "]", () => list.push(this.value()));
    return list;
  }

  each(open, close, read) {
    this.expect(open);
    if (this.peek() !== close) {
      read();
      while (this.peek() === ",") {
        this.at++;
        read();
      }
    }
    this.expect(close);
  }

  // The rows of a view as lists of values in the order of the columns: a Map a row would take ten times the room.
  rows(columns) {
    if (this.peek() === "n") return this.word("null", null);
    const place = new Map(columns.map((column, i) => [column.name, i]));
    const rows = [];
    this.each("[", "]", () => {
      const row = new Array(columns.length).fill(null);
      this.each("{", "}", () => {
        this.peek();
        const name = this.string();
        this.expect(":");
        row[place.get(name)] = this.value();
      });
      rows.push(row);
    });
    return rows;
  }
}

// A number as sign * 0.digits * 10^exponent, without zeros at either end of the digits.
function decimalOf(number) {
  const [, sign, whole, fraction = "", power = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(String(number));
  const digits = (whole + fraction).replace(/^0+/, "");
  const exponent = digits.length - fraction.length + Number(power);
  return { sign: digits === "" ? 0 : sign ? -1 : 1, exponent, digits: digits.replace(/0+$/, "") };
}

function compareNumbers(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [x, y] = [decimalOf(a), decimalOf(b)];
  if (x.sign !== y.sign || x.sign === 0) return x.sign - y.sign;
  if (x.exponent !== y.exponent) return x.sign * (x.exponent - y.exponent);
  return x.digits === y.digits ? 0 : x.digits < y.digits ? -x.sign : x.sign;
}

// Any two values of a column; a column has values of one type, and null, which callers put last.
function compareValues(a, b) {
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  const [x, y] = [textOf(a), textOf(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

// Text of a value. A list is what top() gives: values, each with its count.
function textOf(value) {
  if (!Array.isArray(value)) return String(value);
  return value.map((entry) => `${textOf(entry.get("value")) || "empty"} (${entry.get("count")})`).join(", ");
}
