// SPDX-License-Identifier: Apache-2.0
// What a chart draws: the rows, put together by some of their dimensions. Only measures that can be summed are put together;
// of the others each combination of values is a line or bar of its own.

// The ways to put rows together, as options of a select; the first is the usual one.
function groupings(view, measure) {
  const others = view.dimensions.filter((column) => column !== view.over);
  const each = ["each", "each combination"];
  if (!measure.isSum) return [each];
  const options = others.map((column) => [`by ${column.name}`, column.name]);
  if (others.length > 1) options.push(each);
  if (view.over) options.push(["all", "all together"]);
  return options;
}

// Which columns GROUPING tells apart, without the one that the chart goes along.
function groupedBy(view, grouping) {
  if (grouping === "all") return [];
  return view.dimensions.filter((column) => column !== view.over && (grouping === "each" || grouping === `by ${column.name}`));
}

// The groups, the greatest first: the values they are by, POINTS from a bucket of time to a number, SIZE to compare.
function groupRows(view, rows, measure, grouping) {
  const columns = groupedBy(view, grouping);
  const groups = new Map();
  for (const row of rows) {
    const value = row[measure.index];
    const bucket = view.over ? row[view.over.index] : "";
    if (value === null || bucket === null) continue;
    const values = columns.map((column) => row[column.index]);
    const key = JSON.stringify(values.map(keyOf));
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { key, values, points: new Map(), size: 0 }));
    const before = group.points.get(bucket);
    group.points.set(bucket, before === undefined ? value : Number(before) + Number(value));
    group.size = measure.isSum ? group.size + Math.abs(value) : Math.max(group.size, Math.abs(value));
  }
  return [...groups.values()].sort((a, b) => b.size - a.size);
}

// The name of a group: its values, told apart as everywhere.
function groupName(group, view) {
  const name = element("span", { class: "name" });
  group.values.forEach((value, i) => name.append(...(i ? [element("span", { class: "quiet" }, " · ")] : []), shown(value)));
  if (group.values.length === 0) name.append(view.over && view.dimensions.length > 1 ? "all together" : view.name);
  return name;
}

// A number of a chart. Sums of doubles are shown without the digits in which doubles differ from what was summed.
function chartNumber(value) {
  const rounded = typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(12)) : value;
  return digits(rounded);
}
