// Small comforts only: every page works without this file.
"use strict";

// A button that prints; without script the browser's own menu does.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// Count down the seconds until the next one-time code.
for (const place of document.querySelectorAll("[data-seconds]")) {
  let left = Number(place.dataset.seconds);
  const words = place.textContent;
  const tick = setInterval(() => {
    left -= 1;
    place.textContent = words.replace(/\d+/, String(Math.max(left, 0)));
    if (left <= 0) clearInterval(tick);
  }, 1000);
}

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 3000);
});
