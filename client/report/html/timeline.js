// How runs went: second by second, and one after the other.

function timeSection(model) {
  const cells =
      model.cells.filter((cell) => cell.trials.some((trial) => slicesOf(trial).length > 1));
  const strip = model.cells.some((cell) => cell.trials.length > 1) ? stripChart(model) : null;
  if (!cells.length && !strip) return null;
  return section(
      'time', 'Over time', null, cells.length ? timelineCharts(model, cells) : null, strip);
}

function slicesOf(trial) {
  return list(trial.timeline?.slices);
}

function timelineCharts(model, cells) {
  const level = firstChoice(model, loadChoices({cells}));
  let cell = level.cells[0];
  let trial = firstTrial(cell);
  let heat = null;
  const trialSelect = el('span');
  const fillTrials = () => trialSelect.replaceChildren(
      cell.trials.length < 2 ?
          '' :
          chooser(
              'Trial',
              cell.trials.filter((each) => slicesOf(each).length)
                  .map((each, i) => [each, `${i + 1} of ${cell.trials.length}`]),
              trial, (now) => {
                trial = now;
                update();
              }));
  const tools =
      el('div', {class: 'tools'},
         cells.length > 1 ?
             chooser(
                 'Run',
                 cells.map((each) => [each, `${cellName(model, each)} · ${loadName(each.load)}`]),
                 cell,
                 (now) => {
                   cell = now;
                   trial = firstTrial(cell);
                   fillTrials();
                   update();
                 }) :
             null,
         trialSelect);
  const failures = cells.some(
      (each) => each.trials.some((one) => slicesOf(one).some((slice) => slice.failed > 0)));
  const latency = figure({
    name: 'timeline',
    title: 'Latency from second to second',
    note: 'Shaded by how many requests took how long.',
    legend: [
      {text: 'p50', mark: swatch(-1, 'line', kDashes.p50)}, {text: 'p99', mark: swatch(-1, 'line')},
      {text: 'slowest', mark: swatch(-1, 'line', '8 5')}
    ],
    draw: (width) => drawTimeline(cell, trial, width, heat)
  });
  const rate = figure({
    name: 'timeline-rate',
    title: 'Rate from second to second',
    note: 'What ended in each second.',
    legend: [
      {text: 'successes', mark: swatch(-1, 'line')},
      ...(failures ? [{text: 'failures', mark: swatch(-1, 'failed')}] : [])
    ],
    draw: (width) => drawRates(cell, trial, width)
  });
  async function update() {
    const wanted = trial;
    heat = null;
    latency.redraw();
    rate.redraw();
    const decoded = await decodeSlices(wanted);
    if (wanted !== trial || !decoded) return;
    heat = decoded;
    latency.redraw();
  }
  fillTrials();
  update();
  const succeeded = cells.some(
      (each) => each.trials.some((one) => slicesOf(one).some((slice) => isNumber(slice.p50))));
  return [tools, el('div', {class: 'grid'}, succeeded ? latency : null, rate)];
}

function firstTrial(cell) {
  return cell.trials.find((trial) => slicesOf(trial).length > 1) || cell.trials[0];
}

/** Counts of each slice, or nothing where they cannot be read. */
async function decodeSlices(trial) {
  const slices = slicesOf(trial);
  if (!slices.some((slice) => slice.histogram) || typeof DecompressionStream === 'undefined')
    return null;
  try {
    return await Promise.all(
        slices.map((slice) => slice.histogram ? decodeHistogram(slice.histogram) : []));
  } catch {
    return null;  // lines alone tell less, not nothing
  }
}

function drawTimeline(cell, trial, width, heat) {
  const interval = trial.timeline?.interval_s || 1;
  const line = (metric, dash) => ({
    target: cell.target,
    line: true,
    dash,
    points: slicesOf(trial).map(
        (slice, i) => ({
          x: (i + 0.5) * interval,
          y: slice[metric],
          tip: {
            title: sliceTitle(i, interval),
            rows: [[null, metric === 'max' ? 'slowest' : metric, formatMs(slice[metric])]]
          }
        }))
  });
  const lowest = heat ? Math.min(...heat.flat().map(([ns]) => ns)) / 1e6 : NaN;
  return drawPlot({
    width,
    height: 320,
    label: 'Latency from second to second',
    mode: 'x',
    x: timeAxis(trial, interval),
    y: {log: true, tick: tickMs, title: 'latency', min: lowest > 0 ? lowest / 1.3 : undefined},
    series: [line('p50', kDashes.p50), line('p99', null), line('max', '8 5')],
    under: heat ? (X, Y, box) => drawHeat(cell, heat, interval, X, Y, box) : null
  });
}

function timeAxis(trial, interval) {
  return {
    min: 0,
    max: slicesOf(trial).length * interval,
    tick: (seconds) => tickMs(seconds * 1e3),
    title: 'time'
  };
}

function sliceTitle(i, interval) {
  return `${formatSeconds(i * interval)} to ${formatSeconds((i + 1) * interval)}`;
}

