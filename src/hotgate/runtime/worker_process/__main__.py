"""Where a worker's process begins: `python -m hotgate.runtime.worker_process`, its orders as the one argument.

Importing takes most of a start. What is imported stays, and the garbage collector would look at it again and again.
"""

import sys

from hotgate.runtime.compiling.without_collection import without_collection

with without_collection():
    from hotgate.runtime.worker_process.worker import main

sys.exit(main())
