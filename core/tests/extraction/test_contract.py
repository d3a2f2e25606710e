"""The local extractor keeps what every extractor promises."""

from __future__ import annotations

import pytest

from memlayer.extraction.local import LocalExtractor
from memlayer.protocols import Extractor
from memlayer.testing import ExtractorContract


class TestLocalExtractor(ExtractorContract):
    @pytest.fixture
    def extractor(self) -> Extractor:
        return LocalExtractor()
