"use strict";
// Every page works without this script. It keeps a page that is open up to date: the progress of
// runs as they report it, and the page itself when something on it has changed.
(() => {
  const place = document.body.dataset.live;
  const main = document.getElementById("main");
  const news = document.getElementById("news");
  const live = document.getElementById("live");
  const STAGES = {
    baseline: "reading the baseline", current: "reading the current log", measure: "measuring",
    overview: "drawing up the report", explain: "looking for causes",
    history: "keeping the report", alerts: "telling whom it concerns",
  };

  // How long ago: told anew each half minute, in the words that the server uses.
  const STEPS = [[60, 1, "s"], [3600, 60, "min"], [129600, 3600, "h"], [Infinity, 86400, "day"]];
  const away = (moment) => {
    const gap = (Date.now() - moment) / 1000;
    if (Math.abs(gap) < 5) return "just now";
    const [, size, unit] = STEPS.find(([most]) => Math.abs(gap) < most);
    const count = Math.floor(Math.abs(gap) / size);
    const told = `${count.toLocaleString("en")} ${unit}${unit === "day" && count !== 1 ? "s" : ""}`;
    return gap > 0 ? `${told} ago` : `in ${told}`;
  };
  const retell = () => document.querySelectorAll("time").forEach((time) => {
    const told = time.querySelector("small") ?? (time.title ? time : null);
    const text = told && away(Date.parse(time.dateTime));
    if (text && told.textContent !== text) told.textContent = text;
  });
  setInterval(retell, 30000);

  if (!place || !window.EventSource) return;

  const say = (text, reload) => {
    news.replaceChildren(text);
    if (reload) {
      const again = document.createElement("a");
      again.href = location.href;
      again.textContent = "Show it";
      news.append(" ", again);
    }
    news.hidden = false;
  };

  // What a person has begun to write, or opened, must survive.
  const busy = () => [...main.querySelectorAll("textarea, input[type='search'], input:not([type])")]
    .some((field) => field.value !== field.defaultValue)
    || (document.activeElement !== main && main.contains(document.activeElement)
      && document.activeElement.matches("input, textarea, select"));
  const focus = () => {
    const at = document.activeElement;
    if (!main.contains(at) || at === main) return () => {};
    const every = [...main.querySelectorAll("a, button, summary")];
    const index = every.indexOf(at);
    const { href, textContent } = at;
    return () => {
      const now = [...main.querySelectorAll("a, button, summary")];
      const same = now.find((one) => one.href === href && one.textContent === textContent);
      (same ?? now[index] ?? main).focus({ preventScroll: true });
    };
  };

  let timer = 0;
  const renew = async (why) => {
    if (busy()) { say(why, true); return; }
    try {
      const answer = await fetch(location.href, { headers: { "Accept": "text/html" } });
      if (!answer.ok || answer.redirected) { say(why, true); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("main");
      if (!fresh || busy()) { say(why, true); return; }
      const opened = [...main.querySelectorAll("details")].map((one) => one.open);
      const back = focus();
      main.replaceChildren(...fresh.childNodes);
      main.querySelectorAll("details").forEach((one, at) => { one.open = opened[at] ?? one.open; });
      const ways = document.querySelector(".top nav");
      const others = page.querySelector(".top nav");
      if (ways && others && ways.innerHTML !== others.innerHTML) ways.replaceChildren(...others.childNodes);
      back();
      retell();
      say(why, false);
    } catch { say(why, true); }
  };
  // Several changes come at once; the one that says most is told.
  let heard = ["", 0];
  const soon = (why, weight) => {
    if (weight >= heard[1]) heard = [why, weight];
    clearTimeout(timer);
    timer = setTimeout(() => { const [told] = heard; heard = ["", 0]; renew(told); }, 400);
  };

  const concerns = (attribute, name) => {
    const mine = main.dataset[attribute];
    return mine !== undefined && (mine === "" || mine === name);
  };

  const line = (told) => {
    const known = main.querySelector(`[data-job="${CSS.escape(told.job)}"]`);
    if (known) return known;
    const now = main.querySelector("#now");
    if (!now || !concerns("suite", told.suite)) return null;
    let list = now.querySelector(".jobs");
    if (!list) {
      list = document.createElement("ul");
      list.className = "jobs";
      list.setAttribute("role", "list");
      now.append(list);
    }
    const item = document.createElement("li");
    item.className = "job running";
    item.dataset.job = told.job;
    const label = document.createElement("label");
    label.htmlFor = `job-${told.job}`;
    const stage = document.createElement("span");
    stage.className = "fine";
    stage.dataset.stage = "";
    label.append(`${told.suite} `, stage);
    const bar = document.createElement("progress");
    bar.id = `job-${told.job}`;
    bar.max = 1;
    item.append(label, bar);
    list.append(item);
    now.hidden = false;
    return item;
  };
  const progress = (told) => {
    const item = line(told);
    const bar = item?.querySelector("progress");
    if (!bar) return;
    const stage = item.querySelector("[data-stage]");
    const text = STAGES[told.stage] ?? told.stage ?? "";
    if (stage && stage.textContent !== text) {
      stage.textContent = text;
      say(`${told.suite}: ${text}`, false);
    }
    if (typeof told.share === "number") bar.value = told.share;
    else bar.removeAttribute("value");
  };

  const source = new EventSource(place);
  const on = (name, act) => source.addEventListener(name, (event) => {
    let told;
    try { told = JSON.parse(event.data); } catch { return; }
    act(told);
  });
  on("run.started", (told) => {
    const item = line(told);
    if (item && !item.querySelector("progress")) soon(`${told.suite} is running`, 0);
  });
  on("run.progress", progress);
  on("run.finished", (told) => {
    if (concerns("suite", told.suite)) soon(`${told.suite} has run: ${told.outcome}`, 2);
  });
  on("run.failed", (told) => {
    if (concerns("suite", told.suite)) soon(`${told.suite} could not run: ${told.because}`, 2);
  });
  on("incident.changed", (told) => {
    if (concerns("incident", told.incident) || concerns("suite", told.suite)) {
      soon("An incident changed", 1);
    }
  });
  on("suite.changed", (told) => {
    if (concerns("suite", told.suite)) soon(`${told.suite} changed`, 0);
  });
  source.addEventListener("open", () => { live.hidden = false; live.textContent = "Kept up to date."; });
  source.addEventListener("error", () => {
    live.textContent = source.readyState === EventSource.CLOSED
      ? "No longer kept up to date; reload to see what is new." : "Connection lost, trying again.";
  });
  addEventListener("pagehide", () => source.close());
})();
