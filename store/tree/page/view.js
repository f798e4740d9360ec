// SPDX-License-Identifier: Apache-2.0
// The data of a view's page: what the first line says, and the rows as lists of values, dimensions before measures.

function readView(text) {
  const reader = new Reader(text);
  const about = reader.value();
  const columns = [...about.get("dimensions").map((each) => columnOf(each, true)),
    ...about.get("measures").map((each) => columnOf(each, false))];
  columns.forEach((column, i) => { column.index = i; });
  const view = {
    name: about.get("view"), file: about.get("file"), formats: about.get("formats"),
    rowCount: about.get("rows"), total: about.get("total"), columns,
    dimensions: columns.filter((column) => column.isDimension),
    measures: columns.filter((column) => !column.isDimension),
    rows: reader.rows(columns),
  };
  view.over = view.dimensions.find((column) => column.bucket);
  return view;
}

function columnOf(about, isDimension) {
  const column = { name: about.get("name"), type: about.get("type"), bucket: about.get("bucket"), isDimension };
  column.isNumber = ["int", "decimal", "float"].includes(column.type);
  if (!isDimension) {
    column.text = about.get("text");
    column.isSum = column.isNumber && isSum(column.text);
  }
  return column;
}

// Where the parenthesis ends that is open at `at`, or -1.
function endOfParenthesis(text, at) {
  let depth = 1;
  for (; at < text.length && depth > 0; at++) {
    const quote = text[at];
    if (quote === "'" || quote === '"') {
      at = text.indexOf(quote, at + 1); // a doubled quote ends one string and begins the next
      if (at < 0) return -1;
    } else if (quote === "(") {
      depth++;
    } else if (quote === ")") {
      depth--;
    }
  }
  return depth === 0 ? at : -1;
}

// Whether the measure of two groups together is the sum of theirs: one count() or sum(), with or without a condition.
// Of an average, a quantile, a number of distinct values or what is over entities it is not.
function isSum(text) {
  const start = /^\s*(?:count|sum)\s*\(/i.exec(text);
  if (!start) return false;
  const end = endOfParenthesis(text, start[0].length);
  if (end < 0 || /\bper\s+["\w(]/i.test(text.slice(start[0].length, end))) return false;
  const filter = /^\s*filter\s*\(/i.exec(text.slice(end));
  const rest = filter ? endOfParenthesis(text, end + filter[0].length) : end;
  return rest >= 0 && /^\s*(?:where\b.*)?$/is.test(text.slice(rest));
}

// Equal for equal values, and for no others: null, "null" and "" differ.
const keyOf = (value) => (value === null ? "null" : `${typeof value === "string" ? "'" : ""}${value}`);
