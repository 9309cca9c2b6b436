// Horizontal bars in groups.

/**
 * spec: {width, label, format, tick, title, groups: [{label, rows: [{target, parts: [{value,
 * className}], outline, low, high, text, tip}]}], above (the groups' labels on lines of their
 * own)}.
 */
function drawBars(spec) {
  const rows = spec.groups.flatMap((group) => group.rows);
  if (!rows.length) return null;
  const thick = spec.above ? 18 : 15;
  const gap = 3;
  const texts = Math.max(...rows.map((row) => textWidth(row.text))) + 14;
  const gutter = spec.above ?
      0 :
      Math.ceil(Math.max(...spec.groups.map((group) => textWidth(group.label)))) + 12;
  const right = Math.max(spec.width - Math.min(texts, spec.width * 0.5), gutter + 60);
  const X = makeScale(
      {zero: true, padding: 0},
      rows.flatMap((row) => [0, sum(row.parts.map((part) => part.value)), row.outline, row.high]),
      gutter, right, (right - gutter) / 80);
  const root = svg('svg', {role: 'img', 'aria-label': spec.label});
  const hits = [];
  let y = 4;
  const marks = svg('g', {class: 'series'});
  for (const group of spec.groups) {
    if (spec.above) {
      marks.append(
          svg('text', {class: 'strong', x: 0, y: y + 13}, fitted(group.label, spec.width)));
      y += 20;
    } else {
      const middle = y + (group.rows.length * (thick + gap) - gap) / 2 + 4;
      marks.append(svg(
          'text', {class: 'strong', x: gutter - 12, y: middle, 'text-anchor': 'end'}, group.label));
    }
    for (const row of group.rows) {
      marks.append(drawBar(row, X, y, thick));
      hits.push({
        x: Math.min(X(sum(row.parts.map((part) => part.value))), right),
        y: y + thick / 2,
        title: row.tip.title,
        rows: row.tip.rows
      });
      y += thick + gap;
    }
    y += spec.above ? 10 : 9;
  }
  const bottom = y;
  for (const tick of X.ticks) {
    root.append(
        svg('line',
            {class: tick ? 'gridline' : 'baseline', x1: X(tick), x2: X(tick), y1: 0, y2: bottom}));
  }
  for (const [at, text] of apart(X.ticks.map((tick) => [X(tick), spec.tick(tick)]), 10)) {
    root.append(
        svg('text', {x: at, y: bottom + 16, 'text-anchor': at < 16 ? 'start' : 'middle'}, text));
  }
  if (spec.title)
    root.append(svg('text', {x: right, y: bottom + 35, 'text-anchor': 'end'}, spec.title + ' →'));
  root.append(marks);
  root.setAttribute('viewBox', `0 0 ${spec.width} ${bottom + (spec.title ? 40 : 22)}`);
  return {svg: root, hits, mode: 'y'};
}

function drawBar(row, X, y, thick) {
  const group = svg('g', {class: colourOf(row.target)});
  let from = 0;
  for (const part of row.parts.filter((each) => each.value > 0)) {
    group.append(svg('rect', {
      class: 'bar ' + (part.className || ''),
      x: X(from),
      y,
      height: thick,
      width: Math.max(X(from + part.value) - X(from), 1),
      rx: 2
    }));
    from += part.value;
  }
  let end = X(from);
  if (isNumber(row.outline)) {
    group.append(svg('rect', {
      class: 'outline',
      x: X(0),
      y: y - 1,
      width: Math.max(X(row.outline) - X(0), 1),
      height: thick + 2,
      rx: 2
    }));
    end = Math.max(end, X(row.outline));
  }
  if (row.high > row.low) {
    const middle = y + thick / 2;
    group.append(svg('path', {
      class: 'whisker',
      d: `M${X(row.low)} ${middle}H${X(row.high)}` +
          `M${X(row.low)} ${middle - 4}v8M${X(row.high)} ${middle - 4}v8`
    }));
    end = Math.max(end, X(row.high));
  }
  group.append(svg('text', {class: 'strong', x: end + 8, y: y + thick / 2 + 4.5}, row.text));
  return group;
}
