// SPDX-License-Identifier: Apache-2.0
// What is where on a page. A page is built from its data; a newer version builds it again, and what the reader has
// chosen (STATE) is kept.

const state = { filters: new Map(), sort: null, measure: null, by: null, hidden: new Set() };

function showHeader(title, ...rest) {
  document.title = `${title} – tallyfs`;
  document.getElementById("header").replaceChildren(element("h1", {}, title), ...rest);
}

function showRoot(about) {
  showHeader("Views");
  const cards = about.get("views").map((view) => {
    const name = view.get("view");
    const directory = view.get("directory");
    const stem = encodeURIComponent(directory === null ? fileName(name) : directory.replace(/\/$/, ""));
    const [first, ...others] = view.get("measures").map((measure) => ({ name: measure.get("name"), text: measure.get("text") }));
    const links = ["json", "csv"].map((format) => element("a", { href: `./${stem}.${format}` }, format.toUpperCase()));
    return element("article", { class: "card" },
      element("h2", {}, directory === null ? name : element("a", { href: `./${stem}/index.html` }, name)),
      view.get("total") ? figures([first, ...others], view.get("total")) : element("p", { class: "quiet" }, "no events yet"),
      element("p", { class: "about" }, ...dimensionsText(view), ...links));
  });
  document.getElementById("main").replaceChildren(element("div", { class: "cards" }, ...cards));
}

function dimensionsText(view) {
  const names = view.get("dimensions").map((dimension) => dimension.get("name"));
  return names.length ? [element("span", { class: "quiet" }, plural(view.get("rows"), "row", "rows"), ` by ${names.join(", ")}`)] : [];
}

function showView(view) {
  const stem = encodeURIComponent(fileName(view.name));
  const back = element("a", { href: "../index.html" }, "All views");
  const files = ["json", "csv"].map((format) => element("a", { href: `../${stem}.${format}` }, format.toUpperCase()));
  showHeader(view.name, element("nav", { "aria-label": "Site" }, back), element("nav", { "aria-label": "Files" }, ...files));
  const main = document.getElementById("main");
  const totals = figures(view.measures, view.total ?? new Map());
  if (view.rows === null) {
    main.replaceChildren(totals, element("p", { class: "large" }, plural(view.rowCount, "row", "rows"), ` (${bytesText(Number(view.bytes))}) are `,
      "too many for a page. They are in ", element("a", { href: `../${stem}.csv` }, `${fileName(view.name)}.csv`), "."));
    return;
  }
  const count = element("p", { class: "count", role: "status" });
  const changed = () => {
    const rows = filterRows(view, state);
    chart.show(rows);
    table.show(rows);
    count.replaceChildren(rows.length === view.rows.length ? plural(rows.length, "row", "rows")
      : element("span", {}, digits(rows.length), " of ", plural(view.rows.length, "row", "rows")));
  };
  const chart = new Chart(view, state, changed);
  const table = new Table(view, state, () => table.show(table.rows));
  main.replaceChildren(totals, filterBar(view, state, changed), chart.box,
    element("section", { "aria-label": "Table" }, count, table.box));
  changed();
}

function show(text) {
  const about = text.slice(0, text.indexOf("\n"));
  if (about.startsWith('{"views":')) showRoot(new Reader(text).value());
  else showView(readView(text));
  return about;
}

document.addEventListener("DOMContentLoaded", () => {
  const data = document.getElementById("data");
  const text = data.textContent.slice(1); // behind the line of the element's tag
  data.remove();
  show(text);
});
