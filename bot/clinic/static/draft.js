// The total while typing: asks the server for the changed parts of the page. Every page works without this file.
"use strict";

const WAIT = 250;

function setUp(form) {
  const problems = document.createElement("div");
  problems.dataset.part = "problems";
  problems.setAttribute("aria-live", "polite");
  form.querySelector(".actions").before(problems);
  let timer = 0;
  let latest = 0;
  const original = new Map();
  for (const place of document.querySelectorAll("[data-part]")) original.set(place.dataset.part, place.outerHTML);
  const before = serial(form);

  async function refresh() {
    const number = (latest += 1);
    if (serial(form) === before) return exchange(original);
    const answer = await fetch(form.dataset.worksheet, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (!answer.ok || answer.redirected || number !== latest) return undefined;
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    const parts = new Map();
    for (const place of found.querySelectorAll("[data-part]")) parts.set(place.dataset.part, place.outerHTML);
    return exchange(parts);
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => refresh().catch(() => undefined), WAIT);
  });
}

function serial(form) {
  return new URLSearchParams(new FormData(form)).toString();
}

function exchange(parts) {
  for (const [name, text] of parts) {
    const place = document.querySelector(`[data-part="${name}"]`);
    if (!place || place.outerHTML === text) continue;
    const fresh = new DOMParser().parseFromString(text, "text/html").body.firstElementChild;
    place.replaceWith(document.importNode(fresh, true));
  }
}

for (const form of document.querySelectorAll("form[data-worksheet]")) setUp(form);
