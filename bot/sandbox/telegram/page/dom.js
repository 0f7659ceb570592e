// Makes elements without parsing HTML, so no text can become markup.

/** Make an element. Attributes that are `undefined` or `false` are left out; functions become event listeners. */
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

/** Tell whether a link in a message may be opened. */
export function isSafe(address) {
  try {
    return ["http:", "https:", "mailto:", "tg:"].includes(new URL(address).protocol);
  } catch {
    return false;
  }
}
