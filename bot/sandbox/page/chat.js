// One phone: header, messages with their buttons, composer, locked screen. It draws what the server says and nothing else.

import { dateOf, dayOf, make, say, send, tagOf, timeOf, weekdayOf } from "./words.js";
import { buildMessage } from "./bubble.js";

const TOAST_MS = 4000;
const PATIENCE = 15;

export class Chat {
  constructor(id, studyNow) {
    this.id = id;
    this.studyNow = studyNow;
    this.shown = new Map();
    this.seenToasts = null;
    this.locked = false;
    this.editing = null;
    this.asleep = false;
    this.build();
  }

  word(key, values) {
    return say(this.phone?.language ?? "en", key, values);
  }

  async act(deed, body = {}) {
    try {
      await send(`/phone/${this.id}/${deed}`, body);
    } catch (problem) {
      this.toast(this.word("refused", { sentence: problem.message }));
    }
  }

  build() {
    this.caption = make("div", { class: "caption" });
    this.name = make("h2");
    this.languages = make("div", { class: "segments", role: "group" });
    for (const [language, label] of [["zh", "中文"], ["en", "English"]]) {
      const button = make("button", { type: "button", lang: tagOf(language), "data-language": language }, label);
      button.addEventListener("click", () => this.act("language", { language }));
      this.languages.append(button);
    }
    this.lock = this.button("quiet", () => this.setLocked(!this.locked));
    this.block = this.button("quiet", () => this.toggleBlock());
    this.more = make("details", { class: "more" }, make("summary", {}, "⋯"), make("div", { class: "sheetlet" }, this.block));
    this.caption.append(this.name, this.languages, this.lock, this.more);

    this.status = make("div", { class: "status", "aria-hidden": "true" }, make("b"), make("span", {}, "5G  82 %"));
    this.botName = make("b");
    this.botKind = make("span");
    const avatar = make("img", { src: "/page/icon.svg", alt: "", width: "44", height: "44" });
    this.head = make("div", { class: "head" }, avatar, make("div", {}, this.botName, this.botKind));
    this.list = make("div", { class: "messages", role: "log", tabindex: "0" });
    this.popup = make("p", { class: "toast", role: "status", hidden: true });
    this.menu = make("ul", { class: "menu", hidden: true });
    this.buildComposer();
    this.gate = this.button("gate", () => this.act("start"));
    this.notices = make("div", { class: "notices" });
    this.locker = this.button("lockscreen", () => this.setLocked(false));
    this.dialog = this.buildDialog();
    this.screen = make(
      "div", { class: "screen" },
      this.status, this.head, this.list, this.popup, this.menu, this.composer, this.gate, this.locker, this.dialog,
    );
    this.root = make("section", { class: "phone", id: `phone-${this.id}` }, this.caption, this.screen);
  }

  button(kind, onClick) {
    const button = make("button", { type: "button", class: kind });
    button.addEventListener("click", onClick);
    return button;
  }

