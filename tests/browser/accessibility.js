/* What a page has of things that WCAG 2.2 AA does not allow, one line for each. */
() => {
  const found = [];
  const name = (element) => {
    const own = element.id ? `#${element.id}` : element.className ? `.${String(element.className).split(" ").join(".")}` : "";
    return `${element.tagName.toLowerCase()}${own} “${(element.textContent || "").trim().slice(0, 30)}”`;
  };
  const isShown = (element) => {
    const box = element.getBoundingClientRect();
    return element.checkVisibility({ visibilityProperty: true }) && box.width > 1 && box.height > 1;
  };

  /* Contrast (1.4.3): of all text, by the colours that are really painted. */
  const parse = (colour) => {
    const parts = colour.match(/[\d.]+/g).map(Number);
    const scale = colour.startsWith("color(") ? 255 : 1;
    return [...parts.slice(0, 3).map((part) => part * scale), parts.length > 3 ? parts[3] : 1];
  };
  const over = (top, below) => [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3])).concat(1);
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      const colour = parse(style.backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const opacity = (element) => {
    let product = 1;
    for (let at = element; at; at = at.parentElement) product *= Number(getComputedStyle(at).opacity);
    return product;
  };
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    if (!hasText || !isShown(element) || element.closest("option, :disabled, [aria-disabled], svg, script, style")) continue;
    const style = getComputedStyle(element);
    const ground = behind(element);
    const colour = parse(style.color);
    colour[3] *= opacity(element);
    const [light, dark] = [luminance(over(colour, ground)), luminance(ground)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) found.push(`contrast ${ratio.toFixed(2)}: ${name(element)}`);
  }

  /* Names (4.1.2): every input has a label, every button and link has words. */
  for (const element of document.querySelectorAll("input:not([type=hidden], [type=submit]), select, textarea")) {
    const isNamed = element.labels.length || element.getAttribute("aria-label") || element.getAttribute("aria-labelledby");
    if (!isNamed && element.checkVisibility()) found.push(`no label: ${element.outerHTML.slice(0, 90)}`);
  }
  for (const element of document.querySelectorAll("button, a[href], summary, [role=button], [role=combobox]")) {
    const words = element.textContent.trim() || element.getAttribute("aria-label") || element.title || element.querySelector("img[alt]:not([alt=''])");
    if (!words && element.checkVisibility()) found.push(`no words: ${element.outerHTML.slice(0, 90)}`);
  }

  /* Structure (1.3.1, 2.4.6): one h1, no level left out, the landmarks, the order of the page is that of the keys. */
  const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter((one) => one.checkVisibility()).map((one) => Number(one.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) found.push(`h1: ${levels.join(" ")}`);
  if (levels.some((level, at) => at > 0 && level > levels[at - 1] + 1)) found.push(`a level of headings is left out: ${levels.join(" ")}`);
  const landmarks = ["header", "main", ...(document.getElementById("user-tools") ? ["nav[aria-label]"] : [])];
  for (const landmark of landmarks) if (!document.querySelector(landmark)) found.push(`no ${landmark}`);
  for (const element of document.querySelectorAll("[tabindex]")) if (element.tabIndex > 0) found.push(`tabindex: ${name(element)}`);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of new Set(ids.filter((one, at) => ids.indexOf(one) !== at))) found.push(`id twice: ${id}`);
  if (!document.documentElement.lang) found.push("no language");
  return found;
}
