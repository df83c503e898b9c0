// A profile as a radar chart, the favourite's laid over it, and the same as a table for those who can't see it.

const SVG = "http://www.w3.org/2000/svg";
const RADIUS = 92;

function draw(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const round = (value) => Math.round(value * 100) / 100;

function spot(at, count, radius) {
  const angle = (2 * Math.PI * at) / count - Math.PI / 2;
  return [round(Math.cos(angle) * radius), round(Math.sin(angle) * radius)];
}

function outline(radii) {
  return radii.map((radius, at) => spot(at, radii.length, radius).join(",")).join(" ");
}

function web(count, rings) {
  const group = draw("g", {});
  for (let ring = 1; ring <= rings; ring++) {
    const points = outline(Array(count).fill((RADIUS * ring) / rings));
    group.append(draw("polygon", { class: ring === rings ? "web ring" : "web", points }));
  }
  for (let at = 0; at < count; at++) {
    const [x2, y2] = spot(at, count, RADIUS);
    group.append(draw("line", { class: "web", x1: 0, y1: 0, x2, y2 }));
  }
  return group;
}

function label(feature, at, count, apart) {
  const [x, y] = spot(at, count, RADIUS + 10);
  const anchor = Math.abs(x) < 8 ? "middle" : x > 0 ? "start" : "end";
  const dy = y < -RADIUS ? 0 : y > RADIUS ? 9 : 4;
  return draw("text", { x, y: y + dy, "text-anchor": anchor, ...(apart ? { class: "apart" } : {}) }, feature);
}

function chart(kind, viewBox, { features, range: [low, high] }) {
  const steps = high - low;
  const made = draw("svg", { class: `radar ${kind}`, viewBox, "aria-hidden": "true", focusable: "false" });
  made.append(web(features.length, Number.isInteger(steps) && steps <= 10 ? steps : 4));
  return made;
}

function shape(kind, item, { range: [low, high] }) {
  const radii = item.profile.map((value) => (RADIUS * (value - low)) / (high - low));
  return draw("polygon", { class: kind, points: outline(radii) });
}

// The item's profile with the favourite's over it; the names of the features that differ most stand out.
export function radar(item, favourite, catalogue) {
  const { features } = catalogue;
  const gaps = item.profile.map((value, at) => Math.abs(value - favourite.profile[at]));
  const widest = Math.max(...gaps);
  const made = chart("pair", "-172 -116 344 234", catalogue);
  made.append(shape("shape", item, catalogue), shape("favourite", favourite, catalogue));
  features.forEach((feature, at) => made.append(label(feature, at, features.length, widest > 0 && gaps[at] === widest)));
  return made;
}

// The favourite's profile alone, in its own colour.
export function ownRadar(item, catalogue) {
  const { features } = catalogue;
  const made = chart("alone", "-172 -116 344 234", catalogue);
  made.append(shape("favourite filled", item, catalogue));
  features.forEach((feature, at) => made.append(label(feature, at, features.length, false)));
  return made;
}

// A silhouette without words, for a first impression.
export function silhouette(item, catalogue) {
  const made = chart("small", "-94 -94 188 188", catalogue);
  made.append(shape("shape", item, catalogue));
  return made;
}

function cell(tag, text, scope) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (scope) made.scope = scope;
  return made;
}

export function profileTable(items, { features }) {
  const table = document.createElement("table");
  table.createCaption().textContent = `Profile of ${items.map((item) => item.name).join(" beside ")}`;
  const head = table.createTHead().insertRow();
  head.append(cell("th", "Feature", "col"), ...items.map((item) => cell("th", item.name, "col")));
  const body = table.createTBody();
  features.forEach((feature, at) => {
    body.insertRow().append(cell("th", feature, "row"), ...items.map((item) => cell("td", item.profile[at])));
  });
  // A table can't be clipped to a pixel itself: it grows with its content.
  const wrapper = document.createElement("div");
  if (features.length > 2) wrapper.className = "visually-hidden";
  wrapper.append(table);
  return wrapper;
}

function swatch(shape) {
  return draw("svg", { viewBox: "0 0 32 16", "aria-hidden": "true" }, shape);
}

export function legend(name) {
  const list = document.createElement("ul");
  list.className = "legend";
  const favourite = document.createElement("li");
  favourite.append(swatch(draw("line", { class: "favourite", x1: 1, y1: 8, x2: 31, y2: 8 })), name);
  const neighbour = document.createElement("li");
  neighbour.append(swatch(draw("rect", { class: "shape", x: 2, y: 2, width: 28, height: 12, rx: 2 })), "the neighbour");
  list.append(favourite, neighbour);
  return list;
}
