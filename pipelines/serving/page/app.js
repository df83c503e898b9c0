// The page: ask for a favourite, show what is near it. No library, nothing from elsewhere.
// Every text from outside is set as text, never as markup.

import { combobox } from "/page/combobox.js";
import { legend, ownRadar, profileTable, radar, silhouette } from "/page/radar.js";

const input = document.getElementById("name");
const count = document.getElementById("count");
const results = document.getElementById("results");
const content = document.getElementById("content");
const announce = document.getElementById("announce");

const WORDS = ["Almost the same", "Very close", "Close", "Related", "Some way off"];

let catalogue;
let asked = 0; // only the answer to the latest question is shown

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function noun(number) {
  return (number === 1 ? catalogue.item : catalogue.plural).replaceAll("_", " ");
}

async function fetchJson(address) {
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  const type = answer.headers.get("content-type") ?? "";
  if (!type.includes("json")) throw new Error(`The service answered ${answer.status}.`);
  return { ok: answer.ok, body: await answer.json() };
}

function address(name, n) {
  const query = new URLSearchParams({ [catalogue.item]: name });
  if (n !== catalogue.neighbours.usual) query.set("n", n);
  return `?${query}`;
}

// How near a distance is, from 0 (nearest) to 4: by where it lies among the distances of all pairs.
function nearness(distance) {
  const step = catalogue.steps.findIndex((end) => distance <= end);
  return step < 0 ? WORDS.length - 1 : step;
}

function distanceLine(distance) {
  const step = nearness(distance);
  const dots = element("span", { class: "dots", "aria-hidden": "true" });
  for (let dot = 0; dot < WORDS.length; dot++) {
    dots.append(element("i", dot < WORDS.length - step ? { class: "full" } : {}));
  }
  const words = distance === 0 ? "The same profile" : WORDS[step];
  return element("p", { class: "near" }, dots, element("strong", {}, words), element("span", {}, `distance ${distance.toFixed(2)}`));
}

// The few features that tell the two apart most, and in how many they agree.
function differences(item, favourite) {
  const apart = catalogue.features
    .map((feature, at) => ({ feature, by: item.profile[at] - favourite.profile[at] }))
    .filter(({ by }) => by !== 0)
    .sort((one, other) => Math.abs(other.by) - Math.abs(one.by));
  const list = element("ul", { class: "differs", "aria-label": `Compared with ${favourite.name}` });
  for (const { feature, by } of apart.slice(0, 3)) {
    const amount = Number(Math.abs(by).toFixed(2));
    const hidden = element("span", { class: "visually-hidden" }, by > 0 ? "more " : "less ");
    const sign = element("span", { "aria-hidden": "true" }, by > 0 ? "+" : "−");
    list.append(element("li", {}, element("b", {}, hidden, sign, String(amount)), ` ${feature}`));
  }
  const same = catalogue.features.length - apart.length;
  if (same > 0) list.append(element("li", {}, `${same} of ${catalogue.features.length} the same`));
  return list;
}

function card(neighbour, rank, favourite) {
  const item = catalogue.byName.get(neighbour[catalogue.item]);
  const link = element("a", { href: address(item.name, Number(count.value)) }, item.name);
  link.addEventListener("click", (event) => follow(event, item.name));
  const header = element("div", { class: "title" }, element("span", { class: "rank", "aria-hidden": "true" }, String(rank)), element("h3", {}, link));
  if (item.description) header.append(element("span", { class: "place" }, item.description));
  const made = element("article", { class: "card" }, header, distanceLine(neighbour.distance));
  if (catalogue.features.length > 2) made.append(radar(item, favourite, catalogue));
  made.append(profileTable([item, favourite], catalogue), differences(item, favourite));
  return element("li", {}, made);
}

// The features an item has most of, strongest first.
function strongest(item, most) {
  return catalogue.features
    .map((feature, at) => ({ feature, value: item.profile[at] }))
    .filter(({ value }) => value > catalogue.range[0])
    .sort((one, other) => other.value - one.value)
    .slice(0, most);
}

function favouriteCard(item) {
  const made = element("section", { class: "card own", "aria-label": `Your favourite: ${item.name}` });
  const header = element("div", { class: "title" }, element("h3", {}, item.name));
  if (item.description) header.append(element("span", { class: "place" }, item.description));
  made.append(header, element("p", { class: "near" }, "Your favourite"));
  if (catalogue.features.length > 2) made.append(ownRadar(item, catalogue));
  made.append(profileTable([item], catalogue));
  const list = element("ul", { class: "differs", "aria-label": "Strongest in" });
  for (const { feature, value } of strongest(item, 4)) {
    list.append(element("li", {}, `${feature} `, element("b", {}, String(Number(value.toFixed(2))))));
  }
  made.append(list);
  return made;
}

function showNeighbours(answer) {
  const favourite = catalogue.byName.get(answer[catalogue.item]);
  const found = answer.neighbours;
  const names = found.map((neighbour) => neighbour[catalogue.item]);
  const title = element("h2", {}, `If you like ${favourite.name}`);
  const told = found.length === 1 ? `this is the nearest ${noun(1)}` : `these are the ${found.length} nearest ${noun(2)}`;
  const subtitle = element("p", {}, favourite.description ? `${favourite.description}. ` : "", told[0].toUpperCase() + told.slice(1) + ".");
  const heading = element("div", { class: "heading" }, element("div", {}, title, subtitle), legend(favourite.name));
  const cards = element("ol", { class: "cards", role: "list" });
  found.forEach((neighbour, at) => cards.append(card(neighbour, at + 1, favourite)));
  content.replaceChildren(heading, element("div", { class: "grid" }, favouriteCard(favourite), cards));
  document.title = `${favourite.name} – ${catalogue.title}`;
  input.value = favourite.name;
  announce.textContent = `${found.length} ${noun(found.length)} near ${favourite.name}: ${names.join(", ")}.`;
}

