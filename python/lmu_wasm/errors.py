from __future__ import annotations


class LmuError(Exception):
    """What fails, but for arguments of the wrong type (TypeError) or shape (ValueError); all is as it was then.

    code: the name of the failure, as the JavaScript library has it: format-unknown, format-invalid, input-invalid,
    snapshot-invalid, snapshot-newer, snapshot-other-model.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message, code)
        self.code = code

    def __str__(self) -> str:
        return self.args[0]
