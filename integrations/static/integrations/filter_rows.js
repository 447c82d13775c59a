"use strict";
/* A filtering rule's operator and value follow what the rule looks at. */
(() => {
  const holder = document.getElementById("step-offers");
  if (!holder) return;
  const $ = window.django.jQuery;
  const offers = JSON.parse(holder.textContent);
  const subjects = new Map(offers.subjects.map((subject) => [subject.id, subject]));
  const withoutValue = new Set(["is_empty", "is_not_empty", "in_list", "not_in_list"]);

  const offerOperators = (select, allowed) => {
    const current = select.value;
    select.replaceChildren(...allowed.map((name) => new Option(offers.operators[name], name, false, name === current)));
    if (!allowed.includes(current)) select.selectedIndex = 0;
  };

  const dressValue = (cell, input, options) => {
    const old = cell.querySelector("select");
    if (old) {
      $(old).select2("destroy");
      old.remove();
    }
    input.hidden = Boolean(options);
    if (!options) return;
    const select = document.createElement("select");
    select.setAttribute("aria-label", "Value");
    const known = options.some((option) => option.id === input.value);
    const rest = options.map((option) => {
      const words = option.hint ? `${option.text} (${option.hint})` : option.text;
      return new Option(words, option.id, false, option.id === input.value);
    });
    select.append(new Option("", "", false, !known), ...rest);
    if (!known) input.value = "";
    cell.prepend(select);
    $(select)
      .select2({ width: "100%", placeholder: "Choose a value" })
      .on("change", () => {
        input.value = select.value;
        input.dispatchEvent(new Event("input", { bubbles: true }));
      });
  };

  const arrange = (row) => {
    const about = row.querySelector(`select[name$="-about"]`);
    const operator = row.querySelector(`select[name$="-operator"]`);
    const input = row.querySelector("input[data-value]");
    if (!about || !input) return;
    const cell = input.parentElement;
    const subject = subjects.get(about.value);
    operator.disabled = !subject;
    if (!subject) {
      operator.replaceChildren(new Option("", ""));
      dressValue(cell, input, null);
      cell.classList.add("sa-hidden-cell");
      return;
    }
    offerOperators(operator, subject.operators);
    const isNeeded = !withoutValue.has(operator.value);
    cell.classList.toggle("sa-hidden-cell", !isNeeded);
    const options = { member: offers.source_members, option: subject.options }[subject.input];
    dressValue(cell, input, isNeeded ? options || null : null);
    if (!options || !isNeeded) {
      const kind = { date: "date", number: "number" }[subject.input] || "text";
      input.type = operator.value === "in_last_days" ? "number" : kind;
      if (input.type === "number") input.step = "any";
      input.placeholder = operator.value === "in_last_days" ? "days" : "";
    }
  };

  const ready = (row) => {
    arrange(row);
    row.addEventListener("sync:chosen", (event) => {
      if (!event.target.name.endsWith("-about")) return;
      row.querySelector("input[data-value]").value = "";
      arrange(row);
    });
    const operator = row.querySelector(`select[name$="-operator"]`);
    operator.addEventListener("change", () => arrange(row));
  };

  const form = holder.closest("form");
  form.addEventListener("sync:row", (event) => {
    if (event.target.querySelector("input[data-value]")) ready(event.target);
  });
  for (const row of form.querySelectorAll("[data-row]")) if (row.querySelector("input[data-value]")) ready(row);
})();
