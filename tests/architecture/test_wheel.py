"""The wheel carries everything that runs, and nothing else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("dist")
    return zipfile.ZipFile(next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))


def test_it_carries_the_package_with_its_data(wheel: zipfile.ZipFile) -> None:
    source = ROOT / "plugins"
    files = {
        str(file.relative_to(source))
        for file in [*(source / "hookline").rglob("*"), source / "hookline_plugin.py"]
        if file.is_file() and "__pycache__" not in file.parts
    }

    carried = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert carried == files


def test_it_registers_the_provider_and_the_plugin(wheel: zipfile.ZipFile) -> None:
    name = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    points = wheel.read(name).decode()

    assert "provider_info = hookline.get_provider_info:get_provider_info" in points
    assert "hookline = hookline_plugin:ENTRY_POINT" in points


def test_it_carries_the_licence(wheel: zipfile.ZipFile) -> None:
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())
