// Tables that live: rows keep their place and focus, sort by any column, and open.
import { make, say } from "./dom.js";

const PAGE = 25;

/**
 * A table whose rows are kept by key, so that scrolling, focus and selection survive an update.
 * A column is {name, number?, title?, cell(td, item), order?(item)}; the first one names its row.
 * With `open(item, box)` a row's name is a button that shows a box below it, filled at each update.
 */
export class Table {
  constructor(columns, caption, open) {
    this.columns = columns;
    this.open = open;
    this.rows = new Map();
    this.opened = new Map();
    this.shown = PAGE;
    this.sorted = null; // {column, down}
    this.items = [];
    this.heads = columns.map((column) => this.head(column));
    this.body = make("tbody");
    this.more = make("button", { type: "button", class: "more", hidden: true, onclick: () => this.showMore() });
    this.table = make("table", {}, make("caption", { class: "unseen", text: caption }),
      make("thead", {}, make("tr", {}, ...this.heads)), this.body);
    this.element = make("div", {}, make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, this.table), this.more);
  }

  head(column) {
    const properties = { scope: "col", class: column.number ? "n" : undefined, title: column.title };
    if (!column.order) return make("th", { ...properties, text: column.name });
    return make("th", properties, make("button", { type: "button", class: "sort", text: column.name, onclick: () => this.sortBy(column) }));
  }

  /** Sort by a column: first the way that shows what matters on top, then the other, then not at all. */
  sortBy(column) {
    const down = Boolean(column.number);
    if (this.sorted?.column !== column) this.sorted = { column, down };
    else if (this.sorted.down === down) this.sorted = { column, down: !down };
    else this.sorted = null;
    this.heads.forEach((head, index) => {
      if (this.sorted?.column === this.columns[index]) head.setAttribute("aria-sort", this.sorted.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    this.update(this.items);
  }

  showMore() {
    this.shown += 4 * PAGE;
    this.update(this.items);
  }

  order(items) {
    if (!this.sorted) return items;
    const { column: { order }, down } = this.sorted;
    const way = down ? -1 : 1;
    const known = (value) => value !== undefined && value !== null && !Number.isNaN(value);
    return items.map(([key, item]) => [key, item, order(item)]).sort(([, , one], [, , other]) => {
      if (!known(one) || !known(other)) return known(other) - known(one);
      return way * (typeof one === "string" ? one.localeCompare(other) : one - other);
    });
  }

  /** Show these items, in their order unless sorted: [[key, item], …]. */
  update(items) {
    this.items = items;
    const visible = this.order(items).slice(0, this.shown);
    const wanted = new Set(visible.map(([key]) => key));
    for (const [key, row] of this.rows) {
      if (!wanted.has(key)) this.drop(key, row);
    }
    let before = this.body.firstElementChild;
    const place = (row) => {
      if (row === before) before = before.nextElementSibling;
      else this.body.insertBefore(row, before);
    };
    for (const [key, item] of visible) {
      const row = this.rows.get(key) ?? this.add(key);
      row.item = item;
      place(row);
      this.columns.forEach((column, index) => column.cell(this.cellOf(row, index), item));
      const box = this.opened.get(key);
      if (box) place(box);
    }
    this.more.hidden = items.length <= visible.length;
    say(this.more, `Show ${Math.min(items.length - visible.length, 4 * PAGE)} more of ${items.length}`);
  }

  cellOf(row, index) {
    return index === 0 && this.open ? row.firstElementChild.firstElementChild : row.children[index];
  }

  add(key) {
    const row = make("tr", {}, ...this.columns.map((column, index) =>
      make(index ? "td" : "th", { scope: index ? undefined : "row", class: column.number ? "n" : undefined })));
    if (this.open) {
      row.firstElementChild.append(make("button", { type: "button", class: "opener", "aria-expanded": "false", onclick: () => this.toggle(key) }));
    }
    this.rows.set(key, row);
    return row;
  }

  drop(key, row) {
    row.remove();
    this.rows.delete(key);
    this.opened.get(key)?.remove();
    this.opened.delete(key);
  }

  toggle(key) {
    const row = this.rows.get(key);
    const box = this.opened.get(key);
    row.querySelector(".opener").setAttribute("aria-expanded", String(!box));
    if (box) {
      box.remove();
      this.opened.delete(key);
      return;
    }
    const made = make("tr", { class: "detail" }, make("td", { colspan: String(this.columns.length) }, make("div", { class: "box" })));
    this.opened.set(key, made);
    row.after(made);
    this.refresh(key);
  }

  /** Fill a row's box anew. */
  refresh(key) {
    this.open(this.rows.get(key).item, this.boxOf(key));
  }

  /** The box of a row that is open. */
  boxOf(key) {
    return this.opened.get(key).querySelector(".box");
  }
}
