// Words of the page in two languages, dates and times in a zone, and a small helper to build elements.

const words = await (await fetch("/page/words.json")).json();

export const tagOf = (language) => (language === "zh" ? "zh-Hans" : "en");

export function say(language, key, values = {}) {
  return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), words[language][key] ?? key);
}

export const knows = (language, key) => key in words[language];

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && typeof value !== "string") element[name] = value;
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const formats = new Map();

function parts(seconds, zone, options) {
  const key = JSON.stringify([zone, options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return Object.fromEntries(formats.get(key).formatToParts(seconds * 1000).map((part) => [part.type, part.value]));
}

export function timeOf(seconds, zone) {
  const { hour, minute } = parts(seconds, zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return `${hour}:${minute}`;
}

// A sortable local date, to compare days.
export function dayOf(seconds, zone) {
  const { year, month, day } = parts(seconds, zone, { year: "numeric", month: "2-digit", day: "2-digit" });
  return `${year}-${month}-${day}`;
}

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const WEEKDAYS = { en: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"], zh: ["周日", "周一", "周二", "周三", "周四", "周五", "周六"] };

export function weekdayOf(seconds, zone, language) {
  return WEEKDAYS[language][new Date(`${dayOf(seconds, zone)}T00:00:00Z`).getUTCDay()];
}

export function dateOf(seconds, zone, language) {
  const [, month, day] = dayOf(seconds, zone).split("-").map(Number);
  return language === "zh" ? `${month}月${day}日` : `${day} ${MONTHS[month - 1]}`;
}

export async function send(address, body) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const result = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(result.sentence || result.error), result);
  return result;
}
