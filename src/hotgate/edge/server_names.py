"""A server name that is not ASCII: `ssl` refuses the handshake by itself, but prints a traceback for each."""

import sys


def print_no_tracebacks_of_names() -> None:
    """Otherwise any client could fill the log. Call once per process; the refusals are counted as any other."""
    report_others = sys.unraisablehook

    def report(unraisable: "sys.UnraisableHookArgs") -> None:
        if not _is_about_a_name(unraisable):
            report_others(unraisable)

    sys.unraisablehook = report


def _is_about_a_name(unraisable: "sys.UnraisableHookArgs") -> bool:
    """Python decodes the name, as ASCII, before it calls anything of ours."""
    where = unraisable.exc_traceback
    is_handshake = where is not None and where.tb_frame.f_code.co_name == "do_handshake"
    return is_handshake and unraisable.exc_type is UnicodeDecodeError
