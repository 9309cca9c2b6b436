// Making elements. Whatever comes from the report becomes text, never markup.

/**
 * attributes: `on` holds listeners; null is left out, and false, except where it is an answer
 * (aria-…). children: elements or text, also in lists.
 */
function make(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === 'on') {
      for (const [event, listener] of Object.entries(value))
        element.addEventListener(event, listener);
    } else if (
        value !== null && value !== undefined && (value !== false || name.startsWith('aria-'))) {
      element.setAttribute(name, value === true && !name.startsWith('aria-') ? '' : String(value));
    }
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

function el(tag, attributes, ...children) {
  return make(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
  return make(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

const ruler = document.createElement('canvas').getContext('2d');
/** How wide a chart's text is, in pixels. */
function textWidth(text) {
  ruler.font = '12.5px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif';
  return ruler.measureText(text).width;
}

/** As much of the text as fits. */
function fitted(text, width) {
  if (textWidth(text) <= width) return text;
  let end = text.length;
  while (end > 1 && textWidth(text.slice(0, end) + '…') > width) --end;
  return text.slice(0, end) + '…';
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el('textarea', {readonly: true});
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}

function copyButton(label, text) {
  const button =
      el('button', {
        type: 'button',
        on: {
          click: async () => {
            await copyText(text());
            button.textContent = 'Copied';
            setTimeout(() => {
              button.textContent = label;
            }, 1500);
          }
        }
      },
         label);
  return button;
}

/** Offers text as a file. */
function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], {type}));
  const link = el('a', {href: url, download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function present(values) {
  return values.filter((value) => value !== null && value !== undefined);
}

/** A row of buttons of which one is pressed (`many`: any number of them, but not none). */
function buttons(label, options, pressed, changed, many = false) {
  const chosen = new Set(pressed);
  const all = options.map(
      ([value, text]) =>
          el('button', {
            type: 'button',
            'aria-pressed': chosen.has(value),
            on: {
              click: () => {
                if (!many) chosen.clear();
                if (!many || !chosen.has(value))
                  chosen.add(value);
                else if (chosen.size > 1)
                  chosen.delete(value);
                all.forEach(
                    (button, i) => button.setAttribute('aria-pressed', chosen.has(options[i][0])));
                changed(many ? chosen : value);
              }
            }
          },
             text));
  return el('div', {class: 'group', role: 'group', 'aria-label': label}, all);
}

function chooser(label, options, value, changed) {
  const select =
      el('select', {on: {change: () => changed(options[select.selectedIndex][0])}},
         options.map(([each, text]) => el('option', {selected: each === value}, text)));
  return el('label', null, label, select);
}

/** A target's mark: its colour, its shape, and the line it is drawn with. */
function swatch(target, kind = 'marker', dash = null) {
  const parts = {
    marker: () =>
        [svg('path', {class: 'line', d: 'M0 7H22'}),
         svg('path', {class: 'marker', d: shapePath(target, 11, 7, 5)})],
    line: () => [svg('path', {class: 'line', d: 'M1 7H21', 'stroke-dasharray': dash})],
    dot: () => [svg('path', {class: 'marker', d: shapePath(target, 11, 7, 5.5)})],
    bar: () => [svg('rect', {class: 'bar', x: 2, y: 1, width: 18, height: 12, rx: 2})],
    light: () => [svg('rect', {class: 'bar light', x: 2, y: 1, width: 18, height: 12, rx: 2})],
    outline: () => [svg('rect', {class: 'outline', x: 2, y: 1, width: 18, height: 12, rx: 2})],
    band: () => [svg('rect', {class: 'band', x: 1, y: 1, width: 20, height: 12, rx: 2})],
    ideal: () => [svg('path', {class: 'ideal', d: 'M1 7H21'})],
    guide: () => [svg('path', {class: 'guide', d: 'M1 7H21'})],
    failed: () => [svg('rect', {class: 'bar failed', x: 2, y: 1, width: 18, height: 12, rx: 2})],
  };
  return svg(
      'svg', {class: 'swatch ' + colourOf(target), viewBox: '0 0 22 14', 'aria-hidden': true},
      parts[kind]());
}

function colourOf(target) {
  return target < 0 ? 'plain' : 't' + target % 8;
}

/** Eight shapes, so that targets differ without their colours too. */
function shapePath(target, x, y, r) {
  const polygon = (points) => 'M' +
      points.map(([dx, dy]) => `${(x + dx * r).toFixed(1)} ${(y + dy * r).toFixed(1)}`).join('L') +
      'Z';
  switch (Math.max(target, 0) % 8) {
    case 1:
      return polygon([[-.85, -.85], [.85, -.85], [.85, .85], [-.85, .85]]);
    case 2:
      return polygon([[0, -1.1], [1.05, .8], [-1.05, .8]]);
    case 3:
      return polygon([[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]]);
    case 4:
      return polygon([[0, 1.1], [1.05, -.8], [-1.05, -.8]]);
    case 5:
      return polygon([
        [-1, -.5], [-.5, -1], [0, -.5], [.5, -1], [1, -.5], [.5, 0], [1, .5], [.5, 1], [0, .5],
        [-.5, 1], [-1, .5], [-.5, 0]
      ]);
    case 6:
      return polygon([[-.6, -1], [.6, -1], [1.1, 0], [.6, 1], [-.6, 1], [-1.1, 0]]);
    case 7:
      return polygon([
        [-.4, -1.1], [.4, -1.1], [.4, -.4], [1.1, -.4], [1.1, .4], [.4, .4], [.4, 1.1], [-.4, 1.1],
        [-.4, .4], [-1.1, .4], [-1.1, -.4], [-.4, -.4]
      ]);
    default:
      return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${- 2 * r} 0Z`;
  }
}
