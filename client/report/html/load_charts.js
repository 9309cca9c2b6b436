// Latency and throughput against the load, and one against the other.

const kDashes = {
  p50: '1 6',
  p90: '9 4 2 4',
  p99: null,
  'p99.9': '7 5'
};

function loadSection(model) {
  const parts = model.families.flatMap((family) => {
    const charts = family.levels.length > 1 ? levelCharts(model, family) : barCharts(model, family);
    if (!charts.length) return [];
    return [
      model.families.length > 1 ? el('p', {class: 'lead'}, family.title) : null,
      el('div', {class: 'grid'}, charts.slice(0, 2)), charts.slice(2)
    ];
  });
  return parts.length ? section('load', 'Latency and throughput', null, ...parts) : null;
}

function levelCharts(model, family) {
  return [latencyChart(family), throughputChart(family), curveChart(model, family)];
}

function visible(family, hidden) {
  return family.series.filter((series) => !hidden.has(series.target.index));
}

function levelTitle(family, cell) {
  return family.closed ? `${thousands(cell.load.concurrency)} in flight` : loadName(cell.load);
}

function pointOf(family, cell, metric, name) {
  const estimate = metricOf(cell, metric);
  if (!estimate) return null;
  return {
    x: levelOf(cell.load),
    y: estimate.value,
    low: estimate.low,
    high: estimate.high,
    cell,
    tip: {
      title: levelTitle(family, cell),
      rows: [[cell.target, name, formatEstimate(estimate, kMetrics[metric].format)]]
    }
  };
}

function levelAxis(family) {
  return {log: true, ticks: family.levels, tick: tickCount, title: family.axis, padding: 0.02};
}

function latencyChart(family) {
  const measured =
      kPercentiles.filter((metric) => family.cells.some((cell) => metricOf(cell, metric)));
  let chosen = new Set(measured.filter(
      (metric) => metric === 'p99' || (metric === 'p50' && family.series.length <= 3)));
  if (!chosen.size) chosen = new Set(measured.slice(0, 1));
  const ranges = rangeName(family.cells, measured);
  const marks = () =>
      [...targetLegend(family.series.map((series) => series.target)),
       ...(chosen.size > 1 ?
               measured.filter((metric) => chosen.has(metric))
                   .map((metric) => ({text: metric, mark: swatch(-1, 'line', kDashes[metric])})) :
               []),
       ...(ranges ? [{text: ranges, mark: swatch(family.series[0]?.target.index ?? 0, 'band')}] :
                    [])];
  const box = figure({
    name: 'latency',
    title: 'Latency against load',
    note: 'Median over trials. Lower is better.',
    tools: [buttons(
        'Percentiles', measured.map((metric) => [metric, metric]), chosen,
        (now) => {
          chosen = now;
          box.setLegend(marks());
          box.redraw();
        },
        true)],
    legend: marks(),
    draw: (width, hidden) => {
      const shown = measured.filter((metric) => chosen.has(metric));
      const series =
          visible(family, hidden)
              .flatMap(
                  ({target, cells}) => shown.map(
                      (metric) => ({
                        target: target.index,
                        line: true,
                        band: true,
                        dash: kDashes[metric],
                        marker: metric === 'p50' && shown.length > 1 ? 3.2 : 4.5,
                        end: shown.length > 1 && family.series.length <= 3 ? metric : null,
                        points: present(cells.map(
                            (cell) => pointOf(family, cell, metric, `${target.name} ${metric}`))),
                      })));
      return drawPlot({
        width,
        height: width < 420 ? 330 : 380,
        label: 'Latency against load',
        mode: 'x',
        x: levelAxis(family),
        y: {log: true, tick: tickMs, title: 'latency'},
        series,
        end: shown.length > 1 && family.series.length <= 3 ? 48 : 14
      });
    },
  });
  return box;
}

