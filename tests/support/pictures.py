"""The pictures of README and manuals, taken from the real pages; `python -m tests.support.pictures` retakes them.

Named scenes, as in `python -m tests.support.pictures clinic drafts`, retake only theirs.
"""

import json
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from tests.support import scene_audit, scene_clinic, scene_diary, scene_drafts, scene_phones
from tests.support.camera import Camera, Shot, browsers

FOLDER: Final = Path(__file__).parents[2] / "docs" / "pictures"
INDEX: Final = FOLDER / "index.json"
COMMAND: Final = "python -m tests.support.pictures"
SCENES: Final[Mapping[str, ModuleType]] = {
    "phones": scene_phones,
    "diary": scene_diary,
    "clinic": scene_clinic,
    "drafts": scene_drafts,
    "audit": scene_audit,
}


def look_at_all(*, film: bool, scenes: Iterable[str] = tuple(SCENES)) -> dict[str, Shot]:
    """Every picture by its name; without `film` only their sizes and hashes."""
    with browsers() as opened:
        camera = Camera(opened, film)
        for scene in scenes:
            with tempfile.TemporaryDirectory(prefix="cdai-diary-pictures-") as folder:
                SCENES[scene].photograph(Path(folder), camera)
    return camera.shots


def kept() -> dict[str, dict[str, Any]]:
    """The index of the pictures that are stored: width, height and the page's hash by name."""
    return dict(json.loads(INDEX.read_text("utf-8"))) if INDEX.exists() else {}


def store(shots: Mapping[str, Shot], *, every: bool) -> None:
    """Write pictures and index; when `every` picture was taken, those that no scene shows any more are removed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    index = {} if every else kept()
    for name, shot in shots.items():
        (FOLDER / f"{name}.png").write_bytes(shot.png or b"")
        index[name] = {"width": shot.width, "height": shot.height, "page": shot.page_hash}
    for file in FOLDER.glob("*.png"):
        if file.stem not in index:
            file.unlink()
    INDEX.write_text(json.dumps(dict(sorted(index.items())), indent=1) + "\n", "utf-8")


def main(scenes: Sequence[str]) -> None:
    """Retake the pictures of these scenes, or of all, and say how many bytes they are."""
    shots = look_at_all(film=True, scenes=scenes or tuple(SCENES))
    store(shots, every=not scenes)
    sizes = {name: len(shot.png or b"") for name, shot in shots.items()}
    for name, size in sorted(sizes.items()):
        sys.stdout.write(f"{size:9,d}  {name}\n")
    sys.stdout.write(f"{sum(sizes.values()):9,d}  bytes in {len(sizes)} pictures\n")


if __name__ == "__main__":
    main(sys.argv[1:])
