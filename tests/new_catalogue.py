"""Writes the catalogue of a new language, to be filled in: `python -m tests.new_catalogue ff`.

Every text is there, empty, with as many plural forms as the language has; above it stand its explanation and what it
says in French and in English. The plural rule comes from CLDR; a language that CLDR does not have gets the English one.
"""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from bot.core.conversation import LOCALE
from bot.i18n import DOMAIN, FOLDER

SHOWN = ("fr", "en")
WIDTH = 120
HEADER = """\
# The words of the bot in another language. Keys are the same in every catalogue; values in braces stay as they are.
# Texts may hold <b>, <i> and <code>; labels (button.*, command.*, profile.*) are plain text.
msgid ""
msgstr ""
"Project-Id-Version: moncreneau-bot\\n"
"Language: {locale}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""


def path(locale: str, folder: Path = FOLDER) -> Path:
    """The path of the catalogue of a locale."""
    return folder / locale / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(locale: str) -> Catalog:
    """The catalogue of a locale that there is."""
    with path(locale).open("rb") as file:
        return read_po(file, locale=locale)


def template(locale: str) -> Catalog:
    """All texts, without a word of the language itself."""
    models = [read(each) for each in SHOWN]
    new = Catalog(locale=locale)
    for message in models[0]:
        if message.id:
            words = [line for model in models for line in _quoted(str(model.locale), model[message.id])]
            empty = "" if isinstance(message.id, str) else ("",) * new.num_plurals
            new.add(message.id, empty, auto_comments=[*message.auto_comments, *words])
    return new


def _quoted(locale: str, message: Message | None) -> list[str]:
    forms = (message and message.string) or ""
    return [f"{locale}: {each}" for each in ((forms,) if isinstance(forms, str) else forms)]


def write(catalogue: Catalog, file: Path) -> None:
    """Write it to where the bot looks for it. Raises `FileExistsError` rather than overwrite a translation."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as output:
        header = HEADER.format(locale=catalogue.locale_identifier, plural_forms=catalogue.plural_forms)
        output.write(header.encode())
        write_po(output, catalogue, width=WIDTH, omit_header=True)


def main(arguments: list[str], folder: Path = FOLDER) -> str | None:
    """Write the catalogue of the language that is named; returns what is wrong, None if nothing is."""
    if len(arguments) != 1 or not LOCALE.fullmatch(arguments[0]):
        return "name one language by its code, such as make language LOCALE=ff (or pt_BR, zh_Hans, ff_Latn_GN)"
    file = path(arguments[0], folder)
    try:
        write(template(arguments[0]), file)
    except FileExistsError:
        return f"{file} is there already; its translation is not overwritten"
    print("now translate every msgstr in", file)  # noqa: T201
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
