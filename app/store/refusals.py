"""Why a data folder or its database cannot be used, in words."""

from __future__ import annotations

import errno
from pathlib import Path

from app.core.errors import GlassnetError
from app.core.text import text


class DataInUse(GlassnetError):
    code, status = "data_in_use", 503
    message = text(
        "Another Glassnet server already uses the data folder {folder}.",
        "另一个 Glassnet 服务器正在使用数据文件夹 {folder}。",
    )


class FolderUnusable(GlassnetError):
    code, status = "data_unusable", 503
    message = text(
        "The data folder {folder} cannot be used: {reason}. Make it a writable folder, or choose "
        "another: --data or GLASSNET_DATA.",
        "数据文件夹 {folder} 无法使用：{reason}。请将其设为可写文件夹，或用 --data 或 GLASSNET_DATA 另选。",
    )


def unusable(folder: Path, error: OSError) -> FolderUnusable:
    """What the system says of the folder, in words."""
    is_file = error.errno in (errno.EEXIST, errno.ENOTDIR)
    return FolderUnusable(
        folder=str(folder), reason="it is a file" if is_file else str(error.strerror or error)
    )


class ForeignDatabase(GlassnetError):
    code, status = "data_foreign", 503
    message = text(
        "{file} is a database of another program; Glassnet does not touch it. Choose another data "
        "folder: --data or GLASSNET_DATA.",
        "{file} 是其他程序的数据库，Glassnet 不会改动它。请用 --data 或 GLASSNET_DATA 另选数据文件夹。",
    )


class LaterDatabase(GlassnetError):
    code, status = "data_later", 503
    message = text(
        "{file} was written by a later version of Glassnet (its tables are version {version}); this "
        "one does not touch it. Install that version, or choose another data folder: --data or "
        "GLASSNET_DATA.",
        "{file} 由更新版本的 Glassnet 写入（表版本 {version}），本版本不会改动它。请安装该版本，或用 --data "
        "或 GLASSNET_DATA 另选数据文件夹。",
    )


class DatabaseBroken(GlassnetError):
    code, status = "data_broken_database", 503
    message = text(
        "The database could not be read or written: {reason}. Look at the disk, then start Glassnet "
        "again: it sets aside what is damaged and keeps what can be read.",
        "数据库无法读写：{reason}。请检查磁盘后重新启动 Glassnet：损坏的部分会另存，可读的部分会保留。",
    )
