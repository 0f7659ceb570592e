"""The documents as tests read them: their links, headings, tables and code blocks. Knows nothing of what they say."""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = tuple(
    sorted(path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))
)
_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"(?:\]\(|src=\")([^)\s\"]+)[)\"]")


@dataclass(frozen=True)
class Block:
    """A code block: its language, its text, and where it is, for a message."""

    document: str
    heading: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}, {self.heading}"


def read(document: str) -> str:
    """The whole text."""
    return (ROOT / document).read_text()


def prose(document: str) -> str:
    """The text without its code blocks."""
    return _FENCED.sub("", read(document))


def section(document: str, title: str) -> str:
    """The text under a heading, up to the next heading of the same level. Raises ValueError if there is none."""
    found = re.search(rf"^(#+) {re.escape(title)}$", read(document), re.MULTILINE)
    if found is None:
        raise ValueError(f"{document} has no heading {title!r}")
    rest = read(document)[found.end() :]
    return re.split(rf"^#{{1,{len(found[1])}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The rows of all tables in a text without their heads; a cell that is all code stands without its backticks."""
    lines = re.findall(r"^ *\| (.+?) \|$", text, re.MULTILINE)
    cells = [[re.sub(r"^`([^`]*)`$", r"\1", cell.strip()) for cell in line.split(" | ")] for line in lines]
    rules = {number for number, row in enumerate(cells) if set("".join(row)) <= {"-", " ", "|"}}
    heads = {number - 1 for number in rules}
    return [row for number, row in enumerate(cells) if number not in rules | heads]


def blocks(document: str, language: str | None = None) -> list[Block]:
    """The code blocks, of one language or all, in order."""
    text = read(document)
    found = []
    for match in _FENCED.finditer(text):
        headings = _HEADING.findall(_FENCED.sub("", text[: match.start()]))
        if language in {None, match[2]}:
            found.append(Block(document, headings[-1] if headings else "", match[2], textwrap.dedent(match[3])))
    return found


def commands(block: Block) -> list[str]:
    """The commands of a shell block, one a line, without comments."""
    joined = re.sub(r"\\\n\s*", "", block.text)
    return [line.strip() for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def links(document: str) -> list[tuple[str, str]]:
    """The targets of links and pictures inside the repository: path from its root ('' for the page itself), anchor."""
    found = []
    for target in _LINK.findall(prose(document)):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            place = (ROOT / document).parent.joinpath(path).resolve() if path else ROOT / document
            found.append((place.relative_to(ROOT).as_posix(), anchor))
    return found


def anchors(text: str, heading: re.Pattern[str] = _HEADING) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    plain = [re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", title) for title in heading.findall(text)]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in plain}
