"""The commands' side of `operator_desk`: ask the control process of a configuration for something, and wait."""

import os
import socket
from pathlib import Path

from hotgate.config.loader import Loaded
from hotgate.runtime.compiling.load import load_configuration
from hotgate.runtime.folders.runtime_directory import runtime_directory
from hotgate.runtime.workers.channel import REPORT_LIMIT, FrameDecoder, FrameError, Message, encode_frame

_PATIENCE = 180.0  # seconds; an upgrade may take 90, and one that was asked for before as many


class NotAnswered(Exception):
    """No control process said how it went; the text says why."""


class NotRunning(NotAnswered):
    """There is no gateway of this configuration."""


def ask_gateway(file: Path, request: Message) -> Message:
    """The answer: its `reason` says why it was not done, or is empty. Raises ConfigurationErrors for a broken file,
    NotAnswered.
    """
    return ask_gateway_of(load_configuration(file), request)


def ask_gateway_of(loaded: Loaded, request: Message) -> Message:
    """The same of a configuration that was read. Raises NotAnswered."""
    directory = runtime_directory(loaded.file, loaded.config.runtime_dir, os.environ)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_PATIENCE)
        try:
            connection.connect(str(directory.socket_path))
        except (FileNotFoundError, ConnectionRefusedError):
            raise NotRunning(f"no gateway of this configuration is running (in {directory.path})") from None
        except PermissionError:
            raise NotAnswered(f"{directory.path} belongs to another user; run this as the gateway's") from None
        try:
            connection.sendall(encode_frame(request))
            return _answer(connection)
        except (OSError, FrameError) as error:
            raise NotAnswered(f"the gateway did not answer: {error}") from error


def _answer(connection: socket.socket) -> Message:
    decoder = FrameDecoder(REPORT_LIMIT)
    while received := connection.recv(65536):
        for message in decoder.feed(received):
            return message
    raise NotAnswered("the gateway hung up; its log says why")
