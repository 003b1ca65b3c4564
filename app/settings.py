"""The settings of one server: read once from the environment, then passed on. Holds no state."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

SHORTEST_TOKEN = 16
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


def default_data() -> Path:
    """Where runs and data sets are kept, after the XDG base directory specification."""
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "glassnet"


class Settings(BaseSettings):
    """Every field is an environment variable: ``GLASSNET_`` and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="GLASSNET_", frozen=True, extra="forbid", env_ignore_empty=True
    )

    data: Path = Field(
        default_factory=default_data,
        title="data",
        description="Folder for runs, snapshots, downloaded data sets and the database.",
    )
    host: str = Field(
        "127.0.0.1",
        title="host",
        description="Address to listen on. Any other than loopback asks visitors for a token.",
    )
    port: int = Field(
        8000, ge=0, le=65535, title="port", description="Port to listen on; 0 takes a free one."
    )
    token: SecretStr | None = Field(
        None,
        min_length=SHORTEST_TOKEN,
        max_length=512,
        title="token",
        description="Token that visitors must present. On an address other than loopback one is "
        "made and printed at the first start if none is given.",
    )
    hosts: str = Field(
        "",
        title="hosts",
        description="Further values of the Host header to answer to, separated by commas, for "
        "instance lab.example:8000. Needed behind a proxy or a mapped port.",
    )
    max_body: int = Field(
        2**20,
        ge=2**10,
        le=2**30,
        title="largest body",
        description="Bytes of a request's body at most.",
    )
    max_upload: int = Field(
        512 * 2**20,
        ge=2**10,
        le=2**36,
        title="largest upload",
        description="Bytes of an uploaded data file at most.",
    )
    max_depth: int = Field(
        64, ge=8, le=200, title="deepest JSON", description="Levels of nesting in a JSON body."
    )
    max_viewers: int = Field(
        256, ge=1, le=10_000, title="most viewers", description="Open tabs at a time at most."
    )
    max_connections: int = Field(
        512,
        ge=8,
        le=100_000,
        title="most connections",
        description="HTTP connections of one address at a time at most. Behind a proxy all visitors "
        "have the proxy's address.",
    )
    head_seconds: float = Field(
        8.0,
        ge=0.1,
        le=600.0,
        title="patience for headers",
        description="Seconds in which a request's headers must be complete.",
    )
    body_seconds: float = Field(
        8.0,
        ge=0.1,
        le=600.0,
        title="patience for bodies",
        description="Seconds without a byte after which a request's body is given up; on the whole a "
        "body must bring 1 KiB a second.",
    )
    max_cpu_runs: int = Field(
        64, ge=1, le=1024, title="most CPU runs", description="Runs on the CPU going on at a time."
    )
    memory_share: float = Field(
        0.75,
        ge=0.05,
        le=0.95,
        title="memory share",
        description="Share of the machine's memory (or of its container's) that runs on the CPU may "
        "be estimated to need together, less what the server takes itself. The others wait.",
    )
    resume: bool = Field(
        True,
        title="resume",
        description="Let runs that were training when the server ended go on by themselves when it "
        "starts again.",
    )
    park_after: float = Field(
        300.0,
        ge=1.0,
        le=86_400.0,
        title="park after",
        description="Seconds after which a paused run that nobody watches gives its memory back.",
    )
    reserve: int = Field(
        200 * 2**20,
        ge=0,
        le=2**40,
        title="reserve",
        description="Bytes of the disk that are kept free (a twentieth of a small one): with less, "
        "runs are held and nothing new is taken.",
    )
    snapshots: int = Field(
        10 * 2**30,
        ge=0,
        le=2**50,
        title="snapshots",
        description="Bytes that the snapshots of all runs may take together; beyond it the oldest runs "
        "lose those between the first and the newest.",
    )
    development: bool = Field(
        False,
        title="development",
        description="Read the page's manifest and templates anew for every request.",
    )

    @field_validator("token")
    @classmethod
    def _sendable(cls, token: SecretStr | None) -> SecretStr | None:
        """Without the blanks at its ends, which no header keeps."""
        if token is None:
            return None
        written = token.get_secret_value().strip()
        if len(written) < SHORTEST_TOKEN:
            raise PydanticCustomError(
                "token_too_short",
                "“token” must have at least {shortest} characters beside blanks at its ends",
                {
                    "shortest": SHORTEST_TOKEN,
                    "zh": f"“token”除首尾空白外至少须有 {SHORTEST_TOKEN} 个字符",
                },
            )
        if any(ord(one) < 0x20 or ord(one) == 0x7F for one in written):
            raise PydanticCustomError(
                "token_unsendable",
                "“token” has a control character, such as a line break or a tab, which no header can "
                "carry. Choose letters, digits and signs",
                {
                    "zh": "“token”含有标头无法携带的控制字符（如换行或制表符）。请使用字母、数字与符号"
                },
            )
        return SecretStr(written)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    def allowed_hosts(self) -> frozenset[str]:
        """Every value of the Host header that is answered, in lower case."""
        names = [*LOOPBACK_NAMES]
        if self.host not in ("0.0.0.0", "::", "[::]", ""):
            names.append(f"[{self.host}]" if ":" in self.host.strip("[]") else self.host)
        found = {f"{name.lower()}:{self.port}" for name in names}
        if self.port in (80, 443):
            found |= {name.lower() for name in names}
        return frozenset(
            found | {name.strip().lower() for name in self.hosts.split(",") if name.strip()}
        )


def table() -> str:
    """The settings as a Markdown table, for the README."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "`~/.local/share/glassnet`" if name == "data" else _shown(field.default)
        lines.append(f"| `GLASSNET_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines)


def _shown(value: object) -> str:
    return "" if value in (None, "") else f"`{value}`"
