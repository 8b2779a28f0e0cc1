"""The shell of a demo host: a tiny interpreter that runs nothing on the real machine."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from fleet_tui.demo import doctor_answer, powershell, probe_answer, transcripts, virtual_files
from fleet_tui.demo.claude import ClaudeAgent
from fleet_tui.demo.codex import CodexAgent
from fleet_tui.demo.commands import COMMANDS
from fleet_tui.demo.filters import FILTERS, BadArguments, make_filter
from fleet_tui.demo.grammar import (
    For,
    NotUnderstood,
    Pipeline,
    Sequence,
    Simple,
    Substitution,
    Text,
    Variable,
    While,
)
from fleet_tui.demo.parser import parse
from fleet_tui.demo.pipes import CaptureStreams, FilterStreams, InputStreams, redirected
from fleet_tui.demo.streams import NoStreams, PipeClosed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_tui.demo.grammar import Command, Piece, Word
    from fleet_tui.demo.host import Personality
    from fleet_tui.demo.kept_files import KeptFiles
    from fleet_tui.demo.pace import Pace
    from fleet_tui.demo.streams import Streams

_MAX_COMMANDS = 100_000
"""Commands one line may run; an endless loop that never waits ends here."""
_INTERPRETERS = frozenset({"sh", "bash", "dash", "zsh"})
_NOT_FOUND = 127


class ShellExit(Exception):
    """`exit`, or the end of what `exec` started; carries the status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Shell:
    """One login shell on one host, for one command line."""

    host: Personality
    folder: str
    """The working folder, absolute, with forward slashes."""
    variables: dict[str, str]

    def __init__(self, host: Personality, pace: Pace, kept: KeptFiles) -> None:
        self.host = host
        self.folder = host.home.replace("\\", "/")
        self.variables = {
            "HOME": self.folder,
            "USER": host.spec.user,
            "LOGNAME": host.spec.user,
            "HOSTNAME": host.name,
            "SHELL": "/bin/bash",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "PWD": self.folder,
        }
        self._pace = pace
        self._kept = kept
        self._last = 0
        self._commands = 0

    async def run_line(self, text: str, streams: Streams) -> int:
        """Run one command line to its end and return its exit status."""
        try:
            return await self._script(text, streams)
        except ShellExit as end:
            return end.status

    async def _script(self, text: str, streams: Streams) -> int:
        fixed = self.host.spec.answers.get(text.strip())
        if fixed is not None:
            await streams.write(fixed.encode() + b"\n")
            return 0
        if doctor_answer.is_doctor(text):
            await self._pace.wait(0.4)
            await streams.write(doctor_answer.answer(self.host))
            return 0
        if transcripts.asks_for_places(text):
            await streams.write(transcripts.places_answer(self.host))
            return 0
        if transcripts.asks_for_grep(text):
            return _NOT_FOUND
        if probe_answer.is_probe(text):
            await self._pace.wait(0.1)
            await streams.write(probe_answer.answer(self.host))
            return 0
        try:
            program = parse(powershell.translate(text))
        except NotUnderstood as problem:
            await streams.write_error(f"sh: 1: {problem} (demo host)\n".encode())
            return 2
        return await self._sequence(program, streams)

    async def _sequence(self, sequence: Sequence, streams: Streams) -> int:
        for operator, pipeline in sequence.items:
            if operator == "&&" and self._last != 0:
                continue
            if operator == "||" and self._last == 0:
                continue
            self._last = await self._pipeline(pipeline, streams)
        return self._last

    async def _pipeline(self, pipeline: Pipeline, streams: Streams) -> int:
        *before, last = pipeline.commands
        if not before:
            return await self._run(last, streams)
        left = Pipeline(tuple(before))
        if isinstance(last, Simple) and not last.redirects:
            argv = await self._expand(last.words, streams)
            if argv and argv[0] in FILTERS:
                return await self._through(left, argv, streams)
        captured = CaptureStreams(streams)
        await self._left(left, captured)
        return await self._run(last, InputStreams(streams, captured.data))

    async def _left(self, left: Pipeline, streams: Streams) -> None:
        """Run what stands before a pipe; its `exit` ends only itself."""
        with contextlib.suppress(ShellExit):
            await self._pipeline(left, streams)

    async def _through(self, left: Pipeline, argv: list[str], streams: Streams) -> int:
        try:
            stage, files = make_filter(argv)
        except BadArguments as problem:
            await streams.write_error(f"{problem}\n".encode())
            return 2
        pipe = FilterStreams(streams, stage)
        try:
            if files:
                await self._read_into(pipe, files)
            else:
                await self._left(left, pipe)
        except PipeClosed as closed:
            if closed.args[0] is not pipe:
                raise
        await streams.write(stage.finish())
        return stage.status

    async def _run(self, command: Command, streams: Streams) -> int:
        self._commands += 1
        if self._commands > _MAX_COMMANDS:
            await streams.write_error(b"sh: 1: stopped after 100000 commands (demo host)\n")
            raise ShellExit(1)
        if isinstance(command, For):
            status = 0
            for word in await self._expand(command.words, streams):
                self.variables[command.name] = word
                status = await self._sequence(command.body, streams)
            return status
        if isinstance(command, While):
            status = 0
            while await self._sequence(command.condition, streams) == 0:
                status = await self._sequence(command.body, streams)
                await asyncio.sleep(0)
            return status
        return await self._simple(command, streams)

    async def _simple(self, command: Simple, streams: Streams) -> int:
        for redirect in command.redirects:
            target = "".join(await self._expand((redirect.target,), streams))
            content = virtual_files.all_files(self.host).get(
                virtual_files.resolve(self.folder, target)
            )
            changed = redirected(streams, redirect, target, content)
            if changed is None:
                await streams.write_error(
                    f"sh: 1: cannot open {target}: Read-only file system (demo host)\n".encode()
                )
                return 2
            streams = changed
        argv = await self._expand(command.words, streams)
        argv = self._without_assignments(argv)
        return await self.execute(argv, streams) if argv else 0

    def _without_assignments(self, argv: list[str]) -> list[str]:
        while argv and self.assign(argv[:1]):
            argv = argv[1:]
        return argv

    def assign(self, words: Iterable[str]) -> bool:
        """Set the variables of `NAME=value` words; False when one is none."""
        for word in words:
            name, equals, value = word.partition("=")
            if not equals or not name.isidentifier():
                return False
            self.variables[name] = value
        return True

    async def execute(self, argv: list[str], streams: Streams) -> int:
        """Run one expanded command."""
        name = argv[0].replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
        if name == "exec":
            raise ShellExit(await self.execute(argv[1:], streams) if argv[1:] else 0)
        if name == "exit":
            raise ShellExit(int(argv[1]) if argv[1:] and argv[1].isdecimal() else self._last)
        if name in ("env", "nohup", "nice", "time", "setsid") and argv[1:]:
            rest = self._without_assignments([word for word in argv[1:] if word != "-i"])
            return await self.execute(rest if name == "env" else argv[1:], streams) if rest else 0
        if name == "eval":
            return await self._script(" ".join(argv[1:]), streams)
        if name in _INTERPRETERS and len(argv) > 2 and argv[1] in ("-c", "-lc"):
            inner = Shell(self.host, self._pace, self._kept)
            inner.folder, inner.variables = self.folder, dict(self.variables)
            return await inner.run_line(argv[2], streams)
        if name in FILTERS:
            return await self._filter_alone([name, *argv[1:]], streams)
        if name in ("claude", "codex"):
            return await self._agent(name, argv, streams)
        self.variables["PWD"] = self.folder
        run = COMMANDS.get(name)
        if run is None:
            await streams.write_error(f"sh: 1: {argv[0]}: not found (demo host)\n".encode())
            return _NOT_FOUND
        return await run(self, [name, *argv[1:]], streams)

    async def _agent(self, name: str, argv: list[str], streams: Streams) -> int:
        if name not in self.host.spec.agents:
            await streams.write_error(f"bash: line 1: {argv[0]}: command not found\n".encode())
            return _NOT_FOUND
        if name == "claude":
            claude = ClaudeAgent(self.host, streams, self._pace, self._run_for_agent, self._kept)
            return await claude.run(argv[1:])
        return await CodexAgent(self.host, streams, self._pace, self._kept).run(argv[1:])

    async def _run_for_agent(self, line: str) -> tuple[int, str]:
        """Run a command in a shell of its own; return its status and what it printed."""
        inner = Shell(self.host, self._pace, self._kept)
        inner.folder = self.folder
        captured = CaptureStreams(NoStreams(), with_errors=True)
        status = 0
        with contextlib.suppress(PipeClosed):
            status = await inner.run_line(line, captured)
        return status, captured.data.decode("utf-8", "replace")

    async def _filter_alone(self, argv: list[str], streams: Streams) -> int:
        try:
            stage, files = make_filter(argv)
        except BadArguments as problem:
            await streams.write_error(f"{problem}\n".encode())
            return 2
        pipe = FilterStreams(streams, stage)
        status = 0
        try:
            if files:
                status = await self._read_into(pipe, files)
            else:
                await pipe.write(await streams.read())
        except PipeClosed as closed:
            if closed.args[0] is not pipe:
                raise
        await streams.write(stage.finish())
        return status or stage.status

    async def _read_into(self, pipe: FilterStreams, files: list[str]) -> int:
        """Pass virtual files through a filter; return 1 when one does not exist."""
        status = 0
        found = virtual_files.all_files(self.host)
        for path in files:
            content = found.get(virtual_files.resolve(self.folder, path))
            if content is None:
                await pipe.write_error(f"{path}: No such file or directory\n".encode())
                status = 1
            else:
                await pipe.write(content.encode())
        return status

    def where_is(self, name: str) -> str | None:
        """Return the path `command -v` would print, or None."""
        if name in self.host.spec.agents:
            return self.host.spec.agents[name]
        if name in COMMANDS or name in FILTERS or name in _INTERPRETERS:
            return f"/usr/bin/{name}"
        return None

    async def _expand(self, words: Iterable[Word], streams: Streams) -> list[str]:
        """Return the words with variables and substitutions replaced, unquoted ones split."""
        expanded: list[str] = []
        for word in words:
            fields = [""]
            is_real = False
            for number, piece in enumerate(word):
                text = await self._piece(piece, streams, is_first=number == 0)
                if piece.is_quoted or isinstance(piece, Text):
                    fields[-1] += text
                    is_real = True
                    continue
                parts = text.split()
                if parts:
                    is_real = True
                    fields[-1] += parts[0]
                    fields += parts[1:]
            if is_real:
                expanded += fields
        return expanded

    async def _piece(self, piece: Piece, streams: Streams, *, is_first: bool) -> str:
        if isinstance(piece, Text):
            if is_first and not piece.is_quoted and (piece.text == "~" or piece.text[:2] == "~/"):
                return self.variables["HOME"] + piece.text[1:]
            return piece.text
        if isinstance(piece, Variable):
            if piece.name == "?":
                return str(self._last)
            return self.variables.get(piece.name, "") or piece.default
        assert isinstance(piece, Substitution)
        captured = CaptureStreams(streams)
        try:
            await self._sequence(piece.body, captured)
        except ShellExit as end:
            self._last = end.status
        return captured.data.decode("utf-8", "replace").rstrip("\n")
