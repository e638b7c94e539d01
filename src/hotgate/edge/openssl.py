"""What OpenSSL can do for a server and Python's `ssl` cannot: shared ticket keys, OCSP stapling, strict ALPN.

The functions of the very library that `ssl` is linked with are called through ctypes. Where that library cannot be
reached, or is not what it seems, `why_unavailable` says so and nothing here may be called. Constants are those of
OpenSSL's ssl.h and tls1.h, which have not changed since 1.1.1.
"""

import ctypes
import platform
import ssl
from collections.abc import Callable
from functools import cache
from typing import Any

TICKET_KEY_BYTES = 80  # name 16, HMAC 32, AES 32

_SESS_CACHE_MODE, _SESS_CACHE_OFF = 44, 0
_GET_TICKET_KEYS, _SET_TICKET_KEYS = 58, 59
_SET_STATUS_CALLBACK = 63
_SET_STATUS_RESPONSE = 71
_OK, _ALERT_FATAL, _NO_ANSWER = 0, 2, 3

_STATUS_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_ALPN_CALLBACK = ctypes.CFUNCTYPE(
    *(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_ubyte)),
    *(ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p),
)


class ServerContext(ssl.SSLContext):
    """callbacks: C code calls them, so they must live as long as the context."""

    callbacks: tuple[Any, ...] = ()


@cache
def why_unavailable() -> str:
    """Empty if the functions below work; else the reason, for operators."""
    if platform.python_implementation() != "CPython":
        return "this Python is not CPython"
    try:
        functions = _library()
    except (OSError, AttributeError, ImportError):
        return "this Python's OpenSSL cannot be reached (it is built in without its symbols)"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if not _is_layout_known(functions, context):
        return "this Python keeps its TLS contexts in an unknown layout"
    if functions.SSL_CTX_ctrl(_address(context), _GET_TICKET_KEYS, 0, None) != TICKET_KEY_BYTES:
        return "this OpenSSL has ticket keys of another form"
    return ""


def set_ticket_key(context: ssl.SSLContext, key: bytes) -> None:
    """Encrypt session tickets with this key (RFC 5077): every context with the same key can resume them."""
    if len(key) != TICKET_KEY_BYTES or not _library().SSL_CTX_ctrl(_address(context), _SET_TICKET_KEYS, len(key), key):
        raise ValueError("OpenSSL refuses the ticket key")


def switch_session_cache_off(context: ssl.SSLContext) -> None:
    """Keep no sessions in memory: tickets do it better, and clients without them would fill 20,000 places."""
    _library().SSL_CTX_ctrl(_address(context), _SESS_CACHE_MODE, _SESS_CACHE_OFF, None)


def staple(context: ServerContext, response: Callable[[], bytes]) -> None:
    """Send what `response` returns (DER) to clients that ask for the certificate's status; b"" sends none."""
    library = _library()

    def answer(connection: int, _: int) -> int:
        der = response()
        copied = library.CRYPTO_malloc(len(der), b"", 0) if der else None
        if not copied:
            return _NO_ANSWER
        ctypes.memmove(copied, der, len(der))
        library.SSL_ctrl(connection, _SET_STATUS_RESPONSE, len(der), copied)  # OpenSSL frees the copy
        return _OK

    callback = _STATUS_CALLBACK(answer)
    context.callbacks += (callback,)
    library.SSL_CTX_callback_ctrl(_address(context), _SET_STATUS_CALLBACK, callback)


def require_protocol(context: ServerContext, name: bytes) -> None:
    """Refuse a client whose ALPN does not offer this protocol, with no_application_protocol (RFC 7301 §3.2)."""
    chosen = ctypes.create_string_buffer(name, len(name))
    wanted = bytes([len(name)]) + name

    def select(_: int, out: Any, out_length: Any, offered: int, length: int, __: int) -> int:
        if wanted not in _protocols(ctypes.string_at(offered, length)):
            return _ALERT_FATAL
        out[0], out_length[0] = ctypes.addressof(chosen), len(name)
        return _OK

    callback = _ALPN_CALLBACK(select)
    context.callbacks += (callback, chosen)
    _library().SSL_CTX_set_alpn_select_cb(_address(context), callback, None)


def _protocols(offered: bytes) -> list[bytes]:
    """Each protocol with its length before it, as it was sent."""
    found = []
    while offered:
        end = 1 + offered[0]
        found.append(offered[:end])
        offered = offered[end:]
    return found


@cache
def _library() -> ctypes.CDLL:
    """Raises ImportError, OSError or AttributeError if a function is missing."""
    import _ssl  # noqa: PLC0415 (only CPython has it)

    # A handle on the extension module also finds what it is linked with; without a file it is part of the program.
    library = ctypes.CDLL(getattr(_ssl, "__file__", None))
    pointer, number = ctypes.c_void_p, ctypes.c_long
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "SSL_CTX_get_options": (ctypes.c_ulong, [pointer]),
        "SSL_CTX_ctrl": (number, [pointer, ctypes.c_int, number, pointer]),
        "SSL_CTX_callback_ctrl": (number, [pointer, ctypes.c_int, _STATUS_CALLBACK]),
        "SSL_CTX_set_alpn_select_cb": (None, [pointer, _ALPN_CALLBACK, pointer]),
        "SSL_ctrl": (number, [pointer, ctypes.c_int, number, pointer]),
        "CRYPTO_malloc": (pointer, [ctypes.c_size_t, ctypes.c_char_p, ctypes.c_int]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _address(context: ssl.SSLContext) -> int:
    """The SSL_CTX, which CPython keeps right behind the head of the object."""
    address = ctypes.c_void_p.from_address(id(context) + object.__basicsize__).value
    if address is None:
        raise ValueError("the context is empty")
    return address


def _is_layout_known(library: ctypes.CDLL, context: ssl.SSLContext) -> bool:
    """Whether OpenSSL sees in the supposed SSL_CTX what Python says of the context, before and after a change."""
    if library.SSL_CTX_get_options(_address(context)) & 0xFFFFFFFF != context.options & 0xFFFFFFFF:
        return False
    context.options ^= ssl.OP_NO_TICKET
    return bool(library.SSL_CTX_get_options(_address(context)) & 0xFFFFFFFF == context.options & 0xFFFFFFFF)
