// SPDX-License-Identifier: Apache-2.0
// Whether there is a newer version: asked of the server while the page is looked at. A file cannot ask, it says so.

const LOOK_EVERY = 3000; // milliseconds
const isServed = location.protocol === "http:" || location.protocol === "https:";

// Behind the line of the element's tag.
const dataOf = (page) => page.getElementById("data").textContent.slice(1);
const firstLine = (text) => text.slice(0, text.indexOf("\n"));

// Calls SHOW with data whose first line differs from that of TEXT, or of the last that was shown.
function keepFresh(text, show) {
  if (!isServed) return;
  let known = firstLine(text);
  let tag = null;
  let asking = false;
  const look = async () => {
    if (document.hidden || asking) return;
    asking = true;
    try {
      const answer = await fetch(location.href, { cache: "no-cache" }); // with an ETag a server need not send it again
      if (!answer.ok) throw new Error(`the server says ${answer.status}`);
      const newTag = answer.headers.get("etag");
      if (newTag === null || newTag !== tag) {
        const newer = dataOf(new DOMParser().parseFromString(await answer.text(), "text/html"));
        tag = newTag;
        if (firstLine(newer) !== known) {
          known = firstLine(newer);
          show(newer);
        }
      }
      showReach(true);
    } catch {
      showReach(false);
    } finally {
      asking = false;
    }
  };
  setInterval(look, LOOK_EVERY);
  document.addEventListener("visibilitychange", look);
}

function showFreshness(about) {
  const footer = place("footer");
  footer.replaceChildren();
  const time = about.get("time");
  if (time) {
    footer.append("As of ", element("time", { datetime: time, title: time }, timeText(time)), ", commit ", digits(about.get("commit")), ". ");
  }
  footer.append(element("span", { id: "reach" }));
  showReach(true);
}

function showReach(isReached) {
  const text = !isServed ? "Reload the page to see the newest." : isReached ? "Newer figures show by themselves." : "The server cannot be reached; these may be old.";
  const reach = place("reach");
  if (reach.textContent === text) return; // read aloud only when it changes
  reach.textContent = text;
  reach.className = isReached ? "" : "lost";
}

function timeText(time) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
