"""Read twice: what is new counts only if two successive answers of the wiki agree."""

from collections.abc import Callable
from typing import TypeVar

from bot.errors import PageNotFoundError, PermissionDeniedError, WikiAnswerError

T = TypeVar("T")
_TRIES = 4
_JUDGED = (PageNotFoundError, PermissionDeniedError, WikiAnswerError)


def agreed(read: Callable[[], T], *, is_known: Callable[[T], bool] = lambda _value: False) -> T:
    """Return a value that two successive reads agree on; a value that *is_known* from an earlier run needs one read.

    Two successive refusals of one kind agree as well, and are raised. Raises `WikiAnswerError` if the wiki answers
    differently each time. An error of the connection is raised at once.
    """
    before: T | BaseException | None = None
    for number in range(_TRIES):
        answer: T | BaseException
        try:
            answer = read()
        except _JUDGED as error:
            answer = error
            if number and type(before) is type(error):
                raise
        else:
            if is_known(answer) or (number and answer == before):
                return answer
        before = answer
    if isinstance(before, BaseException):
        raise before
    raise WikiAnswerError(f"the wiki answered the same question in {_TRIES} ways; read again in the next run")
