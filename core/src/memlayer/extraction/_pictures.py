"""Pictures, described by a model that sees them."""

from __future__ import annotations

from collections.abc import Callable

from memlayer.errors import MemlayerError, ModelError
from memlayer.extraction import prompts
from memlayer.protocols import LanguageModel


def sight(model: LanguageModel | None) -> Callable[[str], str] | None:
    """Asks the model what a picture (a data URI) shows; None where the model sees none (`vision` says how closely)."""
    detail = getattr(model, "vision", None)
    if model is None or not detail:
        return None

    def see(picture: str) -> str:
        content = [
            {"type": "text", "text": prompts.PICTURE},
            {"type": "image_url", "image_url": {"url": picture, "detail": detail}},
        ]
        try:
            return model.complete([{"role": "user", "content": content}])
        except MemlayerError:
            raise
        except Exception as error:  # anybody's model raises what it likes
            raise ModelError(f"model {model.name!r} raised {type(error).__name__} over a picture") from error

    return see
