"""The bot's profile: name, descriptions and commands, by language and scope, and what a given person sees of it."""

from dataclasses import dataclass, field
from typing import Any

Command = dict[str, str]
Scope = tuple[Any, ...]

DEFAULT: Scope = ("default",)
PRIVATE: Scope = ("all_private_chats",)


@dataclass(slots=True)
class Profile:
    """Texts by language code. The empty code holds for every language that has no text of its own."""

    first_name: str
    names: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    short_descriptions: dict[str, str] = field(default_factory=dict)
    commands: dict[tuple[Scope, str], list[Command]] = field(default_factory=dict)

    def name(self, language: str) -> str:
        """Return the bot's name in a language."""
        return self.names.get(language) or self.names.get("") or self.first_name

    def seen_by(self, chat_id: int, language: str) -> dict[str, Any]:
        """Return what a person with this language sees, by Telegram's order of precedence."""
        return {
            "name": self.name(language),
            "description": self.descriptions.get(language) or self.descriptions.get("") or "",
            "short_description": self.short_descriptions.get(language) or self.short_descriptions.get("") or "",
            "commands": self._commands_for(chat_id, language),
        }

    def _commands_for(self, chat_id: int, language: str) -> list[Command]:
        for scope in (("chat", chat_id), PRIVATE, DEFAULT):
            for code in (language, ""):
                if found := self.commands.get((scope, code)):
                    return found
        return []
