// How the router would bind a name, step by step, as delegator.json tells it.
import { make } from "./dom.js";
import { ask } from "./poll.js";

const WORDS = {
  neg: "nothing is known by this name",
  fail: "fails here, and tries nothing else",
  empty: "there is nothing behind this name",
  alt: "the first of these that is known",
  union: "each of these, by weight",
  delegate: "",
  leaf: "",
  transformation: "",
  exception: "",
};

/** Whether a step leads somewhere: "good", "bad", or "" where it has no say. */
function outcome(node) {
  if (node.type === "delegate") return outcome(node.delegate);
  if (node.type === "transformation") return outcome(node.tree);
  if (node.type === "alt") return node.alt.map(outcome).find(Boolean) ?? "";
  if (node.type === "union") {
    const all = node.union.map((branch) => outcome(branch.tree));
    return all.includes("good") ? "good" : all.find(Boolean) ?? "";
  }
  if (node.type === "leaf") return { bound: "good", neg: "" }[node.bound.addr.type] ?? "bad";
  return node.type === "neg" ? "" : "bad"; // what is empty or fails ends the search, too
}

function addresses(addr) {
  if (addr.type === "bound") return addr.addrs.map(({ ip, port }) => `${ip}:${port}`).join(", ") || "no addresses";
  if (addr.type === "failed") return `failed: ${addr.cause}`;
  return addr.type === "pending" ? "no answer yet" : "no such name";
}

/** The branches below a step, with the weight of each. */
function branches(node) {
  if (node.type === "delegate") return [[node.delegate]];
  if (node.type === "transformation") return [[node.tree]];
  if (node.type === "alt") return node.alt.map((branch) => [branch]);
  if (node.type === "union") return node.union.map(({ tree, weight }) => [tree, weight]);
  return [];
}

/** A step and everything below it; `taken` says whether a request would come this way. */
function step(node, taken, weight, chosen) {
  const item = make("li", { class: taken ? `taken ${outcome(node)}` : "" });
  if (weight !== undefined) item.append(make("span", { class: "weight", text: `${weight} × ` }));
  item.append(make("code", { text: node.path }));
  if (chosen) item.append(" ", make("span", { class: "chip", text: "taken" }));
  if (node.dentry) item.append(" ", make("span", { class: "by" }, "by ", make("code", { text: `${node.dentry.prefix} => ${node.dentry.dst}` })));
  if (WORDS[node.type]) item.append(make("span", { class: "what", text: WORDS[node.type] }));
  if (node.type === "exception") item.append(make("span", { class: "what", text: node.message }));
  if (node.type === "transformation") item.append(make("span", { class: "what", text: `transformed by ${node.name}` }));
  if (node.type === "leaf") {
    const rest = node.bound.path && node.bound.path !== "/" ? `the rest of the name is ${node.bound.path}` : "";
    const { addr } = node.bound;
    const where = addr.type === "bound" && addr.addrs.length ? addr.addrs.map(({ ip, port }) => `${ip}:${port}`) : [addresses(addr)];
    item.append(make("span", { class: "addresses" }, ...where.map((text) => make("b", { text }))), ...(rest ? [make("span", { class: "what", text: rest })] : []));
  }
  const below = branches(node);
  if (below.length) {
    const first = node.type === "alt" ? below.findIndex(([branch]) => outcome(branch)) : -1;
    item.append(make("ol", {}, ...below.map(([branch, share], index) =>
      step(branch, taken && (first < 0 || index === first), share, taken && index === first))));
  }
  return item;
}

/** An error; if it shows a place in what was sent, by brackets, that line with a caret below it. */
export function complaint(message, sent) {
  const element = make("div", { class: "complaint" });
  for (const text of sent) {
    const marked = message.slice(-" found at ''".length - "[]".length - text.length);
    const shown = marked.slice(" found at '".length, -1);
    for (let at = 0; at <= text.length; at += 1) {
      if (shown[at] !== "[" || shown !== `${text.slice(0, at)}[${text.slice(at, at + 1)}]${text.slice(at + 1)}`) continue;
      const above = text.slice(0, at).split("\n");
      const line = text.split("\n")[above.length - 1];
      const where = text.includes("\n") ? `, in line ${above.length}:` : ":";
      element.append(make("p", { class: "bad", text: message.slice(0, -marked.length) + " found" + where }),
        make("pre", { text: `${line}\n${" ".repeat(above.at(-1).length)}^` }));
      return element;
    }
  }
  element.append(make("p", { class: "bad", text: message }));
  return element;
}

/** The tree of steps, as a list. */
export const steps = (tree) => make("ol", { class: "steps" }, step(tree, true));

/** Where requests end up: lines of "share, name, addresses", in the order of the tree. */
export function destinations(node, share = 1) {
  if (node.type === "leaf") {
    const part = share < 1 ? `${Number((share * 100).toFixed(2))} % to ` : "";
    return [`${part}${node.bound.id}${node.bound.path === "/" ? "" : node.bound.path} (${addresses(node.bound.addr)})`];
  }
  if (node.type === "union") {
    const known = node.union.filter(({ tree }) => outcome(tree) === "good");
    const counted = known.length ? known : node.union;
    const all = counted.reduce((sum, { weight }) => sum + weight, 0) || 1;
    return counted.flatMap(({ tree, weight }) => destinations(tree, (share * weight) / all));
  }
  const below = branches(node).map(([branch]) => branch);
  if (below.length) {
    const next = below.find(outcome);
    return next ? destinations(next, share) : ["nowhere: no alternative is known"];
  }
  return [node.type === "exception" ? `nowhere: ${node.message}` : `nowhere: ${node.path}, ${WORDS[node.type]}`];
}

/** Ask how a router binds a name under a dtab. */
export const delegate = (namespace, dtab, path) => ask("delegator.json", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ namespace, dtab, path }),
});

/** A name as typed, without the slash at its end. */
export const tidy = (path) => path.trim().replace(/(.)\/$/, "$1");
