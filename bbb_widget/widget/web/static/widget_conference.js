/* The page in Element's window. It asks Element who is looking, gives that once to our server, and shows what the server
   says: whole sentences and buttons. It decides nothing. */
(function () {
  "use strict";

  const READY_SECONDS = 15;
  const OFFLINE_SECONDS = 15;
  const LINK_SECONDS = 55; // the server's is good for 60
  const SURE_SECONDS = 6;

  const body = document.body.dataset;
  const given = new URLSearchParams(window.location.hash.replace(/^#\??/, ""));
  const widgetId = new URLSearchParams(window.location.search).get("widgetId");
  const catalogues = JSON.parse(body.words);
  const wish = (given.get("language") || body.language).slice(0, 2).toLowerCase();
  const language = wish in catalogues ? wish : body.language;
  const words = catalogues[language];
  const room = given.get("room") || "";

  const note = document.getElementById("note"); // what became of a press
  const said = document.getElementById("said");
  const ways = document.getElementById("ways");
  const items = document.getElementById("items");
  const news = document.getElementById("news"); // the same as in the items, for who does not see them change
  const who = document.getElementById("who");

  let shown = ""; // what is on the page, so that nothing is built anew while somebody is in it
  let known = false; // whether the server knows who is looking
  let timer = 0;
  let busy = false;
  let api = null;

  document.documentElement.lang = language;
  document.title = words.title;
  document.querySelector("h1").textContent = words.title;

  function theme(name) {
    document.documentElement.dataset.theme = /dark|black/i.test(name || "") ? "dark" : "light";
  }

  // Words

  function tell(sentence, ofPress) {
    if (said.textContent !== sentence) said.textContent = sentence;
    if (note.textContent !== (ofPress || "")) note.textContent = ofPress || "";
  }

  function stop(sentence, retry) {
    window.clearTimeout(timer);
    shown = "";
    known = false;
    tell(sentence);
    news.textContent = "";
    who.textContent = "";
    items.replaceChildren();
    ways.replaceChildren();
    if (retry) ways.append(button(words.again, begin));
    ways.hidden = !retry;
  }

  function button(label, press) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.addEventListener("click", press);
    return made;
  }

  // What the server says

  async function ask(path, asked) {
    const answer = await fetch(body.paths + path, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "Accept-Language": language },
      body: JSON.stringify(asked),
    });
    const answered = await answer.json();
    if (answer.ok) return answered;
    const error = new Error(answered.error);
    error.code = answered.errcode;
    throw error;
  }

  function show(view) {
    tell(view.said, view.note);
    who.textContent = view.who;
    const now = JSON.stringify([view.items, view.actions]);
    if (now !== shown) {
      const focused = items.contains(document.activeElement) ? document.activeElement.dataset.key : null;
      items.replaceChildren(...view.items.map(item), actions(view.actions));
      news.textContent = view.items.map((each) => each.title + ": " + each.said).join(" ");
      shown = now;
      const buttons = Array.from(items.querySelectorAll("button"));
      const again = buttons.find((each) => each.dataset.key === focused) || buttons[0];
      if (focused && again) again.focus();
    }
    later(view.again);
  }

  function item(one) {
    const made = document.createElement("section");
    const title = document.createElement("h2");
    const text = document.createElement("p");
    title.textContent = one.title;
    text.textContent = one.said;
    const row = actions(one.actions);
    if (one.calendar) {
      const file = document.createElement("a");
      file.href = one.calendar.path;
      file.download = "";
      file.textContent = one.calendar.label;
      row.append(file);
    }
    made.append(title, text, row);
    return made;
  }

  function actions(all) {
    const made = document.createElement("div");
    made.className = "buttons";
    made.append(...all.map(action));
    return made;
  }

  function action(one) {
    let sure = !one.sure;
    const made = button(one.label, async () => {
      if (!sure) {
        sure = true;
        made.textContent = one.sure;
        window.setTimeout(() => {
          sure = false;
          made.textContent = one.label;
        }, SURE_SECONDS * 1000);
        return;
      }
      await press(one);
    });
    made.dataset.key = one.does + " " + one.conference;
    if (one.sure) made.className = "careful";
    return made;
  }

  async function press(one) {
    if (busy) return;
    busy = true;
    ways.hidden = true;
    try {
      const view = await ask("/conference/" + one.does, { room: room, conference: one.conference });
      show(view);
      if (view.open) open(view.open);
    } catch (error) {
      await wrong(error);
    } finally {
      busy = false;
    }
  }

  /* In a new tab, never in here: BigBlueButton's cookies would be lost. The link stays for whose browser opens none. */
  function open(url) {
    const link = document.createElement("a");
    link.href = url;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    link.textContent = words.here;
    ways.replaceChildren(words.opens + " ", link);
    ways.hidden = false;
    window.setTimeout(() => {
      if (ways.contains(link)) ways.hidden = true;
    }, LINK_SECONDS * 1000);
    link.click();
  }

  // Again and again

  function later(seconds) {
    window.clearTimeout(timer);
    timer = window.setTimeout(look, seconds * 1000);
  }

  async function look() {
    if (document.hidden) return; // it looks when somebody does
    if (busy) return later(1);
    try {
      show(await ask("/conference/state", { room: room }));
    } catch (error) {
      await wrong(error);
    }
  }

  async function wrong(error) {
    if (error.code === "ORG_SCHULBOTE_SIGNED_OUT") return begin();
    if (!error.code) tell(words.offline);
    else tell(error.message);
    later(OFFLINE_SECONDS);
  }

  // Who is looking

  async function begin() {
    window.clearTimeout(timer);
    ways.hidden = true;
    tell(words.asking);
    let token;
    try {
      token = await api.requestOpenIDConnectToken();
    } catch (error) {
      return stop(words.refused, true);
    }
    try {
      await ask("/session", { access_token: token.access_token, matrix_server_name: token.matrix_server_name });
    } catch (error) {
      const unknown = ["ORG_SCHULBOTE_LINK_IS_OVER", "ORG_SCHULBOTE_NOBODY"].includes(error.code);
      return stop(unknown ? words.not_known : error.code ? error.message : words.offline, true);
    }
    known = true;
    try {
      show(await ask("/conference/state", { room: room }));
    } catch (error) {
      if (error.code === "ORG_SCHULBOTE_SIGNED_OUT") return stop(words.no_cookies, true);
      await wrong(error);
    }
  }

  theme(given.get("theme"));
  if (window.parent === window || !widgetId) return stop(words.outside, false);
  // Who may be around this page, its Content-Security-Policy says; what counts here is to speak to nobody else.
  const around = window.location.ancestorOrigins ? window.location.ancestorOrigins[0] : body.client;
  const library = window.mxwidgets(); // as npm's bundle has it: a function that gives the library
  api = new library.WidgetApi(widgetId, around);
  const tooLate = window.setTimeout(() => stop(words.no_answer, false), READY_SECONDS * 1000);
  api.once("ready", () => {
    window.clearTimeout(tooLate);
    begin();
  });
  api.on("action:theme_change", (event) => {
    event.preventDefault();
    theme(event.detail.data.name);
    api.transport.reply(event.detail, {});
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && known) look();
  });
  api.start();
})();
