"""One family of errors: each says what happened, to which thing, and what to do."""

from schedules.errors import ScheduleError


class DiaryError(ScheduleError):
    """A refusal that a person can read; carries the HTTP status and the exit code it maps to.

    Raise it with its sentence written out and what it is about as parameters, never as an f-string: the clinic's pages
    word both in the reader's language.
    """

    http_status = 400
    exit_code = 1


class NotFoundError(DiaryError):
    """The named thing does not exist, or is not for this person's eyes (both answer alike)."""

    http_status = 404


class RefusedError(DiaryError):
    """The thing exists, but its state does not allow the act."""

    http_status = 409


class NotAllowedError(DiaryError):
    """The person's role does not allow the act."""

    http_status = 403


class InvalidInputError(DiaryError):
    """A value is impossible; `code` is stable for machines, the message names value, range and unit."""

    http_status = 422

    def __init__(self, template: str, *, code: str = "invalid", **params: object) -> None:
        super().__init__(template, **params)
        self.code = code


class SettingsError(DiaryError):
    """A setting is unknown, missing or malformed."""

    exit_code = 2


class SchemaError(DiaryError):
    """The database has no schema, or an older or newer one than this version."""

    http_status = 503
