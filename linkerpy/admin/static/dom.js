// Building and changing the page. Text only ever enters as text, never as markup.

/** An element: make("td", {class: "n", text: "1"}, child, …). Other properties become attributes. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Set a text where it differs: what has not changed keeps its selection. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A figure with its name, in a <dl>. Returns the element of the value. */
export function figure(list, name, title) {
  const value = make("dd", { text: "–" });
  list.append(make("div", title ? { title } : {}, make("dt", { text: name }), value));
  return value;
}

/**
 * A table whose rows are kept by key, so that scrolling, focus and selection survive an update.
 * A column is {name, number?, title?, cell(td, item)}; the first one names its row.
 */
export class Table {
  constructor(columns, caption) {
    this.columns = columns;
    this.rows = new Map();
    const heads = columns.map((column) =>
      make("th", { scope: "col", class: column.number ? "n" : undefined, title: column.title, text: column.name }));
    this.body = make("tbody");
    this.element = make("table", {}, make("caption", { class: "unseen", text: caption }),
      make("thead", {}, make("tr", {}, ...heads)), this.body);
  }

  /** Show these items, in their order: [[key, item], …]. */
  update(items) {
    const wanted = new Set(items.map(([key]) => key));
    for (const [key, row] of this.rows) {
      if (!wanted.has(key)) {
        row.remove();
        this.rows.delete(key);
      }
    }
    let before = this.body.firstElementChild;
    for (const [key, item] of items) {
      const row = this.rows.get(key) ?? this.add(key);
      if (row === before) before = before.nextElementSibling;
      else this.body.insertBefore(row, before);
      this.columns.forEach((column, index) => column.cell(row.children[index], item));
    }
  }

  add(key) {
    const row = make("tr", {}, ...this.columns.map((column, index) =>
      make(index ? "td" : "th", { scope: index ? undefined : "row", class: column.number ? "n" : undefined })));
    this.rows.set(key, row);
    return row;
  }
}
