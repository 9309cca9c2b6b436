// A chart: head, tools, legend, drawing, and what it tells at a point by mouse, finger or keys.

let plots = 0;

/**
 * options: {name, title, note, tools, legend: [{key, text, mark}], draw(width, hidden)}. `draw`
 * answers {svg, hits: [{x, y, title, rows: [[target, name, value]]}], mode: "x"|"y"|"xy"} or null;
 * legend entries with a key switch it on and off in `hidden`. The element answered has redraw().
 */
function figure({name, title, note, tools = [], legend = [], draw}) {
  const hidden = new Set();
  const tip = el('div', {class: 'tip', role: 'status', hidden: true});
  const sheet = el('div', {class: 'sheet'});
  const host =
      el('div', {
        class: 'plot',
        tabindex: 0,
        role: 'group',
        'aria-label': `${title}. Chart; the arrow keys read its points.`
      },
         sheet, tip);
  const state = {width: 0, drawn: null, at: -1};
  const hide = () => {
    tip.hidden = true;
    state.cursor?.remove();
    state.at = -1;
  };
  const redraw = () => {
    state.width = Math.floor(host.clientWidth);
    if (!state.width) return;
    hide();
    state.drawn = draw(state.width, hidden);
    sheet.replaceChildren(
        state.drawn ? state.drawn.svg :
                      el('p', {class: 'empty'}, 'Nothing was measured that could be drawn here.'));
  };
  const show = (index) => {
    state.at = index;
    showTip(state, tip, host);
  };
  listen(host, state, show, hide);
  new ResizeObserver(() => {
    if (Math.floor(host.clientWidth) !== state.width) redraw();
  }).observe(host);
  const keys = legend.length ? legendOf(legend, hidden, redraw) : null;
  const box =
      el('figure', {class: 'card', 'data-chart': name},
         el('div', {class: 'head'},
            el('div', null, el('h3', null, title), note ? el('p', null, note) : null),
            tools.length ? el('div', {class: 'tools'}, tools) : null),
         keys, host);
  box.redraw = redraw;
  box.setLegend = (entries) =>
      keys.replaceChildren(...legendOf(entries, hidden, redraw).childNodes);
  return box;
}

function legendOf(entries, hidden, redraw) {
  return el('div', {class: 'legend'}, entries.map(({key, text, mark}) => {
    if (key === undefined) return el('span', null, mark, text);
    const button =
        el('button', {
          type: 'button',
          'aria-pressed': !hidden.has(key),
          on: {
            click: () => {
              if (!hidden.delete(key)) hidden.add(key);
              button.setAttribute('aria-pressed', !hidden.has(key));
              redraw();
            }
          }
        },
           mark, text);
    return button;
  }));
}

function targetLegend(targets, kind = 'marker') {
  return targets.length < 2 ?
      [] :
      targets.map(
          (target) => ({key: target.index, text: target.name, mark: swatch(target.index, kind)}));
}

function listen(host, state, show, hide) {
  const nearest = (event) => {
    const hits = state.drawn?.hits || [];
    const frame = host.getBoundingClientRect();
    const weight = {x: [1, 0.001], y: [0.001, 1], xy: [1, 1]}[state.drawn?.mode || 'xy'];
    let best = -1;
    let distance = Infinity;
    hits.forEach((hit, i) => {
      const d = (hit.x - event.clientX + frame.left) ** 2 * weight[0] +
          (hit.y - event.clientY + frame.top) ** 2 * weight[1];
      if (d < distance) {
        distance = d;
        best = i;
      }
    });
    if (best >= 0 && (state.drawn.mode !== 'xy' || distance < 60 ** 2))
      show(best);
    else
      hide();
  };
  host.addEventListener('pointermove', nearest);
  host.addEventListener('pointerdown', nearest);
  host.addEventListener('pointerleave', (event) => {
    if (event.pointerType === 'mouse') hide();
  });
  host.addEventListener('blur', hide);
  host.addEventListener('keydown', (event) => {
    const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
    const hits = state.drawn?.hits || [];
    if (event.key === 'Escape') hide();
    if (!step || !hits.length) return;
    event.preventDefault();
    show(
        state.at < 0 ? (step > 0 ? 0 : hits.length - 1) :
                       Math.min(Math.max(state.at + step, 0), hits.length - 1));
  });
}

function showTip(state, tip, host) {
  const {hits, svg: drawing, mode} = state.drawn;
  const hit = hits[state.at];
  tip.replaceChildren(
      el('b', null, hit.title),
      el('table', null,
         hit.rows.map(
             ([target, name, value]) =>
                 el('tr', null, el('td', null, target === null ? null : swatch(target, 'dot')),
                    el('td', null, name), el('td', null, value)))));
  tip.hidden = false;
  state.cursor?.remove();
  state.cursor = mode === 'x' ?
      svg('line',
          {class: 'cursor', x1: hit.x, x2: hit.x, y1: state.drawn.top, y2: state.drawn.bottom}) :
      mode === 'xy' ? svg('circle', {class: 'cursor', cx: hit.x, cy: hit.y, r: 9, fill: 'none'}) :
                      svg('g', null);
  drawing.append(state.cursor);
  const beside =
      hit.x + 14 + tip.offsetWidth <= host.clientWidth ? hit.x + 14 : hit.x - 14 - tip.offsetWidth;
  const left = Math.min(Math.max(beside, 0), Math.max(host.clientWidth - tip.offsetWidth, 0));
  const top = Math.max(hit.y - tip.offsetHeight - 12, mode === 'x' ? 4 : -tip.offsetHeight);
  tip.style.left = left + 'px';
  tip.style.top = top + 'px';
}

