// Texts over the chat: a toast, an alert to confirm. And a photo in full size.

import { byId } from "./dom.js";

const SHOWN_MS = 3500;

let timer;

export function toast(text) {
  const place = byId("toast");
  place.textContent = text;
  place.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => (place.hidden = true), SHOWN_MS);
}

export function alertBox(text) {
  const box = byId("alert");
  if (box.open) box.close();
  box.querySelector("p").textContent = text;
  box.showModal();
}

export function enlarge(address, description) {
  const box = byId("picture");
  const image = box.querySelector("img");
  image.src = address;
  image.alt = description;
  box.onclick = () => box.close();
  box.showModal();
}
