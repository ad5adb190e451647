"""The pictures of README and manuals, taken from the real pages; `python -m tests.support.pictures` retakes them."""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from tests.support import scene_clinic, scene_diary, scene_drafts, scene_phones
from tests.support.camera import Camera, Shot, browsers

FOLDER: Final = Path(__file__).parents[2] / "docs" / "pictures"
INDEX: Final = FOLDER / "index.json"
COMMAND: Final = "python -m tests.support.pictures"
SCENES: Final[tuple[ModuleType, ...]] = (scene_phones, scene_diary, scene_clinic, scene_drafts)


def look_at_all(*, film: bool) -> dict[str, Shot]:
    """Every picture by its name; without `film` only their sizes and hashes."""
    with browsers() as opened:
        camera = Camera(opened, film)
        for scene in SCENES:
            with tempfile.TemporaryDirectory(prefix="cdai-diary-pictures-") as folder:
                scene.photograph(Path(folder), camera)
    return camera.shots


def kept() -> dict[str, dict[str, Any]]:
    """The index of the pictures that are stored: width, height and the page's hash by name."""
    return dict(json.loads(INDEX.read_text("utf-8"))) if INDEX.exists() else {}


def store(shots: Mapping[str, Shot]) -> None:
    """Write pictures and index; a picture that no scene shows any more is removed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file in FOLDER.glob("*.png"):
        if file.stem not in shots:
            file.unlink()
    for name, shot in shots.items():
        if shot.png is not None:
            (FOLDER / f"{name}.png").write_bytes(shot.png)
    index = {
        name: {"width": shot.width, "height": shot.height, "page": shot.page_hash}
        for name, shot in sorted(shots.items())
    }
    INDEX.write_text(json.dumps(index, indent=1) + "\n", "utf-8")


def main() -> None:
    """Retake every picture and say how many bytes they are."""
    shots = look_at_all(film=True)
    store(shots)
    sizes = {name: len(shot.png or b"") for name, shot in shots.items()}
    for name, size in sorted(sizes.items()):
        sys.stdout.write(f"{size:9,d}  {name}\n")
    sys.stdout.write(f"{sum(sizes.values()):9,d}  bytes in {len(sizes)} pictures\n")


if __name__ == "__main__":
    main()
