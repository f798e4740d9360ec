// SPDX-License-Identifier: Apache-2.0
// A series over time by uPlot, one line a group, with our own legend and tooltip: uPlot's have no room for names.

const MOST_LINES = 8; // as many as page.css has colours

class Lines {
  constructor(view, measure, state) {
    this.view = view;
    this.measure = measure;
    this.state = state;
    this.place = element("div", { class: "plot", role: "img" });
    this.legend = element("ul", { class: "legend", "aria-label": "Lines" });
    this.tip = element("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    this.unzoom = element("button", { type: "button", class: "unzoom", hidden: true, onclick: () => this.showAll() }, "Whole time");
    this.box = element("div", { class: "lines" }, this.place, this.unzoom, this.legend);
    this.sizes = new ResizeObserver(() => this.plot?.setSize(this.size()));
    this.sizes.observe(this.place);
  }

  draw(groups) {
    this.groups = groups.slice(0, MOST_LINES);
    const texts = new Set(this.groups.flatMap((group) => [...group.points.keys()]));
    this.buckets = fillBuckets(placeBuckets(texts), this.view.over.bucket);
    this.place.setAttribute("aria-label", `${this.measure.name} over time: ${this.groups.length} lines, ${this.buckets.length} points of time. `
      + "The table has the figures.");
    // A bucket that is not there has no events: their count is 0, but of a sum nothing is known.
    const absent = this.measure.isSum && /^\s*count/i.test(this.measure.text) ? 0 : null;
    const columns = this.groups.map((group) => this.buckets.map(({ text }) => group.points.has(text) ? Number(group.points.get(text)) : absent));
    this.plot?.destroy();
    this.place.replaceChildren();
    this.plot = new uPlot(this.options(), [this.buckets.map(({ seconds }) => seconds), ...columns], this.place);
    this.plot.over.append(this.tip);
    this.plot.over.addEventListener("mouseleave", () => { this.tip.hidden = true; });
    this.showLegend();
    if (this.state.zoom) this.plot.setScale("x", this.state.zoom);
  }

  end() {
    this.sizes.disconnect();
    this.plot?.destroy();
  }

  size() {
    const width = Math.floor(this.place.clientWidth) || 300;
    return { width, height: Math.round(Math.min(320, Math.max(220, width * 0.45))) };
  }

  options() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = { stroke: colour("--quiet"), font: `12px ${style.fontFamily}`, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    const step = BUCKET_SECONDS[this.view.over.bucket];
    return {
      ...this.size(),
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      legend: { show: false },
      padding: [12, 36, 0, 14], // half of a label on both sides
      cursor: { y: false, focus: { prox: 24 }, points: { size: 7 } },
      focus: { alpha: 0.3 },
      scales: { x: { time: true }, y: { range: (plot, least, greatest) => rangeOf(least, greatest, this.measure.isSum) } },
      axes: [
        { ...axis, space: 70, size: 46, incrs: timeSteps(step), values: (plot, ticks, index, space, increment) => timeLabels(ticks, increment), grid: { show: false } },
        { ...axis, size: axisWidth, values: (plot, ticks) => ticks.map(shortNumber) },
      ],
      series: [{}, ...this.groups.map((group, i) => ({
        label: group.key,
        stroke: colour(`--line-${i + 1}`),
        fill: this.groups.length === 1 && this.measure.isSum ? colour("--fill") : undefined,
        width: 1.75,
        dash: i % 2 ? [7, 3] : undefined,
        show: !this.state.hidden.has(group.key),
        points: { size: 5, fill: colour(`--line-${i + 1}`), filter: lonely },
      }))],
      hooks: {
        setCursor: [(plot) => this.showTip(plot)],
        setSeries: [(plot, index) => this.markFocus(index)],
        setScale: [(plot, key) => key === "x" && this.keepZoom(plot)],
      },
    };
  }

  keepZoom(plot) {
    const { min, max } = plot.scales.x;
    const zoomed = this.buckets.length > 1 && (min > plot.data[0][0] || max < plot.data[0].at(-1));
    this.state.zoom = zoomed ? { min, max } : null;
    this.unzoom.hidden = !zoomed;
  }

  showAll() {
    this.plot.setData(this.plot.data, true);
  }

  showLegend() {
    this.items = this.groups.map((group, i) => {
      const { hidden } = this.state;
      const button = element("button", {
        type: "button", "aria-pressed": String(!hidden.has(group.key)),
        onclick: () => {
          if (!hidden.delete(group.key)) hidden.add(group.key);
          button.setAttribute("aria-pressed", String(!hidden.has(group.key)));
          this.plot.setSeries(i + 1, { show: !hidden.has(group.key) });
        },
        onpointerenter: () => this.plot.setSeries(i + 1, { focus: true }),
        onpointerleave: () => this.plot.setSeries(null, { focus: true }),
      }, swatch(i), groupName(group, this.view));
      return element("li", {}, button);
    });
    this.legend.hidden = this.groups.length < 2;
    this.legend.replaceChildren(...this.items);
  }

  markFocus(index) {
    this.focused = index;
    this.items?.forEach((item, i) => item.classList.toggle("focused", i + 1 === index));
  }

  // The figures of the bucket below the cursor, the greatest first.
  showTip(plot) {
    const { idx, left } = plot.cursor;
    this.tip.hidden = idx === null || idx === undefined || left < 0;
    if (this.tip.hidden) return;
    const entries = this.groups.map((group, i) => ({ group, i, value: plot.data[i + 1][idx] }))
      .filter(({ group, value }) => value !== null && !this.state.hidden.has(group.key))
      .sort((a, b) => b.value - a.value);
    this.tip.replaceChildren(element("strong", {}, this.buckets[idx].text), ...entries.map(({ group, i, value }) => element("div",
      { class: i + 1 === this.focused && this.groups.length > 1 ? "focused" : false },
      swatch(i), groupName(group, this.view), element("span", { class: "value" }, chartNumber(group.points.get(this.buckets[idx].text) ?? value)))));
    const x = plot.valToPos(plot.data[0][idx], "x");
    const side = x > plot.over.clientWidth / 2 ? x - this.tip.offsetWidth - 12 : x + 12;
    this.tip.style.transform = `translateX(${Math.round(Math.max(-40, side))}px)`;
  }
}

const swatch = (i) => element("span", { class: `swatch ${i % 2 ? "dashed" : ""}`, style: `--colour: var(--line-${i + 1})` });

// Zero belongs to the picture of a sum, and of other measures unless everything is far from it.
function rangeOf(least, greatest, isSum) {
  if (least === null) return [0, 1];
  const low = least > 0 && (isSum || least < greatest * 0.6) ? 0 : least;
  const high = greatest < 0 && (isSum || greatest > least * 0.6) ? 0 : greatest;
  return uPlot.rangeNum(low, high, { min: { pad: low === 0 ? 0 : 0.1, soft: 0, mode: 3 }, max: { pad: high === 0 ? 0 : 0.1, soft: 0, mode: 3 } });
}

// Points that have a neighbour on neither side, as no line shows them; null: uPlot has room for all.
function lonely(plot, series, all) {
  if (all) return null;
  const values = plot.data[series];
  return values.flatMap((value, i) => value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null ? [i] : []);
}

// Steps between labels: none below a bucket.
function timeSteps(least) {
  const [minute, hour, day, month, year] = [60, 3600, 86400, 2592000, 31536000];
  return [minute, 5 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day, 14 * day, month, 2 * month,
    3 * month, 6 * month, year, 2 * year, 5 * year, 10 * year, 25 * year, 50 * year, 100 * year].filter((step) => step >= least || step >= year);
}

function axisWidth(plot, labels) {
  return labels ? 14 + 7 * Math.max(...labels.map((label) => label.length)) : 50;
}

const shortNumber = (value) => new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 3 }).format(value);
