// What the rules share. Each file here is one expression: a function that is given what it needs.
() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Whether it is painted, be it below the fold.
  const isShown = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;

  // Whether it is there for screen readers alone: clipped to nothing, or a dot.
  const isForEarsOnly = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.clipPath === 'inset(50%)') return true;
      if (style.position === 'absolute' && style.overflow === 'hidden') {
        const box = at.getBoundingClientRect();
        if (box.width <= 1 && box.height <= 1) return true;
      }
    }
    return false;
  };

  const isHiddenFromEars = (element) => !!element.closest('[aria-hidden="true"]');

  // What a fault says it is about.
  const named = (element) => {
    const id = element.id ? `#${element.id}` : '';
    const names = [...element.classList].map((name) => `.${name}`).join('');
    const text = (element.textContent || '').trim().replace(/\s+/g, ' ').slice(0, 40);
    const inside = element.closest('.sec, header, footer, form, main');
    const place = inside && inside !== element
      ? ` in ${inside.tagName.toLowerCase()}${inside.id ? `#${inside.id}` : ''}` : '';
    return `<${element.tagName.toLowerCase()}${id}${names}>${text ? ` “${text}”` : ''}${place}`;
  };

  // Its text without what is hidden from screen readers, with the names of images in it.
  const spoken = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.nodeType !== Node.ELEMENT_NODE) return '';
    if (node.getAttribute('aria-hidden') === 'true') return '';
    const own = node.getAttribute('aria-label') || node.getAttribute('alt');
    if (own) return own;
    return [...node.childNodes].map(spoken).join(' ');
  };

  // The name that a screen reader says; '' where it has none.
  const nameOf = (element) => {
    const by = (element.getAttribute('aria-labelledby') || '').split(/\s+/).filter(Boolean)
      .map((id) => document.getElementById(id)).filter(Boolean).map(spoken).join(' ');
    const labels = element.labels ? [...element.labels].map(spoken).join(' ') : '';
    const found = by || element.getAttribute('aria-label') || labels || spoken(element)
      || element.querySelector(':scope > title')?.textContent
      || element.getAttribute('title') || '';
    return found.replace(/\s+/g, ' ').trim();
  };

  return { all, isShown, isForEarsOnly, isHiddenFromEars, named, nameOf };
}