function throughputChart(family) {
  const knees = family.closed ? present(family.series.map(({cells}) => kneeWithin(cells))) : [];
  return figure({
    name: 'throughput',
    title: 'Throughput against load',
    note: !family.closed ? 'Successes a second. The dotted line is what was asked for.' :
        knees.length     ? 'Successes a second. Ring: the last level that gained 5 %.' :
                           'Successes a second.',
    legend: [
      ...targetLegend(family.series.map((series) => series.target)),
      ...(!family.closed ?
              [{text: 'offered', mark: swatch(-1, 'ideal')}] :
              hasIdeal(family) ?
              [{text: 'ideal: no request waits for another', mark: swatch(-1, 'ideal')}] :
              [])
    ],
    draw: (width, hidden) => {
      const shown = visible(family, hidden);
      const series = shown.map(({target, cells}) => ({
                                 target: target.index,
                                 line: true,
                                 band: true,
                                 marker: 4.5,
                                 points: present(cells.map((cell) => {
                                   const point = pointOf(family, cell, 'throughput', target.name);
                                   return point && knees.includes(cell) ?
                                       {...point, ring: true, label: 'knee'} :
                                       point;
                                 })),
                               }));
      return drawPlot({
        width,
        height: width < 420 ? 330 : 380,
        label: 'Throughput against load',
        mode: 'x',
        x: levelAxis(family),
        y: {log: true, tick: tickCount, title: 'requests/s', padding: 0.1},
        series,
        curves: idealCurves(family, shown)
      });
    },
  });
}

/** Only latency without load says what would be ideal. */
function hasIdeal(family) {
  return family.levels[0] <= 2;
}

/** With nothing waiting for anything, c requests in flight make c / latency a second. */
function idealCurves(family, shown) {
  const [from, to] = [family.levels[0], family.levels[family.levels.length - 1]];
  if (!family.closed) return [{target: -1, points: [{x: from, y: from}, {x: to, y: to}]}];
  if (!hasIdeal(family)) return [];
  return present(shown.map(({target, cells}) => {
    const p50 = cells.length ? metricOf(cells[0], 'p50') : null;
    if (!p50 || !(p50.value > 0)) return null;
    return {
      target: target.index,
      points: [from, to].map((level) => ({x: level, y: level / (p50.value / 1e3)}))
    };
  }));
}

function curveChart(model, family) {
  const limits = latencyLimits(model.report.slo);
  const metric = limits.length && kMetrics[limits[0].metric] ? limits[0].metric : 'p99';
  const guides =
      limits.filter((limit) => limit.metric === metric)
          .map((limit) => ({y: limit.ms, text: `limit: ${metric} < ${tickMs(limit.ms)}`}));
  const rates =
      family.cells.map((cell) => metricOf(cell, 'throughput')?.value).filter((rate) => rate > 0);
  const wide = rates.length && Math.max(...rates) / Math.min(...rates) > 30;
  const crowded = family.series.length * family.levels.length > 40;
  const isLabelled = (cell, cells) => family.closed &&
      (!crowded || [cells[0], kneeOf(cells), cells[cells.length - 1]].includes(cell));
  const best = model.cells.find((cell) => cell.index === model.report.best);
  return figure({
    name: 'curve',
    title: 'Latency against throughput',
    note: curveNote(family, metric, limits),
    legend: targetLegend(family.series.map((series) => series.target)),
    draw: (width, hidden) => {
      const series = visible(family, hidden)
                         .map(({target, cells}) => ({
                                target: target.index,
                                line: true,
                                marker: 4.5,
                                points: present(cells.map((cell) => {
                                  const rate = metricOf(cell, 'throughput');
                                  const latency = metricOf(cell, metric);
                                  if (!rate || !latency) return null;
                                  return {
                                    x: rate.value,
                                    y: latency.value,
                                    ring: cell === best,
                                    label: cell === best        ? 'best' :
                                        isLabelled(cell, cells) ? tickCount(cell.load.concurrency) :
                                                                  null,
                                    tip: {
                                      title: levelTitle(family, cell),
                                      rows: [
                                        [cell.target, target.name, ''],
                                        [null, 'achieved', formatEstimate(rate, formatRate)],
                                        [null, metric, formatEstimate(latency, formatMs)]
                                      ]
                                    }
                                  };
                                })),
                              }));
      return drawPlot({
        width,
        height: width < 420 ? 330 : 380,
        label: `${metric} against throughput`,
        mode: 'xy',
        x: {log: wide, zero: !wide, tick: tickCount, title: 'requests/s achieved', padding: 0.05},
        y: {log: true, tick: tickMs, title: metric, padding: 0.1},
        series,
        guides
      });
    },
  });
}

