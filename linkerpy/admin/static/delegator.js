// The dtab playground: what becomes of a name, now and with another dtab. Its address holds all that
// was typed, so that it can be sent to somebody.
import { copier, make, options } from "./dom.js";
import { complaint, delegate, destinations, steps, tidy } from "./explain.js";
import { ask, attempt, query } from "./poll.js";
import { routersOf } from "./routers.js";

const $ = (id) => document.getElementById(id);
let routers = [];

const chosen = () => routers.find(({ label }) => label === $("router").value);
const edited = () => $("dtab").value.trim() !== chosen().dtab;

/** Put what was typed into the page's address. */
function remember() {
  const wanted = { router: chosen().label, dtab: edited() ? $("dtab").value : "" };
  window.history.replaceState(null, "", `${query(wanted)}#${encodeURI(tidy($("path").value))}`);
}

function note() {
  $("reset").hidden = !edited();
  $("edited").hidden = !edited();
}

function side(title, outcome) {
  const { tree, error, dtab } = outcome;
  const found = tree ? steps(tree) : complaint(error.message, [tidy($("path").value), dtab]);
  return make("section", { class: "side" }, make("h2", { text: title }), found);
}

async function asked(dtab) {
  try {
    return { dtab, tree: await delegate(chosen().label, dtab, tidy($("path").value)) };
  } catch (error) {
    return { dtab, error };
  }
}

/** What a change of the dtab comes to, in words. */
function difference(before, after) {
  if (!before.tree || !after.tree) return [];
  const [was, is] = [before, after].map(({ tree }) => destinations(tree));
  const same = JSON.stringify(was) === JSON.stringify(is);
  if (same) return [make("p", { class: "verdict", text: "Requests go where they go now." })];
  const lines = (items, kind) => items.map((item) => make("li", { class: kind, text: item }));
  return [make("div", { class: "verdict" }, make("p", { text: "This changes where requests go:" }),
    make("ul", {}, ...lines(was.filter((item) => !is.includes(item)), "gone"),
      ...lines(is.filter((item) => !was.includes(item)), "new")))];
}

async function explain(event) {
  event?.preventDefault();
  remember();
  const result = $("result");
  if (!result.firstChild) result.append(make("p", { class: "quiet", text: "Asking…" }));
  const [before, after] = await Promise.all([chosen().dtab, ...(edited() ? [$("dtab").value] : [])].map(asked));
  if (!after) {
    result.replaceChildren(side("As configured", before));
    return;
  }
  result.replaceChildren(...difference(before, after),
    make("div", { class: "sides" }, side("As configured", before), side("As edited", after)));
}

function show(router) {
  $("dtab").value = router.dtab;
  $("dtab").rows = Math.min(Math.max(router.dtab.split("\n").length + 1, 4), 16);
  $("path").value = `${router.prefix}/`;
  $("result").replaceChildren(make("div", { class: "empty" },
    make("p", { text: "Type a name above, or choose one that requests asked for lately, and press Enter." })));
  note();
  suggest(router);
}

/** Names worth asking for: those that the router follows, and those that namers can list. */
async function suggest({ label, prefix }) {
  const [{ names }, listed] = await Promise.all([ask("ui/names.json"), ask("bound-names.json").catch(() => [])]);
  const used = names.filter(({ router }) => router === label).map(({ path }) => path);
  const known = [...new Set([...used, `${prefix}/`, ...listed])].sort();
  $("known").replaceChildren(...known.map((value) => make("option", { value })));
}

attempt(async () => {
  routers = routersOf(await ask("config.json"));
  const wanted = new URLSearchParams(location.search);
  options($("router"), routers.map(({ label }) => [label, label]), wanted.get("router"));
  $("router").parentElement.hidden = routers.length < 2;
  if (!chosen()) throw new Error("The configuration has no routers.");
  show(chosen());
  $("router").addEventListener("change", () => { show(chosen()); remember(); });
  $("dtab").addEventListener("input", note);
  $("reset").addEventListener("click", () => { $("dtab").value = chosen().dtab; note(); explain(); });
  $("form").addEventListener("submit", explain);
  copier($("share"), () => { remember(); return location.href; });
  if (wanted.get("dtab")) $("dtab").value = wanted.get("dtab");
  note();
  if (location.hash.length > 1) {
    $("path").value = decodeURI(location.hash.slice(1));
    if (!$("path").value.endsWith("/")) await explain();
  }
  $("path").focus();
});
