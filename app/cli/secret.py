"""Commands for secrets: their values are never shown, and never taken from the command line."""

import argparse
import getpass
import sys
import warnings
from typing import Any

from app import bootstrap
from app.cli.show import Output, absolute
from app.domain.errors import UseError
from app.domain.secret import VALUE_BYTES, secret_name
from app.services.secret_acts import IN_FILES, ListedSecret, SecretDesk


def secret(options: argparse.Namespace, output: Output) -> int:
    """Keep a secret, forget one, or list them."""
    if options.file is not None and options.what != "set":
        raise UseError("--file belongs to `set`", f"It stood with `{options.what}`", "Leave it out")
    if options.name is None and options.what != "list":
        raise UseError("Which secret?", "No NAME was given", "`secret list` shows the names that the program knows")
    place = bootstrap.find_place(options.config, options.data_dir)
    desk = bootstrap.open_secret_desk(place, output.say)
    if options.what == "set":
        return _set(desk, options, output)
    if options.what == "clear":
        return _clear(desk, options.name, output)
    return _list(desk, options.name, output)


def _set(desk: SecretDesk, options: argparse.Namespace, output: Output) -> int:
    kept = desk.keep(options.name, _value(secret_name(options.name), options.file))
    whose = f" of {kept.account}" if kept.account else ""
    lines = (f"{kept.name}{whose}: kept in the keyring of {bootstrap.account()}, for that account alone", *kept.advice)
    document = {"secret": kept.name, "kept": True, "account": kept.account or None, "advice": list(kept.advice)}
    output.document(document, "\n".join(lines))
    return 0


def _clear(desk: SecretDesk, name: str, output: Output) -> int:
    cleared = desk.clear(name)
    lines = (f"{cleared.name}: {'forgotten' if cleared.was_there else 'there was none'}", *cleared.advice)
    document = {"secret": cleared.name, "cleared": cleared.was_there, "advice": list(cleared.advice)}
    output.document(document, "\n".join(lines))
    return 0


def _list(desk: SecretDesk, name: str | None, output: Output) -> int:
    listed = desk.listed(name)
    document: dict[str, Any] = {
        "account": bootstrap.account(),
        "secrets": [{"name": each.name, "what": each.what, "kept": each.kept} for each in listed],
    }
    output.document(document, "\n".join(_line(each) for each in listed))
    return 0


def _line(each: ListedSecret) -> str:
    return f"{'kept' if each.kept else '-':<6} {each.name:<24} {each.what}".rstrip()


def _value(name: str, file: str | None) -> bytes:
    """Return what a person typed without its being seen, or what a file or a pipe holds, a little more than allowed."""
    if file is not None:
        path = absolute(file)
        try:
            with path.open("rb") as opened:
                return opened.read(VALUE_BYTES + 1)
        except OSError as error:
            raise UseError("The file cannot be read", f"{path}: {error.strerror or error}", "Name another") from error
    if not sys.stdin.isatty():
        return sys.stdin.buffer.read(VALUE_BYTES + 1)
    if name in IN_FILES:
        raise UseError("A file is needed", f"{name} is a file that Google gives", f"`secret set {name} --file FILE`")
    return _typed(name)


def _typed(name: str) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(f"{name} (it is not shown): ").encode("utf-8", "replace")
        except getpass.GetPassWarning as error:
            message = "This terminal shows what is typed"
            raise UseError("Not typed here", message, "Use another terminal, a pipe, or --file") from error
        except EOFError as error:
            raise UseError("There is no secret", "Nothing was typed", "Type it, then Enter") from error
