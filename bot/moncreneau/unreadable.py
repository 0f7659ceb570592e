"""Answers that say that all went well and cannot be read, where that matters: what they leave open.

Belongs to the tree in `errors`; must not know what is done about it.
"""

from bot.app.ports import Fate
from bot.core.model import Problem
from bot.moncreneau.errors import UnreadableAnswer


class UnreadableEntries(UnreadableAnswer):
    """Among the appointments of somebody's list are some that cannot be read: `seen` has the others."""

    problem = Problem.NO_TICKET


class NoTicket(UnreadableAnswer):
    """A 2xx to a booking whose appointment cannot be read: most likely it is made, so it is never to be asked again."""

    fate = Fate.ACCEPTED
    problem = Problem.NO_TICKET
