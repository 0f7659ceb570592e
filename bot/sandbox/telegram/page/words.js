// The words of the phone and of the panel, in the phone's language. They are the sandbox's own, not the bot's.

const fr = {
  sandbox: "bac à sable",
  intro: "Un téléphone pour essayer le bot : aucun compte, aucun réseau. Tout ce qui s’écrit ici reste sur cette machine.",
  who: "Qui écrit",
  language: "Langue du téléphone",
  newPerson: "Nouvelle personne",
  block: "Bloquer le bot",
  unblock: "Débloquer le bot",
  resend: "Renvoyer le dernier geste",
  ledger: "Registre des rendez-vous ↗",
  online: "en direct",
  offline: "connexion perdue, nouvel essai…",
  bot: "bot",
  typing: "écrit",
  whatCan: "Que peut faire ce bot ?",
  start: "DÉMARRER",
  restart: "REDÉMARRER LE BOT",
  menu: "Menu",
  message: "Message",
  send: "Envoyer",
  attach: "Joindre",
  cancel: "Annuler",
  editing: "Modification du message",
  edit: "Modifier",
  edited: "modifié",
  you: "Vous",
  photo: "Photo",
  enlarge: "Agrandir la photo",
  file: "Fichier…",
  sticker: "Autocollant",
  voice: "Message vocal",
  document: "Document",
  location: "Position",
  poll: "Sondage",
  copied: "Copié",
  notGiven: "non indiquée",
  admin: "administration",
  today: "Aujourd’hui",
  spoiler: "Texte masqué : montrer",
  loading: "en attente du bot",
};

const en = {
  sandbox: "sandbox",
  intro: "A phone to try the bot with: no account, no network. Whatever is written here stays on this machine.",
  who: "Who is writing",
  language: "The phone’s language",
  newPerson: "New person",
  block: "Block the bot",
  unblock: "Unblock the bot",
  resend: "Resend the last action",
  ledger: "Ledger of appointments ↗",
  online: "live",
  offline: "connection lost, trying again…",
  bot: "bot",
  typing: "typing",
  whatCan: "What can this bot do?",
  start: "START",
  restart: "RESTART BOT",
  menu: "Menu",
  message: "Message",
  send: "Send",
  attach: "Attach",
  cancel: "Cancel",
  editing: "Editing a message",
  edit: "Edit",
  edited: "edited",
  you: "You",
  photo: "Photo",
  enlarge: "Enlarge the photo",
  file: "File…",
  sticker: "Sticker",
  voice: "Voice message",
  document: "Document",
  location: "Location",
  poll: "Poll",
  copied: "Copied",
  notGiven: "not given",
  admin: "administration",
  today: "Today",
  spoiler: "Hidden text: show",
  loading: "waiting for the bot",
};

let language = "fr";

/** Choose the words; whoever speaks neither language reads English, as on a phone. */
export function speak(code) {
  language = (code ?? "").startsWith("fr") ? "fr" : "en";
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-word]")) {
    element.textContent = word(element.dataset.word);
  }
}

export const word = (name) => (language === "fr" ? fr : en)[name];

export const time = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });

export function day(seconds) {
  const date = new Date(seconds * 1000);
  if (date.toDateString() === new Date().toDateString()) return word("today");
  return date.toLocaleDateString(language, { day: "numeric", month: "long" });
}

export const moment = (seconds) =>
  new Date(seconds * 1000).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