/** Columns of time, rows of latency; darker where more requests ended. */
function drawHeat(cell, heat, interval, X, Y, box) {
  const rows = Math.max(Math.floor((box.bottom - box.top) / 7), 1);
  const high = (box.bottom - box.top) / rows;
  const columns = heat.map((counts) => {
    const column = new Array(rows).fill(0);
    for (const [ns, count] of counts) {
      const row = Math.floor((box.bottom - Y(ns / 1e6)) / high);
      if (row >= 0 && row < rows) column[row] += count;
    }
    return column;
  });
  const most = Math.max(...columns.flat(), 1);
  return columns.flatMap(
      (column, i) =>
          present(column.map((count, row) => count === 0 ? null : svg('rect', {
                               class: 'heat ' + colourOf(cell.target),
                               x: X(i * interval),
                               width: Math.max(X((i + 1) * interval) - X(i * interval) - 0.5, 0.5),
                               y: box.bottom - (row + 1) * high,
                               height: high - 0.5,
                               opacity: (0.06 + 0.5 * (count / most) ** 0.4).toFixed(3)
                             }))));
}

function drawRates(cell, trial, width) {
  const interval = trial.timeline?.interval_s || 1;
  const points = (name, text) =>
      slicesOf(trial).map((slice, i) => ({
                            x: (i + 0.5) * interval,
                            y: (slice[name] || 0) / interval,
                            tip: {
                              title: sliceTitle(i, interval),
                              rows: [[null, text, formatRate((slice[name] || 0) / interval)]]
                            }
                          }));
  return drawPlot({
    width,
    height: 320,
    label: 'Rate from second to second',
    mode: 'x',
    x: timeAxis(trial, interval),
    y: {zero: true, tick: tickCount, title: 'requests/s'},
    series: [
      {target: -1, bars: true, className: 'failed', points: points('failed', 'failures')},
      {target: cell.target, line: true, points: points('ok', 'successes')}
    ]
  });
}

function stripChart(model) {
  const choices =
      loadChoices(model).filter((choice) => choice.cells.some((cell) => cell.trials.length > 1));
  let chosen = firstChoice(model, choices);
  let metric = 'throughput';
  const offered = ['throughput', 'p50', 'p99', 'server_cpu'].filter(
      (name) => model.cells.some(
          (cell) => cell.trials.some((trial) => isNumber(trialMetric(trial, name)))));
  const targets =
      model.targets.filter((target) => model.cells.some((cell) => cell.target === target.index));
  const box = figure({
    name: 'trials',
    title: 'Every trial in the order it ran',
    note: targets.length < 2 ?
        'The line is the median.' :
        'Bands are blocks: within one, every target had its turn. Lines are medians; ' +
            'hollow dots a target once more.',
    tools: [
      choices.length > 1 ? chooser(
                               'Load', choices.map((choice) => [choice, choice.name]), chosen,
                               (now) => {
                                 chosen = now;
                                 box.redraw();
                               }) :
                           null,
      buttons(
          'Metric', offered.map((name) => [name, name === 'server_cpu' ? 'server CPU' : name]),
          [metric],
          (now) => {
            metric = now;
            box.redraw();
          })
    ],
    legend: targetLegend(targets, 'dot'),
    draw: (width, hidden) =>
        drawStrip(model, chosen.cells.filter((cell) => !hidden.has(cell.target)), metric, width)
  });
  return box;
}

function drawStrip(model, cells, metric, width) {
  const trials = cells.flatMap((cell) => cell.trials.map((trial) => ({cell, trial})))
                     .sort((a, b) => a.trial.order - b.trial.order);
  trials.forEach((each, i) => {
    each.rank = i;
  });
  const {format, tick, title} = kMetrics[metric];
  const series = cells.map(
      (cell) => ({
        target: cell.target,
        marker: 5.5,
        points:
            trials.filter((each) => each.cell === cell)
                .map(({trial, rank}) => ({
                       x: rank,
                       y: trialMetric(trial, metric),
                       hollow: cell.guard,
                       tip: {
                         title: `${cellName(model, cell)} · ${loadName(cell.load)}`,
                         rows: [
                           [cell.target, title, format(trialMetric(trial, metric))],
                           [null, 'block', formatCount(trial.block + 1)],
                           [null, 'order', formatCount(trial.order + 1)],
                           ...(trial.failed > 0 ? [[null, 'failures', formatCount(trial.failed)]] :
                                                  [])
                         ]
                       }
                     }))
      }));
  return drawPlot({
    width,
    height: 300,
    label: `${title} of every trial`,
    mode: 'xy',
    x: {min: -0.7, max: trials.length - 0.3, ticks: [], tick: String, title: 'order of running'},
    y: {tick, title: title.toLowerCase(), padding: 0.12},
    series,
    under: (X, Y, box) =>
        [...blockBands(trials, X, box),
         ...cells.filter((cell) => !cell.guard).map((cell) => medianLine(cell, metric, Y, box))]
  });
}

function blockBands(trials, X, box) {
  const blocks = new Map();
  for (const {trial, rank} of trials) {
    const block = blocks.get(trial.block) || {from: rank, to: rank};
    blocks.set(trial.block, {from: Math.min(block.from, rank), to: Math.max(block.to, rank)});
  }
  return [...blocks.values()].filter((_, i) => i % 2 === 0).map(({from, to}) => svg('rect', {
                                                                  class: 'block',
                                                                  x: X(from - 0.5),
                                                                  width:
                                                                      X(to + 0.5) - X(from - 0.5),
                                                                  y: box.top,
                                                                  height: box.bottom - box.top
                                                                }));
}

function medianLine(cell, metric, Y, box) {
  const value = median(cell.trials.map((trial) => trialMetric(trial, metric)));
  if (!isNumber(value)) return null;
  return svg(
      'g', {class: colourOf(cell.target)},
      svg('line', {class: 'ideal', x1: box.left, x2: box.right, y1: Y(value), y2: Y(value)}));
}
