// SPDX-License-Identifier: Apache-2.0
// Where a bucket of time stands on an axis: its wall-clock time as seconds, as if it were UTC. A chart so shows the days
// of the view's time zone, wherever its reader is.

const BUCKET = /^(-?\d+)(?:-(?:Q(\d)|W(\d\d)|(\d\d)(?:-(\d\d)(?:T(\d\d)(\d\d)?([+-]\d{4})?)?)?))?$/;
const MOST_BUCKETS = 20000;
const BUCKET_SECONDS = { minute: 60, hour: 3600, day: 86400, week: 604800, month: 2419200, quarter: 7776000, year: 31536000 };

function secondsOf(text) {
  const match = BUCKET.exec(text);
  if (!match) return null;
  const [, year, quarter, week, month = "1", day = "1", hour = "0", minute = "0"] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), quarter ? 3 * quarter - 3 : month - 1, Number(day));
  if (week) {
    date.setUTCMonth(0, 4); // the fourth of January is in the first week
    date.setUTCDate(4 - ((date.getUTCDay() + 6) % 7) + 7 * (week - 1));
  }
  return date.getTime() / 1000 + hour * 3600 + minute * 60;
}

// Seconds east of UTC of a bucket in an hour that a zone repeats; null of all others.
function offsetOf(text) {
  const offset = BUCKET.exec(text)?.[8];
  return offset ? Number(offset[0] + "1") * (offset.slice(1, 3) * 3600 + offset.slice(3) * 60) : null;
}

// The place of each bucket, rising. A repeated hour comes first with the greater offset; the two share the room of one.
function placeBuckets(texts) {
  const offsets = new Map(); // by day
  for (const text of texts) {
    const offset = offsetOf(text);
    if (offset === null) continue;
    const [least, greatest] = offsets.get(text.slice(0, text.indexOf("T"))) ?? [offset, offset];
    offsets.set(text.slice(0, text.indexOf("T")), [Math.min(least, offset), Math.max(greatest, offset)]);
  }
  const placed = [];
  for (const text of texts) {
    let seconds = secondsOf(text);
    if (seconds === null) continue;
    const offset = offsetOf(text);
    const [least, greatest] = offset === null ? [0, 0] : offsets.get(text.slice(0, text.indexOf("T")));
    if (greatest > least) {
      const repeated = greatest - least;
      const start = Math.floor(seconds / repeated) * repeated;
      seconds = start + (seconds - start + (offset < greatest ? repeated : 0)) / 2;
    }
    placed.push({ text, seconds });
  }
  return placed.sort((a, b) => a.seconds - b.seconds);
}

// With the buckets between that no row has: a line must not lead over them as if nothing were known of their neighbours.
function fillBuckets(placed, unit) {
  const step = BUCKET_SECONDS[unit];
  const digits = { day: 10, hour: 13, minute: 16 }[unit]; // others differ in length
  if (!digits || placed.length < 2 || (placed.at(-1).seconds - placed[0].seconds) / step > MOST_BUCKETS) return placed;
  const filled = [];
  for (const bucket of placed) {
    let last = filled.at(-1)?.seconds ?? bucket.seconds;
    for (; bucket.seconds - last > 1.5 * step; last += step) {
      const seconds = last + step;
      filled.push({ text: new Date(seconds * 1000).toISOString().slice(0, digits).replace(":", ""), seconds });
    }
    filled.push(bucket);
  }
  return filled;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// Labels of an axis: the least unit at each tick, and what is above it below, where it changes.
function timeLabels(ticks, step) {
  let above = null;
  return ticks.map((tick) => {
    const date = new Date(tick * 1000);
    const [year, month, day] = [String(date.getUTCFullYear()), MONTHS[date.getUTCMonth()], date.getUTCDate()];
    const clock = date.toISOString().slice(-13, -8);
    const [label, rest] = step >= BUCKET_SECONDS.year ? [year, ""] : step >= BUCKET_SECONDS.month ? [month, year]
      : step >= BUCKET_SECONDS.day ? [`${day} ${month}`, year] : [clock, `${day} ${month} ${year}`];
    const text = rest === above ? label : `${label}\n${rest}`;
    above = rest;
    return text;
  });
}
