// Asking the admin server again and again, and saying so when it does not answer.
import { say } from "./dom.js";

const PERIOD = 1000;
const PATIENCE = 5000;

/** The JSON behind a URL. Throws an Error that says what was wrong. */
export async function ask(url, options = {}) {
  const reply = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE), ...options });
  const body = await reply.text();
  if (!reply.ok) throw new Error(body.trim() || `The admin server answered ${reply.status}.`);
  return body ? JSON.parse(body) : null;
}

/** Done when somebody may look: a hidden tab costs neither side anything. */
function seen() {
  return new Promise((done) => {
    if (!document.hidden) return done();
    const shown = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", shown);
      done();
    };
    document.addEventListener("visibilitychange", shown);
  });
}

/** Run `round` every second while the tab is seen; show the banner while it fails. */
export async function poll(round) {
  const lost = document.getElementById("lost");
  const link = document.getElementById("link");
  const linked = (state, words) => {
    if (!link) return;
    link.className = `link ${state}`;
    say(link, words);
  };
  let since = null;
  for (;;) {
    await seen();
    const began = performance.now();
    try {
      await round(since !== null);
      since = null;
      lost.hidden = true;
      linked("good", "Live");
      document.body.classList.remove("stale");
    } catch (error) {
      since ??= new Date();
      if (error.name !== "TypeError" && error.name !== "TimeoutError") console.warn(error);
      linked("bad", "No answer");
      lost.textContent = `No answer from the admin server since ${since.toLocaleTimeString("en-GB")}. What you see is from before. Trying again every second…`;
      lost.hidden = false;
      document.body.classList.add("stale");
    }
    await new Promise((done) => setTimeout(done, Math.max(0, PERIOD - (performance.now() - began))));
  }
}
