"""A command that scores, for tests: the size of the file and the length of the prompt. ``params.mode`` spoils it.

It imports nothing of the project, as the command of another environment.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    opening = json.loads(sys.stdin.readline())
    mode = opening["params"].get("mode", "")
    if mode == "dies at once":
        sys.exit("no weights here")
    say("Loading weights: 100%")  # as libraries do
    kept: list[dict[str, Any]] = []
    for line in sys.stdin:
        item = json.loads(line)
        if mode == "reversed":
            kept.append(item)
            if len(kept) == int(opening["params"]["batch"]):
                for each in reversed(kept):
                    tell(each, answer(each, mode))
                kept.clear()
        else:
            told = answer(item, mode)
            if mode == "garbled" and "bad" in item["prompt_id"]:
                say('{"id": ')
            elif mode == "endless" and "bad" in item["prompt_id"]:
                say("{" * 2_000_000)
            else:
                tell(item, told)


def answer(item: dict[str, Any], mode: str) -> dict[str, Any]:
    is_bad = "bad" in item["prompt_id"]
    if is_bad and mode == "dies":
        os._exit(7)
    if is_bad and mode == "hangs":
        time.sleep(60)
    if is_bad and mode == "error":
        return {"error": {"code": "too_small", "message": "it is small", "retryable": False}}
    scores: dict[str, Any] = {"bytes": len(Path(item["image"]).read_bytes()), "words": len(item["prompt"].split())}
    if is_bad and mode == "nan":
        scores["bytes"] = "NaN"
    if is_bad and mode == "range":
        scores["words"] = -1
    if is_bad and mode == "unknown":
        scores["charm"] = 1
    if mode == "environ":
        return {"scores": scores, "details": dict(os.environ)}
    if mode == "told":
        images = [Path(each["image"]).name for each in item.get("images", [])]
        other = Path(item["other"]["image"]).name if "other" in item else None
        return {"scores": scores, "details": {"images": images, "other": other}}
    if mode == "long":
        return {"scores": scores, "details": {"long": "x" * 300_000}}
    return {"scores": scores}


def tell(item: dict[str, Any], told: dict[str, Any]) -> None:
    say(json.dumps({"id": item["id"], **told}))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
