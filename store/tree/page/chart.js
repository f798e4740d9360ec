// SPDX-License-Identifier: Apache-2.0
// The chart of the rows that passed the filters, and what is chosen for it: the measure, and how rows are put together.

class Chart {
  constructor(view, state, changed) {
    this.view = view;
    this.state = state;
    this.changed = changed;
    this.measures = view.measures.filter((column) => column.isNumber);
    this.tools = element("div", { class: "tools" });
    this.place = element("div");
    this.note = element("p", { class: "quiet note" });
    this.box = element("section", { class: "chart", "aria-label": "Chart", hidden: this.measures.length === 0 }, this.tools, this.place, this.note);
  }

  show(rows) {
    if (this.measures.length === 0) return;
    const measure = this.measures.find((each) => each.name === this.state.measure) ?? this.measures[0];
    const options = groupings(this.view, measure);
    const grouping = (options.find(([value]) => value === this.state.grouping) ?? options[0])[0];
    this.showTools(measure, options, grouping);
    const groups = groupRows(this.view, rows, measure, grouping);
    if (this.view.over) this.drawLines(measure, groups);
    else this.place.replaceChildren(bars(this.view, groups));
    this.tell(rows, measure, groups);
  }

  showTools(measure, options, grouping) {
    const described = `${measure.name} ${options.map(String)} ${grouping}`;
    if (described === this.described) return; // a select that is in use stays
    this.described = described;
    const set = (name) => (value) => {
      this.state[name] = value;
      this.changed();
      this.tools.querySelector(`[data-tool="${name}"] select`)?.focus();
    };
    const controls = [select("Measure", this.measures.map((each) => [each.name, each.name]), measure.name, set("measure"))];
    controls[0].dataset.tool = "measure";
    if (options.length > 1) {
      controls.push(select(this.view.over ? "A line for" : "A bar for", options, grouping, set("grouping")));
      controls[1].dataset.tool = "grouping";
    }
    this.tools.replaceChildren(...controls);
  }

  drawLines(measure, groups) {
    if (this.lines?.measure !== measure) {
      this.lines?.end();
      this.lines = new Lines(this.view, measure, this.state);
      this.place.replaceChildren(this.lines.box);
    }
    this.lines.draw(groups);
  }

  // What is not drawn is told.
  tell(rows, measure, groups) {
    const [most, what] = this.view.over ? [MOST_LINES, "lines"] : [MOST_BARS, "bars"];
    const notes = [];
    if (groups.length > most) notes.push(`The ${most} greatest of ${groups.length} ${what}; filter to see others.`);
    if (groups.length === 0) notes.push("There is nothing to draw.");
    const undated = this.view.over ? rows.filter((row) => row[this.view.over.index] === null).length : 0;
    if (undated) notes.push(`${undated} rows without ${this.view.over.name} are not drawn.`);
    if (!measure.isSum && this.view.dimensions.length > (this.view.over ? 2 : 1)) {
      notes.push(`${measure.name} of several rows cannot be put together: each combination stands alone.`);
    }
    this.note.replaceChildren(notes.join(" "));
    this.note.hidden = notes.length === 0;
  }

  redraw() {
    if (this.lines?.plot) this.lines.draw(this.lines.groups);
  }

  end() {
    this.lines?.end();
  }
}
