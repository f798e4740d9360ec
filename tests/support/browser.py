"""Chromium, driven by chromedriver over HTTP as the WebDriver standard has it: no library is needed for that.

SPDX-License-Identifier: Apache-2.0
"""

import base64
import json
import re
import subprocess
import urllib.error
import urllib.request

from mounted import WAIT_SECONDS, check, wait_until

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the standard's name of a reference
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
             "--disable-background-networking", "--disable-component-update", "--no-first-run"]


class Browser:
    """One window. Used with `with`; every page's messages and requests are kept until they are asked for."""

    def __init__(self, folder):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.folder = folder

    def __enter__(self):
        port = None
        for line in self.driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                port = found[1]
                break
        check(port, "chromedriver did not start")
        self.base = f"http://127.0.0.1:{port}/session"
        options = {"args": [*ARGUMENTS, f"--user-data-dir={self.folder}"]}
        capabilities = {"browserName": "chrome", "goog:chromeOptions": options, "unhandledPromptBehavior": "ignore",
                        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        answer = self.send("POST", "", {"capabilities": {"alwaysMatch": capabilities}})
        self.base += "/" + answer["sessionId"]
        return self

    def __exit__(self, *_):
        if self.base.count("/") > 3:
            self.send("DELETE", "")
        self.driver.terminate()
        self.driver.wait(timeout=WAIT_SECONDS)
        self.driver.stdout.close()

    def send(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            check(False, f"{method} {path}: {value['error']}: {value['message']}")

    def cdp(self, command, **parameters):
        return self.send("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def window(self, width, height, scheme="light", phone=False):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if phone else 1, mobile=phone)
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, url):
        self.send("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        return self.send("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def until(self, what, script, *arguments):
        """Waits until SCRIPT gives something true, and gives it."""
        values = []
        wait_until(what, lambda: values.append(self.run(script, *arguments)) or values[-1])
        return values[-1]

    def find(self, selector):
        return self.send("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.send("POST", f"/element/{self.find(selector)}/click", {})

    def type(self, selector, text):
        self.send("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def press(self, keys):
        """Keys go where the focus is."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.send("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    def log(self, kind):
        return self.send("POST", "/se/log", {"type": kind})

    def messages(self):
        """What the page complained of since the last time."""
        return [entry["message"] for entry in self.log("browser")]

    def requests(self):
        """The addresses that were asked for since the last time."""
        events = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def alert(self):
        """The text of a dialogue that a page has opened; None: there is none."""
        request = urllib.request.Request(self.base + "/alert/text")
        try:
            with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            check(json.load(error)["value"]["error"] == "no such alert", "alert")
            return None

    def picture(self, path):
        """All of the page, not only what is in the window."""
        size = self.run("return [innerWidth, Math.max(innerHeight, document.documentElement.scrollHeight)]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
        shot = self.cdp("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
