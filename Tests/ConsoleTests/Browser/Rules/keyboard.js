// What the Tab key must reach, and where it is. Kept in the page while a test walks through it.
({ all, isShown, named }) => {
  const reachable = 'a[href], button, input:not([type="hidden"]), select, textarea, summary, '
    + '[tabindex]:not([tabindex^="-"])';
  const isOneOfMany = (element) => element.type === 'radio' && !element.checked
    && all(`input[type="radio"][name="${CSS.escape(element.name)}"]`).some((one) => one.checked);
  const stops = all(reachable).filter((element) =>
    isShown(element) && !element.disabled && element.tabIndex >= 0 && !isOneOfMany(element));

  // All that a style may change where the focus is.
  const mostParts = 40;
  const look = (element) => [element, ...all('*', element).slice(0, mostParts)].map((part) => {
    const style = getComputedStyle(part);
    return [
      style.outlineStyle === 'none' ? ''
        : `${style.outlineStyle} ${style.outlineWidth} ${style.outlineColor}`,
      style.boxShadow, style.borderColor, style.backgroundColor, style.color, style.fill,
      style.stroke, style.visibility, style.textDecorationLine,
    ].join(';');
  }).join('|');
  const looks = new Map(stops.map((element) => [element, look(element)]));
  const seen = new Set();
  let last = null;

  return {
    names: stops.map(named),
    // The place of the focus: its number among the stops, -1 for the page itself, and -2 for
    // something else, such as a box that scrolls.
    at: () => {
      const element = document.activeElement;
      if (!element || element === document.body) {
        return { stop: -1, name: 'page', isAgain: false, faults: [] };
      }
      const faults = [];
      const before = looks.get(element);
      const outline = getComputedStyle(element);
      const hasOutline = outline.outlineStyle !== 'none' && parseFloat(outline.outlineWidth) >= 1;
      const isChanged = before !== undefined && look(element) !== before;
      if (!hasOutline && !isChanged) faults.push('shows no focus');
      const box = element.getBoundingClientRect();
      if (box.bottom <= 0 || box.right <= 0 || box.top >= innerHeight || box.left >= innerWidth
        || box.width < 2 || box.height < 2) faults.push('is out of sight with the focus');
      // A field for a time has stops within it.
      const isAgain = element !== last && seen.has(element);
      seen.add(element);
      last = element;
      const stop = stops.indexOf(element);
      return { stop: stop < 0 ? -2 : stop, name: named(element), isAgain, faults };
    },
  };
}
