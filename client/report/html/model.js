// The report as the charts need it.

const kMetrics = {
  throughput: {title: 'Throughput', format: formatRate, tick: tickCount, more: true},
  p50: {title: 'p50', format: formatMs, tick: tickMs},
  p90: {title: 'p90', format: formatMs, tick: tickMs},
  p99: {title: 'p99', format: formatMs, tick: tickMs},
  'p99.9': {title: 'p99.9', format: formatMs, tick: tickMs},
  server_cpu: {title: 'Server CPU a request', format: formatUs, tick: tickUs},
  generator_cpu: {title: 'Generator CPU a request', format: formatUs, tick: tickUs},
  machine_cpu: {title: 'Machine CPU a request', format: formatUs, tick: tickUs},
};
const kPercentiles = ['p50', 'p90', 'p99', 'p99.9'];

function list(value) {
  return Array.isArray(value) ? value : [];
}

/**
 * Cells and targets with their numbers, and the cells in families whose loads differ in one thing.
 */
function makeModel(report) {
  const targets =
      list(report.targets)
          .map(
              (target, index) =>
                  ({...target, index, name: target.name || target.url || `target ${index + 1}`}));
  const cells = list(report.cells)
                    .map((cell, index) => ({
                           ...cell,
                           index,
                           load: cell.load || {},
                           knee: list(report.knees).includes(index),
                           summary: cell.summary || {},
                           trials: list(cell.trials),
                           latency: cell.latency_ms || {}
                         }))
                    .filter((cell) => targets[cell.target]);
  const model = {report, targets, cells};
  model.families = makeFamilies(model);
  return model;
}

function familyKey(load) {
  return load.model === 'schedule'           ? 'schedule' :
      load.model === 'closed' || !load.model ? 'closed' :
                                               load.model;
}

/** The load as a number to draw it against; NaN for schedules. */
function levelOf(load) {
  if (load.model === 'schedule') return NaN;
  return load.model === 'closed' || !load.model ? load.concurrency : load.rate_per_s;
}

function loadName(load) {
  if (load.model === 'schedule') return String(load.schedule || 'schedule');
  if (load.model === 'closed' || !load.model) return `c=${thousands(load.concurrency)}`;
  return formatRate(load.rate_per_s) + (load.model === 'poisson' ? ' Poisson' : '');
}

const kFamilyTitles = {
  closed: 'Closed loop',
  constant: 'Open loop, constant rate',
  poisson: 'Open loop, Poisson arrivals',
  schedule: 'Scheduled load'
};

function makeFamilies({targets, cells}) {
  const families = [];
  for (const key of Object.keys(kFamilyTitles)) {
    const members = cells.filter((cell) => familyKey(cell.load) === key);
    if (!members.length) continue;
    const levels = [...new Set(members.map((cell) => levelOf(cell.load)))]
                       .filter((level) => level > 0)
                       .sort((a, b) => a - b);
    const series =
        targets
            .map((target) => ({
                   target,
                   cells: members.filter((cell) => cell.target === target.index && !cell.guard)
                              .sort((a, b) => levelOf(a.load) - levelOf(b.load))
                 }))
            .filter((each) => each.cells.length);
    families.push({
      key,
      title: kFamilyTitles[key],
      cells: members,
      levels,
      series,
      closed: key === 'closed',
      axis: key === 'closed' ? 'requests in flight' : 'requests/s offered'
    });
  }
  return families;
}

/** A metric of a cell with its interval; of all trials together when there is no interval. */
function metricOf(cell, metric) {
  const estimate = cell.summary[metric];
  if (estimate && isNumber(estimate.value)) return estimate;
  const value = cell.latency[metric];
  return isNumber(value) ? {value, low: value, high: value, interval: false} : null;
}

/** What the ranges of the cells' metrics are; nothing when there are none. */
function rangeName(cells, metrics) {
  const ranged = present(cells.flatMap((cell) => metrics.map((metric) => metricOf(cell, metric))))
                     .filter((estimate) => estimate.high > estimate.low);
  if (!ranged.length) return null;
  return ranged.some((estimate) => estimate.interval) ? '95 % interval' : 'smallest to largest';
}

/** A metric of one trial. */
function trialMetric(trial, metric) {
  if (metric === 'throughput') return trial.throughput_per_s;
  const cpu = trial.cpu || {};
  if (metric.endsWith('_cpu')) return cpu[metric.replace('_cpu', '_us_per_request')];
  return ((trial.latency_ms || {}).ok || {})[metric];
}

function sum(values) {
  return values.reduce((total, value) => total + (value || 0), 0);
}
function largest(values) {
  const numbers = values.filter(isNumber);
  return numbers.length ? Math.max(...numbers) : undefined;
}
function median(values) {
  const sorted = values.filter(isNumber).sort((a, b) => a - b);
  if (!sorted.length) return undefined;
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Where a sweep's throughput stops to grow; nothing of what is no sweep. */
function kneeOf(cells) {
  return cells.find((cell) => cell.knee) || null;
}

/**
 * The knee, if the sweep went beyond it: throughput that still grows at its last level has none.
 */
function kneeWithin(cells) {
  const knee = kneeOf(cells);
  const goesOn = knee &&
      cells.some(
          (cell) => cell.load.concurrency > knee.load.concurrency && isSameSweep(cell, knee));
  return goesOn ? knee : null;
}

/** The two differ in their concurrency, and in what follows from it, only. */
function isSameSweep(one, other) {
  const same = ({concurrency, connections, threads, ...load}) =>
      JSON.stringify(Object.entries(load).sort());
  return same(one.load) === same(other.load);
}

/** The level that is worth looking at first: the best one, else where the first target bends. */
function firstLevel(model, family) {
  const best = model.cells.find((cell) => cell.index === model.report.best);
  if (best && family.cells.includes(best)) return levelOf(best.load);
  const knee = family.series.length ? kneeOf(family.series[0].cells) : null;
  return knee ? levelOf(knee.load) : family.levels[family.levels.length >> 1];
}

/** Every load of the report once, to choose from: [key, text, cells]. */
function loadChoices(model) {
  const choices = new Map();
  for (const cell of model.cells) {
    const name = loadName(cell.load);
    if (!choices.has(name)) choices.set(name, []);
    choices.get(name).push(cell);
  }
  return [...choices].map(([name, cells]) => ({name, cells}));
}

function firstChoice(model, choices) {
  const family = model.families[0];
  if (!family) return choices[0];
  const level = firstLevel(model, family);
  return choices.find(
             (choice) => choice.cells.some(
                 (cell) => familyKey(cell.load) === family.key && levelOf(cell.load) === level)) ||
      choices[0];
}

function cellName(model, cell) {
  return model.targets[cell.target].name + (cell.guard ? ', once more' : '');
}

/** `p99<10ms,errors<0.1%`: its limits of latency. */
function latencyLimits(slo) {
  const units = {ns: 1e-6, us: 1e-3, 'µs': 1e-3, ms: 1, s: 1e3, m: 6e4};
  return [
    ...String(slo || '').matchAll(
        /(p\d+(?:\.\d+)?)\s*<=?\s*(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|m)\b/g)
  ].map(([, metric, value, unit]) => ({metric, ms: Number(value) * units[unit]}));
}
