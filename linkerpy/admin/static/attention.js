// What somebody should look at, of all routers: what fails, and endpoints that are out of service.
import { make } from "./dom.js";
import { count, success } from "./format.js";

const MOST = 6;
const FEWEST = 3; // failures in a minute

/** What is wrong with a member, in words; nothing otherwise. */
function complaint({ kind, shown, size, available, outcome: [good, bad] }) {
  const { text, judgement } = success(good, bad);
  if (kind === "client" && size > 0 && available === 0) return { weight: 3, judgement: "bad", words: `${shown}: none of ${count(size)} endpoints takes requests` };
  if (bad >= FEWEST && judgement !== "good") return { weight: judgement === "bad" ? 2.5 : 2, judgement, words: `${shown}: ${text} success, ${count(bad)} failed in the last minute` };
  if (kind === "client" && available < size) return { weight: 1, judgement: "poor", words: `${shown}: ${count(size - available)} of ${count(size)} endpoints out of service` };
  return null;
}

export class Attention {
  constructor(element) {
    this.element = element;
    this.told = "";
  }

  show(cards) {
    const found = cards.flatMap((card) => card.members("service", "client").map((item) => ({ card, item, ...complaint(item) })))
      .filter(({ words }) => words)
      .sort((one, other) => other.weight - one.weight || other.item.outcome[1] - one.item.outcome[1]);
    // Counts move all the time: the list is built anew only when it tells of something else.
    const told = JSON.stringify(found.map(({ card, words }) => [card.router.label, words]));
    if (told === this.told) return;
    this.told = told;
    if (!found.length) {
      this.element.replaceChildren(make("p", { class: "calm", text: "Nothing needs attention: no failures to speak of, and every endpoint is in service." }));
      return;
    }
    const lines = found.slice(0, MOST).map(({ card, item, judgement, words }) => make("li", {},
      make("button", { type: "button", class: judgement, onclick: () => card.reveal(item) },
        make("span", { class: "chip", text: card.router.label }), make("span", { text: words }))));
    const more = found.length > MOST ? [make("li", { class: "quiet", text: `and ${found.length - MOST} more` })] : [];
    this.element.replaceChildren(make("h2", { text: "Needs attention" }), make("ul", {}, ...lines, ...more));
  }
}
