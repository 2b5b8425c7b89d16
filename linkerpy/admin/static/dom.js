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

/** A select's options: [[value, text], …]. */
export function options(select, pairs, chosen) {
  select.replaceChildren(...pairs.map(([value, text]) => make("option", { value, text, selected: value === chosen })));
}

/** A button that puts a text into the clipboard. Browsers lend that to https and this machine only. */
export function copier(button, text) {
  button.hidden = !navigator.clipboard;
  const words = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text());
    say(button, "Copied");
    setTimeout(() => say(button, words), 1500);
  });
  return button;
}

/** `/` goes to the first field to search in, as on many sites. */
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select")) return;
  const field = document.querySelector('input[type="search"], #path');
  if (field) {
    event.preventDefault();
    field.focus();
  }
});
