// SPDX-License-Identifier: Apache-2.0
// One filter a dimension: a list to tick where there are few values, else a text that the value has to contain.
// What is filtered for stands in STATE, by the name of the dimension, so that it outlives new data.

const FEW_VALUES = 200;

function filterRows(view, state) {
  const tests = [];
  for (const dimension of view.dimensions) {
    const filter = state.filters.get(dimension.name);
    if (filter?.keys) tests.push((row) => filter.keys.has(keyOf(row[dimension.index])));
    if (filter?.text) {
      const wanted = filter.text.toLowerCase();
      tests.push((row) => row[dimension.index] !== null && String(row[dimension.index]).toLowerCase().includes(wanted));
    }
  }
  return tests.length ? view.rows.filter((row) => tests.every((test) => test(row))) : view.rows;
}

function filterBar(view, state, changed) {
  const set = (dimension, filter) => {
    if (filter) state.filters.set(dimension.name, filter);
    else state.filters.delete(dimension.name);
    changed();
  };
  const bar = element("div", { class: "filters", role: "group", "aria-label": "Filters" });
  for (const dimension of view.dimensions) {
    const values = distinct(view.rows, dimension.index);
    if (values) bar.append(tickList(dimension, values, state, (filter) => set(dimension, filter)));
    else bar.append(textFilter(dimension, state, (filter) => set(dimension, filter)));
  }
  return bar;
}

// The values of a column in the order of the rows; null: there are too many for a list.
function distinct(rows, index) {
  const found = new Map();
  for (const row of rows) {
    found.set(keyOf(row[index]), row[index]);
    if (found.size > FEW_VALUES) return null;
  }
  return new Map([...found].sort(([, a], [, b]) => (a === null ? -1 : b === null ? 1 : compareValues(a, b))));
}

function textFilter(dimension, state, set) {
  if (state.filters.get(dimension.name)?.keys) state.filters.delete(dimension.name); // there were few values
  return element("label", { class: "control" }, element("span", {}, dimension.name),
    element("input", {
      type: "search", placeholder: "contains…", value: state.filters.get(dimension.name)?.text ?? "",
      autocomplete: "off", spellcheck: "false",
      oninput: (event) => set(event.target.value === "" ? null : { text: event.target.value }),
    }));
}

function tickList(dimension, values, state, set) {
  if (state.filters.get(dimension.name)?.text) state.filters.delete(dimension.name); // there were many values
  const keys = new Set(state.filters.get(dimension.name)?.keys);
  const chosen = element("span", { class: "chosen" });
  const summary = element("summary", {}, chosen);
  const list = element("ul");
  const tell = () => {
    const [first] = keys;
    if (keys.size === 0) chosen.replaceChildren(`all ${values.size}`);
    else if (keys.size === 1 && values.has(first)) chosen.replaceChildren(shown(values.get(first)));
    else chosen.replaceChildren(`${keys.size} of ${values.size}`);
    summary.setAttribute("aria-label", `${dimension.name}: ${chosen.textContent}`);
  };
  for (const [key, value] of values) {
    const box = element("input", {
      type: "checkbox", checked: keys.has(key),
      onchange: () => {
        if (box.checked) keys.add(key);
        else keys.delete(key);
        tell();
        set(keys.size ? { keys: new Set(keys) } : null);
      },
    });
    list.append(element("li", {}, element("label", {}, box, element("span", {}, shown(value)))));
  }
  const find = element("input", {
    type: "search", placeholder: "Find a value", "aria-label": `Find a value of ${dimension.name}`, autocomplete: "off",
    oninput: () => {
      const wanted = find.value.toLowerCase();
      for (const item of list.children) item.hidden = !item.textContent.toLowerCase().includes(wanted);
    },
  });
  const all = element("button", {
    type: "button",
    onclick: () => {
      keys.clear();
      for (const box of list.querySelectorAll("input")) box.checked = false;
      tell();
      set(null);
    },
  }, "Show all");
  tell();
  const panel = element("div", { class: "panel" }, element("div", { class: "find" }, find, all), list);
  const details = element("details", {
    class: "ticks",
    onkeydown: (event) => {
      if (event.key !== "Escape") return;
      details.open = false;
      summary.focus();
    },
    ontoggle: () => details.open && find.focus({ preventScroll: true }),
  }, summary, panel);
  return element("div", { class: "control" }, element("span", {}, dimension.name), details);
}

// A list that is open closes when something else is used.
document.addEventListener("pointerdown", (event) => {
  for (const details of document.querySelectorAll("details.ticks[open]")) {
    if (!details.contains(event.target)) details.open = false;
  }
});
