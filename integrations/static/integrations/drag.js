"use strict";
/* Things in an order: dragged by their grip, or moved by the arrow keys while the grip has the focus. */
(() => {
  const itemOf = (element) => element.closest("[data-sort-item]");
  const items = (list) => [...list.children].filter((child) => child.matches("[data-sort-item]"));

  /** What follows from a new place is for whoever owns the list: rows are numbered, steps are sent. */
  const moved = (item) => {
    item.dispatchEvent(new CustomEvent("sync:moved", { bubbles: true, detail: { place: items(item.parentElement).indexOf(item) + 1 } }));
  };

  const makeSortable = (list) => {
    let dragged = null;
    let home = null;

    /* Only a pressed grip makes its item draggable: text in it can still be selected. */
    list.addEventListener("pointerdown", (event) => {
      const grip = event.target.closest("[data-grip]");
      if (grip) itemOf(grip).draggable = true;
    });
    list.addEventListener("pointerup", (event) => {
      const item = itemOf(event.target);
      if (item) item.draggable = false;
    });

    list.addEventListener("dragstart", (event) => {
      dragged = itemOf(event.target);
      if (!dragged || dragged.parentElement !== list || !dragged.draggable) return;
      home = dragged.nextElementSibling;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", "");
      dragged.classList.add("sa-dragged");
    });
    list.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      const over = itemOf(event.target);
      if (!over || over === dragged || over.parentElement !== list) return;
      const box = over.getBoundingClientRect();
      list.insertBefore(dragged, event.clientY < box.top + box.height / 2 ? over : over.nextElementSibling);
    });
    list.addEventListener("drop", (event) => event.preventDefault());
    list.addEventListener("dragend", (event) => {
      if (!dragged) return;
      const item = dragged;
      dragged = null;
      item.draggable = false;
      item.classList.remove("sa-dragged");
      const wasLeft = event.dataTransfer.dropEffect === "none";
      if (wasLeft) list.insertBefore(item, home);
      else if (item.nextElementSibling !== home) moved(item);
    });

    list.addEventListener("keydown", (event) => {
      const grip = event.target.closest("[data-grip]");
      if (!grip || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      const item = itemOf(grip);
      const other = event.key === "ArrowUp" ? item.previousElementSibling : item.nextElementSibling;
      if (!other) return;
      list.insertBefore(item, event.key === "ArrowUp" ? other : other.nextElementSibling);
      grip.focus();
      moved(item);
    });
  };
  document.querySelectorAll("[data-sortable]").forEach(makeSortable);

  /* A step's place is stored at once, by the form that its arrows are in. */
  document.addEventListener("sync:moved", (event) => {
    const form = event.target.querySelector("form[data-place]");
    if (!form) return;
    const place = document.createElement("input");
    place.type = "hidden";
    place.name = "place";
    place.value = event.detail.place;
    form.append(place);
    form.submit();
  });
})();
