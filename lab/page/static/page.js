// What all parts use: data of the page, making elements, light or dark, copying a command.

const page = {
  parsed: {},
  data: name => (page.parsed[name] ??= JSON.parse(document.getElementById('data-' + name).textContent)),

  // An element; attributes by name, children as elements or text. Names with a prefix such as svg:path are SVG.
  make(name, attributes = {}, ...children) {
    const made = name.startsWith('svg:')
      ? document.createElementNS('http://www.w3.org/2000/svg', name.slice(4))
      : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  },

  // A colour of the style sheet as the browser shows it now; canvas does not know variables.
  colour(name) {
    page.probe ??= document.body.appendChild(page.make('span', { hidden: '', style: 'forced-color-adjust: none' }));
    page.probe.style.color = `var(--${name})`;
    return getComputedStyle(page.probe).color;
  },

  // One of the buttons in a box can be reached with the Tab key, the others from there with the arrow keys: to the next
  // one, or `columns` further. Buttons that are disabled are passed over.
  roam(box, selector, columns) {
    const all = [...box.querySelectorAll(selector)];
    const reach = chosen => all.forEach(button => (button.tabIndex = button === chosen ? 0 : -1));
    reach(all.find(button => !button.disabled));
    box.addEventListener('focusin', event => all.includes(event.target) && reach(event.target));
    box.addEventListener('keydown', event => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns || 1, ArrowUp: -columns || -1 }[event.key];
      let next = all.indexOf(event.target) + step;
      while (all[next]?.disabled) next += step;
      if (!step || !all[next]) return;
      event.preventDefault();
      all[next].focus();
    });
  },

  // Set a text, but only where it changes: a screen reader says what is set.
  tell(element, text) {
    if (element.textContent !== text) element.textContent = text;
  },

  // At most two decimals, without zeros at the end.
  short(value) {
    return String(Number(value.toFixed(2)) + 0);
  },
};

// Light or dark: as the system has it, until the button is pressed; on paper always light.
(() => {
  const root = document.documentElement, system = matchMedia('(prefers-color-scheme: dark)'), KEPT = 'lab-theme';
  let chosen = kept();

  // What was chosen on this computer before; a browser may forbid a page to keep anything.
  function kept(fresh) {
    try {
      if (fresh) localStorage.setItem(KEPT, fresh);
      return localStorage.getItem(KEPT) ?? '';
    } catch {
      return fresh ?? '';
    }
  }

  function paint(scheme) {
    root.style.colorScheme = scheme;
    root.dataset.theme = scheme || (system.matches ? 'dark' : 'light');
    document.dispatchEvent(new Event('repaint'));
  }
  document.getElementById('theme').addEventListener('click', () => {
    chosen = kept(root.dataset.theme === 'dark' ? 'light' : 'dark');
    paint(chosen);
  });
  system.addEventListener('change', () => paint(chosen));
  addEventListener('beforeprint', () => paint('light'));
  addEventListener('afterprint', () => paint(chosen));
  paint(chosen);
})();

for (const button of document.querySelectorAll('.copy')) {
  button.addEventListener('click', async () => {
    const code = button.parentElement.querySelector('code');
    getSelection().selectAllChildren(code);
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = 'copied';
    } catch {
      button.textContent = 'selected'; // the browser does not let a page write: Ctrl-C copies what is selected
    }
    setTimeout(() => (button.textContent = 'copy'), 1500);
  });
}
