// What is live. All else works without it.
(() => {
  'use strict';
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // MARK: Live. The server sends HTML it has escaped, named as the element that it is for.

  const silenceAllowed = 45_000; // milliseconds; the server says something every 15 s.

  // Where it leads and what it says; and which of those of that name it is.
  const named = (one, among) => {
    const nameOf = (other) => [other.localName, other.getAttribute('href'),
      other.getAttribute('aria-label') ?? other.textContent.trim()].join(' ');
    const same = among.filter((other) => nameOf(other) === nameOf(one));
    return `${nameOf(one)} ${same.indexOf(one)}`;
  };

  // Replaces what an element shows, and keeps what the reader did: open details, focus.
  const replace = (element, html) => {
    const opened = all('details', element).map((details) => details.open);
    const focused = element.contains(document.activeElement) ? document.activeElement : null;
    if (focused && focused.matches('input, select, textarea')) return; // Somebody is typing.
    const reachable = 'a[href], button, summary, input, select, textarea, [tabindex]';
    const before = all(reachable, element);
    const place = before.indexOf(focused);
    const name = place < 0 ? '' : named(focused, before);
    element.innerHTML = html;
    all('details', element).forEach((details, index) => { details.open = opened[index] ?? false; });
    if (place < 0) return;
    // The same again, wherever it stands now; where there is none, what stands in its place.
    const after = all(reachable, element);
    const again = after.find((one) => named(one, after) === name) ?? after[place];
    again?.focus({ preventScroll: true });
  };

  const follow = (address) => {
    const marks = all('[data-live-mark]');
    let state = '', silence = 0, source = null;
    const show = (isLive) => {
      const next = isLive ? 'live' : 'not live';
      document.documentElement.classList.toggle('stale', !isLive);
      if (state === next) return;
      state = next;
      const since = new Date().toISOString().slice(11, 19);
      for (const mark of marks) {
        mark.hidden = false;
        mark.dataset.liveMark = isLive ? 'on' : 'off';
        mark.textContent = isLive ? 'Live' : `Not live since ${since}, trying again`;
      }
    };
    const heard = () => {
      show(true);
      clearTimeout(silence);
      silence = setTimeout(lost, silenceAllowed);
    };
    const lost = () => {
      show(false);
      // A source that the browser gave up (an error status) is made anew; else it comes by itself.
      if (source.readyState !== EventSource.CONNECTING) {
        source.close();
        clearTimeout(silence);
        silence = setTimeout(connect, 5_000);
      }
    };
    const connect = () => {
      source = new EventSource(address);
      source.onopen = heard;
      source.onerror = lost;
      source.addEventListener('alive', heard);
      // Signed out, or all was said: say no more and do not come again.
      source.addEventListener('end', () => {
        source.close();
        clearTimeout(silence);
        marks.forEach((mark) => { mark.hidden = true; });
      });
      for (const name of new Set(all('[data-live]').map((element) => element.dataset.live))) {
        source.addEventListener(name, (event) => {
          heard();
          all(`[data-live="${CSS.escape(name)}"]`).forEach((element) => replace(element, event.data));
        });
      }
    };
    connect();
    // A browser has few connections to a server: a page that nobody sees gives its own back.
    document.addEventListener('visibilitychange', () => {
      source.close();
      clearTimeout(silence);
      if (!document.hidden) connect();
    });
    addEventListener('pagehide', () => source.close());
    addEventListener('pageshow', (event) => { if (event.persisted) connect(); });
  };

  // MARK: Time travel. A pointer that lets go of the slider goes there; a key only moves it.

  for (const slider of all('[data-scrub]')) {
    let isDragged = false;
    const places = all(`[data-scrub-place="${CSS.escape(slider.id)}"]`);
    slider.addEventListener('pointerdown', () => { isDragged = true; });
    slider.addEventListener('keydown', () => { isDragged = false; });
    slider.addEventListener('input', () => {
      const place = Number(slider.value).toLocaleString('en-US');
      for (const element of places) element.textContent = place;
    });
    slider.addEventListener('change', () => { if (isDragged) slider.form.requestSubmit(); });
  }

  // MARK: A key that leads to the search

  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest?.('input, select, textarea, [contenteditable]');
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    const field = document.getElementById('q');
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  if (document.body.dataset.liveFrom) follow(document.body.dataset.liveFrom);
})();
