"""Clients in a process of their own: ``python -m tests.live.load <port> <path> <file> <clients> <seconds>`` posts a
JSON file again and again, and writes how often it was answered."""

from __future__ import annotations

import http.client
import sys
import threading
import time
from pathlib import Path


def post(port: int, path: str, body: bytes, until: float, answers: list[int]) -> None:
    while time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", path, body, {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        answers.append(answer.status)
        connection.close()


def main(port: str, path: str, file: str, clients: str, seconds: str) -> None:
    body, answers = Path(file).read_bytes(), list[int]()
    until = time.monotonic() + float(seconds)
    threads = [
        threading.Thread(target=post, args=(int(port), path, body, until, answers))
        for _ in range(int(clients))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(f"{len(answers)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
