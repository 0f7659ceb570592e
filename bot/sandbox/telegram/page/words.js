// The texts of the phone and the panel, in the phone's language. The bot's texts are not here.

const fr = {
  sandbox: "bac à sable",
  intro: "Un téléphone pour essayer le bot : aucun compte, aucun réseau. Tout ce qui s’écrit ici reste sur cette machine.",
  who: "Qui écrit",
  language: "Langue du téléphone",
  newPerson: "Nouvelle personne",
  block: "Bloquer le bot",
  unblock: "Débloquer le bot",
  resend: "Renvoyer le dernier geste",
  resendHelp: "Comme un téléphone qui a perdu la connexion : le bot reçoit deux fois la même chose.",
  faults: "Pannes du service moncreneau",
  faultsHelp: "Ces interrupteurs règlent le faux service moncreneau (appels de contrôle /__sandbox/faults). Ils remplacent les pannes posées à la main.",
  toComposer: "Aller au champ de message",
  buttons: "Boutons du message",
  silent: "envoyé sans sonnerie",
  expand: "Afficher toute la citation",
  officePage: "Page du service : annuler, déplacer… ↗",
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
  resendHelp: "As a phone does after losing its connection: the bot receives the same thing twice.",
  faults: "Faults of the moncreneau service",
  faultsHelp: "These switches control the stand-in for moncreneau (control calls /__sandbox/faults). They replace faults that were set by hand.",
  toComposer: "Go to the message field",
  buttons: "Buttons of the message",
  silent: "sent without a sound",
  expand: "Show the whole quote",
  officePage: "Office page: cancel, move… ↗",
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

// Name of the switch: its label, and what it does.
const faults = {
  fr: {
    no_credits: ["Compte du service vide", "Chaque réservation est refusée : le compte prépayé du service est vide (402)."],
    down: ["Service en panne", "Chaque demande à moncreneau échoue (503)."],
    slow: ["Service lent", "moncreneau met 6 secondes à répondre à chaque demande."],
    rate_limited: ["Trop de demandes", "moncreneau refuse chaque demande et dit d’attendre 20 secondes (429)."],
    slot_taken: ["Place prise", "La prochaine réservation trouve sa place prise (409). L’interrupteur se coupe ensuite."],
  },
  en: {
    no_credits: ["No credits", "Every booking is refused: the office’s prepaid account is empty (402)."],
    down: ["Service down", "Every request to moncreneau fails (503)."],
    slow: ["Service slow", "moncreneau takes 6 seconds to answer each request."],
    rate_limited: ["Too many requests", "moncreneau refuses every request and says to wait 20 seconds (429)."],
    slot_taken: ["Slot taken", "The next booking finds its slot taken (409). Then the switch turns itself off."],
  },
};

let language = "fr";

/** Choose the language of the texts; any language but French gets English. */
export function speak(code) {
  language = (code ?? "").startsWith("fr") ? "fr" : "en";
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-word]")) {
    element.textContent = word(element.dataset.word);
  }
}

export const word = (name) => (language === "fr" ? fr : en)[name];
export const faultWords = (name) => faults[language][name];

export const time = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });

export function day(seconds) {
  const date = new Date(seconds * 1000);
  if (date.toDateString() === new Date().toDateString()) return word("today");
  return date.toLocaleDateString(language, { day: "numeric", month: "long" });
}

export const moment = (seconds) =>
  new Date(seconds * 1000).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
