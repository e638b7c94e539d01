"""What a control process was started with besides its options: by whom, and what it was given."""

from dataclasses import dataclass

from hotgate.runtime.control_lock import ControlLock
from hotgate.runtime.listening_sockets import NamedSocket
from hotgate.runtime.predecessor import Predecessor
from hotgate.runtime.service_manager import ServiceManager


@dataclass(frozen=True, slots=True)
class Origin:
    """lock: held. sockets: that listen already. predecessor: whose place is to be taken, in an upgrade."""

    lock: ControlLock
    service: ServiceManager
    sockets: list[NamedSocket]
    predecessor: Predecessor | None
