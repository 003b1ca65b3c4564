"""The checker of sizes, which `make check` runs over the repository, sees what exceeds them."""

from __future__ import annotations

from pathlib import Path

from scripts.check_sizes import PAGE_FILE_LINES, PYTHON_FILE_LINES, large


def test_checker_sees_long_files_and_functions(tmp_path: Path) -> None:
    app, page = tmp_path / "app", tmp_path / "static" / "src"
    app.mkdir()
    page.mkdir(parents=True)
    (app / "long_file.py").write_text("x = 1\n" * (PYTHON_FILE_LINES + 1))
    (app / "long_function.py").write_text("async def f():\n" + "    x = 1\n" * 50)
    (app / "allowed.py").write_text("def f():\n" + "    x = 1\n" * 49)
    (page / "view.svelte").write_text("<p></p>\n" * (PAGE_FILE_LINES + 1))
    (page / "far_too_long.ts").write_text("//\n" * (2 * PAGE_FILE_LINES))
    (page / "api.generated.ts").write_text("//\n" * (PAGE_FILE_LINES + 1))
    found = list(large(tmp_path))
    assert [str(size) for size in found] == [
        "app/long_file.py:1: 401 lines, at most 400",
        "app/long_function.py:1: f() has 51 lines, at most 50",
        "static/src/far_too_long.ts:1: 600 lines, at most 300",
        "static/src/view.svelte:1: 301 lines, at most 300",
    ]
    assert [size.fails for size in found] == [False, False, True, False]
