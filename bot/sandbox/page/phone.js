// Starts the page: asks the server what the phones show, again and again, and hands it to the phones and the panel.

import { make, say, tagOf } from "./words.js";
import { Chat } from "./chat.js";
import { Panel } from "./panel.js";

const find = (id) => document.getElementById(id);
const panel = new Panel();
const chats = new Map();
let active = null;
let version = null;

function pageLanguage() {
  const wanted = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem("language") ?? navigator.language;
  return wanted.startsWith("zh") ? "zh" : "en";
}

function setLanguage(language) {
  localStorage.setItem("language", language);
  panel.language = language;
  document.documentElement.lang = tagOf(language);
  document.title = say(language, "title");
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = say(language, element.dataset.word);
  for (const link of document.querySelectorAll(".links a")) {
    link.textContent = link.dataset[language];
    if (/^\/(draft|sign-ins|clinic)(\/|$)/.test(link.pathname)) link.search = `?lang=${language}`;
  }
  for (const button of find("page-language").children) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
  find("page-language").setAttribute("aria-label", say(language, "page_language"));
  find("tabs").setAttribute("aria-label", say(language, "phones"));
  find("panel").setAttribute("aria-label", say(language, "controls"));
  drawTabs();
  panel.draw();
}

function drawTabs() {
  const phones = [...chats.values()].map((chat) => [String(chat.id), chat.phone.name]);
  const tabs = [...phones, ["panel", say(panel.language, "tab_controls")]];
  find("tabs").replaceChildren(...tabs.map(([key, label]) => {
    const button = make("button", { type: "button", "aria-pressed": String(key === active) }, label);
    button.addEventListener("click", () => select(key));
    return button;
  }));
}

function select(key) {
  active = key;
  document.body.dataset.showing = key === "panel" ? "panel" : "phone";
  for (const chat of chats.values()) chat.root.classList.toggle("active", String(chat.id) === key);
  const chat = chats.get(Number(key));
  if (chat) {
    panel.zone = chat.phone.timezone;
    chat.toEnd();
  }
  drawTabs();
  panel.draw();
}

function show(state) {
  version = state.version;
  for (const phone of state.phones) {
    if (!chats.has(phone.id)) addChat(phone);
    chats.get(phone.id).update(phone, state.bot);
  }
  if (active === null && chats.size) select(String(state.phones[0].id));
  panel.setFaults(state.faults);
}

function addChat(phone) {
  const chat = new Chat(phone.id, () => panel.now());
  chats.set(phone.id, chat);
  chat.setAsleep(panel.playing);
  find("phones").append(chat.root);
  chat.root.addEventListener("focusin", () => { panel.zone = chat.phone.timezone; });
  chat.phone = phone;
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function follow() {
  for (;;) {
    try {
      const answer = await fetch(version === null ? "/phone/state" : `/phone/state?version=${version}`);
      const state = await answer.json();
      find("lost").hidden = true;
      if (state.version !== version) show(state);
    } catch {
      find("lost").hidden = false;
      await pause(1500);
    }
  }
}

async function watchClock() {
  for (;;) {
    if (!document.hidden) await panel.refresh().catch(() => {});
    for (const chat of chats.values()) {
      chat.setAsleep(panel.playing);
      chat.tick();
    }
    await pause(1000);
  }
}

for (const button of find("page-language").children) {
  button.addEventListener("click", () => setLanguage(button.dataset.language));
}
setLanguage(pageLanguage());
await panel.refresh().catch(() => {});
follow();
watchClock();
