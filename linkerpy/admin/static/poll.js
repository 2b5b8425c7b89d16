// Asking the admin server again and again, and saying so when it does not answer.
import { say } from "./dom.js";

const PERIOD = 1000;
const PATIENCE = 5000;
const ROOT = new URL("../", import.meta.url);

/** The reply to a URL below the admin server's root. Throws an Error that says what was wrong. */
export async function fetched(url, options = {}) {
  const reply = await fetch(new URL(url, ROOT), { cache: "no-store", signal: AbortSignal.timeout(PATIENCE), ...options });
  if (reply.ok) return reply;
  const error = new Error((await reply.text()).trim() || `The admin server answered ${reply.status}.`);
  error.status = reply.status;
  throw error;
}

/** The JSON behind a URL. */
export async function ask(url, options = {}) {
  const body = await (await fetched(url, options)).text();
  return body ? JSON.parse(body) : null;
}

/** Parameters as the end of a URL; those that are empty are left out. */
export const query = (values) => `?${new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ""))}`;

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

function linked(state, words) {
  const link = document.getElementById("link");
  link.hidden = false;
  link.className = `link ${state}`;
  say(link, words);
}

/**
 * Run `round` every second while the tab is seen; show the banner while it fails. It is told whether
 * the server was lost before. A server that is slow to answer is asked less often.
 */
export async function poll(round) {
  const lost = document.getElementById("lost");
  let since = null;
  linked("", "Connecting…");
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
      say(lost, `No answer from the admin server since ${since.toLocaleTimeString("en-GB")}. What you see is from before. Trying again every second…`);
      lost.hidden = false;
      document.body.classList.add("stale");
    }
    const took = performance.now() - began;
    await new Promise((done) => setTimeout(done, Math.max(PERIOD - took, took)));
  }
}

/** Do something once; what goes wrong is shown in the banner. */
export async function attempt(action) {
  const lost = document.getElementById("lost");
  try {
    await action();
    lost.hidden = true;
  } catch (error) {
    say(lost, `That did not work: ${error.message}`);
    lost.hidden = false;
  }
}
