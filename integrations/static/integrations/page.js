"use strict";
/* Small manners of all pages: folding that is remembered, forms that go off once, and a word before work is lost. */
(() => {
  const remembered = (key) => `sync.${key}`;

  for (const details of document.querySelectorAll("details[data-remember]")) {
    const key = remembered(details.dataset.remember);
    const stored = sessionStorage.getItem(key);
    if (stored !== null && !details.querySelector(".errorlist")) details.open = stored === "open";
    details.addEventListener("toggle", () => sessionStorage.setItem(key, details.open ? "open" : "shut"));
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once-only]") && !form.querySelector("[data-unsaved]")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("aria-disabled", "true");
  });

  /* The page may come back from the browser's memory, as it was when it was left. */
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
    }
  });

  /* In the reader's own zone, with its name, where the server can only know the installation's. */
  const shown = new Intl.DateTimeFormat("en-GB", {
    day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  });
  for (const time of document.querySelectorAll("time[data-local]")) {
    time.title = time.textContent;
    time.textContent = shown.format(new Date(time.dateTime));
  }

  for (const note of document.querySelectorAll("[data-unsaved]")) {
    const form = note.closest("form");
    let isDirty = Boolean(form.querySelector(".errorlist"));
    const touch = () => {
      isDirty = true;
      note.hidden = false;
      form.dispatchEvent(new CustomEvent("sync:changed", { bubbles: true }));
    };
    form.addEventListener("input", touch);
    form.addEventListener("sync:touched", touch);
    window.addEventListener("beforeunload", (event) => {
      if (isDirty && !form.dataset.sent) event.preventDefault();
    });
  }
})();
