// Search as you type: an editable combobox with a list, as the ARIA Authoring Practices describe it.
// The focus stays in the input; aria-activedescendant says which option is meant.

const MOST = 60; // options shown at once; more are found by typing on

const list = document.getElementById("options");
const opener = document.getElementById("open");

export function fold(text) {
  return text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
}

const squeeze = (text) => fold(text).replace(/[^\p{L}\p{N}]/gu, "");

// How well a name fits what was typed: 0 begins with it, 1 a word of it does, 2 holds it, 3 an alias does; else null.
function fit(item, typed) {
  const key = squeeze(typed);
  const words = fold(item.name).split(/[^\p{L}\p{N}]+/u);
  if (squeeze(item.name).startsWith(key)) return 0;
  if (words.some((word) => word.startsWith(key))) return 1;
  if (squeeze(item.name).includes(key)) return 2;
  return item.also.some((alias) => squeeze(alias).includes(key)) ? 3 : null;
}

export function matching(items, typed) {
  if (!squeeze(typed)) return items;
  return items
    .map((item, at) => ({ item, at, fit: fit(item, typed) }))
    .filter((found) => found.fit !== null)
    .sort((one, other) => one.fit - other.fit || one.at - other.at)
    .map((found) => found.item);
}

// The name with the typed letters marked, where they stand in it as typed.
function marked(name, typed) {
  const wanted = fold(typed.trim());
  const at = wanted && fold(name).length === name.length ? fold(name).indexOf(wanted) : -1;
  const label = document.createElement("span");
  if (at < 0) {
    label.textContent = name;
    return label;
  }
  const mark = document.createElement("mark");
  mark.textContent = name.slice(at, at + wanted.length);
  label.append(name.slice(0, at), mark, name.slice(at + wanted.length));
  return label;
}

function option(item, at, typed) {
  const made = document.createElement("li");
  made.id = `option-${at}`;
  made.setAttribute("role", "option");
  made.setAttribute("aria-selected", "false");
  made.dataset.name = item.name;
  made.append(marked(item.name, typed));
  if (item.description) {
    const place = document.createElement("small");
    place.textContent = item.description;
    made.append(" ", place);
  }
  return made;
}

export function combobox(input, items, choose) {
  let active = -1;

  const options = () => [...list.querySelectorAll('[role="option"]')];
  const isOpen = () => !list.hidden;

  function setOpen(open) {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    opener.setAttribute("aria-expanded", String(open));
    if (!open) setActive(-1);
  }

  function setActive(at) {
    active = at;
    options().forEach((found, index) => found.setAttribute("aria-selected", String(index === at)));
    if (at < 0) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    input.setAttribute("aria-activedescendant", `option-${at}`);
    options()[at].scrollIntoView({ block: "nearest" });
  }

  function show(typed) {
    const found = matching(items(), typed).slice(0, MOST);
    list.replaceChildren(...found.map((item, at) => option(item, at, typed)));
    list.scrollTop = 0;
    setActive(-1);
    setOpen(found.length > 0);
  }

  function pick(name) {
    input.value = name;
    setOpen(false);
    choose(name);
  }

  function move(step) {
    if (!isOpen()) show(items().some((item) => item.name === input.value) ? "" : input.value);
    const count = options().length;
    if (count) setActive(active < 0 ? (step > 0 ? 0 : count - 1) : (active + step + count) % count);
  }

  const keys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => (active >= 0 ? pick(options()[active].dataset.name) : (setOpen(false), choose(input.value))),
    Escape: () => (isOpen() ? setOpen(false) : (input.value = "")),
  };

  input.addEventListener("input", () => show(input.value));
  input.addEventListener("focus", () => input.select());
  input.addEventListener("blur", () => setOpen(false));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || !(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
  // Before the input loses the focus, which would close the list.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const chosen = event.target.closest('[role="option"]');
    if (chosen) pick(chosen.dataset.name);
  });
  opener.addEventListener("mousedown", (event) => event.preventDefault());
  opener.addEventListener("click", () => {
    const wasOpen = isOpen();
    input.focus();
    if (wasOpen) setOpen(false);
    else show("");
  });
}
