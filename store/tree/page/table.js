// SPDX-License-Identifier: Apache-2.0
// The table of all rows. Only the rows in sight, and some around them, are elements; two empty rows take the room of
// the others. So all rows have one height, and columns a width that does not depend on the rows in sight.

const ROW_HEIGHT = 29; // as in page.css
const ROWS_AROUND = 12;
const WIDEST = 44; // characters; longer texts are cut, and whole in the tooltip

class Table {
  constructor(view, state, changed) {
    this.view = view;
    this.state = state;
    this.rows = [];
    this.body = element("tbody");
    this.places = view.columns.map((column) => (column.isNumber ? decimals(view.rows, column.index) : 0));
    this.headings = view.columns.map((column) => this.heading(column, changed));
    this.table = element("table", { "aria-label": `Rows of ${view.name}` },
      element("colgroup", {}, ...view.columns.map((column) => this.columnWidth(column)), element("col")),
      element("thead", {}, element("tr", { "aria-rowindex": 1 }, ...this.headings, element("td", { class: "rest" }))), this.body);
    this.box = element("div", {
      class: "rows", tabindex: 0, role: "region", "aria-label": "Rows, scrollable", onscroll: () => this.later(),
    }, this.table);
    new ResizeObserver(() => this.later()).observe(this.box);
  }

  heading(column, changed) {
    const sort = element("button", {
      type: "button", title: column.text ?? null,
      onclick: () => {
        this.state.sort = nextSort(this.state.sort, column);
        changed();
      },
    }, element("span", {}, column.name));
    return element("th", { scope: "col", class: column.isNumber ? "number" : false }, sort);
  }

  columnWidth(column) {
    const places = this.places[column.index];
    let widest = column.name.length + 3; // and the arrow
    for (const row of this.view.rows) {
      const value = row[column.index];
      const text = value === null ? "null" : value === "" ? "empty" : textOf(value);
      const width = column.isNumber ? numberWidth(text, places) : text.length;
      if (width > widest) widest = width;
    }
    if (!column.isNumber) widest = Math.min(widest, WIDEST);
    return element("col", { style: `width: calc(${Math.ceil(widest)}ch + 1.7rem)` });
  }

  // ROWS are those that passed the filters.
  show(rows) {
    this.rows = sortRows(rows, this.view, this.state.sort);
    this.table.setAttribute("aria-rowcount", this.rows.length + 1);
    this.view.columns.forEach((column, i) => {
      const { name, descending } = this.state.sort ?? {};
      const order = name !== column.name ? "none" : descending ? "descending" : "ascending";
      this.headings[i].setAttribute("aria-sort", order);
    });
    this.drawn = null;
    this.draw();
  }

  later() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW_HEIGHT) - ROWS_AROUND);
    const count = Math.ceil((this.box.clientHeight || 600) / ROW_HEIGHT) + 2 * ROWS_AROUND;
    const last = Math.min(this.rows.length, first + count);
    if (this.drawn === `${first} ${last}`) return;
    this.drawn = `${first} ${last}`;
    const lines = [this.space(first)];
    for (let i = first; i < last; i++) lines.push(this.line(this.rows[i], i));
    lines.push(this.space(this.rows.length - last));
    this.body.replaceChildren(...lines);
  }

  space(count) {
    return element("tr", { "aria-hidden": "true", class: "space", style: `height: ${count * ROW_HEIGHT}px` });
  }

  line(row, i) {
    const line = element("tr", { "aria-rowindex": i + 2, class: i % 2 ? "odd" : false });
    for (const column of this.view.columns) line.append(this.cell(row[column.index], column));
    line.append(element("td", { class: "rest" }));
    return line;
  }

  // Numbers of a column have their points below each other: what a shorter fraction lacks is put behind it, unseen.
  cell(value, column) {
    if (!column.isNumber || value === null) {
      const text = value === null ? null : textOf(value);
      return element("td", { class: column.isNumber ? "number" : false, title: text && text.length > WIDEST ? text : null }, shown(value));
    }
    const text = textOf(value);
    const places = fractionOf(text);
    const missing = this.places[column.index] - places;
    const pad = missing <= 0 ? null : (places === 0 ? "." : "") + "0".repeat(missing);
    return element("td", { class: "number", "data-pad": pad }, shown(value));
  }
}

// A heading that is used again turns its order round, and the third time gives the order of the file back. Of numbers
// the great ones are mostly looked for, so they come first.
function nextSort(sort, column) {
  if (sort?.name !== column.name) return { name: column.name, descending: column.isNumber };
  return sort.descending === column.isNumber ? { name: column.name, descending: !sort.descending } : null;
}

// The order of the file among equal ones; nulls last in both directions.
function sortRows(rows, view, sort) {
  const column = sort && view.columns.find((each) => each.name === sort.name);
  if (!column) return rows;
  const { index } = column;
  const sign = sort.descending ? -1 : 1;
  return rows.slice().sort((a, b) => {
    const [x, y] = [a[index], b[index]];
    if (x === null || y === null) return (x === null) - (y === null);
    return sign * compareValues(x, y);
  });
}

// Digits behind the point, of a number that is written without an exponent.
function fractionOf(text) {
  const point = text.indexOf(".");
  return point < 0 || /e/i.test(text) ? 0 : text.length - point - 1;
}

function decimals(rows, index) {
  let most = 0;
  for (const row of rows) {
    if (row[index] !== null) most = Math.max(most, fractionOf(textOf(row[index])));
  }
  return Math.min(most, 20);
}

// In digits: with the spaces between groups, and with the places that are put behind.
function numberWidth(text, places) {
  const missing = Math.max(0, places - fractionOf(text));
  return text.length + missing + (missing === places && places ? 1 : 0) + text.length / 12;
}
