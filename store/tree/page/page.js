// SPDX-License-Identifier: Apache-2.0
// What is where on a page. A newer version of the data builds the page again; what its reader has chosen stays.

const state = { filters: new Map(), sort: null, measure: null, grouping: null, hidden: new Set(), zoom: null };
let chart = null; // of the page that is shown

const place = (id) => document.getElementById(id);

function showHeader(title, ...below) {
  document.title = `${title} – tallyfs`;
  place("header").replaceChildren(...below, element("h1", {}, title));
}

function showRoot(about) {
  showHeader("Views");
  const cards = about.get("views").map((view) => {
    const name = view.get("view");
    const stem = `./${encodeURIComponent(view.get("file"))}`;
    const measures = view.get("measures").map((each) => columnOf(each, false));
    const dimensions = view.get("dimensions").map((each) => each.get("name"));
    const total = view.get("total");
    return element("article", { class: "card" },
      element("h2", {}, dimensions.length && total ? element("a", { href: `${stem}/index.html` }, name) : name),
      dimensions.length ? element("p", { class: "quiet" }, plural(view.get("rows"), "row", "rows"), ` by ${dimensions.join(", ")}`) : "",
      total ? figures(measures, total) : element("p", { class: "absent" }, "no events yet"),
      total ? fileLinks(stem, view.get("formats")) : "");
  });
  place("main").replaceChildren(element("div", { class: "cards" }, ...cards));
}

function fileLinks(stem, formats) {
  const links = formats.map((format) => element("a", { href: `${stem}.${format}` }, format.toUpperCase()));
  return element("nav", { class: "files", "aria-label": "Files" }, ...links);
}

function showView(view) {
  const stem = `../${encodeURIComponent(view.file)}`;
  showHeader(view.name, element("nav", { class: "back", "aria-label": "Site" }, element("a", { href: "../index.html" }, "All views")), fileLinks(stem, view.formats));
  const totals = figures(view.measures, view.total ?? new Map());
  if (view.rows === null) {
    place("main").replaceChildren(totals, element("p", { class: "large" }, plural(view.rowCount, "row", "rows"),
      " are too many for a page. The files above have them."));
    return;
  }
  const count = element("p", { class: "count", role: "status" });
  const changed = () => {
    const rows = filterRows(view, state);
    chart.show(rows);
    table.show(rows);
    const all = plural(view.rows.length, "row", "rows");
    count.replaceChildren(...(rows.length === view.rows.length ? [all] : [digits(rows.length), " of ", all]));
  };
  chart = new Chart(view, state, changed);
  const table = new Table(view, state, changed);
  place("main").replaceChildren(totals, filterBar(view, state, changed), chart.box, element("section", { "aria-label": "Table" }, count, table.box));
  changed();
}

function show(text) {
  const about = new Reader(text).value();
  chart?.end();
  chart = null;
  if (about.has("views")) showRoot(about);
  else showView(readView(text));
  showFreshness(about);
}

// Colours of a chart are drawn, so it is drawn again where they change.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart?.redraw());

document.addEventListener("DOMContentLoaded", () => {
  const text = dataOf(document);
  place("data").remove();
  show(text);
  keepFresh(text, show);
});
