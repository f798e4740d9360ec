// SPDX-License-Identifier: Apache-2.0
// Elements of the page. Whatever comes from data becomes a text node or the value of an attribute, never markup.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// A number with space between groups of three digits. The space is style, so that what is copied is the number.
function digits(number) {
  const text = String(number);
  const [, sign, whole] = /^(-?)(\d+)/.exec(text);
  if (whole.length < 5) return text;
  const made = document.createElement("span");
  const first = whole.length % 3 || 3;
  made.append(sign + whole.slice(0, first));
  for (let i = first; i < whole.length; i += 3) made.append(element("span", { class: "group" }, whole.slice(i, i + 3)));
  made.append(text.slice(sign.length + whole.length));
  return made;
}

// A value of the data. What is absent, empty or only white space is told in words, which look different from text.
function shown(value) {
  if (value === null) return element("span", { class: "absent" }, "null");
  if (value === "") return element("span", { class: "absent" }, "empty");
  if (isNumber(value)) return digits(value);
  return textOf(value);
}

function plural(count, one, many) {
  return element("span", {}, digits(count), " " + (count === 1 ? one : many));
}

// Totals, or "figures": each measure with its name.
function figures(measures, total) {
  const list = element("dl", { class: "figures" });
  for (const measure of measures) {
    const value = total.get(measure.name) ?? null;
    const long = textOf(value).length > 16;
    list.append(element("div", {}, element("dt", { title: measure.text }, measure.name),
      element("dd", { class: long ? "long" : false }, shown(value))));
  }
  return list;
}

function select(label, options, chosen, onchange) {
  const made = element("select", { onchange: (event) => onchange(event.target.value) });
  for (const [value, text] of options) made.append(element("option", { value, selected: value === chosen }, text));
  return element("label", { class: "control" }, element("span", {}, label), made);
}
