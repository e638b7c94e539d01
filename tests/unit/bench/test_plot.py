"""The picture."""

from xml.etree import ElementTree

from bench.plot import svg
from bench.results import Results

_NAMESPACE = "{http://www.w3.org/2000/svg}"


def test_is_well_formed_with_one_bar_per_server_and_case_longest_first() -> None:
    results = Results()
    for case, server, rate in (("plain", "nginx", 30.0), ("plain", "a<b", 10.0), ("secured", "Hotgate", 20.0)):
        results.add(case, server, "rate", rate)
    root = ElementTree.fromstring(svg(results))
    widths = [float(bar.attrib["width"]) for bar in root.iter(f"{_NAMESPACE}rect")]
    assert len(widths) == 3
    assert widths == sorted(widths, reverse=True)
    assert any(label.text == "a<b, plain" for label in root.iter(f"{_NAMESPACE}text"))


def test_an_empty_run_still_gives_a_picture() -> None:
    assert ElementTree.fromstring(svg(Results())).tag == f"{_NAMESPACE}svg"
