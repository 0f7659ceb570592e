"""Tracebacks for the operator's log. An error's message may quote what a citizen wrote, so it stays out."""


def without_values(error: BaseException | None) -> BaseException | None:
    """The same kind of error at the same place, without its words; None where such a one cannot be made."""
    if error is None or type(error).__module__ != "builtins":
        return None
    try:
        return type(error)("…").with_traceback(error.__traceback__)
    except TypeError:  # some, such as UnicodeEncodeError, want more than words
        return None
