// Everything works without this script. With it a form is sent once, the history stays short, and a missing network
// is said in words instead of by the browser's own error page.
"use strict";

const PATIENCE = 20000; // milliseconds
let sending = false;

function say(text) {
  const place = document.querySelector("main");
  document.querySelectorAll(".note").forEach((note) => note.remove());
  const note = document.createElement("p");
  note.className = "note problem";
  note.setAttribute("role", "alert");
  note.textContent = text;
  place.prepend(note);
  note.scrollIntoView({ block: "nearest" });
}

async function send(form, button) {
  const fields = new URLSearchParams(new FormData(form));
  if (button && button.name) fields.append(button.name, button.value);
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    return await fetch(form.action, {
      method: "POST", body: fields, redirect: "manual", credentials: "same-origin", signal: stop.signal,
    });
  } finally {
    clearTimeout(timer);
  }
}

function sendPlainly(form, button) {
  // The server has something to say on a page of its own; sending twice is harmless, each form counts once.
  if (button && button.name) {
    const copy = document.createElement("input");
    Object.assign(copy, { type: "hidden", name: button.name, value: button.value });
    form.append(copy);
  }
  form.submit();
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const button = event.submitter;
  event.preventDefault();
  if (sending) return;
  sending = true;
  if (button) button.setAttribute("aria-busy", "true");
  try {
    const answer = await send(form, button);
    if (answer.type === "opaqueredirect") {
      location.replace(document.body.dataset.home);
      return;
    }
    sendPlainly(form, button);
  } catch {
    say(document.body.dataset.noNetwork);
  }
  sending = false;
  if (button) button.removeAttribute("aria-busy");
});

// A page taken from the browser's memory may be out of date: ask for it again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
