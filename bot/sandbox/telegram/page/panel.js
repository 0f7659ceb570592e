// The panel beside the phone: who is writing, in which language, whether the bot is blocked.

import { act, addPerson, changePerson, people } from "./api.js";
import { byId, el } from "./dom.js";
import { toast } from "./notices.js";
import { word } from "./words.js";

const LANGUAGES = { fr: "Français", en: "English", ar: "العربية", "": undefined };
const NAMES = ["Kadiatou", "Alpha", "Mariama", "Ousmane", "Hawa", "Thierno", "M’Balou", "Sékou"];
const SHOWN_AT_MOST = 50;

export class Panel {
  constructor(onChoice) {
    byId("who").addEventListener("change", (event) => onChoice(Number(event.target.value)));
    byId("language").addEventListener("change", (event) => this.change({ language_code: event.target.value || null }));
    byId("block").addEventListener("click", () => this.perform(this.person.blocked ? "unblock" : "block"));
    byId("resend").addEventListener("click", () => this.perform("resend"));
    byId("new-person").addEventListener("click", async () => {
      const first_name = NAMES[Math.floor(Math.random() * NAMES.length)];
      onChoice((await addPerson({ first_name, language_code: this.person.language_code })).id);
    });
    // On a small screen the phone comes first.
    if (matchMedia("(max-width: 760px)").matches) byId("panel-fold").open = false;
  }

  async change(details) {
    try {
      await changePerson(this.person.id, details);
    } catch (error) {
      toast(error.message);
    }
  }

  async perform(action) {
    try {
      await act(this.person.id, action);
    } catch (error) {
      toast(error.message);
    }
  }

  async show({ person, ledger_url }) {
    this.person = person;
    byId("language").replaceChildren(
      ...Object.entries(LANGUAGES).map(([code, name]) => el("option", { value: code }, name ?? word("notGiven"))),
    );
    byId("language").value = person.language_code ?? "";
    byId("ledger").hidden = !ledger_url;
    if (ledger_url) byId("ledger").href = ledger_url;
    this.showBlocked(person.blocked);
    await this.showPeople();
  }

  showBlocked(blocked) {
    this.person.blocked = blocked;
    byId("block").textContent = word(blocked ? "unblock" : "block");
    byId("block").setAttribute("aria-pressed", String(blocked));
  }

  async showPeople() {
    const all = await people();
    const shown = all.slice(0, SHOWN_AT_MOST);
    if (!shown.some(({ id }) => id === this.person.id)) shown.push(this.person);
    byId("who").replaceChildren(...shown.map((each) => el("option", { value: each.id }, this.name(each))));
    byId("who").value = this.person.id;
  }

  name({ first_name, last_name, language_code }) {
    const names = last_name ? `${first_name} ${last_name}` : first_name;
    return language_code ? `${names} · ${language_code}` : names;
  }
}
