// TLS handshakes that failed lately.
import { make } from "./dom.js";
import { ask, poll } from "./poll.js";

const SIDES = { server: "a caller and our server", client: "us and an endpoint" };
const list = document.getElementById("failures");
let told = "";

function fault({ at, router, side, peer, cause, message }) {
  const when = new Date(at * 1000);
  return make("article", { class: "fault" },
    make("p", {}, make("span", { class: "state failed", text: cause }), " ", make("b", { text: peer }), " ",
      make("span", { class: "chip", text: router })),
    make("p", { text: message }),
    make("p", { class: "quiet", text: `between ${SIDES[side] ?? side}, last at ${when.toLocaleString("en-GB")}` }));
}

poll(async () => {
  const { failures } = await ask("admin/tls_failures.json");
  if (JSON.stringify(failures) === told) return;
  told = JSON.stringify(failures);
  list.replaceChildren(...failures.map(fault));
  if (!failures.length) {
    list.append(make("div", { class: "empty" }, make("p", {}, make("b", { text: "No handshake has failed." })),
      make("p", { text: "If TLS does not work although nothing stands here, nobody has tried to connect yet, or the other side gives up first: its log will tell. linkerpy tls check tries a connection and says what it sees." })));
  }
});
