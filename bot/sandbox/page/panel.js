// The control panel: study clock with its steps, links, and fault switches.

import { dateOf, dayOf, knows, make, say, send, timeOf, weekdayOf } from "./words.js";

const KINDS = ["outage", "too_many", "server_error", "bad_gateway", "html_body", "truncated", "reset", "timeout_before", "timeout_after", "hang"];
const find = (id) => document.getElementById(id);

export class Panel {
  constructor() {
    this.language = "en";
    this.zone = "Asia/Shanghai";
    this.clock = null;
    this.busy = false;
    find("next").addEventListener("click", () => this.move({ kind: "next" }));
    find("evening").addEventListener("click", () => this.move({ kind: "evening", timezone: this.zone }));
    for (const button of document.querySelectorAll("[data-seconds]")) {
      button.addEventListener("click", () => this.move({ kind: "seconds", seconds: Number(button.dataset.seconds) }));
    }
    this.buildFaults();
  }

  buildFaults() {
    this.switches = new Map(KINDS.map((kind) => {
      const box = make("input", { type: "checkbox", name: kind });
      box.addEventListener("change", () => send("/phone/faults", { kind, on: box.checked }));
      const label = make("span", { "data-word": `fault_${kind}` });
      find("fault-list").append(make("label", { class: "switch" }, box, label));
      return [kind, box];
    }));
  }

  setFaults(kinds) {
    for (const [kind, box] of this.switches) box.checked = kinds.includes(kind);
    find("faults-on").textContent = kinds.length ? say(this.language, "faults_on", { count: kinds.length }) : "";
  }

  // Study time now, in epoch seconds; between two answers of the server it runs with the machine's clock.
  now() {
    if (!this.clock) return Date.now() / 1000;
    return this.clock.now + (performance.now() - this.readAt) / 1000;
  }

  // Whether a past is still being played up to today.
  get playing() {
    return (this.clock?.played ?? null) !== null;
  }

  async refresh() {
    const clock = await (await fetch("/phone/clock")).json();
    this.clock = clock;
    this.readAt = performance.now();
    this.draw();
  }

  draw() {
    const { language, zone, clock } = this;
    const now = this.now();
    find("time").textContent = timeOf(now, zone);
    find("date").textContent = `${weekdayOf(now, zone, language)} ${dateOf(now, zone, language)}`;
    if (language === "zh") find("date").textContent = `${dateOf(now, zone, language)} ${weekdayOf(now, zone, language)}`;
    find("zone").textContent = zone.replace("_", " ");
    if (!clock) return;
    const moving = this.busy || clock.moving || this.playing;
    find("moves").hidden = !clock.movable;
    for (const button of find("moves").children) button.disabled = moving;
    find("next").textContent = clock.next ? say(language, "next", { when: this.when(clock.next) }) : say(language, "nothing_next");
    find("next").disabled = moving || !clock.next;
    const share = Math.floor(100 * (clock.played ?? 0));
    const words = this.playing ? say(language, "playing", { share }) : say(language, moving ? "moving" : this.stateWord());
    find("clock-state").textContent = words;
    find("playing").hidden = !this.playing;
    find("playing").textContent = this.playing ? words : "";
  }

  when(at) {
    const { language, zone } = this;
    const far = Date.parse(dayOf(at, zone)) - Date.parse(dayOf(this.now(), zone)) > 6 * 86400000;
    const day = far ? dateOf(at, zone, language) : weekdayOf(at, zone, language);
    return `${day} ${timeOf(at, zone)}`;
  }

  stateWord() {
    const { clock } = this;
    if (!clock.movable) return "fixed_time";
    if (clock.ready === null) return "no_answer";
    if (!clock.ready) return "not_ready";
    return clock.waiting ? "working" : "at_rest";
  }

  async move(body) {
    const problem = find("clock-problem");
    problem.hidden = true;
    this.busy = true;
    this.draw();
    try {
      await send("/phone/clock/move", body);
    } catch (error) {
      const key = error.error;
      problem.textContent = knows(this.language, key) && key !== "refused" ? say(this.language, key) : say(this.language, "refused", { sentence: error.message });
      problem.hidden = false;
    }
    this.busy = false;
    await this.refresh();
  }
}
