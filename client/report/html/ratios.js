// Ratios with their intervals, as a forest plot.

function ratioSection(model) {
  const ratios = list(model.report.ratios)
                     .filter(
                         (ratio) => model.cells.some((cell) => cell.index === ratio.other) &&
                             ratio.ratio > 0 && kMetrics[ratio.metric]);
  if (!ratios.length) return null;
  const cellAt = (index) => model.cells.find((cell) => cell.index === index);
  const metrics =
      Object.keys(kMetrics).filter((name) => ratios.some((ratio) => ratio.metric === name));
  const loads = new Set(ratios.map((ratio) => loadName(cellAt(ratio.other).load)));
  const all = loads.size === 1 && new Set(ratios.map((ratio) => ratio.other)).size === 1;
  let metric = metrics[0];
  const crowded = ratios.filter((ratio) => ratio.metric === metric).length > 30;
  let load = crowded ? firstChoice(model, loadChoices(model)).name : null;
  const chosen = (ratio) =>
      all || (ratio.metric === metric && (!load || loadName(cellAt(ratio.other).load) === load));
  const rowsOf = () =>
      ratios.filter(chosen).map((ratio) => ({
                                  ...ratio,
                                  cell: cellAt(ratio.other),
                                  name: ratioName(model, ratio, cellAt, all, loads.size > 1),
                                  significant: ratio.interval && (ratio.low > 1 || ratio.high < 1)
                                }));
  const base = cellAt(ratios[0].base);
  const box = figure({
    name: 'ratios',
    title: all ? `${cellName(model, cellAt(ratios[0].other))} against ${cellName(model, base)}` :
                 `Against ${model.targets[base.target].name}`,
    note:
        'Paired within blocks. Grey: the interval includes 1, or there are too few pairs for one, ' +
        'so no difference is shown.',
    tools: [
      crowded ? chooser(
                    'Load', [...loads].map((name) => [name, name]), load,
                    (now) => {
                      load = now;
                      box.redraw();
                    }) :
                null,
      all || metrics.length < 2 ?
          null :
          chooser(
              'Metric', metrics.map((name) => [name, kMetrics[name].title]), metric,
              (now) => {
                metric = now;
                box.redraw();
              })
    ],
    legend: all ?
        [] :
        targetLegend(
            model.targets.filter(
                (target) => ratios.some((ratio) => cellAt(ratio.other).target === target.index)),
            'dot'),
    draw: (width, hidden) => drawForest(
        model, rowsOf().filter((row) => all || !hidden.has(row.cell.target)), width,
        all ? null : kMetrics[metric])
  });
  return section('ratios', 'Ratios', null, box);
}

function ratioName(model, ratio, cellAt, all, severalLoads) {
  if (all) return kMetrics[ratio.metric].title;
  const cell = cellAt(ratio.other);
  return cellName(model, cell) + (severalLoads ? ` · ${loadName(cell.load)}` : '');
}

function drawForest(model, rows, width, metric) {
  if (!rows.length) return null;
  const narrow = width < 620;
  const bare = (ratio) => formatRatio(ratio).replace('×', '');
  const texts =
      rows.map((row) => `${formatRatio(row.ratio)}  (${bare(row.low)}–${bare(row.high)})`);
  const left =
      narrow ? 8 : Math.min(Math.max(...rows.map((row) => textWidth(row.name))), width * 0.35) + 20;
  const right = narrow ? width - 12 : width - Math.max(...texts.map(textWidth)) - 22;
  const high = narrow ? 46 : 30;
  const top = metric ? 30 : 8;
  const X = makeScale(
      {log: true, padding: 0.08}, rows.flatMap((row) => [row.low, row.high, row.ratio, 1]), left,
      right, (right - left) / 80);
  const bottom = top + rows.length * high + 4;
  const root = svg(
      'svg',
      {viewBox: `0 0 ${width} ${bottom + 24}`, role: 'img', 'aria-label': 'Ratios with intervals'});
  if (metric) drawDirections(root, metric, X, left, right);
  const ticks = X.ticks.filter((tick) => Math.abs(Math.log(tick)) > 1e-9);
  for (const tick of ticks)
    root.append(svg('line', {class: 'gridline', x1: X(tick), x2: X(tick), y1: top, y2: bottom}));
  // Beside texts of their own lines it would run through them.
  const marks =
      narrow ? rows.map((_, i) => [top + i * high + 22, top + i * high + 44]) : [[top - 4, bottom]];
  for (const [y1, y2] of marks)
    root.append(svg('line', {class: 'guide', x1: X(1), x2: X(1), y1, y2}));
  for (const [at, text] of apart(
           [[X(1), '1×'], ...ticks.map((tick) => [X(tick), short(tick) + '×'])], 10)) {
    root.append(svg('text', {x: at, y: bottom + 17, 'text-anchor': 'middle'}, text));
  }
  const hits = rows.map((row, i) => {
    const y = top + i * high + (narrow ? 33 : high / 2);
    root.append(forestRow(row, texts[i], X, y, {narrow, width, left}));
    return {
      x: X(row.ratio),
      y,
      title: row.name,
      rows: [
        [row.cell.target, kMetrics[row.metric].title, formatRatio(row.ratio)],
        [
          null, row.interval ? '95 % interval' : 'min to max',
          formatInterval(row, formatRatio) || formatRatio(row.low)
        ],
        [null, 'pairs', formatCount(row.pairs)]
      ]
    };
  });
  return {svg: root, hits, mode: 'y'};
}

function drawDirections(root, metric, X, left, right) {
  const [less, more] = metric.more ? ['worse', 'better'] : ['better', 'worse'];
  const middle = X(1);
  if (middle - left > 70)
    root.append(svg('text', {x: middle - 12, y: 16, 'text-anchor': 'end'}, `← ${less}`));
  if (right - middle > 70) root.append(svg('text', {x: middle + 12, y: 16}, `${more} →`));
}

function forestRow(row, text, X, y, {narrow, width, left}) {
  const group = svg(
      'g', {class: 'series ' + (row.significant ? colourOf(row.cell.target) : 'insignificant')});
  group.append(
      svg('line', {class: 'interval', x1: X(row.low), x2: X(row.high), y1: y, y2: y}),
      svg('path', {class: 'marker', d: shapePath(row.cell.target, X(row.ratio), y, 6)}));
  const textY = narrow ? y - 16 : y + 4;
  group.append(
      svg('text', {
        class: 'strong haloed',
        x: narrow ? 0 : left - 18,
        y: textY,
        'text-anchor': narrow ? 'start' : 'end'
      },
          fitted(row.name, narrow ? width - textWidth(text) - 16 : left - 18)),
      svg('text', {
        class: (row.significant ? 'coloured' : '') + ' haloed',
        x: width,
        y: textY,
        'text-anchor': 'end'
      },
          text));
  return group;
}