/** Points that stand at the same x become one entry that tells all of them. */
function mergeHits(hits) {
  const merged = new Map();
  for (const hit of hits) {
    const key = Math.round(hit.x);
    if (!merged.has(key)) merged.set(key, {...hit, rows: []});
    const all = merged.get(key);
    all.rows.push(...hit.rows);
    all.y = Math.min(all.y, hit.y);
  }
  return [...merged.values()].sort((a, b) => a.x - b.x);
}

/**
 * Lines, bands and points over two axes.
 *
 * spec: {width, height, x, y: axes {log, zero, ticks, tick(value), title}, mode, end (room for
 * names at the lines' ends), series: [{target, points: [{x, y, low, high, hollow, ring, label,
 * tip}], line, dash, band, marker, end, bars}], guides: [{y, text}], curves: [{target, points}],
 * under(X, Y, box)}.
 */
function drawPlot(spec) {
  const series = spec.series
                     .map((each) => ({
                            ...each,
                            points: each.points.filter(
                                (point) => isNumber(point.x) && isNumber(point.y) &&
                                    (!spec.x.log || point.x > 0) && (!spec.y.log || point.y > 0))
                          }))
                     .filter((each) => each.points.length);
  if (!series.length) return null;
  const xs = series.flatMap((each) => each.points.map((point) => point.x));
  const ys =
      series.flatMap((each) => each.points.flatMap((point) => [point.y, point.low, point.high]));
  ys.push(...(spec.guides || []).map((guide) => guide.y));
  const box = {left: 0, right: spec.width - (spec.end || 14), top: 30, bottom: spec.height - 44};
  const Y = makeScale(spec.y, ys, box.bottom, box.top, (box.bottom - box.top) / 52);
  box.left = Math.ceil(Math.max(...Y.ticks.map((tick) => textWidth(spec.y.tick(tick))))) + 12;
  const X = makeScale(spec.x, xs, box.left + 6, box.right, (box.right - box.left) / 90);
  const id = 'clip' + ++plots;
  const root = svg(
      'svg', {viewBox: `0 0 ${spec.width} ${spec.height}`, role: 'img', 'aria-label': spec.label},
      svg('clipPath', {id}, svg('rect', {
            x: box.left,
            y: box.top - 8,
            width: box.right - box.left + 8,
            height: box.bottom - box.top + 8
          })));
  drawAxes(root, spec, X, Y, box);
  if (spec.under) root.append(svg('g', null, spec.under(X, Y, box)));
  for (const curve of spec.curves || []) {
    root.append(svg('path', {
      class: 'ideal ' + colourOf(curve.target),
      'clip-path': `url(#${id})`,
      d: linePath(curve.points, X, Y)
    }));
  }
  drawGuides(root, spec, Y, box);
  const hits = series.flatMap((each) => drawSeries(root, each, X, Y, box));
  drawEnds(root, series, X, Y, spec);
  drawPointLabels(root, series, X, Y, spec.width);
  return {
    svg: root,
    hits: spec.mode === 'x' ? mergeHits(hits) : hits,
    mode: spec.mode,
    top: box.top,
    bottom: box.bottom
  };
}

function linePath(points, X, Y) {
  return points
      .map((point, i) => `${i ? 'L' : 'M'}${X(point.x).toFixed(1)} ${Y(point.y).toFixed(1)}`)
      .join('');
}

function drawAxes(root, spec, X, Y, box) {
  for (const tick of Y.ticks) {
    root.append(
        svg('line', {class: 'gridline', x1: box.left, x2: box.right, y1: Y(tick), y2: Y(tick)}),
        svg('text', {x: box.left - 8, y: Y(tick) + 4, 'text-anchor': 'end'}, spec.y.tick(tick)));
  }
  root.append(svg(
      'line', {class: 'baseline', x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom}));
  for (const [at, text] of apart(X.ticks.map((tick) => [X(tick), spec.x.tick(tick)]), 9)) {
    root.append(
        svg('line', {class: 'baseline', x1: at, x2: at, y1: box.bottom, y2: box.bottom + 4}),
        svg('text', {
          x: Math.min(at, spec.width - textWidth(text) / 2),
          y: box.bottom + 19,
          'text-anchor': 'middle'
        },
            text));
  }
  if (spec.x.title) {
    root.append(
        svg('text', {x: box.right, y: spec.height - 5, 'text-anchor': 'end'}, spec.x.title + ' →'));
  }
  if (spec.y.title) root.append(svg('text', {x: 0, y: 12}, '↑ ' + spec.y.title));
}

