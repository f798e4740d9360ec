// SPDX-License-Identifier: Apache-2.0
// Bars from left to right, one a group, the greatest first. They are elements: their texts wrap, zoom and are read aloud.

const MOST_BARS = 30;

function bars(view, groups) {
  const list = element("ol", { class: "bars" });
  const drawn = groups.slice(0, MOST_BARS);
  const values = drawn.map((group) => group.points.get(""));
  const least = Math.min(0, ...values.map(Number));
  const span = Math.max(0, ...values.map(Number)) - least || 1;
  drawn.forEach((group, i) => {
    const value = Number(values[i]);
    const left = ((Math.min(0, value) - least) / span) * 100;
    const width = (Math.abs(value) / span) * 100;
    const bar = element("span", { class: value < 0 ? "bar below" : "bar", style: `margin-left: ${left}%; width: ${width}%` });
    list.append(element("li", {}, groupName(group, view), element("span", { class: "track", "aria-hidden": "true" }, bar),
      element("span", { class: "value" }, chartNumber(values[i]))));
  });
  return list;
}