function curveNote(family, metric, limits) {
  const text = family.closed ?
      'Points are labelled with the requests in flight. Right and low is better.' :
      'Right and low is better.';
  const limit = limits.find((each) => each.metric === metric);
  if (!limit) return text;
  const most = family.series.map(({target, cells}) => {
    const rates = cells.filter((cell) => metricOf(cell, metric)?.value < limit.ms)
                      .map((cell) => metricOf(cell, 'throughput')?.value)
                      .filter(isNumber);
    return `${target.name} ${rates.length ? formatRate(Math.max(...rates)) : 'none'}`;
  });
  return `${text} Most within the limit: ${most.join(', ')}.`;
}

/** With one load only: bars, and how sure each is. */
function barCharts(model, family) {
  if (model.cells.length === 1) return present([ladderChart(model.cells[0])]);
  const measured =
      kPercentiles.filter((metric) => family.cells.some((cell) => metricOf(cell, metric)));
  let metric = measured.includes('p99') ? 'p99' : measured[0];
  const bars = (shown, width, label) => {
    const cells = family.cells.filter((cell) => metricOf(cell, shown));
    return drawBars({
      width,
      label,
      tick: kMetrics[shown].tick,
      above: true,
      groups: cells.map((cell) => {
        const estimate = metricOf(cell, shown);
        const {format} = kMetrics[shown];
        const name = cellName(model, cell) +
            (family.key === 'schedule' || hasSeveralLoads(family) ? ` · ${loadName(cell.load)}` :
                                                                    '');
        return {
          label: name,
          rows: [{
            target: cell.target,
            low: estimate.low,
            high: estimate.high,
            parts: [{value: estimate.value, className: cell.guard ? 'light' : ''}],
            text: format(estimate.value),
            tip: {
              title: name,
              rows: [
                [cell.target, kMetrics[shown].title, format(estimate.value)],
                ...(estimate.high > estimate.low ? [[
                  null, estimate.interval ? '95 % interval' : 'min to max',
                  formatInterval(estimate, format)
                ]] :
                                                   []),
                [null, 'trials', formatCount(cell.trials.length)]
              ]
            }
          }]
        };
      })
    });
  };
  const charts = [];
  if (metric) {
    const box = figure({
      name: 'latency-bars',
      title: 'Latency',
      note: barNote('Lower is better.', family, measured),
      tools: [buttons(
          'Percentile', measured.map((each) => [each, each]), [metric],
          (now) => {
            metric = now;
            box.redraw();
          })],
      draw: (width) => bars(metric, width, 'Latency')
    });
    charts.push(box);
  }
  if (family.cells.some((cell) => metricOf(cell, 'throughput')?.value > 0)) {
    charts.push(figure({
      name: 'throughput-bars',
      title: 'Throughput',
      note: barNote('Successes a second. Higher is better.', family, ['throughput']),
      draw: (width) => bars('throughput', width, 'Throughput')
    }));
  }
  return charts;
}

function barNote(text, family, metrics) {
  const ranges = rangeName(family.cells, metrics);
  return ranges ? `${text} Whiskers: ${ranges}.` : text;
}

/** Of one cell alone, its percentiles beside one another. */
function ladderChart(cell) {
  const names = ['p50', 'p75', 'p90', 'p95', 'p99', 'p99.9', 'p99.99', 'max'].filter(
      (name) => isNumber(cell.latency[name]));
  if (!names.length) return null;
  return figure({
    name: 'latency-bars',
    title: 'Latency',
    note: `At ${loadName(cell.load)}, all trials together.`,
    draw: (width) => drawBars({
      width,
      label: 'Latency',
      tick: tickMs,
      groups: names.map((name) => ({
                          label: name === 'max' ? 'slowest' : name,
                          rows: [{
                            target: cell.target,
                            parts: [{value: cell.latency[name]}],
                            text: formatMs(cell.latency[name]),
                            tip: {
                              title: name === 'max' ? 'slowest' : name,
                              rows: [[cell.target, 'latency', formatMs(cell.latency[name])]]
                            }
                          }]
                        }))
    })
  });
}

function hasSeveralLoads(family) {
  return new Set(family.cells.map((cell) => loadName(cell.load))).size > 1;
}
