// Joins the parts of the page: opens the event stream of one person's chat and handles each event.

import { listen, load, people } from "./api.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { byId } from "./dom.js";
import { showReplyKeyboard, stopSpinners } from "./keyboard.js";
import { alertBox, toast } from "./notices.js";
import { Panel } from "./panel.js";
import { speak, word } from "./words.js";

// A phone shows a chat action for five seconds, or until a message comes.
const ACTION_MS = 5000;

const composer = new Composer();
const chat = new Chat({ command: (text) => composer.say(text), edit: (message) => composer.edit(message) });
const panel = new Panel((id) => open(id));

let who;
let state;
let stop = () => {};
let actionTimer;

function open(id) {
  who = id;
  stop();
  history.replaceState(null, "", `?who=${id}`);
  // One at a time, so that no event is handled before the transcript that it follows.
  let queue = Promise.resolve();
  stop = listen(
    id,
    (event) => (queue = queue.then(() => id === who && handle(event)).catch((error) => toast(error.message))),
    () => light(false),
  );
}

async function handle(event) {
  switch (event.kind) {
    case "hello":
      light(true);
      return refresh(true);
    case "people":
    case "profile":
      return refresh(false);
    case "message":
      if (event.by_bot) showAction(false);
      chat.put(entryOf(event));
      state.started ||= !event.by_bot;
      showBottom();
      return event.by_bot ? panel.updateSwitches() : undefined;
    case "edited":
      chat.put(entryOf(event));
      return event.by_bot ? panel.updateSwitches() : undefined;
    case "deleted":
      return chat.remove(event.message_id);
    case "action":
      return showAction(true);
    case "answered":
      stopSpinners(chat.list, event);
      if (event.text) (event.alert ? alertBox : toast)(event.text);
      return undefined;
    case "blocked":
      state.blocked = event.blocked;
      panel.showBlocked(event.blocked);
      return showBottom();
    case "keyboard":
      return showReplyKeyboard(byId("reply-keyboard"), event.keyboard, (text) => composer.say(text));
    default:
      return undefined;
  }
}

const entryOf = ({ message, by_bot: byBot, silent }) => ({ message, byBot, silent });

/** Load everything and show it; the messages only if some may have been missed or the language has changed. */
async function refresh(always) {
  const before = state?.person.language_code;
  state = await load(who);
  const { bot, person } = state;
  speak(person.language_code);
  document.title = bot.name;
  byId("bot-name").textContent = bot.name;
  byId("avatar").textContent = bot.name.slice(0, 1);
  byId("description").textContent = bot.description;
  byId("light-text").textContent = word("online");
  composer.show(who, bot.commands);
  showAction(false);
  if (always || before !== person.language_code) chat.show(who, state.messages);
  showReplyKeyboard(byId("reply-keyboard"), state.keyboard, (text) => composer.say(text));
  showBottom();
  await panel.show(state);
  byId("who").dataset.shown = who;
}

function showBottom() {
  const isNew = chat.isEmpty;
  const hadFocus = document.activeElement === byId("start");
  byId("empty").hidden = !isNew;
  byId("start").hidden = !isNew && !state.blocked;
  byId("start").textContent = word(state.blocked ? "restart" : "start");
  byId("composer").hidden = !byId("start").hidden;
  // The start button goes away once it is pressed; a keyboard user goes on in the field that takes its place.
  if (hadFocus && byId("start").hidden) byId("text").focus();
}

function showAction(busy) {
  clearTimeout(actionTimer);
  byId("bot-state").textContent = word(busy ? "typing" : "bot");
  byId("bot-state").classList.toggle("typing", busy);
  if (busy) actionTimer = setTimeout(() => showAction(false), ACTION_MS);
}

function light(on) {
  byId("light").dataset.state = on ? "on" : "off";
  byId("light-text").textContent = word(on ? "online" : "offline");
}

byId("to-composer").addEventListener("click", (event) => {
  event.preventDefault();
  byId(byId("composer").hidden ? "start" : "text").focus();
});
byId("start").addEventListener("click", () => composer.say("/start"));

const asked = Number(new URLSearchParams(location.search).get("who"));
const everybody = await people();
open(everybody.some(({ id }) => id === asked) ? asked : everybody[0].id);
