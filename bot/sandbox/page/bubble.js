// One message: its bubble, its foot with the time, and the buttons beneath it.

import { dateOf, dayOf, make, timeOf } from "./words.js";
import { textNodes } from "./text.js";

export function buildMessage(chat, message) {
  const node = make("div", { class: `message ${message.mine ? "mine" : "theirs"}`, "data-message": String(message.id) });
  const bubble = make("div", { class: "bubble" });
  if (message.photo) bubble.append(make("img", { src: `/phone/photo/${message.photo}`, alt: chat.word("picture") }));
  bubble.append(make("div", { class: "text" }, ...textNodes(shownText(message), message.entities, (text) => chat.act("say", { text }))));
  bubble.append(footNode(chat, message));
  node.append(bubble);
  if (message.keyboard.length) {
    node.classList.add("wide");
    node.append(make("div", { class: "keyboard" }, ...message.keyboard.map((row) => rowNode(chat, message, row))));
  }
  return node;
}

// The app sends a deep link's payload along with /start but does not show it.
function shownText(message) {
  return message.mine && message.text.startsWith("/start ") ? "/start" : message.text;
}

function footNode(chat, message) {
  const { timezone, language } = chat.phone;
  const at = message.edited ?? message.at;
  const moved = dayOf(at, timezone) !== dayOf(message.at, timezone);
  const words = [message.edited ? chat.word("edited") : "", message.silent ? chat.word("silent") : "", moved ? dateOf(at, timezone, language) : "", timeOf(at, timezone)];
  const foot = make("div", { class: "foot" });
  if (message.mine && !message.text.startsWith("/")) {
    const edit = chat.button("edit", () => chat.startEditing(message));
    edit.append(chat.word("edit"));
    foot.append(edit);
  }
  foot.append(make("time", {}, words.filter(Boolean).join(" ")));
  return foot;
}

function rowNode(chat, message, row) {
  return make("div", { class: "keys" }, ...row.map((button) => keyNode(chat, message, button)));
}

function keyNode(chat, message, button) {
  const digits = /^\d{1,2}\+?$/.test(button.text);
  const kind = ["key", digits ? "digits" : "", button.style ?? ""].filter(Boolean).join(" ");
  if (button.url && /^https?:/.test(button.url)) {
    return make("a", { class: kind, href: button.url, target: "_blank", rel: "noreferrer" }, button.text);
  }
  const key = chat.button(kind, () => chat.tap(message, button, key));
  key.append(button.text);
  if (button.callback_data === undefined) key.title = chat.word("unsupported");
  else key.dataset.tap = `${message.id} ${button.callback_data}`;
  return key;
}