function choices(names) {
  const list = element("ul", { class: "chips", role: "list" });
  for (const name of names) {
    const item = catalogue.byName.get(name);
    const link = element("a", { class: "chip", href: address(name, Number(count.value)) }, name);
    if (item?.description) link.append(element("small", {}, item.description));
    link.addEventListener("click", (event) => follow(event, name));
    list.append(element("li", {}, link));
  }
  return list;
}

function tiles(names) {
  const list = element("ul", { class: "tiles", role: "list" });
  for (const name of names) {
    const item = catalogue.byName.get(name);
    const link = element("a", { class: "tile", href: address(name, Number(count.value)) });
    link.addEventListener("click", (event) => follow(event, name));
    const notes = strongest(item, 3).map(({ feature }) => feature.toLowerCase()).join(", ");
    const text = element("span", {}, element("b", {}, name), element("small", {}, item.description), element("small", { class: "notes" }, notes));
    if (catalogue.features.length > 2) link.append(silhouette(item, catalogue));
    link.append(text);
    list.append(element("li", {}, link));
  }
  return list;
}

function showProblem(problem, name) {
  const suggestions = problem.suggestions ?? [];
  const unknown = problem.status === 404;
  const title = unknown ? `We don't know “${name}”` : "That can't be answered";
  const text = !unknown ? problem.detail : suggestions.length ? "Did you mean one of these?" : `No ${noun(1)} of ours sounds like it.`;
  const notice = element("section", { class: "notice" }, element("h2", {}, title), element("p", {}, text));
  notice.append(choices(suggestions.length ? suggestions : unknown ? starters() : []));
  content.replaceChildren(notice);
  document.title = catalogue.title;
  announce.textContent = `${title}. ${text} ${suggestions.join(", ")}`;
}

function showFailure(retry) {
  const again = element("button", { class: "again", type: "button" }, "Try again");
  again.addEventListener("click", retry);
  const text = "The service did not answer. Perhaps the connection is gone.";
  content.replaceChildren(element("section", { class: "notice" }, element("h2", {}, "No answer"), element("p", {}, text), again));
  announce.textContent = text;
}

// Six items as far from each other as can be, so that the first look shows the breadth of what there is.
function starters() {
  const { items } = catalogue;
  const gap = (one, other) => one.profile.reduce((sum, value, at) => sum + (value - other.profile[at]) ** 2, 0);
  const total = (item) => item.profile.reduce((sum, value) => sum + value, 0);
  const chosen = [items.reduce((best, item) => (total(item) > total(best) ? item : best))];
  while (chosen.length < Math.min(6, items.length)) {
    const distance = (item) => Math.min(...chosen.map((other) => gap(item, other)));
    chosen.push(items.reduce((best, item) => (distance(item) > distance(best) ? item : best)));
  }
  return chosen.map((item) => item.name);
}

function showStart() {
  const title = element("h2", {}, "Not sure? Start with one of these");
  const text = element("p", { class: "lead" }, `They are as different from each other as ${noun(2)} get.`);
  content.replaceChildren(title, text, tiles(starters()));
  document.title = catalogue.title;
}

async function ask(name, n) {
  const mine = ++asked;
  results.setAttribute("aria-busy", "true");
  try {
    const query = new URLSearchParams({ [catalogue.item]: name, n });
    const { ok, body } = await fetchJson(`/recommend?${query}`);
    if (mine !== asked) return;
    // A model that was swapped meanwhile may know other items than the list we have.
    if (ok && body.model !== catalogue.model) await loadCatalogue();
    if (ok) showNeighbours(body);
    else showProblem(body, name);
  } catch {
    if (mine === asked) showFailure(() => ask(name, n));
  } finally {
    if (mine === asked) results.setAttribute("aria-busy", "false");
  }
}

function choose(name) {
  const wanted = name.trim();
  if (!wanted) return;
  const n = Number(count.value);
  const target = address(wanted, n);
  if (target !== location.search) history.pushState(null, "", target);
  ask(wanted, n);
}

function follow(event, name) {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return; // as any link: a new tab
  event.preventDefault();
  choose(name);
  results.focus({ preventScroll: true });
  results.scrollIntoView({ block: "start" });
}

// Shows what the address says, at the start and when going back or forth; the name in it, if any.
function showAddress() {
  const query = new URLSearchParams(location.search);
  const n = Number(query.get("n"));
  const { usual, most } = catalogue.neighbours;
  count.value = String(Number.isInteger(n) && n >= 1 && n <= most ? n : usual);
  const name = query.get(catalogue.item)?.trim();
  if (!name) {
    asked++;
    results.setAttribute("aria-busy", "false");
    showStart();
    return "";
  }
  ask(name, Number(count.value));
  return name;
}

async function loadCatalogue() {
  const { ok, body } = await fetchJson("/items");
  if (!ok) throw new Error("no items");
  catalogue = body;
  catalogue.byName = new Map(body.items.map((item) => [item.name, item]));
  document.getElementById("model").textContent = body.model.slice(0, 12);
}

async function start() {
  try {
    await loadCatalogue();
  } catch {
    showFailure(start);
    return;
  }
  for (let n = 1; n <= catalogue.neighbours.most; n++) count.append(element("option", { value: n }, String(n)));
  combobox(input, () => catalogue.items, choose);
  count.addEventListener("change", () => choose(input.value));
  document.getElementById("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    choose(input.value);
  });
  addEventListener("popstate", () => {
    input.value = showAddress();
  });
  const name = showAddress();
  if (name) input.value = name;
  else if (input.value) input.dispatchEvent(new Event("input")); // typed before we were ready
}

start();
