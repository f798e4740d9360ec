"""Servers that a test starts by itself: a free port, the first answer, the end.

SPDX-License-Identifier: Apache-2.0
"""

import socket
import subprocess
import time

from mounted import check


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_answer(process, what, ask):
    """Asks until there is something; None and refused connections are nothing."""
    deadline = time.monotonic() + 60
    while True:
        try:
            answer = ask()
        except OSError:
            answer = None
        if answer:
            return answer
        check(process.poll() is None and time.monotonic() < deadline, what)
        time.sleep(0.1)


class Server:
    def __init__(self, scene, *command):
        self.log = open(scene.path("log"), "ab")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)

    def __enter__(self):
        return self.process

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)
        self.log.close()
