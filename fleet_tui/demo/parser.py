"""Parser of the demo shell: a small, safe part of the POSIX shell language, nothing is executed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from fleet_tui.demo.grammar import (
    Command,
    For,
    NotUnderstood,
    Piece,
    Pipeline,
    Redirect,
    Sequence,
    Simple,
    Substitution,
    Text,
    Variable,
    While,
    Word,
)

if TYPE_CHECKING:
    from collections.abc import Collection

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[?$#@*0-9!]")
_BRACED = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*|[?$#@*0-9])(?::?-([^}]*))?\}")
_OPERATORS: dict[str, Literal["<", ">", ">>", ">&"]] = {
    "<": "<",
    ">": ">",
    ">>": ">>",
    ">&": ">&",
}
_REDIRECT = re.compile(r"([0-2])?(>>|>&|>|<)")
_ENDS_WORD = frozenset(" \t\n;|&<>()")
_BLANK = re.compile(r"(?:[ \t]|\\\n)*(?:#[^\n]*)?")


def parse(text: str) -> Sequence:
    """Return what `text` says; raises NotUnderstood."""
    parser = _Parser(text)
    sequence = parser.sequence(())
    if not parser.at_end:
        raise NotUnderstood(f'Syntax error: "{parser.rest[:1]}" unexpected')
    return sequence


class _Parser:
    """Recursive descent over one line or script."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    @property
    def rest(self) -> str:
        return self._text[self._at :]

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def _blank(self) -> None:
        match = _BLANK.match(self._text, self._at)
        if match:
            self._at = match.end()

    def _gap(self) -> None:
        """Skip blanks, newlines and empty statements."""
        self._blank()
        while not self.at_end and self._text[self._at] in "\n;":
            if self._text.startswith(";;", self._at):
                raise NotUnderstood('Syntax error: ";;" unexpected')
            self._at += 1
            self._blank()

    def _take(self, token: str) -> bool:
        self._blank()
        if self._text.startswith(token, self._at):
            self._at += len(token)
            return True
        return False

    def _reserved(self) -> str:
        """Return the plain word that comes next without taking it."""
        self._blank()
        match = re.compile(r"[a-z]+(?=[ \t\n;|&)]|$)").match(self._text, self._at)
        return match[0] if match else ""

    def _expect(self, word: str) -> None:
        self._gap()
        if self._reserved() != word:
            raise NotUnderstood(f'Syntax error: "{word}" expected')
        self._at += len(word)

    def sequence(self, until: Collection[str]) -> Sequence:
        """Read statements up to the end, a `)`, or one of the reserved words in `until`."""
        items: list[tuple[Literal[";", "&&", "||"], Pipeline]] = []
        operator: Literal[";", "&&", "||"] = ";"
        self._gap()
        while not self.at_end and not self.rest.startswith(")"):
            if self._reserved() in until:
                break
            items.append((operator, self._pipeline()))
            if self._take("&&"):
                operator = "&&"
                self._newlines()
            elif self._take("||"):
                operator = "||"
                self._newlines()
            elif self._take("&"):
                raise NotUnderstood("background jobs are not part of the demo shell")
            else:
                operator = ";"
                self._gap()
        return Sequence(tuple(items))

    def _newlines(self) -> None:
        while self._take("\n"):
            self._blank()

    def _pipeline(self) -> Pipeline:
        commands = [self._command()]
        while self._takes_pipe():
            commands.append(self._command())
        return Pipeline(tuple(commands))

    def _takes_pipe(self) -> bool:
        self._blank()
        if self.rest.startswith("||"):
            return False
        return self._take("|")

    def _command(self) -> Command:
        keyword = self._reserved()
        if keyword == "for":
            return self._for()
        if keyword in ("while", "until"):
            return self._while(keyword)
        if keyword in ("if", "case", "function", "then", "do", "done", "fi"):
            raise NotUnderstood(f'"{keyword}" is not part of the demo shell')
        return self._simple()

    def _for(self) -> For:
        self._at += len("for")
        self._blank()
        match = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").match(self._text, self._at)
        if not match:
            raise NotUnderstood("Syntax error: bad for loop variable")
        self._at = match.end()
        self._expect("in")
        words: list[Word] = []
        while word := self._word():
            words.append(word)
        return For(match[0], tuple(words), self._body())

    def _while(self, keyword: str) -> While:
        if keyword == "until":
            raise NotUnderstood('"until" is not part of the demo shell')
        self._at += len(keyword)
        condition = self.sequence(("do",))
        return While(condition, self._body())

    def _body(self) -> Sequence:
        self._expect("do")
        body = self.sequence(("done",))
        self._expect("done")
        return body

    def _simple(self) -> Simple:
        words: list[Word] = []
        redirects: list[Redirect] = []
        while True:
            self._blank()
            match = _REDIRECT.match(self._text, self._at)
            if match:
                redirects.append(self._redirect(match))
                continue
            word = self._word()
            if not word:
                break
            words.append(word)
        if not words and not redirects:
            unexpected = self.rest[:1].strip() or "newline"
            raise NotUnderstood(f'Syntax error: "{unexpected}" unexpected')
        return Simple(tuple(words), tuple(redirects))

    def _redirect(self, match: re.Match[str]) -> Redirect:
        self._at = match.end()
        target = self._word()
        if not target:
            raise NotUnderstood("Syntax error: redirection without a file")
        operator = _OPERATORS[match[2]]
        descriptor = int(match[1]) if match[1] else (0 if operator == "<" else 1)
        return Redirect(descriptor, operator, target)

    def _word(self) -> Word:
        self._blank()
        pieces: list[Piece] = []
        while not self.at_end:
            char = self._text[self._at]
            if char in _ENDS_WORD:
                break
            if char == "'":
                pieces.append(Text(self._until("'"), is_quoted=True))
            elif char == '"':
                pieces += self._double()
            elif char == "\\":
                self._at += 2
                pieces.append(Text(self._text[self._at - 1 : self._at], is_quoted=True))
            elif char in "$`":
                pieces.append(self._expansion(is_quoted=False))
            else:
                pieces.append(self._plain())
        return tuple(pieces)

    def _plain(self) -> Text:
        start = self._at
        while not self.at_end and self._text[self._at] not in "'\"\\$` \t\n;|&<>()":
            self._at += 1
        return Text(self._text[start : self._at])

    def _until(self, quote: str) -> str:
        end = self._text.find(quote, self._at + 1)
        if end < 0:
            raise NotUnderstood("Syntax error: Unterminated quoted string")
        inner = self._text[self._at + 1 : end]
        self._at = end + 1
        return inner

    def _double(self) -> list[Piece]:
        self._at += 1
        pieces: list[Piece] = [Text("", is_quoted=True)]
        while not self.at_end:
            char = self._text[self._at]
            if char == '"':
                self._at += 1
                return pieces
            if char in "$`":
                pieces.append(self._expansion(is_quoted=True))
                continue
            if char == "\\" and self._text[self._at + 1 : self._at + 2] in '$`"\\\n':
                self._at += 1
                char = self._text[self._at : self._at + 1].replace("\n", "")
            self._at += 1
            pieces.append(Text(char, is_quoted=True))
        raise NotUnderstood("Syntax error: Unterminated quoted string")

    def _expansion(self, *, is_quoted: bool) -> Piece:
        if self._text[self._at] == "`":
            return Substitution(parse(self._until("`")), is_quoted)
        self._at += 1
        if self._text.startswith("((", self._at):
            raise NotUnderstood("arithmetic is not part of the demo shell")
        if self._text.startswith("(", self._at):
            self._at += 1
            body = self.sequence(())
            if not self._take(")"):
                raise NotUnderstood('Syntax error: end of file unexpected (expecting ")")')
            return Substitution(body, is_quoted)
        if match := _BRACED.match(self._text, self._at):
            self._at = match.end()
            return Variable(match[1], match[2] or "", is_quoted)
        if match := _NAME.match(self._text, self._at):
            self._at = match.end()
            return Variable(match[0], "", is_quoted)
        return Text("$", is_quoted)
