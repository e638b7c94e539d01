"""What a control process was started with besides its options: by whom, and what it was given."""

from dataclasses import dataclass

from hotgate.runtime.folders.control_lock import ControlLock
from hotgate.runtime.sockets.listening_sockets import NamedSocket
from hotgate.runtime.upgrading.predecessor import Predecessor
from hotgate.runtime.upgrading.service_manager import ServiceManager


@dataclass(frozen=True, slots=True)
class Origin:
    """lock: held. sockets: that listen already. predecessor: whose place is to be taken, in an upgrade."""

    lock: ControlLock
    service: ServiceManager
    sockets: list[NamedSocket]
    predecessor: Predecessor | None
