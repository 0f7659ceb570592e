// The office page: lists the appointments, sends what the staff do as control calls, and shows the webhooks.
//
// It asks for the state every two seconds and rebuilds only what changed, so that a form under way stays open.

import { language, time, word } from "./words.js";

const POLL_MILLISECONDS = 2000;
const MESSAGE_MILLISECONDS = 8000;
const OPEN_STATUSES = ["SCHEDULED", "PENDING_PAYMENT"];
const HOURS = [1, 3, 12, 24];
const FAULTS = {
  duplicate: { kind: "duplicate", count: 2, times: 1 },
  drop: { kind: "drop", times: 1 },
  delay: { kind: "delay", seconds: 10, times: 1 },
  reorder: { kind: "reorder", count: 2, times: 2 },
  wrong_secret: { kind: "wrong_secret", times: 1 },
  truncate: { kind: "truncate", times: 1 },
  html: { kind: "html", times: 1 },
};

const byId = (id) => document.getElementById(id);

/** Make an element; functions among the attributes become listeners. Text is never parsed as markup. */
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

let messageTimer;

function showError(text) {
  byId("message").textContent = text;
  byId("message").hidden = false;
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => (byId("message").hidden = true), MESSAGE_MILLISECONDS);
}

/** Make a control call and return its answer; an error is shown and gives undefined. */
async function call(method, path, body) {
  const how = { method };
  if (body !== undefined) Object.assign(how, { body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  try {
    const response = await fetch(`/__sandbox/${path}`, how);
    const data = response.status === 204 ? {} : await response.json();
    if (response.ok) return data;
    showError(data.error.message);
  } catch {
    showError(word("offline"));
  }
  return undefined;
}

/** Make a control call and show what came of it. */
async function act(path, body = {}, method = "POST") {
  const answer = await call(method, path, body);
  if (answer !== undefined) await refresh();
  return answer !== undefined;
}

// --- appointments

async function slotOptions(departmentId) {
  const { slots } = (await call("GET", `departments/${departmentId}/slots`)) ?? { slots: [] };
  if (!slots.length) return [el("option", { value: "" }, word("noSlots"))];
  return slots.map((slot) => el("option", { value: slot }, time(slot)));
}

function cancelForm(appointment) {
  const reason = el("input", { name: "reason", maxlength: "300" });
  const by = el("input", { name: "by", value: "organization", required: "" });
  const submit = (event) => {
    event.preventDefault();
    act(`appointments/${appointment.id}/cancel`, { reason: reason.value || null, by: by.value });
  };
  return el(
    "form",
    { submit, autocomplete: "off" },
    el("label", {}, word("reason"), reason),
    el("label", {}, word("by"), by),
    el("button", { "data-testid": "confirm" }, word("confirmCancel")),
  );
}

async function moveForm(appointment) {
  const slot = el("select", { name: "dateTime", required: "" }, ...(await slotOptions(appointment.departmentId)));
  const submit = (event) => {
    event.preventDefault();
    act(`appointments/${appointment.id}/move`, { dateTime: slot.value });
  };
  return el(
    "form",
    { submit },
    el("label", {}, word("time"), slot),
    el("button", { "data-testid": "confirm" }, word("confirmMove")),
  );
}

function card(appointment, department) {
  const place = el("div");
  const opens = (name, form) => {
    const click = async () => place.replaceChildren(await form(appointment));
    return el("button", { type: "button", "data-testid": name, click }, word(name));
  };
  const does = (name, action) => {
    const click = () => act(`appointments/${appointment.id}/${action}`);
    return el("button", { type: "button", "data-testid": name, click }, word(name));
  };
  const isOpen = OPEN_STATUSES.includes(appointment.status);
  const notes = [`n° ${appointment.id}`, appointment.externalUserId].filter(Boolean).join(" · ");
  const ended = [appointment.cancelledBy, appointment.cancelReason].filter(Boolean).join(" : ");
  return el(
    "li",
    { "data-testid": "appointment" },
    el(
      "div",
      { class: "line" },
      el("span", { class: "when" }, time(appointment.dateTime)),
      el("span", { class: "status", "data-status": appointment.status }, word(appointment.status)),
    ),
    el("div", {}, appointment.name ?? "—"),
    el("p", { class: "detail" }, [department, notes].filter(Boolean).join(" · ")),
    ...(ended ? [el("p", { class: "detail" }, ended)] : []),
    ...(isOpen
      ? [
          el(
            "div",
            { class: "actions" },
            opens("cancel", cancelForm),
            opens("move", moveForm),
            does("validate", "validate"),
            does("noShow", "no-show"),
          ),
          place,
        ]
      : []),
  );
}

const cards = new Map();

/** Return the card of an appointment: the one on the page where nothing about it changed. */
function cardOf(appointment, department) {
  const text = JSON.stringify([appointment, department]);
  const known = cards.get(appointment.id);
  if (known?.text === text) return known.element;
  const element = card(appointment, department);
  cards.set(appointment.id, { text, element });
  return element;
}

/** Put these children into a list, moving none that is already at its place, so that the focus stays. */
function fill(list, children) {
  children.forEach((child, at) => {
    if (list.children[at] !== child) list.insertBefore(child, list.children[at] ?? null);
  });
  while (list.children.length > children.length) list.lastChild.remove();
}

function showAppointments(state) {
  const names = new Map(state.departments.map((each) => [each.id, each.name]));
  const chosen = byId("department").value;
  const shown = state.appointments.filter((each) => !chosen || String(each.departmentId) === chosen);
  fill(byId("appointments"), shown.map((each) => cardOf(each, names.get(each.departmentId) ?? "")));
  byId("empty").hidden = shown.length > 0;
}

// --- departments and booking

let departments = [];

function showDepartments(found) {
  if (JSON.stringify(found) === JSON.stringify(departments)) return;
  departments = found;
  const option = (each) => el("option", { value: each.id }, `${each.name} · ${each.organization.name}`);
  const chosen = byId("department").value;
  byId("department").replaceChildren(el("option", { value: "" }, word("allDepartments")), ...found.map(option));
  byId("department").value = chosen;
  byId("book").elements.departmentId.replaceChildren(...found.filter((each) => each.isActive).map(option));
  showBookingChoices();
}

async function showBookingChoices() {
  const { departmentId, workerId, dateTime } = byId("book").elements;
  const department = departments.find((each) => String(each.id) === departmentId.value);
  const workers = (department?.showAdminsInBooking && department.workers) || [];
  workerId.replaceChildren(...workers.map((each) => el("option", { value: each.id }, each.name)));
  byId("book").querySelector("[data-part=worker]").hidden = !workers.length;
  if (!department) return;
  const options = await slotOptions(department.id);
  const chosen = dateTime.value; // perhaps chosen while the slots were read
  dateTime.replaceChildren(...options);
  if (options.some((each) => each.value === chosen)) dateTime.value = chosen;
}

async function book(event) {
  event.preventDefault();
  const { chat, departmentId, workerId, dateTime, name } = byId("book").elements;
  const body = {
    chat: Number(chat.value),
    departmentId: Number(departmentId.value),
    dateTime: dateTime.value,
    name: name.value,
  };
  if (workerId.value) body.workerId = Number(workerId.value);
  if (await act("appointments", body)) await showBookingChoices();
}

// --- webhooks

let shownEndpoint;

function showEndpoint(webhooks) {
  const { url, style, disabled } = webhooks;
  byId("endpoint-state").textContent = word(!url ? "noAddress" : disabled ? "disabled" : "enabled");
  // What is being typed must survive the next poll.
  const text = JSON.stringify([url, style]);
  if (text === shownEndpoint) return;
  shownEndpoint = text;
  byId("endpoint").elements.url.value = url ?? "";
  byId("endpoint").elements.style.value = style;
}

async function saveEndpoint(event) {
  event.preventDefault();
  const { url, secret, style } = byId("endpoint").elements;
  const body = { url: url.value || null, style: style.value };
  if (secret.value) body.secret = secret.value;
  if (await act("webhooks", body)) secret.value = "";
}

async function armFault(event) {
  event.preventDefault();
  await act("webhooks/faults", [FAULTS[byId("fault").elements.kind.value]]);
}

function deliveryItem(delivery) {
  const again = () => act(`webhooks/${delivery.event}/replay`);
  return el(
    "li",
    { "data-testid": "delivery" },
    el(
      "div",
      { class: "line" },
      el("span", {}, `${delivery.type} · ${delivery.appointmentId}`),
      el("span", { class: "status", "data-status": delivery.state }, word(delivery.state)),
    ),
    el("p", { class: "attempts" }, [delivery.created.replace("T", " "), delivery.attempts.join(" → ")].join(" · ")),
    el("button", { type: "button", "data-testid": "replay", click: again }, word("replay")),
  );
}

let shownDeliveries;

function showDeliveries({ deliveries, faults }) {
  const text = JSON.stringify([deliveries, faults]);
  if (text === shownDeliveries) return;
  shownDeliveries = text;
  const waiting = faults.filter((each) => each.times === null || each.fired < each.times);
  const armed = waiting.map((each) => el("li", { "data-testid": "armed" }, `${word(each.kind)} : ${word("armed")}`));
  byId("deliveries").replaceChildren(...armed, ...[...deliveries].reverse().map(deliveryItem));
}

// --- the clock

async function advance(event) {
  event.preventDefault();
  await act("clock", { advance: Number(byId("clock").elements.hours.value) * 3600 });
}

// --- the page

async function refresh() {
  try {
    const response = await fetch("/__sandbox/office");
    const state = await response.json();
    showDepartments(state.departments);
    showAppointments(state);
    byId("now").textContent = time(state.now);
    byId("now").dateTime = state.now;
    showEndpoint(state.webhooks);
    showDeliveries(state.webhooks);
    byId("connection").textContent = word("live");
  } catch {
    byId("connection").textContent = word("offline");
  }
}

async function poll() {
  await refresh();
  setTimeout(poll, POLL_MILLISECONDS);
}

document.documentElement.lang = language;
document.title = word("title");
for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
byId("fault").elements.kind.append(...Object.keys(FAULTS).map((kind) => el("option", { value: kind }, word(kind))));
byId("clock").elements.hours.append(...HOURS.map((hours) => el("option", { value: hours }, word(`hours${hours}`))));
byId("clock").addEventListener("submit", advance);
byId("department").addEventListener("change", refresh);
byId("book").addEventListener("submit", book);
byId("book").elements.departmentId.addEventListener("change", showBookingChoices);
byId("endpoint").addEventListener("submit", saveEndpoint);
byId("fault").addEventListener("submit", armFault);
byId("clear-faults").addEventListener("click", () => act("webhooks/faults", undefined, "DELETE"));
poll();
