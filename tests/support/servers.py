"""Servers that a test starts by itself: a free port, the first answer, the end.

SPDX-License-Identifier: Apache-2.0
"""

import socket
import subprocess

from mounted import WAIT_SECONDS, check, wait_until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_answer(process, what, ask):
    """Asks until there is something; None and refused connections are nothing."""
    answers = []

    def answered():
        try:
            answers.append(ask())
        except OSError:
            answers.append(None)
        check(answers[-1] or process.poll() is None, what)
        return answers[-1]

    wait_until(what, answered)
    return answers[-1]


class Server:
    def __init__(self, scene, *command):
        self.log = open(scene.path("log"), "ab")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)

    def __enter__(self):
        return self.process

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=WAIT_SECONDS)
        self.log.close()
