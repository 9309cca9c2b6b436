// Percentile spectra: the whole distribution, with the tail drawn as large as the rest.

const kTails = [
  [0, '0'], [50, '50 %'], [90, '90 %'], [99, '99 %'], [99.9, '99.9 %'], [99.99, '99.99 %'],
  [99.999, '99.999 %'], [99.9999, '99.9999 %']
];

function tailOf(percentile) {
  return -Math.log10(1 - percentile / 100);
}
/** With as many digits as its distance to 100 % has: 50 %, 99.58 %, 99.9982 %. */
function tailName(percentile) {
  return Number((100 - Number((100 - percentile).toPrecision(2))).toPrecision(9)) + '\u00a0%';
}

function spectrumSection(model) {
  const drawn = (cell) =>
      list(cell.spectrum?.ok).length > 1 || list(cell.spectrum?.service).length > 1;
  const choices = loadChoices(model).filter((choice) => choice.cells.some(drawn));
  if (!choices.length) return null;
  let chosen = firstChoice(model, choices);
  const hasService = model.cells.some((cell) => list(cell.spectrum?.service).length > 1);
  const targets = model.targets.filter(
      (target) => model.cells.some((cell) => cell.target === target.index && drawn(cell)));
  const tools = choices.length < 2 ?
      [] :
      [chooser('Load', choices.map((choice) => [choice, choice.name]), chosen, (now) => {
        chosen = now;
        box.redraw();
      })];
  const legend = [
    ...targetLegend(targets, 'line'),
    ...(hasService ?
            [
              {text: 'response time', mark: swatch(-1, 'line')},
              {text: 'service time', mark: swatch(-1, 'line', '5 5')}
            ] :
            [])
  ];
  const box = figure({
    name: 'spectrum',
    title: 'Latency by percentile',
    note: choices.length < 2 ? `At ${chosen.name}.` : null,
    tools,
    legend,
    draw: (width, hidden) => {
      const series = chosen.cells.filter((cell) => drawn(cell) && !hidden.has(cell.target))
                         .flatMap((cell) => spectrumLines(model, cell));
      const plot = drawPlot({
        width,
        height: width < 420 ? 330 : 400,
        label: `Latency by percentile at ${chosen.name}`,
        mode: 'x',
        x: {
          min: 0,
          ticks: kTails.map(([percentile]) => tailOf(percentile)),
          padding: 0.02,
          title: 'percentile',
          tick: (tail) =>
              kTails.find(([percentile]) => Math.abs(tailOf(percentile) - tail) < 1e-9)?.[1] ?? ''
        },
        y: {log: true, tick: tickMs, title: 'latency'},
        series
      });
      return plot;
    }
  });
  return section(
      'spectrum', 'Distribution',
      'Every success, up to the percentile that enough of them reach.' +
          (hasService ?
               ' Response time counts from when a request was due, service time from when ' +
                   'it really started: where they part,' +
                   ' requests waited behind others.' :
               ''),
      box);
}

function spectrumLines(model, cell) {
  const line = (points, name, dash) => ({
    target: cell.target,
    line: true,
    dash,
    points: list(points)
                .filter(([percentile]) => percentile < 100)
                .map(([percentile, ms]) => ({
                       x: tailOf(percentile),
                       y: ms,
                       tip: {title: tailName(percentile), rows: [[cell.target, name, formatMs(ms)]]}
                     }))
  });
  const name = cellName(model, cell);
  const both = list(cell.spectrum.service).length > 1;
  return [
    line(cell.spectrum.ok, name + (both ? ', response' : ''), cell.guard ? '1 5' : null),
    line(cell.spectrum.service, name + ', service', '5 5')
  ];
}
