// What a page looks like: contrast, widths, what is cut off, and room for fingers.
({ all, isShown, isForEarsOnly, named }, { width, isPhone }) => {
  const faults = [];
  const fault = (rule, element) => faults.push(`${rule}: ${named(element)}`);

  // MARK: Colours

  // Of any notation, as the browser itself reads it: red, green, blue, and 0 to 1 for how opaque.
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const known = new Map();
  const colour = (text) => {
    if (!known.has(text)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = '#000';
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(text, [red, green, blue, alpha / 255]);
    }
    return known.get(text);
  };
  const over = (above, below) =>
    [0, 1, 2].map((part) => above[part] * above[3] + below[part] * (1 - above[3])).concat(1);
  const luminance = (of) => {
    const [red, green, blue] = of.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ratio = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };

  // The grounds that a thing may stand on: one, or each colour of a gradient.
  const mostGrounds = 12;
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
  const notation = /(?:rgba?|hsla?|oklch|oklab|lab|lch|color)\([^()]*\)|#[0-9a-f]{3,8}/gi;
  const grounds = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      if (at instanceof SVGElement && !(at instanceof SVGSVGElement)) continue;
      const style = getComputedStyle(at);
      const image = style.backgroundImage === 'none' ? []
        : style.backgroundImage.match(notation) || [];
      if (image.length) layers.push(image.map(colour));
      const plain = colour(style.backgroundColor);
      if (plain[3] > 0) layers.push([plain]);
      if (plain[3] === 1) break;
    }
    let below = [isDark ? [18, 18, 18, 1] : [255, 255, 255, 1]];
    for (const layer of layers.reverse()) {
      below = layer.flatMap((above) => below.map((ground) => over(above, ground)))
        .slice(0, mostGrounds);
    }
    return below;
  };
  const opacity = (element) => {
    let product = 1;
    for (let at = element; at; at = at.parentElement) {
      product *= Number(getComputedStyle(at).opacity);
    }
    return product;
  };
  // The worst ratio of a colour to what is below it.
  const worst = (text, element, ground = element) => {
    const [red, green, blue, alpha] = colour(text);
    const ink = [red, green, blue, alpha * opacity(element)];
    return Math.min(...grounds(ground).map((below) => ratio(over(ink, below), below)));
  };

  const isLarge = (style) => {
    const size = parseFloat(style.fontSize);
    return size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  };
  const requireText = (element, text, style, what) => {
    const needed = isLarge(style) ? 3 : 4.5;
    const found = worst(text, element);
    if (found < needed - 0.005) fault(`contrast ${found.toFixed(2)} of ${what}`, element);
  };
  const isOff = (element) => !!element.closest('[disabled], [aria-disabled="true"]');

  const seen = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || seen.has(element)) continue;
    seen.add(element);
    if (element.matches('script, style, title, option, template')) continue;
    if (!isShown(element) || isForEarsOnly(element) || isOff(element)) continue;
    const style = getComputedStyle(element);
    const isDrawn = element instanceof SVGElement;
    requireText(element, isDrawn ? style.fill : style.color, style, 'text');
  }
  for (const element of all('body *')) {
    if (!isShown(element) || isForEarsOnly(element)) continue;
    for (const part of ['::before', '::after']) {
      const style = getComputedStyle(element, part);
      const isText = !['none', 'normal', '""', "''", ''].includes(style.content);
      if (isText && style.display !== 'none') requireText(element, style.color, style, part);
    }
  }
  for (const field of all('input:not([type="hidden"]), select, textarea')) {
    if (!isShown(field) || isOff(field)) continue;
    const style = getComputedStyle(field);
    if (!['checkbox', 'radio', 'range', 'color'].includes(field.type)) {
      requireText(field, style.color, style, 'what is typed');
      const edge = worst(style.borderTopColor, field, field.parentElement);
      const filled = worst(style.backgroundColor, field, field.parentElement);
      if (Math.max(edge, filled) < 3) fault(`contrast ${edge.toFixed(2)} of a field's edge`, field);
    }
    if (field.placeholder) {
      const shown = getComputedStyle(field, '::placeholder');
      requireText(field, shown.color, shown, 'a placeholder');
    }
  }
  for (const glyph of all('svg.gl')) {
    if (!isShown(glyph)) continue;
    const found = worst(getComputedStyle(glyph).color, glyph);
    if (found < 3) fault(`contrast ${found.toFixed(2)} of a sign`, glyph.parentElement);
  }
  for (const bar of all('svg .bar, svg .fill, svg .span')) {
    if (!isShown(bar)) continue;
    const style = getComputedStyle(bar);
    const paints = [style.fill, style.stroke].filter((paint) => paint !== 'none' && !paint.startsWith('url'));
    if (!paints.length) continue;
    const found = Math.max(...paints.map((paint) => worst(paint, bar)));
    if (found < 3) fault(`contrast ${found.toFixed(2)} of a bar`, bar);
  }

  // MARK: Widths

  const page = document.scrollingElement;
  if (page.scrollWidth > width) {
    faults.push(`the page is ${page.scrollWidth} wide and the window ${width}`);
  }
  const scrolls = (element) => {
    for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
      if (getComputedStyle(at).overflowX !== 'visible') return true;
    }
    return false;
  };
  for (const element of all('body *')) {
    if (element.closest('.skip') || !isShown(element) || isForEarsOnly(element)) continue;
    const box = element.getBoundingClientRect();
    if (!box.width || (box.right <= width + 1 && box.left >= -1)) continue;
    if (!scrolls(element)) fault(`sticks out, from ${box.left | 0} to ${box.right | 0}`, element);
  }

  // MARK: What is cut off. A phone's picture cuts as the phone does; the page has the whole text.

  const says = (element) => {
    for (let at = element, steps = 0; at && steps < 4; at = at.parentElement, steps += 1) {
      if (at.title || at.querySelector(':scope > title')) return true;
    }
    return !!element.querySelector('[title]');
  };
  for (const element of all('body *')) {
    if (element instanceof SVGElement || element.closest('.phone') || !isShown(element)) continue;
    const style = getComputedStyle(element);
    const cuts = (how) => how === 'hidden' || how === 'clip';
    const isCut = (cuts(style.overflowX) && element.scrollWidth > element.clientWidth + 1)
      || (cuts(style.overflowY) && element.scrollHeight > element.clientHeight + 1);
    if (!isCut || !element.textContent.trim() || isForEarsOnly(element)) continue;
    if (!says(element)) fault('is cut off, and no title has the whole', element);
  }

  // MARK: Texts that run into each other

  const lines = all('body *').filter((element) =>
    !(element instanceof SVGElement) && !element.childElementCount && element.textContent.trim()
    && isShown(element) && !isForEarsOnly(element) && !element.closest('.skip, kbd, .phone, svg'));
  const everywhere = { left: -1e9, right: 1e9, top: -1e9, bottom: 1e9 };
  // What of an element is painted at most: what is within all that cut or scroll.
  const clipOf = (element) => {
    const clip = { ...everywhere };
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      if (getComputedStyle(at).overflowX === 'visible') continue;
      const box = at.getBoundingClientRect();
      clip.left = Math.max(clip.left, box.left);
      clip.right = Math.min(clip.right, box.right);
      clip.top = Math.max(clip.top, box.top);
      clip.bottom = Math.min(clip.bottom, box.bottom);
    }
    return clip;
  };
  const boxes = lines.slice(0, 1500).map((element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const own = element.getBoundingClientRect();
    const clip = clipOf(element);
    return [...range.getClientRects()].map((box) => ({
      element, left: Math.max(box.left, clip.left), right: Math.min(box.right, clip.right),
      top: Math.max(box.top, own.top, clip.top), bottom: Math.min(box.bottom, own.bottom, clip.bottom),
    })).filter((box) => box.right > box.left && box.bottom > box.top);
  }).flat().sort((one, other) => one.top - other.top);
  const slack = 3;
  boxes.forEach((one, index) => {
    for (const other of boxes.slice(index + 1)) {
      if (other.top > one.bottom - slack) break;
      if (one.element === other.element) continue;
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (across > slack && down > slack) fault(`runs into ${named(other.element)}`, one.element);
    }
  });

  // MARK: Room for fingers, as WCAG 2.5.8 has it: 24 pixels, or as much room around.

  if (!isPhone) return faults;
  const room = 24;
  const wide = (element) => {
    const label = element.matches('input[type="checkbox"], input[type="radio"]')
      ? element.closest('label') || element.labels?.[0] : null;
    return (label || element).getBoundingClientRect();
  };
  const targets = all('a[href], button, summary, select, input:not([type="hidden"]), textarea')
    .filter((element) => !(element instanceof SVGElement) && isShown(element)
      && !isForEarsOnly(element) && !element.closest('.skip'))
    .map((element) => ({ element, box: wide(element) }));
  // A link within a sentence is as high as its line.
  const isInSentence = (element) => {
    if (getComputedStyle(element).display !== 'inline') return false;
    return [...element.parentElement.childNodes].some((node) =>
      node.nodeType === Node.TEXT_NODE && /\w/.test(node.data));
  };
  const middle = ({ left, right, top, bottom }) => [(left + right) / 2, (top + bottom) / 2];
  for (const { element, box } of targets) {
    if ((box.height >= room && box.width >= room) || isInSentence(element)) continue;
    const [x, y] = middle(box);
    const near = targets.find(({ element: other, box: theirs }) => {
      if (other === element || other.contains(element) || element.contains(other)) return false;
      const across = Math.max(theirs.left - x, 0, x - theirs.right);
      const down = Math.max(theirs.top - y, 0, y - theirs.bottom);
      if (Math.hypot(across, down) < room / 2) return true;
      const isSmall = theirs.height < room || theirs.width < room;
      const [theirX, theirY] = middle(theirs);
      return isSmall && Math.hypot(theirX - x, theirY - y) < room;
    });
    if (near) {
      fault(`${box.width | 0} × ${box.height | 0} pixels and close to ${named(near.element)}`, element);
    }
  }
  return faults;
}
