"""The tables. Migrations create them; a test holds the two equal."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

METADATA = MetaData()

RUNS = Table(
    "runs",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=True),
    Column("spec", Text, nullable=False),
    Column("device", String(16), nullable=False),
    Column("branch", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("epoch", Float, nullable=False),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("settings", Text, nullable=False),
    Index("runs_state", "state"),
)

BRANCHES = Table(
    "branches",
    METADATA,
    Column("run", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("branch", Integer, primary_key=True, autoincrement=False),
    Column("parent", Integer, nullable=True),
    Column("step", Integer, nullable=False),
)

EVENTS = Table(
    "events",
    METADATA,
    Column("run", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("time", Float, nullable=False),
    Column("branch", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("type", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("since", Integer, nullable=True),
    Index("events_kind", "run", "type", "branch", "step"),
)