  buildComposer() {
    this.field = make("input", { type: "text", autocomplete: "off", maxlength: "4096", enterkeyhint: "send" });
    this.menuButton = this.button("icon", () => this.showMenu(this.menu.hidden));
    this.menuButton.append("☰");
    this.sendButton = make("button", { type: "submit", class: "icon" }, "➤");
    this.editStrip = make("p", { class: "editing", hidden: true });
    this.composer = make("form", { class: "composer" }, this.editStrip, this.menuButton, this.field, this.sendButton);
    this.composer.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.composer.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.stopEditing();
    });
  }

  buildDialog() {
    this.dialogText = make("p");
    this.dialogClose = make("button", { type: "submit", class: "primary" });
    return make("dialog", { class: "alert" }, make("form", { method: "dialog" }, this.dialogText, this.dialogClose));
  }

  submit() {
    const text = this.field.value.trim();
    if (!text) return;
    if (this.editing) this.act("edit", { message: this.editing, text });
    else this.act("say", { text });
    this.stopEditing();
    this.field.value = "";
  }

  startEditing(message) {
    this.editing = message.id;
    this.field.value = message.text;
    const cancel = this.button("quiet", () => this.stopEditing());
    cancel.append(this.word("cancel"));
    this.editStrip.replaceChildren(make("span", {}, this.word("editing")), cancel);
    this.editStrip.hidden = false;
    this.field.focus();
  }

  stopEditing() {
    if (this.editing) this.field.value = "";
    this.editing = null;
    this.editStrip.hidden = true;
  }

  // While a past is being played nobody can start a chat in it.
  setAsleep(asleep) {
    this.asleep = this.gate.disabled = asleep;
  }

  toggleBlock() {
    this.more.open = false;
    this.act(this.phone.blocked ? "unblock" : "block");
  }

  setLocked(locked) {
    this.locked = locked;
    this.drawFrame();
    (locked ? this.locker : this.lock).focus();
  }

  showMenu(visible) {
    this.menu.hidden = !visible;
    this.menuButton.setAttribute("aria-expanded", String(visible));
  }

  // Drawing

  update(phone, bot) {
    const turned = this.phone && this.phone.language !== phone.language;
    this.phone = phone;
    this.bot = bot;
    if (turned) this.shown.clear();
    this.drawFrame();
    this.drawMenu();
    this.drawMessages();
    this.drawSpinners();
    this.drawToasts();
  }

  tick() {
    this.status.firstChild.textContent = timeOf(this.studyNow(), this.phone.timezone);
    if (this.locked) this.drawLock();
    const today = dayOf(this.studyNow(), this.phone.timezone);
    if (this.today !== today) this.drawMessages();
  }

  ofLanguage(texts) {
    return texts[this.phone.language] ?? texts[""] ?? "";
  }

  drawFrame() {
    const { phone } = this;
    const open = phone.started && !phone.blocked;
    this.root.lang = tagOf(phone.language);
    this.name.textContent = phone.name;
    this.languages.setAttribute("aria-label", this.word("phone_language"));
    for (const button of this.languages.children) {
      button.setAttribute("aria-pressed", String(button.dataset.language === phone.language));
    }
    this.lock.textContent = this.word(this.locked ? "unlock" : "lock");
    this.lock.title = this.word("lock_hint");
    this.more.firstChild.setAttribute("aria-label", this.word("more"));
    this.more.hidden = !phone.started;
    this.block.textContent = this.word(phone.blocked ? "unblock" : "block");
    this.botName.textContent = this.ofLanguage(this.bot.names);
    this.botKind.textContent = this.word("bot");
    this.list.setAttribute("aria-label", phone.name);
    this.field.placeholder = this.word("message");
    this.field.setAttribute("aria-label", this.word("message"));
    this.sendButton.setAttribute("aria-label", this.word("send"));
    this.menuButton.setAttribute("aria-label", this.word("menu"));
    this.composer.hidden = !open;
    this.gate.hidden = open;
    this.gate.disabled = this.asleep;
    this.gate.textContent = this.word(phone.blocked ? "restart" : "start");
    this.locker.hidden = !this.locked;
    this.drawLock();
  }

  drawLock() {
    if (!this.locked) {
      this.locker.replaceChildren();
      return;
    }
    const { timezone, language, messages } = this.phone;
    const now = this.studyNow();
    const newest = messages.findLast((message) => !message.mine && !message.silent);
    const clock = make("span", { class: "bigtime" }, timeOf(now, timezone));
    const day = [dateOf(now, timezone, language), weekdayOf(now, timezone, language)];
    const date = make("span", { class: "bigdate" }, (language === "zh" ? day : day.reverse()).join(" "));
    this.locker.replaceChildren(clock, date, newest ? this.notice(newest) : make("span", { class: "bigdate" }, this.word("no_notice")));
    this.locker.setAttribute("aria-label", [this.word("unlock"), newest ? this.preview(newest) : ""].join(" "));
  }

  preview(message) {
    return message.notice.replace(/\s+/g, " ").trim() || this.word("picture");
  }

  notice(message) {
    const top = make("span", { class: "from" }, make("b", {}, this.ofLanguage(this.bot.names)), timeOf(message.at, this.phone.timezone));
    return make("span", { class: "notice" }, top, make("span", { class: "first" }, this.preview(message)));
  }

  drawMenu() {
    const rows = this.phone.commands.map(({ command, description }) => {
      const button = this.button("row", () => this.sendCommand(`/${command}`));
      button.append(make("b", {}, `/${command}`), make("span", {}, description));
      return make("li", {}, button);
    });
    this.menu.replaceChildren(...(rows.length ? rows : [make("li", { class: "hint" }, this.word("no_commands"))]));
  }

  sendCommand(text) {
    this.showMenu(false);
    this.act("say", { text });
  }

  drawMessages() {
    const { list, phone } = this;
    const nearEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 120;
    const before = this.last;
    this.today = dayOf(this.studyNow(), phone.timezone);
    const nodes = [];
    let day = "";
    for (const message of phone.messages) {
      const itsDay = dayOf(message.at, phone.timezone);
      if (itsDay !== day) nodes.push(this.dayNode(message.at));
      day = itsDay;
      nodes.push(this.messageNode(message));
    }
    this.place(nodes.length ? nodes : [this.emptyNode()]);
    this.last = phone.messages.at(-1)?.id;
    if (nearEnd || this.last !== before) this.toEnd();
  }

  toEnd() {
    this.list.scrollTop = this.list.scrollHeight;
  }

  // Keep nodes that did not change, so that nothing flickers and the focus stays where it is.
  place(nodes) {
    const held = this.list.contains(document.activeElement) ? document.activeElement.closest("[data-message]")?.dataset.message : null;
    const keep = new Set(nodes);
    for (const child of [...this.list.children]) if (!keep.has(child)) child.remove();
    nodes.forEach((node, index) => {
      if (this.list.children[index] !== node) this.list.insertBefore(node, this.list.children[index] ?? null);
    });
    if (!held || this.list.contains(document.activeElement)) return;
    const again = this.list.querySelector(`[data-message="${held}"]`);
    (again?.querySelector(".keyboard button") ?? this.field).focus({ preventScroll: true });
  }

  dayNode(at) {
    const { timezone, language } = this.phone;
    const ago = Math.round((Date.parse(this.today) - Date.parse(dayOf(at, timezone))) / 86400000);
    const near = { 0: this.word("today"), 1: this.word("yesterday") }[ago];
    const text = near ?? `${dateOf(at, timezone, language)} ${weekdayOf(at, timezone, language)}`;
    return this.cached(`day ${dayOf(at, timezone)}`, text, () => make("p", { class: "day" }, make("span", {}, text)));
  }

  emptyNode() {
    const about = this.ofLanguage(this.bot.descriptions);
    const lines = about ? [make("b", {}, this.word("what_can")), about] : [this.word("empty")];
    return this.cached("empty", lines.length + about + this.phone.language, () => make("div", { class: about ? "about" : "about brief" }, ...lines));
  }

  cached(key, signature, build) {
    const known = this.shown.get(key);
    if (known?.signature === signature) return known.node;
    const node = build();
    this.shown.set(key, { signature, node });
    return node;
  }

  messageNode(message) {
    return this.cached(`message ${message.id}`, JSON.stringify(message), () => buildMessage(this, message));
  }

  tap(message, button, key) {
    if (button.callback_data === undefined) {
      this.toast(this.word("unsupported"));
      return;
    }
    this.spin(key, PATIENCE);
    this.act("tap", { message: message.id, data: button.callback_data });
  }

  // Telegram stops the spinner when its patience ends, whether or not the bot has answered.
  spin(key, seconds) {
    if (key.querySelector(".spinner")) return;
    const spinner = make("span", { class: "spinner", role: "img", "aria-label": this.word("waiting") });
    key.append(spinner);
    setTimeout(() => spinner.remove(), 1000 * seconds);
  }

  drawSpinners() {
    const waiting = new Map(this.phone.pending.map((tap) => [`${tap.message} ${tap.data}`, tap.seconds]));
    for (const key of this.list.querySelectorAll("[data-tap]")) {
      if (waiting.has(key.dataset.tap)) this.spin(key, waiting.get(key.dataset.tap));
      else key.querySelector(".spinner")?.remove();
    }
  }

  drawToasts() {
    const fresh = this.phone.toasts.filter((toast) => this.seenToasts && !this.seenToasts.has(toast.id));
    this.seenToasts = new Set(this.phone.toasts.map((toast) => toast.id));
    for (const toast of fresh) toast.alert ? this.alert(toast.text) : this.toast(toast.text);
  }

  alert(text) {
    this.dialogText.textContent = text;
    this.dialogClose.textContent = this.word("ok");
    if (!this.dialog.open) this.dialog.show();
    this.dialogClose.focus();
  }

  toast(text) {
    clearTimeout(this.toastTimer);
    this.popup.textContent = text;
    this.popup.hidden = false;
    this.toastTimer = setTimeout(() => { this.popup.hidden = true; }, TOAST_MS);
  }
}
