// The panel beside the phone: who writes, in which language, whether the bot is blocked, and the switches for faults.

import { act, addPerson, changePerson, faultSwitches, people, setFaultSwitches } from "./api.js";
import { byId, el } from "./dom.js";
import { toast } from "./notices.js";
import { faultWords, word } from "./words.js";

const LANGUAGES = { fr: "Français", en: "English", ar: "العربية", "": undefined };
const NAMES = ["Kadiatou", "Alpha", "Mariama", "Ousmane", "Hawa", "Thierno", "M’Balou", "Sékou"];
const SHOWN_AT_MOST = 50;

export class Panel {
  constructor(onChoice) {
    this.switches = {};
    byId("who").addEventListener("change", (event) => onChoice(Number(event.target.value)));
    byId("language").addEventListener("change", (event) => this.change({ language_code: event.target.value || null }));
    byId("block").addEventListener("click", () => this.perform(this.person.blocked ? "unblock" : "block"));
    byId("resend").addEventListener("click", () => this.perform("resend"));
    byId("new-person").addEventListener("click", async () => {
      const first_name = NAMES[Math.floor(Math.random() * NAMES.length)];
      onChoice((await addPerson({ first_name, language_code: this.person.language_code })).id);
    });
    // On a small screen the phone has priority. `panel=off` leaves nothing but the phone, for pictures of it.
    if (matchMedia("(max-width: 760px)").matches) byId("panel-fold").open = false;
    if (new URLSearchParams(location.search).get("panel") === "off") document.body.classList.add("phone-only");
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

  async show({ person, moncreneau_url: moncreneau }) {
    this.person = person;
    byId("language").replaceChildren(
      ...Object.entries(LANGUAGES).map(([code, name]) => el("option", { value: code }, name ?? word("notGiven"))),
    );
    byId("language").value = person.language_code ?? "";
    byId("office").hidden = !moncreneau;
    if (moncreneau) {
      byId("office-page").href = `${moncreneau}/office`;
      byId("ledger").href = `${moncreneau}/__sandbox/ledger`;
      await this.showSwitches();
    }
    this.showBlocked(person.blocked);
    await this.showPeople();
  }

  /** Show the switches and their explanations in the language of the phone. */
  async showSwitches() {
    await this.readSwitches();
    byId("switches").replaceChildren(
      ...Object.entries(this.switches).map(([name, isOn]) => {
        const [label, help] = faultWords(name);
        const box = el("input", {
          type: "checkbox",
          role: "switch",
          "data-testid": `switch-${name}`,
          "aria-describedby": `switch-help-${name}`,
          change: () => this.turnSwitch(name, box.checked),
        });
        box.checked = isOn;
        return el(
          "div",
          { class: "switch", "data-name": name },
          el("label", {}, box, el("span", {}, label)),
          el("p", { class: "hint", id: `switch-help-${name}` }, help),
        );
      }),
    );
  }

  /** Read the switches again after a message: a fault that occurs once turns its switch off. */
  async updateSwitches() {
    if (!Object.values(this.switches).includes(true)) return;
    await this.readSwitches();
    for (const place of byId("switches").children) {
      place.querySelector("input").checked = this.switches[place.dataset.name];
    }
  }

  async turnSwitch(name, isOn) {
    this.switches = { ...this.switches, [name]: isOn };
    this.turning = setFaultSwitches(this.switches);
    try {
      await this.turning;
    } catch (error) {
      toast(error.message);
      await this.showSwitches();
    }
  }

  /** Ask for the state of the switches, again if one was turned meanwhile: the answer may be older than that. */
  async readSwitches() {
    try {
      let turning;
      do {
        turning = this.turning;
        await turning?.catch(() => {});
        this.switches = await faultSwitches();
      } while (turning !== this.turning);
    } catch (error) {
      toast(error.message);
    }
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
