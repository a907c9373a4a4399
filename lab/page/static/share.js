// What the reader has chosen stands in the address after #, so that copying the address copies what is seen: the place,
// then name=value for whatever differs from the page as it opens.

const share = (() => {
  const joined = [];
  let place = '', timer = null;

  const given = () => new URLSearchParams(location.hash.slice(1));

  // read() returns an object of texts by name; write() takes one, and throws where it makes no sense. Names are unique on the page.
  function join(read, write) {
    const part = { read, write, base: read() };
    joined.push(part);
    apply(part, true);
  }

  // What the address says of a part, but for a page without any of it.
  function apply({ write, base }, first) {
    const said = given();
    const names = Object.keys(base).filter(name => said.has(name));
    if (first && !names.length) return;
    try {
      write({ ...base, ...Object.fromEntries(names.map(name => [name, said.get(name)])) });
    } catch {
      write(base); // an address that was cut on its way
    }
  }

  function address() {
    const differ = joined.flatMap(({ read, base }) => Object.entries(read()).filter(([name, value]) => value !== base[name]));
    const text = new URLSearchParams(differ).toString();
    return '#' + [place, text].filter(Boolean).join('&');
  }

  // The reader has changed something at this place, the id of an element.
  function changed(where) {
    place = where ?? place;
    clearTimeout(timer);
    timer = setTimeout(() => history.replaceState(null, '', address()), 300);
  }

  // The first word is a place; the browser itself only goes there if it stands alone.
  function go() {
    const [first] = given().keys();
    place = document.getElementById(first) ? first : '';
    if (place && location.hash !== '#' + place) document.getElementById(place).scrollIntoView({ behavior: 'instant' });
  }

  addEventListener('hashchange', () => {
    go();
    if (location.hash === '#' + place) changed(); // a link of the page: what is seen stays
    else for (const part of joined) apply(part, false);
  });
  addEventListener('load', go);

  return { join, changed };
})();
