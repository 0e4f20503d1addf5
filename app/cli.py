"""The command line: one parser, one file a command in `app.commands`.

Every command exits 0 on success and 2 on bad usage or input with one line on standard error.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from engine.errors import BoxscopeError, Cancelled

COMMANDS = ("trace", "snapshot", "evaluate", "receptive-field", "tour", "models", "train", "bench")


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, where argparse prints the whole usage first."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def parser(command: str | None = None) -> argparse.ArgumentParser:
    """The whole parser; only the named command's own file is imported."""
    top = _Parser(prog="boxscope", description="Shows what happens inside object detectors.")
    top.add_argument("--debug", action="store_true", help="show the traceback of an error")
    top.add_argument("--version", action="store_true", help="print the version and exit")
    if command in COMMANDS:
        commands = top.add_subparsers(dest="command", parser_class=_Parser)
        module = _module(command)
        sub = commands.add_parser(command, help=module.HELP, description=module.HELP)
        # Also after the command's name, where people type it; there it must not undo the first.
        sub.add_argument("--debug", action="store_true", default=argparse.SUPPRESS)
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
        return top
    from app.commands import window

    window.add_arguments(top)
    top.set_defaults(run=window.run)
    top.formatter_class = argparse.RawDescriptionHelpFormatter
    top.epilog = "commands (boxscope COMMAND --help):\n" + "\n".join(
        f"  {name:17}{_module(name).HELP}" for name in (COMMANDS if command is None else ())
    )
    return top


def _module(command: str) -> ModuleType:
    return importlib.import_module(f"app.commands.{command.replace('-', '_')}")


def run(argv: Sequence[str]) -> int:
    """Exit status of one call of ``boxscope``."""
    words = [a for a in argv if not a.startswith("-")]
    command = words[0] if words and words[0] in COMMANDS else ""
    wants_help = not command and ("-h" in argv or "--help" in argv)
    args = parser(None if wants_help else command).parse_args(list(argv))
    if args.version:
        from engine import __version__

        sys.stdout.write(f"boxscope {__version__}\n")
        return 0
    try:
        return int(args.run(args))
    except BoxscopeError as error:
        if args.debug:
            raise
        sys.stderr.write(f"boxscope: {error}\n")
        return 2
    except (KeyboardInterrupt, Cancelled):
        sys.stderr.write("boxscope: stopped.\n")
        return 130
    except BrokenPipeError:
        # The reader of a pipe went away (``| head``): no reason to complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if args.debug:
            raise
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        sys.stderr.write(f"boxscope: an unexpected error, please report it ({what}); see --debug\n")
        return 1
