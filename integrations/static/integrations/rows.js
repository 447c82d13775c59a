"use strict";
/* The rows of a step: adding, removing, and selects that are filled from one list for all rows. */
(() => {
  const holder = document.getElementById("step-offers");
  if (!holder) return;
  const $ = window.django.jQuery;
  const offers = JSON.parse(holder.textContent);
  const form = holder.closest("form");
  const touched = () => form.dispatchEvent(new CustomEvent("sync:touched"));

  const isLive = (row) => !row || !row.classList.contains("sa-row-removed");

  /** The values that other live rows have taken, where each can be used once. */
  const taken = (select) => {
    const group = select.dataset.once;
    if (!group) return new Set();
    const others = [...form.querySelectorAll(`select[data-once="${group}"]`)];
    return new Set(others.filter((o) => o !== select && isLive(o.closest("[data-row]"))).map((o) => o.value));
  };

  const choices = (select, term) => {
    const used = taken(select);
    const parent = select.dataset.child && select.closest("[data-row]").querySelector(`select[name$="-${select.dataset.child}"]`);
    const words = (term || "").toLowerCase().split(/\s+/).filter(Boolean);
    return offers[select.dataset.offer].filter((choice) => {
      if (used.has(choice.id) || (choice.refused && choice.id !== select.value)) return false;
      if (parent && choice.parent !== parent.value) return false;
      const text = `${choice.text} ${choice.hint || ""}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  };

  const describe = (choice) => {
    if (!choice.id) return choice.text;
    const line = document.createElement("span");
    line.className = "sa-option";
    const name = document.createElement("span");
    name.textContent = choice.text;
    line.append(name);
    for (const [text, kind] of [[choice.hint, "sa-option-hint"], [choice.trouble, "sa-option-trouble"]]) {
      if (!text) continue;
      const extra = document.createElement("small");
      extra.className = kind;
      extra.textContent = text;
      line.append(extra);
    }
    return $(line);
  };

  const chosen = (select) => (choice) => {
    const known = offers[select.dataset.offer].find((one) => one.id === choice.id);
    return describe(known || choice);
  };

  const nameForReaders = (select) => {
    const box = select.nextElementSibling && select.nextElementSibling.querySelector(".select2-selection");
    if (!box) return;
    const picked = select.selectedOptions[0];
    box.removeAttribute("aria-labelledby");
    box.setAttribute("aria-label", `${select.getAttribute("aria-label")}: ${(picked && picked.text) || "nothing chosen"}`);
  };

  const dress = (select) => {
    $(select)
      .select2({
        width: "100%",
        placeholder: select.dataset.placeholder,
        allowClear: select.dataset.clear !== undefined,
        language: { noResults: () => (taken(select).size ? "Nobody else to choose" : "Nothing to choose from") },
        templateResult: describe,
        templateSelection: chosen(select),
        ajax: {
          delay: 0,
          transport: (params, success) => {
            success({ results: choices(select, params.data.term) });
            return { abort: () => {} };
          },
        },
      })
      .on("change", () => {
        nameForReaders(select);
        if (select.closest("[data-row]")) followParent(select);
        select.dispatchEvent(new CustomEvent("sync:chosen", { bubbles: true }));
        touched();
      });
    nameForReaders(select);
  };

  const put = (select, choice) => {
    select.replaceChildren(new Option(choice.text, choice.id, true, true));
    $(select).trigger("change");
  };

  /** A step belongs to its sequence: with another sequence, its first step is chosen. */
  const followParent = (select) => {
    const column = select.name.split("-").pop();
    const child = select.closest("[data-row]").querySelector(`select[data-child="${column}"]`);
    if (!child) return;
    const [first] = choices(child, "");
    put(child, first || { id: "", text: "" });
  };

  const prepare = (row) => {
    for (const select of row.querySelectorAll("select[data-offer]")) dress(select);
    const remove = row.querySelector("[data-row-remove]");
    if (!remove) return;
    remove.hidden = false;
    row.querySelector("[data-row-grip]").hidden = false;
    row.querySelector(".sa-delete").hidden = true;
    remove.addEventListener("click", () => toggle(row, remove));
    row.dispatchEvent(new CustomEvent("sync:row", { bubbles: true }));
  };

  /** A stored row is struck out and can come back; a new one is simply gone. */
  const toggle = (row, button) => {
    const rows = row.closest("[data-rows]");
    const key = row.querySelector(`input[name$="-id"]`);
    if (!key || !key.value) {
      row.remove();
    } else {
      const isRemoved = row.classList.toggle("sa-row-removed");
      row.querySelector(`input[name$="-DELETE"]`).checked = isRemoved;
      button.textContent = isRemoved ? "Undo" : "\u00d7";
      button.setAttribute("aria-label", isRemoved ? "Keep this row" : "Remove this row");
      button.title = isRemoved ? "Keep this row" : "Remove this row";
    }
    tally(rows);
    touched();
  };

  const tally = (rows) => {
    const live = [...rows.querySelectorAll("[data-row]")].filter(isLive).length;
    rows.querySelector("[data-rows-empty]").hidden = live > 0;
    rows.classList.toggle("sa-rows-none", rows.querySelectorAll("[data-row]").length === 0);
    const count = rows.closest("details") && rows.closest("details").querySelector(".sa-count");
    if (count) count.textContent = live === 0 ? "none" : live === 1 ? "1 row" : `${live} rows`;
  };

  /** The server goes by the places; a row keeps its name, wherever it stands. */
  const number = (rows) => {
    rows.querySelectorAll("[data-row] input[name$='-place']").forEach((place, at) => {
      place.value = at + 1;
    });
  };

  form.addEventListener("sync:moved", (event) => {
    const rows = event.target.closest("[data-rows]");
    number(rows);
    const count = rows.querySelectorAll("[data-row]").length;
    rows.querySelector("[data-rows-status]").textContent = `Row ${event.detail.place} of ${count}`;
    touched();
  });

  for (const rows of form.querySelectorAll("[data-rows]")) {
    const body = rows.querySelector("[data-rows-body]");
    if (!body) continue;
    const total = rows.querySelector(`input[name="${rows.dataset.rows}-TOTAL_FORMS"]`);
    const template = rows.querySelector("[data-rows-template]");
    for (const row of body.querySelectorAll("[data-row]")) prepare(row);
    tally(rows);
    rows.querySelector("[data-rows-add]").addEventListener("click", () => {
      const shell = document.createElement("div");
      shell.append(template.content.cloneNode(true));
      const row = shell.firstElementChild;
      for (const element of row.querySelectorAll("*")) {
        for (const name of ["id", "name", "for", "aria-describedby"]) {
          const value = element.getAttribute(name);
          if (value) element.setAttribute(name, value.replace("__prefix__", total.value));
        }
      }
      total.value = Number(total.value) + 1;
      body.append(row);
      number(rows);
      prepare(row);
      tally(rows);
      const first = row.querySelector(".select2-selection, .sa-cell select, .sa-cell input");
      if (first) first.focus();
    });
  }
  for (const select of form.querySelectorAll("select[data-offer]")) if (!select.closest("[data-row]")) dress(select);

  /* The member for unmapped owners belongs to one of the three policies. */
  const policy = form.querySelector("#id_unmapped_owners");
  const fallback = form.querySelector("#id_fallback_member");
  if (policy && fallback) {
    const box = fallback.closest(".fieldBox") || fallback.parentElement;
    const show = () => box.classList.toggle("sa-hidden", policy.value !== "fallback");
    policy.addEventListener("change", show);
    show();
  }
})();
