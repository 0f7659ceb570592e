"""The words about broadcasts that several of their screens share: whom for, how many, how long. And the button below.

Numbers are grouped by a narrow space, which every language reads.
"""

from bot.broadcast.model import Audience, Broadcast, Dated, Everyone, Media, Speakers, Visitors
from bot.core import callback_data
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.message import Message
from bot.views.text import WORDS

MINUTE, HOUR = 60, 3600
EXCERPT = 60


def below(t: Translator) -> Message:
    """What stands under every broadcast: the way to hear no more of them. The text is the admin's own."""
    return Message("", (keys.one(t, "button.news_off", callback_data.NEWS_OFF),))


def number(count: int) -> str:
    """1 234 567"""
    return f"{count:,}".replace(",", "\u202f")


def language(t: Translator, locale: str) -> str:
    """A language under its own name."""
    return dict(t.languages).get(locale, locale)


def audience(t: Translator, whom: Audience) -> Safe:
    """Whom it is for, in a line."""
    match whom:
        case Everyone():
            return t.text("bc.to.everyone")
        case Speakers(locale=locale):
            return t.text("bc.to.speakers", language=language(t, locale))
        case Visitors(name=name, department_id=department):
            return t.text("bc.to.visitors", name=keys.clip(name, WORDS) or department)
        case Dated(first=first, last=last) if first == last:
            return t.text("bc.to.day", date=t.date_long(first))
        case _:
            first, last = whom.first, whom.last
            return t.text("bc.to.days", first=t.date_long(first), last=t.date_long(last))


def duration(t: Translator, seconds: float) -> Safe:
    """About how long; never nothing."""
    if seconds < MINUTE:
        return t.text("bc.seconds", n=max(1, round(seconds)))
    if seconds < HOUR:
        return t.text("bc.minutes", n=round(seconds / MINUTE))
    hours, minutes = divmod(round(seconds / MINUTE), MINUTE)
    return t.text("bc.hours", hours=hours, minutes=f"{minutes:02}")


def excerpt(t: Translator, broadcast: Broadcast) -> Safe:
    """The beginning of the first version, to know it by."""
    content = broadcast.plan.versions[0].content
    words = keys.clip(content.text, EXCERPT)
    if words:
        return t.text("bc.excerpt", words=words)
    return t.text("bc.a_photo") if content.media is Media.PHOTO else t.text("bc.a_document")
