// Names, headings, tables, ids and landmarks: what a page is without its look.
({ all, isShown, isHiddenFromEars, named, nameOf }) => {
  const faults = [];
  const fault = (rule, element) => faults.push(`${rule}: ${element ? named(element) : ''}`);

  // MARK: The page

  if (!document.documentElement.lang) fault('the page has no language');
  if (document.title.trim().length < 3) fault('the page has no title');
  const mains = all('main');
  if (mains.length !== 1) fault(`there are ${mains.length} main elements`);
  for (const child of document.body.children) {
    const isLandmark = child.matches(
      'header, nav, main, footer, aside, script, a.skip, a[href^="#"]');
    if (!isLandmark && !isHiddenFromEars(child)) fault('is in no landmark', child);
  }
  const navigations = all('nav').filter(isShown);
  for (const nav of navigations) {
    const isNamed = nav.getAttribute('aria-label') || nav.getAttribute('aria-labelledby');
    if (navigations.length > 1 && !isNamed) fault('one of several navigations has no name', nav);
  }

  // MARK: Headings

  const headings = all('h1, h2, h3, h4, h5, h6').filter(isShown);
  const first = headings.filter((heading) => heading.tagName === 'H1');
  if (first.length !== 1) fault(`there are ${first.length} headings h1`);
  let level = 0;
  for (const heading of headings) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) fault(`a heading leaves out h${level + 1}`, heading);
    if (!nameOf(heading)) fault('a heading has no text', heading);
    level = own;
  }

  // MARK: Ids

  const ids = new Set();
  for (const element of all('[id]')) {
    if (ids.has(element.id)) fault('an id stands twice', element);
    ids.add(element.id);
  }
  for (const attribute of ['for', 'aria-labelledby', 'aria-describedby', 'aria-controls', 'list']) {
    for (const element of all(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(/\s+/)) {
        if (!ids.has(id)) fault(`${attribute} names “${id}”, which is not there`, element);
      }
    }
  }
  for (const element of all('a[href^="#"], use[href^="#"]')) {
    const id = decodeURIComponent(element.getAttribute('href').slice(1));
    if (id && !ids.has(id)) fault(`leads to #${id}, which is not there`, element);
  }

  // MARK: Names

  for (const field of all('input:not([type="hidden"]), select, textarea')) {
    if (!isShown(field)) continue;
    const own = field.labels?.length || field.getAttribute('aria-label')
      || field.getAttribute('aria-labelledby');
    const isButton = ['submit', 'button', 'reset'].includes(field.type);
    if (isButton ? !field.value : !own || !nameOf(field)) fault('a field has no label', field);
  }
  for (const element of all('button, a, summary, [role="button"]')) {
    if (isHiddenFromEars(element)) continue;
    if (!nameOf(element)) fault('has no name', element);
    if (element.localName === 'a' && !(element.getAttribute('href') || '').trim()) {
      fault('a link leads nowhere', element);
    }
  }
  for (const fieldset of all('fieldset')) {
    if (!fieldset.querySelector(':scope > legend')) fault('a fieldset has no legend', fieldset);
  }
  for (const element of all('img, svg, canvas')) {
    if (element.localName === 'img' && element.hasAttribute('alt')) continue;
    if (isHiddenFromEars(element) || element.parentElement.closest('svg')) continue;
    const says = element.getAttribute('role');
    if (!says || says === 'presentation') fault('a picture is neither named nor hidden', element);
    else if (!nameOf(element)) fault('a picture has a role and no name', element);
    else if (says === 'img' && element.querySelector('a[href], [tabindex]')) {
      fault('a picture hides links from screen readers', element);
    }
  }
  for (const element of all('[aria-hidden="true"]')) {
    const inside = element.matches('a[href], button, input') ? element
      : element.querySelector('a[href], button, input:not([type="hidden"]), select, [tabindex="0"]');
    if (inside && isShown(inside)) fault('can be reached and is hidden from screen readers', inside);
  }

  // MARK: Tables

  for (const table of all('table')) {
    const caption = table.querySelector(':scope > caption');
    if (!caption || !nameOf(caption)) fault('a table has no caption', table);
    const headers = all('th', table);
    if (!headers.length) fault('a table has no headers', table);
    for (const header of headers) {
      if (!['col', 'row', 'colgroup', 'rowgroup'].includes(header.getAttribute('scope'))) {
        fault('a header has no scope', header);
      }
      if (!nameOf(header)) fault('a header is empty', header);
    }
    const width = (row) => [...row.cells].reduce((sum, cell) => sum + cell.colSpan, 0);
    const widths = new Set([...table.rows].map(width));
    if (widths.size > 1) fault(`a table's rows have ${[...widths].join(' and ')} cells`, table);
  }
  for (const list of all('ul, ol')) {
    for (const child of list.children) {
      if (!child.matches('li, script, template')) fault('stands in a list and is no item', child);
    }
    if (!list.children.length) fault('a list is empty', list);
  }
  for (const element of all('dt, dd')) {
    if (!element.closest('dl')) fault('stands in no list of terms', element);
  }

  // MARK: What the policy of a page forbids, and what disturbs the keyboard

  for (const element of all('[tabindex]')) {
    if (element.tabIndex > 0) fault('changes the order of the keyboard', element);
  }
  for (const element of all('*')) {
    for (const { name } of element.attributes) {
      if (name.startsWith('on')) fault(`has a script in its attribute ${name}`, element);
    }
  }
  for (const element of all('script:not([src]), style, [href^="javascript:"]')) {
    fault('is written into the page', element);
  }
  for (const element of all('[src], link[href], use[href], form[action]')) {
    const address = element.getAttribute('src') ?? element.getAttribute('href')
      ?? element.getAttribute('action');
    const target = URL.parse(address, location.href);
    if (target && target.origin !== location.origin) {
      fault('comes from another site', element);
    }
  }
  return faults;
}
