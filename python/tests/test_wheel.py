"""What the wheel says of itself. Run on the installed wheel, not on the sources."""

from importlib import metadata, resources

WHEEL = metadata.distribution("headlight-attention")


def test_licences_travel_with_the_wheel():
    names = {file.name: file for file in WHEEL.files if "licenses" in file.parts}
    assert set(names) == {"LICENSE", "LICENSE-APACHE", "LICENSE-MIT"}
    assert "Apache License" in names["LICENSE-APACHE"].read_text()
    assert WHEEL.metadata["License-Expression"] == "Apache-2.0 OR MIT"


def test_type_checkers_and_notebooks_find_what_they_need():
    inside = resources.files("headlight")
    assert all((inside / name).is_file() for name in ("py.typed", "viewer.html", "listener.js"))
    assert "Typing :: Typed" in WHEEL.metadata.get_all("Classifier")
    assert any(each.startswith("anywidget") and "notebook" in each for each in WHEEL.requires)
