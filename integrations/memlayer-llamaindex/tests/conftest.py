"""What LlamaIndex itself warns of is not this adapter's."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    for line in (
        "ignore:The `__fields(_set)?__` attribute is deprecated",
        "ignore:The 'model_(computed_)?fields' attribute",
        "ignore:Accessing the 'model_",
        "ignore::DeprecationWarning:llama_index.*",
    ):
        config.addinivalue_line("filterwarnings", line)
