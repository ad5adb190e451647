// A message's text with Telegram's entities as elements; entity offsets and JavaScript strings both count UTF-16 units.

import { make } from "./words.js";

const TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "q", spoiler: "span" };

export function textNodes(text, entities, onCommand) {
  const marks = entities.filter((entity) => entity.type in TAGS || entity.type === "text_link");
  const cuts = new Set([0, text.length]);
  for (const mark of marks) cuts.add(mark.offset).add(mark.offset + mark.length);
  const edges = [...cuts].filter((cut) => cut <= text.length).sort((a, b) => a - b);
  return edges.slice(1).flatMap((end, index) => piece(text.slice(edges[index], end), edges[index], marks, onCommand));
}

function piece(text, start, marks, onCommand) {
  const covering = marks.filter((mark) => mark.offset <= start && start < mark.offset + mark.length);
  const nodes = text.split(/(?<![\w/])(\/[a-z0-9_]{1,32}\b)/i).map((part, index) => (index % 2 ? command(part, onCommand) : part));
  return covering.reduceRight((inner, mark) => [wrap(mark, inner)], nodes.filter((node) => node !== ""));
}

function command(text, onCommand) {
  // A link, not a button: Chinese punctuation must not be parted from it at the end of a line.
  const link = make("a", { href: "#", role: "button", class: "command" }, text);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    onCommand(text);
  });
  return link;
}

function wrap(mark, inner) {
  if (mark.type !== "text_link") return make(TAGS[mark.type], {}, ...inner);
  if (!/^https?:/.test(mark.url)) return make("span", {}, ...inner);
  return make("a", { href: mark.url, target: "_blank", rel: "noreferrer" }, ...inner);
}
