// Makes elements without ever parsing markup: text is text, whoever wrote it.

/** Make an element; `undefined` and `false` attributes are left out, functions become listeners. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Tell whether an address may be opened from a message. */
export function isSafe(address) {
  try {
    return ["http:", "https:", "mailto:", "tg:"].includes(new URL(address).protocol);
  } catch {
    return false;
  }
}
