// dom.js: elements out of values. Everything that comes from the process is put in as text, never as markup.

/** An element. Properties: `on…` are listeners, `class`, `disabled` and other attributes; null and false are left out.
 * Children: elements, texts, numbers, arrays of them; null is left out. */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value' || name === 'checked') element[name] = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat(4).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Puts `children` in place of what was in `element`, unless they look the same: focus and selections survive. */
export function fill(element, ...children) {
  const fresh = h('div', null, children);
  if (fresh.innerHTML === element.innerHTML && element.dataset.filled) return;
  const focused = element.contains(document.activeElement) ? document.activeElement.getAttribute('data-key') : null;
  element.replaceChildren(...fresh.childNodes);
  element.dataset.filled = '1';
  if (focused) element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

/** A table. columns: [title, class?]; rows: arrays of cells. */
export function table(columns, rows, empty) {
  if (rows.length === 0) return h('p', { class: 'quiet' }, empty);
  return h('div', { class: 'wide' }, h('table', null,
    h('thead', null, h('tr', null, columns.map(([title, kind]) => h('th', { scope: 'col', class: kind }, title)))),
    h('tbody', null, rows.map((cells) => h('tr', null,
      cells.map((cell, i) => h('td', { class: columns[i][1] }, cell)))))));
}

/** A button that cannot be pressed again while what it does is under way. */
export function button(text, act, properties) {
  return h('button', {
    type: 'button', 'data-key': text, ...properties,
    onclick: async (event) => {
      const self = event.currentTarget;
      self.disabled = true;
      try { await act(); } finally { self.disabled = false; }
    },
  }, text);
}

/** A card of the page: its heading, what is in it, and a line that a screen reader hears when it changes. */
export function card(title, ...children) {
  const says = h('p', { class: 'says', role: 'status', 'aria-live': 'polite' });
  const node = h('section', { class: 'card', 'aria-label': title }, h('h2', null, title), children, says);
  return {
    node,
    say(text, bad) {
      says.textContent = text || '';
      says.classList.toggle('bad', Boolean(bad));
    },
  };
}