function drawGuides(root, spec, Y, box) {
  for (const guide of spec.guides || []) {
    root.append(
        svg('line', {class: 'guide', x1: box.left, x2: box.right, y1: Y(guide.y), y2: Y(guide.y)}),
        svg('text', {class: 'strong haloed', x: box.left + 6, y: Y(guide.y) - 6}, guide.text));
  }
}

/** Answers what its points tell. */
function drawSeries(root, series, X, Y, box) {
  const {target, points} = series;
  const group = svg('g', {class: 'series ' + colourOf(target)});
  const ranged = points.filter(
      (point) => point.high > point.low && (point.low > 0 || Y(point.low) <= box.bottom));
  if (series.band && ranged.length > 1) {
    const forth = ranged.map((point) => ({x: point.x, y: point.high}));
    const back = ranged.map((point) => ({x: point.x, y: point.low})).reverse();
    group.append(svg(
        'path',
        {class: 'band', d: linePath(forth, X, Y) + linePath(back, X, Y).replace('M', 'L') + 'Z'}));
  }
  if (series.bars) {
    const wide = Math.max((box.right - box.left) / Math.max(points.length, 8) * 0.7, 1.5);
    for (const point of points.filter((each) => each.y > 0)) {
      group.append(svg('rect', {
        class: 'bar ' + (series.className || ''),
        x: X(point.x) - wide / 2,
        width: wide,
        y: Y(point.y),
        height: Math.max(box.bottom - Y(point.y), 1),
        rx: 1.5
      }));
    }
  }
  if (series.line && points.length > 1) {
    group.append(
        svg('path', {class: 'line', d: linePath(points, X, Y), 'stroke-dasharray': series.dash}));
  }
  const hits = [];
  for (const point of points) {
    const x = X(point.x);
    const y = Y(point.y);
    if (point.ring) group.append(svg('circle', {class: 'ring', cx: x, cy: y, r: 9}));
    if (series.marker || (series.line && points.length === 1)) {
      group.append(svg('path', {
        class: 'marker' + (point.hollow ? ' hollow' : ''),
        d: shapePath(target, x, y, series.marker || 4.5)
      }));
    }
    if (point.tip) hits.push({x, y, title: point.tip.title, rows: point.tip.rows});
  }
  root.append(group);
  return hits;
}

/** Names at the right ends of lines, moved apart. */
function drawEnds(root, series, X, Y, spec) {
  const ends =
      series.filter((each) => each.end)
          .map((each) => {
            const last = each.points[each.points.length - 1];
            return {text: each.end, target: each.target, x: X(last.x) + 9, y: Y(last.y) + 4};
          })
          .sort((a, b) => a.y - b.y);
  for (let i = 1; i < ends.length; ++i) ends[i].y = Math.max(ends[i].y, ends[i - 1].y + 14);
  const excess = ends.length ? ends[ends.length - 1].y - (spec.height - 46) : 0;
  for (let i = ends.length - 1, limit = spec.height - 46; excess > 0 && i >= 0; --i, limit -= 14) {
    ends[i].y = Math.min(ends[i].y, limit);
  }
  for (const end of ends) {
    root.append(
        svg('g', {class: colourOf(end.target)},
            svg('text', {class: 'coloured', x: end.x, y: end.y}, end.text)));
  }
}

/** Small boxes that cover a line. */
function alongLine(points, X, Y) {
  return points.slice(1).flatMap((point, i) => {
    const [fromX, fromY, toX, toY] = [X(points[i].x), Y(points[i].y), X(point.x), Y(point.y)];
    const steps = Math.ceil(Math.hypot(toX - fromX, toY - fromY) / 5);
    return Array.from({length: steps}, (_, step) => {
      const [x, y] = [fromX + (toX - fromX) * step / steps, fromY + (toY - fromY) * step / steps];
      return [x - 1, y - 1, x + 1, y + 1];
    });
  });
}

/** Labels of points, where they hide nothing else. */
function drawPointLabels(root, series, X, Y, width) {
  const taken = series.flatMap(
      (each) => each.points.map(
          (point) => [X(point.x) - 5, Y(point.y) - 5, X(point.x) + 5, Y(point.y) + 5]));
  taken.push(...series.filter((each) => each.line).flatMap((each) => alongLine(each.points, X, Y)));
  for (const each of series) {
    for (const point of each.points.filter((one) => one.label)) {
      const wide = textWidth(point.label);
      const x = X(point.x);
      const y = Y(point.y);
      const far = point.ring ? 13 : 9;
      for (const [left, base] of [
               [x - wide / 2, y - far], [x + far, y + 4], [x - wide - far, y + 4],
               [x - wide / 2, y + far + 10]]) {
        const frame = [left - 2, base - 11, left + wide + 2, base + 3];
        const clash = taken.some(
            (other) => frame[0] < other[2] && frame[2] > other[0] && frame[1] < other[3] &&
                frame[3] > other[1]);
        if (clash || frame[0] < 0 || frame[2] > width || frame[1] < 14) continue;
        taken.push(frame);
        root.append(
            svg('g', {class: colourOf(each.target)},
                svg('text', {class: 'coloured haloed', x: left, y: base}, point.label)));
        break;
      }
    }
  }
}
