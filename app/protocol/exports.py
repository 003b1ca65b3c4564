"""What can be taken out of a run, by name. The words for it are the API's."""

from __future__ import annotations

from typing import Literal

Made = Literal["code", "notebook", "onnx"]
"""Files that need torch: made by a worker of their own."""
