"""Why an upload as a whole was refused. Single rows and files that do not fit are no errors: they are listed."""

from __future__ import annotations

from app.core.errors import GlassnetError
from app.core.text import text


class Refused(GlassnetError):
    """Base of what is wrong with an uploaded file as a whole."""

    code, status = "upload_refused", 422
    message = text("The file cannot be used.", "该文件无法使用。")


class EmptyFile(Refused):
    code = "upload_empty"
    message = text(
        "The file is empty. Choose a text, a CSV file with a header and rows, or a zip of pictures.",
        "文件为空。请选择文本、带表头和数据行的 CSV 文件，或图像的 zip 压缩包。",
    )


class NotUtf8(Refused):
    code = "upload_not_utf8"
    message = text(
        "The text is not UTF-8: byte {byte}, in line {line}, begins {found}. Save it as UTF-8.",
        "文本不是 UTF-8：第 {line} 行、第 {byte} 个字节起为 {found}。请另存为 UTF-8。",
    )


class ZeroByte(Refused):
    code = "upload_zero_byte"
    message = text(
        "The text has a zero byte in line {line}: it is no plain text, or UTF-16 without its mark. "
        "Save it as UTF-8.",
        "文本第 {line} 行含零字节：它不是纯文本，或是缺少标记的 UTF-16。请另存为 UTF-8。",
    )


class TooShort(Refused):
    code = "upload_too_short"
    message = text(
        "The text has {count} characters; at least {least} are needed to learn from.",
        "文本只有 {count} 个字符，至少需要 {least} 个才能学习。",
    )


class NeitherKind(Refused):
    code = "upload_unknown"
    message = text(
        "This is neither a text file nor a zip: {what}. Save a table as CSV (UTF-8), or put pictures "
        "into a folder for each class and zip the folders.",
        "这既不是文本文件也不是 zip：{what}。请将表格另存为 CSV（UTF-8），或按类别将图像放入文件夹后压缩为 zip。",
    )


class TooMany(Refused):
    code = "upload_too_many"
    message = text(
        "The file holds more than {limit} {what}. Use fewer.",
        "文件包含超过 {limit} {what}。请减少。",
    )


class LineTooLong(Refused):
    code = "upload_line_too_long"
    message = text(
        "Line {line} is longer than {limit} bytes. Is a quotation mark left open?",
        "第 {line} 行超过 {limit} 字节。是否有未闭合的引号？",
    )


class OneColumn(Refused):
    code = "upload_one_column"
    message = text(
        "The table has one column only. It needs one to predict and at least one to predict it from, "
        "separated by commas, semicolons or tabs.",
        "表格只有一列。至少需要一个目标列和一个特征列，用逗号、分号或制表符分隔。",
    )


class NotSeparated(Refused):
    code = "upload_not_separated"
    message = text(
        "With the separator “{delimiter}” the table has one column only. Choose another separator, or let "
        "it be found.",
        "以“{delimiter}”为分隔符时表格只有一列。请选择其他分隔符，或改为自动识别。",
    )


class NoRows(Refused):
    code = "upload_no_rows"
    message = text(
        "No row of the table can be used; the first: {first}",
        "表格中没有可用的行；首个问题：{first}",
    )


class NoPictures(Refused):
    code = "upload_no_pictures"
    message = text(
        "No file of the zip can be used; the first: {first}",
        "zip 中没有可用的文件；首个问题：{first}",
    )


class OneClass(Refused):
    code = "upload_one_class"
    message = text(
        "All pictures are of one class, “{name}”. Put them into at least two folders, one a class.",
        "所有图像都属于同一类“{name}”。请至少放入两个文件夹，每类一个。",
    )


class BrokenZip(Refused):
    code = "upload_broken_zip"
    message = text(
        "The zip cannot be read: {fault}. Make it again.", "无法读取 zip：{fault}。请重新压缩。"
    )


class ReaderDied(GlassnetError):
    code, status = "upload_reader_died", 422
    message = text(
        "Reading the file took too much memory or time and was stopped. Use a smaller file.",
        "读取文件占用过多内存或时间，已停止。请使用较小的文件。",
    )


class TooManyUploads(GlassnetError):
    code, status = "too_many_uploads", 503
    message = text(
        "{limit} files are being read already. Try again in a moment.",
        "已有 {limit} 个文件正在读取，请稍后再试。",
    )


class InUse(GlassnetError):
    code, status = "dataset_in_use", 409
    message = text(
        "Runs that use this data set: {count} ({runs}). Delete them first.",
        "{count} 个运行正在使用该数据集：{runs}。请先删除这些运行。",
    )
