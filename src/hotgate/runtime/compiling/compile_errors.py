"""Compiling in order to find errors, by processes that read a file; workers are sent what compiles."""

from hotgate.config.errors import ConfigurationError
from hotgate.config.loader import Loaded
from hotgate.observe.metrics import WorkerMetrics
from hotgate.runtime.compiling.compile import compile_configuration, idle_services
from hotgate.runtime.compiling.compiled import Parts
from hotgate.runtime.compiling.key_files import key_file_errors
from hotgate.runtime.compiling.problems import CompileProblems


def compile_errors(loaded: Loaded) -> list[ConfigurationError]:
    """What compiling finds wrong with a configuration and its files of keys, with positions; empty if nothing."""
    errors = list(key_file_errors(loaded))
    parts = Parts(idle_services(loaded.config), WorkerMetrics())
    try:
        compile_configuration(loaded.config, parts)
    except CompileProblems as error:
        errors += [loaded.error(problem.path, problem.message) for problem in error.problems]
    return errors
